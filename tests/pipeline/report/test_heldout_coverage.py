"""A run that holds theorems out: what it keeps, what its ledger says, and which theorems were found."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from manifests import ManifestError, load_manifest
from pipeline.__main__ import app
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.recipe import recipe_hash

MANIFEST = """
name = "small"
[[sources]]
name = "proofs"
kind = "jsonl"
paths = ["*.jsonl"]
subset = "lean"
[heldout.leandojo]
lists = ["lists/val.json"]
repositories = ["minif2f"]
[dedup]
near = false
[tokenizer]
train_vocabulary = 300
"""
FILES = (
    {"repo": "a/b", "path": "src/nat.lean", "text": "theorem nat.one : p := q\n\ntheorem two : p := q\n"},
    {"repo": "a/b", "path": "src/only.lean", "text": "import x\n\ntheorem nat.only : p := q\n"},
    {"repo": "a/miniF2F", "path": "src/test.lean", "text": "theorem three : p := q\n"},
)
NAMES = ("nat.one", "nat.only", "nat.none")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "lists").mkdir()
    rows = [{"file_path": "src/nat.lean", "full_name": name, "traced_tactics": []} for name in NAMES]
    (tmp_path / "lists" / "val.json").write_text(json.dumps(rows))
    (tmp_path / "files.jsonl").write_text("\n".join(map(json.dumps, FILES)))
    path = tmp_path / "small.toml"
    path.write_text(MANIFEST)
    return path


def invoke(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_run_cuts_and_counts_and_says_what_was_found(manifest: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    invoke("run", str(manifest), "--out", str(run), "--inline", "--only", "documents")
    [kept] = pq.read_table(next(run.glob("documents/proofs/*/documents.parquet"))).to_pylist()
    assert kept["text"] == "theorem two : p := q\n"
    assert json.loads(kept["meta"])["heldout"] == {"cut": 1, "items": {"leandojo": ["nat.one"]}}
    drops = pq.read_table(next(run.glob("drops/documents/proofs/*.parquet"))).to_pylist()
    assert sorted((drop["rule"], drop["reason"], drop["detail"]) for drop in drops) == [
        ("heldout", "benchmark-file", '{"leandojo": []}'),
        ("heldout", "emptied", '{"leandojo": ["nat.only"]}'),
    ]
    assert "heldout/leandojo/0" in (run / "lock.toml").read_text()
    assert str(tmp_path) not in (run / "manifest.json").read_text()
    [found] = json.loads(invoke("heldout", str(manifest), str(run), "--json"))
    assert found == {"benchmark": "leandojo", "theorems": 3, "found": 2, "documents": 3, "missing": ["nat.none"]}
    assert "held-out theorems cut out: 1, " in invoke("explain", str(run), "files.jsonl:1")
    assert "not found: leandojo: nat.none" in invoke("heldout", str(manifest), str(run), "--missing")


def test_another_list_is_another_recipe(manifest: Path) -> None:
    def recipe() -> str:
        return recipe_hash(corpus(ask(load_manifest(manifest)))[0])

    first = recipe()
    listed = manifest.parent / "lists" / "val.json"
    listed.write_text(listed.read_text().replace("nat.none", "nat.other"))
    assert recipe() != first


def test_only_sources_of_code_and_proofs_hold_out(manifest: Path) -> None:
    stages = corpus(ask(load_manifest(manifest, ["sources.proofs.skip=['decode', 'unwanted']"])))
    assert [step.rule for step in stages[0].filters] == ["heldout"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("heldout.leandojo.sha256=['" + "0" * 64 + "', '" + "1" * 64 + "']", "1 lists, but 2 sha256"),
        ("heldout.leandojo={}", "give lists, repositories, or both"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(manifest: Path, override: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        load_manifest(manifest, [override])
