"""Audits of finished runs: what dedup and decontamination left, and nothing else."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.outside import Outside
from pipeline.stages.audit_inputs import of_run
from pipeline.storage import StorageError

QUESTION = (
    "Marta sells 18 jars of plum jam every Saturday at the village market. She gives four jars to her neighbours and "
    "uses three for pancakes. If every jar costs $6, how many dollars does Marta earn on one Saturday?"
)
TEXTS = [
    f"Grüße! {QUESTION} The end.",
    f"Grüße! {QUESTION} The end.",
    "Bread rises because yeast turns sugar into gas.",
]
MANIFEST = """
name = "small"
dedup.near = false
tokenizer.train_vocabulary = 300
[[sources]]
kind = "jsonl"
name = "pages"
paths = ["pages.jsonl"]
"""
DECONTAMINATE = """
[decontaminate]
action = "{action}"
[[decontaminate.benchmarks]]
name = "jam"
path = "jam.jsonl"
"""


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def do(*args):
    result = CliRunner().invoke(app, [*map(str, args), "--inline"])
    assert result.exit_code == 0, (result.output, result.exception)


@pytest.fixture
def place(tmp_path):
    lines(tmp_path / "jam.jsonl", [{"question": QUESTION}])
    lines(tmp_path / "pages.jsonl", [{"text": text} for text in TEXTS])
    return tmp_path


def run(place, more=""):
    (place / "m.toml").write_text(MANIFEST + more)
    do("run", place / "m.toml", "--out", place / "run")
    return place / "run"


def audit(place, *given):
    do("audit", *given, "--benchmark", f"jam={place}/jam.jsonl", "--out", place / "audit")
    hits = [json.loads(line) for line in (place / "audit/hits.jsonl").read_text("utf-8").splitlines()]
    told = json.loads((place / "audit/audit.json").read_text("utf-8"))
    return told, {hit["document"] for hit in hits if hit["method"] == "fuzzy"}


def test_what_dedup_dropped_is_left_out_and_counted(place):
    told, found = audit(place, run(place))
    assert found == {"pages.jsonl:1"}
    assert (told["documents"], told["left_out"], told["refused"]) == (2, 1, 0)


@pytest.mark.parametrize(("action", "documents", "left_out"), [("drop", 1, 2), ("cut", 2, 1)])
def test_nothing_is_found_after_decontamination(place, action, documents, left_out):
    told, found = audit(place, run(place, DECONTAMINATE.format(action=action)))
    assert found == set()
    assert (told["documents"], told["left_out"]) == (documents, left_out)


def test_a_unit_that_kept_nothing_is_no_damage(place):
    lines(place / "spam.jsonl", [{"text": "Buy now.", "meta": {"set": "spam"}}])
    spam = '[[sources]]\nkind = "jsonl"\nname = "spam"\npaths = ["spam.jsonl"]\n'
    made = run(place, spam + 'filters.unwanted = { field = "set", parts = ["spam"] }')
    assert len(of_run(Outside(str(made)))) == 2
    told, _ = audit(place, made)
    assert (told["documents"], told["left_out"], told["refused"]) == (2, 1, 0)


def test_an_audit_tells_how_far_it_is_and_what_it_read(place):
    audit(place, run(place))
    status, funnel = (CliRunner().invoke(app, [verb, str(place / "audit")]) for verb in ("status", "funnel"))
    assert "audit/hits" in status.output
    assert "run/not-kept" in funnel.output
    assert (status.exit_code, funnel.exit_code) == (0, 0)


def test_runs_and_files_may_be_searched_together(place):
    told, found = audit(place, run(place), place / "pages.jsonl", "--id-field", "none")
    assert found == {"pages.jsonl:1", "pages.jsonl:2"}
    assert told["documents"] == 5


def test_a_run_that_changed_is_not_served_from_before(place):
    made = run(place)
    audit(place, made)
    ledger = next((made / "drops/dedup").rglob("*.parquet"))
    ledger.write_bytes(next((made / "drops/documents").rglob("*.parquet")).read_bytes())
    result = CliRunner().invoke(
        app, ["audit", str(made), "--benchmark", f"jam={place}/jam.jsonl", "--out", f"{place}/audit", "--inline"]
    )
    assert "drops/dedup" in str(result.exception)


def test_documents_count_once_their_receipt_stands(place):
    made = run(place)
    next((made / "documents").rglob("receipt.json")).unlink()
    with pytest.raises(StorageError, match="without documents"):
        of_run(Outside(str(made)))


def test_a_folder_may_be_called_as_it_likes(place):
    made = run(place)
    (place / "a[1]*").mkdir()
    made.rename(place / "a[1]*/run")
    assert len(of_run(Outside(str(place)), "a[1]*/run")) == 1


def test_the_report_is_a_unit_that_stands_on_its_hits(place):
    audit(place, run(place))
    receipt = json.loads((place / "audit/audit/report/all/receipt.json").read_text())
    assert [file["path"] for file in receipt["files"]] == ["audit.json", "hits.jsonl", "report.html"]
