"""`proofpile mix search`: what is trained on, how it is measured, and what the table says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file
from typer.testing import CliRunner

from filters.models import resolve
from manifests.sections import Mixture, Split
from pipeline.__main__ import app
from pipeline.mix_search import OVERALL, RUN, SEQUENCE, Heldout, Result, Score, Search, Trial, read_heldout, summarise
from pipeline.mixing import show
from pipeline.stages.tokens import Tokens
from pipeline.tokenization import TextEncoder, load_tokenizer


def uniform(ids: Any) -> float:
    """All tokens are equally likely."""
    return -2.0 * len(ids)


class Remembering:
    """Learns nothing, but keeps what it was given."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def learn(self, sequences: Iterable[Any], seed: int) -> Score:
        self.rows = [row for rows in sequences for row in rows.tolist()]
        return uniform


@pytest.fixture
def encoder(tmp_path: Path) -> TextEncoder:
    return load_tokenizer(resolve(tokenizer_file(tmp_path)), "</s>")


def heldout_file(folder: Path, rows: Sequence[Any]) -> Path:
    path = folder / "heldout.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_perplexity_is_per_token_of_each_group_and_of_all() -> None:
    groups = {"Algebra": [np.arange(10)], "Geometry": [np.arange(3 * SEQUENCE), np.arange(1)]}
    assert Heldout(groups).perplexities(uniform) == pytest.approx({"Algebra": 100, "Geometry": 100, OVERALL: 100})


def test_a_held_out_text_is_its_fields_by_group_and_ends_as_documents_do(tmp_path: Path, encoder: TextEncoder) -> None:
    rows = [
        {"problem": "a", "solution": "b", "type": "Geometry"},
        {"problem": "c", "solution": None, "type": "Algebra"},
    ]
    found = read_heldout(heldout_file(tmp_path, rows), ("problem", "solution"), "type", encoder)
    texts = {name: [encoder.decode(ids[:-1].tolist()) for ids in some] for name, some in found.groups.items()}
    assert texts == {"Algebra": ["c\n"], "Geometry": ["a\nb"]}
    assert all(ids[-1] == encoder.end for some in found.groups.values() for ids in some)


