"""`proofpile mix`: the table of a run, with its own weights and with others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file
from typer.testing import CliRunner

from manifests.sections import Split
from pipeline.__main__ import app
from pipeline.stages.tokens import Tokens


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    corpus = TinyCorpus(tmp_path_factory.mktemp("mixing"))
    corpus.ingest("web", {"a.jsonl": [f"{TEXT} {number}" for number in range(8)]})
    corpus.ingest("code", {"c.jsonl": [f"theorem t{number} : {number} = {number}" for number in range(8)]})
    corpus.do(Marks())
    for source in ("web", "code"):
        corpus.do(Tokens(source, tokenizer=tokenizer_file(corpus.inputs), split=Split(validation=0.2, test=0)))
    manifest = {"sources": [{"name": "web"}, {"name": "code"}], "mixture": {"weights": {"web": 3, "code": 1}}}
    (corpus.folder / "manifest.json").write_text(json.dumps(manifest))
    return corpus.folder


def table(run: Path, *options: str) -> dict[str, dict[str, float]]:
    done = CliRunner().invoke(app, ["mix", "table", str(run), "--json", *options])
    assert done.exit_code == 0, done.output
    return {row["source"]: row for row in json.loads(done.stdout)}


def test_the_table_says_what_the_runs_own_weights_come_to(run: Path) -> None:
    rows = table(run)
    assert rows["web"]["share"] == pytest.approx(0.75)
    assert rows["code"]["epochs"] > 1 > rows["web"]["epochs"]


def test_other_weights_and_another_budget_can_be_asked_for(run: Path) -> None:
    rows = table(run, "--weights", "web=1,code=1", "--budget", "1000000")
    assert [row["budget_tokens"] for row in rows.values()] == [500_000, 500_000]
    assert rows["code"]["epochs"] == pytest.approx(500_000 / rows["code"]["tokens"], rel=1e-5)


@pytest.mark.parametrize(
    ("weights", "said"),
    [("webb=1", "nothing is called webb"), ("web=x", "write SOURCE=WEIGHT"), ("web=0,code=0", "above 0")],
)
def test_weights_that_cannot_be_are_refused(run: Path, weights: str, said: str) -> None:
    done = CliRunner().invoke(app, ["mix", "table", str(run), "--weights", weights], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert said in done.output
