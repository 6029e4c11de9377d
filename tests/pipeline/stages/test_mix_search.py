"""`proofpile mix search`: what is trained on, how it is measured, and what the table says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file
from typer.testing import CliRunner

from filters.models import resolve
from manifests.manifest import Mixture, Split
from pipeline.__main__ import app
from pipeline.mix_search import OVERALL, SEQUENCE, Heldout, Search, Trial, lines, read_heldout, summarise
from pipeline.stages.tokens import Tokens
from pipeline.tokenization import TextEncoder, load_tokenizer


class Uniform:
    """A model to which all words are equally likely."""

    def score(self, line: str, bos: bool, eos: bool) -> float:
        assert not bos
        assert not eos
        return -2.0 * len(line.split())


@pytest.fixture
def encoder(tmp_path: Path) -> TextEncoder:
    return load_tokenizer(resolve(tokenizer_file(tmp_path)), "</s>")


def heldout_file(folder: Path, rows: Sequence[Any]) -> Path:
    path = folder / "heldout.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_perplexity_is_per_token_of_each_group_and_of_all() -> None:
    groups = {"Algebra": [np.arange(10)], "Geometry": [np.arange(3 * SEQUENCE), np.arange(1)]}
    assert Heldout(groups).perplexities(Uniform()) == pytest.approx(  # type: ignore[arg-type]
        {"Algebra": 100, "Geometry": 100, OVERALL: 100}
    )


def test_lines_are_all_ids_in_order() -> None:
    ids = np.arange(2 * SEQUENCE + 3)
    assert [len(line.split()) for line in lines(ids)] == [SEQUENCE, SEQUENCE, 3]
    assert [int(word) for line in lines(ids) for word in line.split()] == ids.tolist()


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


def test_the_table_has_mean_and_spread_best_first() -> None:
    trials = [Trial("4:2:1", 0, {}, {OVERALL: 12.0}), Trial("2:4:1", 0, {"web": 0.5}, {OVERALL: 8.0})]
    trials += [Trial("4:2:1", 1, {}, {OVERALL: 14.0}), Trial("2:4:1", 1, {"web": 0.5}, {OVERALL: 9.0})]
    rows = [(row.candidate, row.seeds, row.mean[OVERALL], row.spread[OVERALL]) for row in summarise(trials)]
    assert rows == [("2:4:1", 2, 8.5, 0.707), ("4:2:1", 2, 13.0, 1.414)]


LMPLZ = """#!/bin/sh
while [ $# -gt 0 ]; do case $1 in --text) text=$2;; --arpa) arpa=$2;; --vocab_pad) pad=$2;; esac; shift; done
echo "$pad" >> {folder}/pads
cp "$text" {folder}/text
: > "$arpa"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for KenLM's programs, which note what they were given, and a model that all is alike to."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("lmplz", LMPLZ.replace("{folder}", str(folder))), ("build_binary", "#!/bin/sh\n")):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    monkeypatch.setattr("kenlm.Model", lambda path: Uniform())
    return folder


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


def test_a_model_learns_the_budget_of_the_mixture(corpus: TinyCorpus, programs: Path) -> None:
    heldout = Heldout({"": [np.arange(5)]})
    receipts = tuple(receipt for source in ("web", "code") for receipt in corpus.done[f"tokens/{source}"])
    search = Search(corpus.run, receipts, heldout, 300, programs, 4 * SEQUENCE, sources=("web", "code"))
    trial = search.trial("3:1", Mixture(weights={"web": 3, "code": 1}), seed=0)
    assert trial.perplexity == pytest.approx({"": 100, OVERALL: 100})
    assert trial.epochs["web"] < 3
    drawn = (programs / "text").read_text().splitlines()
    assert [len(line.split()) for line in drawn] == [SEQUENCE] * 4
    assert (programs / "pads").read_text() == "300\n"
    search.trial("3:1", Mixture(weights={"web": 3, "code": 1}), seed=1)
    assert (programs / "text").read_text().splitlines() != drawn


def ask(corpus: TinyCorpus, *arguments: str) -> Any:
    options = ["--heldout", str(heldout_file(corpus.inputs, [{"text": "Let it be."}])), "--budget", "512"]
    command = ["mix", "search", str(corpus.folder), *arguments, *options]
    return CliRunner().invoke(app, command, env={"COLUMNS": "300"})


def test_the_verb_tries_every_candidate_with_every_seed(
    corpus: TinyCorpus, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.mixing.build", lambda folder: programs)
    options = ("--of", "web,code", "--tokenizer", str(corpus.inputs.parent / "tokenizer.json"), "--seeds", "2")
    done = ask(corpus, "2:1", "1:0", *options, "--json")
    assert done.exit_code == 0, done.output
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
