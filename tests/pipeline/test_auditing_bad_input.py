"""What strangers give an audit: benchmarks and documents that are not what they should be."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app

QUESTION = (
    "Marta sells 18 jars of plum jam every Saturday at the village market. She gives four jars to her neighbours and "
    "uses three for pancakes. If every jar costs $6, how many dollars does Marta earn on one Saturday?"
)
PAGE = "Bread rises because yeast turns sugar into carbon dioxide. Knead the dough for ten minutes, then let it rest."


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def place(tmp_path):
    lines(tmp_path / "jam.jsonl", [{"question": QUESTION}])
    return tmp_path


def audit(place, given, *more, expected=0):
    args = ["audit", str(given), *more, "--benchmark", f"jam={place}/jam.jsonl", "--out", str(place / "out")]
    result = CliRunner().invoke(app, [*args, "--inline", "--json"])
    assert result.exit_code == expected, (result.output, result.exception)
    return json.loads(result.stdout)


def found(place):
    rows = map(json.loads, (place / "out/hits.jsonl").read_text("utf-8").splitlines())
    return {(hit["document"], hit["item"]) for hit in rows if hit["method"] == "fuzzy"}


def test_a_document_of_100_megabytes_is_searched_to_its_end(place):
    text = "lorem ipsum dolor sit amet consectetur " * (100_000_000 // 39)
    with gzip.open(place / "in.jsonl.gz", "wb", compresslevel=1) as file:
        file.write(json.dumps({"text": f"{text}\n{QUESTION}"}).encode())
    told = audit(place, place / "in.jsonl.gz")
    assert told["bytes"] > 100_000_000
    assert found(place) == {("in.jsonl.gz:1", "0")}


@pytest.mark.parametrize("kind", [pa.binary(), pa.string()])
def test_invalid_utf8_costs_at_most_its_record(place, kind):
    good, bad = (f"{QUESTION}{end}".encode() for end in ("", " "))
    rows = pa.array([good, bad + b"\xff\xfe"], pa.binary())
    column = rows if kind == pa.binary() else pa.Array.from_buffers(kind, 2, rows.buffers())
    pq.write_table(pa.table({"text": column}), place / "in.parquet", row_group_size=1)
    told = audit(place, place / "in.parquet", expected=0 if kind == pa.binary() else 3)
    assert told["documents"] + told["refused"] == 2
    assert ("in.parquet:1", "0") in found(place)


def test_lines_of_invalid_utf8_are_refused_and_told(place):
    (place / "in.jsonl").write_bytes(b'{"text": "a \xff b"}\n' + json.dumps({"text": QUESTION}).encode())
    told = audit(place, place / "in.jsonl", expected=3)
    assert (told["documents"], told["refused"]) == (1, 1)
    assert found(place) == {("in.jsonl:2", "0")}
    ledger = pq.read_table(next((place / "out/drops").rglob("*.parquet"))).to_pylist()
    assert [(row["id"], row["rule"], row["reason"]) for row in ledger] == [("in.jsonl:1", "read", "json")]


def test_rows_of_benchmarks_that_are_none_are_told_and_the_others_searched(place):
    rows = [
        {"question": QUESTION},
        {"answer": "5"},
        {"question": " \n"},
        7,
        [],
        {"question": None},
        {"question": QUESTION},
    ]
    lines(place / "jam.jsonl", rows)
    lines(place / "in.jsonl", [{"text": QUESTION}])
    told = audit(place, place / "in.jsonl")["benchmarks"]["jam"]
    assert told["items"] == 7
    assert told["problems"] == [
        "jam 1: no question", "jam 2: question is empty", "jam 3: no question", "jam 4: no question",
        "jam 5: no question", "jam 6: question as in 0",
    ]  # fmt: skip
    assert found(place) == {("in.jsonl:1", "0"), ("in.jsonl:1", "6")}


def test_questions_that_stand_in_two_benchmarks_are_told(place):
    lines(place / "other.jsonl", [{"id": "x", "problem": QUESTION}])
    lines(place / "in.jsonl", [{"text": PAGE}])
    told = audit(place, place / "in.jsonl", "--benchmark", f"other={place}/other.jsonl")
    assert told["shared"] == ["jam 0: question as in other x"]


def test_items_that_utf8_cannot_hold_are_searched_all_the_same(place):
    (place / "jam.jsonl").write_text(json.dumps({"id": "\ud800", "question": f"{QUESTION} \udfff"}))
    lines(place / "in.jsonl", [{"text": f"{QUESTION} \udfff"}])
    audit(place, place / "in.jsonl")
    assert found(place) == {("in.jsonl:1", "\ufffd")}


def test_a_benchmark_that_no_method_can_see_is_told_and_found_nowhere(place):
    lines(place / "jam.jsonl", [{"question": "Why?"}])
    lines(place / "in.jsonl", [{"text": "Why? Why?"}])
    told = audit(place, place / "in.jsonl")
    assert [row["seen"] for row in told["coverage"]] == [0] * 9
    assert told["counts"] == []
    unseen = json.loads((place / "out/unseen.jsonl").read_text())
    assert (unseen["item"], len(unseen["unseen_by"])) == ("0", 9)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"PAR1", b"\x1f\x8b\x08\x00"])
def test_inputs_without_texts_are_refused_and_told(place, data):
    (place / "in.jsonl").write_bytes(data)
    told = audit(place, place / "in.jsonl", expected=3)
    assert (told["documents"], told["refused"]) == (0, 1)
    assert (place / "out/report.html").exists()