@pytest.mark.parametrize(
    ("rows", "said"), [([{"text": "a"}, {"txt": "b"}], "line 2"), ([3], "line 1"), ([], "is empty")]
)
def test_what_cannot_be_measured_is_refused(tmp_path: Path, encoder: TextEncoder, rows: list[Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_heldout(heldout_file(tmp_path, rows), ("text",), "", encoder)


def test_a_held_out_text_may_hold_what_utf8_cannot(tmp_path: Path, encoder: TextEncoder) -> None:
    [[ids]] = read_heldout(heldout_file(tmp_path, [{"text": "a\ud800b"}]), ("text",), "", encoder).groups.values()
    assert encoder.decode(ids[:-1].tolist()) == "a\N{REPLACEMENT CHARACTER}b"


def test_what_is_learnt_is_not_measured() -> None:
    learnt = np.arange(2 * SEQUENCE).reshape(2, SEQUENCE)
    copied = np.concatenate([[9, 9], learnt[1, 5 : 5 + RUN], [9]])
    nearly = copied[:-2]
    heldout = Heldout({"known": [copied], "mixed": [nearly, copied], "short": [np.arange(3)]})
    left = heldout.without([learnt[:1], learnt[1:]])
    assert {name: [ids.tolist() for ids in some] for name, some in left.groups.items()} == {
        "mixed": [nearly.tolist()],
        "short": [[0, 1, 2]],
    }
    with pytest.raises(ValueError, match="all of the held-out text"):
        Heldout({"known": [copied]}).without([learnt])


def test_the_table_has_mean_and_spread_best_first() -> None:
    trials = [Trial("4:2:1", 0, {}, {OVERALL: 12.0}), Trial("2:4:1", 0, {"web": 0.5}, {OVERALL: 8.0})]
    trials += [Trial("4:2:1", 1, {}, {OVERALL: 14.0}), Trial("2:4:1", 1, {"web": 0.5}, {OVERALL: 9.0})]
    rows = [(row.candidate, row.seeds, row.mean[OVERALL], row.spread[OVERALL]) for row in summarise(trials)]
    assert rows == [("2:4:1", 2, 8.5, 0.707), ("4:2:1", 2, 13.0, 1.414)]


@pytest.fixture
def corpus(tmp_path: Path) -> TinyCorpus:
    corpus = TinyCorpus(tmp_path)
    corpus.ingest("web", {"a.jsonl": [f"{TEXT} {number}" for number in range(8)]})
    corpus.ingest("code", {"c.jsonl": [f"theorem t{number} : {number} = {number}" for number in range(80)]})
    corpus.do(Marks())
    for source in ("web", "code"):
        corpus.do(Tokens(source, tokenizer=tokenizer_file(tmp_path), split=Split(validation=0.1, test=0)))
    manifest = {"sources": [{"name": "web"}, {"name": "code"}], "tokenizer": {"end_of_document": "</s>"}}
    (corpus.folder / "manifest.json").write_text(json.dumps(manifest))
    return corpus


def test_a_model_learns_the_budget_of_the_mixture(corpus: TinyCorpus) -> None:
    receipts = tuple(receipt for source in ("web", "code") for receipt in corpus.done[f"tokens/{source}"])
    model = Remembering()
    search = Search(corpus.run, receipts, ("web", "code"), Heldout({"": [np.arange(5)]}), model, 4 * SEQUENCE)
    mixture = Mixture(weights={"web": 3, "code": 1})
    trial = search.trial("3:1", mixture, seed=0)
    assert trial.perplexity == pytest.approx({"": 100, OVERALL: 100})
    assert trial.epochs["web"] < 3
    first = model.rows
    assert [len(row) for row in first] == [SEQUENCE] * 4
    search.trial("3:1", mixture, seed=1)
    assert model.rows != first


def ask(corpus: TinyCorpus, *arguments: str) -> Any:
    options = ["--heldout", str(heldout_file(corpus.inputs, [{"text": "Let it be."}])), "--budget", "512"]
    command = ["mix", "search", str(corpus.folder), *arguments, *options]
    return CliRunner().invoke(app, command, env={"COLUMNS": "300"})


def test_the_verb_tries_every_candidate_with_every_seed(corpus: TinyCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.mixing._learner", lambda *asked: Remembering())
    options = ("--of", "web,code", "--tokenizer", str(corpus.inputs.parent / "tokenizer.json"), "--seeds", "2")
    plot = corpus.inputs / "plot.svg"
    done = ask(corpus, "2:1", "1:0", *options, "--json", "--plot", str(plot))
    assert done.exit_code == 0, done.output
    assert "Measured on 1 of 1 held-out texts" in done.stderr
    assert plot.read_text().startswith("<?xml")
    rows = {row["candidate"]: row for row in json.loads(done.stdout)}
    assert {name: row["seeds"] for name, row in rows.items()} == {"2:1": 2, "1:0": 2}
    assert rows["1:0"]["epochs"].keys() == {"web"}
    assert "± 0.00" in ask(corpus, "2:1", *options).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2:1", "--of", "web"), "2:1 has 2 parts, but --of names 1"),
        (("2:1", "--of", "web,arxiv"), "nothing is called arxiv"),
        (("a:1", "--of", "web,code"), "write SOURCE=WEIGHT"),
    ],
)
def test_candidates_that_cannot_be_are_refused(corpus: TinyCorpus, arguments: tuple[str, ...], said: str) -> None:
    done = ask(corpus, *arguments, "--tokenizer", str(corpus.inputs.parent / "tokenizer.json"))
    assert done.exit_code == 2
    assert said in done.output


def test_the_table_has_a_column_for_each_group() -> None:
    mean, spread = {"Algebra": 98.1, "Geometry": 152.0, OVERALL: 100.5}, {"Algebra": 0.5, "Geometry": 1, OVERALL: 0}
    head, row, _, warning = show([Result("2:4:1", 3, mean, spread, [], {"arxiv": 1.2, "web": 0.4})]).splitlines()
    assert head.split() == ["mixture", "overall", "Algebra", "Geometry"]
    assert row.split("  ")[-1].strip() == "152.00 ± 1.00"
    assert len(row) == len(head)
    assert warning.startswith("arxiv had to be repeated")
