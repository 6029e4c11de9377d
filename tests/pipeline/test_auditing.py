from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app

QUESTION = (
    "Marta sells 18 jars of plum jam every Saturday at the village market. She gives four jars to her neighbours and "
    "uses three for pancakes. If every jar costs $6, how many dollars does Marta earn on one Saturday?"
)
ANSWER = "Marta keeps 18 - 4 - 3 = 11 jars for the village market. One Saturday brings 11 * 6 = 66 dollars."
SHORT = r"Compute $\dbinom{12}{5} - \sin 30^\circ$."
PAGE = "Bread rises because yeast turns sugar into carbon dioxide. Knead the dough for ten minutes, then let it rest."
RETYPED = QUESTION.replace("Marta", "Chidi").replace(" ", "\n")


def lines(path: Path, rows: list[dict]) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def place(tmp_path):
    lines(tmp_path / "jam.jsonl", [{"question": QUESTION, "answer": ANSWER}, {"question": SHORT}, {"x": 1}])
    texts = [
        PAGE,
        f"{PAGE}\n{QUESTION}\n{PAGE}",
        f"{PAGE}\n{RETYPED}",
        f"compute \\( \\binom{{12}}5 − sin 30° \\)\n{PAGE}",
    ]
    lines(tmp_path / "in.jsonl.gz", [{"text": text, "url": f"https://x.example/{n}"} for n, text in enumerate(texts)])
    pq.write_table(pa.table({"text": [PAGE, ANSWER], "id": ["a", "b"]}), tmp_path / "in.parquet")
    return tmp_path


def audit(place: Path, *more: str, expected: int = 0):
    args = ["audit", *more, "--benchmark", f"jam={place}/jam.jsonl", "--out", str(place / "out"), "--inline", "--json"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == expected, result.output
    return json.loads(result.stdout)


def hits(place: Path) -> list[dict]:
    return [json.loads(line) for line in (place / "out/hits.jsonl").read_text("utf-8").splitlines()]


def test_an_audit_of_json_lines_and_parquet(place):
    found = audit(place, str(place / "in.jsonl.gz"), str(place / "in.parquet"))
    own = {(hit["item"], hit["part"], hit["document"]) for hit in hits(place) if hit["method"] in ("fuzzy", "exact")}
    assert own == {
        ("0", "question", "in.jsonl.gz:2"), ("0", "question", "in.jsonl.gz:3"),
        ("1", "question", "in.jsonl.gz:4"), ("0", "answer", "in.parquet:2"),
    }  # fmt: skip
    assert found["documents"] == 6
    assert found["benchmarks"]["jam"]["problems"] == ["jam 2: no question"]
    seen = {(row["part"], row["method"]): (row["seen"], row["of"]) for row in found["coverage"]}
    assert seen["question", "own"] == (2, 2)
    assert seen["question", "llemma-30"] == (1, 2)
    counts = {(row["part"], row["method"]): (row["items"], row["documents"], row["hits"]) for row in found["counts"]}
    assert counts["question", "own"] == (2, 3, 5)
    assert counts["question", "llemma-whole"] == (1, 1, 1)
    assert {row["kind"]: row["planted"] for row in found["self_test"]["recall"]}["verbatim"] == 2


def test_evidence_is_the_text_with_what_stands_around_it(place):
    audit(place, str(place / "in.jsonl.gz"))
    hit = next(hit for hit in hits(place) if hit["method"] == "llemma-whole")
    assert hit["span"] == QUESTION
    assert (hit["url"], hit["score"]) == ("https://x.example/1", 1.0)
    assert hit["context"] == [f"{PAGE}\n", f"\n{PAGE}"]
    page = (place / "out/report.html").read_text("utf-8")
    assert "https://x.example/1" in page
    assert "<mark>" in page


def test_an_audit_started_again_does_nothing_twice(place):
    first = audit(place, str(place / "in.jsonl.gz"))
    receipts = {path: path.stat().st_mtime_ns for path in (place / "out").rglob("receipt.json")}
    assert audit(place, str(place / "in.jsonl.gz")) == first
    assert {path: path.stat().st_mtime_ns for path in (place / "out").rglob("receipt.json")} == receipts


def test_another_benchmark_under_the_same_name_is_refused(place):
    audit(place, str(place / "in.jsonl.gz"))
    lines(place / "jam.jsonl", [{"question": SHORT}])
    args = ["audit", str(place / "in.jsonl.gz"), "--benchmark", f"jam={place}/jam.jsonl", "--out", str(place / "out")]
    assert "benchmarks" in str(CliRunner().invoke(app, [*args, "--inline"]).exception)


def test_generations_are_read_from_the_field_that_is_named(place):
    path = lines(place / "generations.jsonl", [{"output": QUESTION}])
    audit(place, str(path), "--text-field", "output")
    assert {hit["document"] for hit in hits(place)} == {"generations.jsonl:1"}


def test_ids_are_read_from_the_field_that_is_named(place):
    lines(place / "ids.jsonl", [{"text": QUESTION, "key": "k"}])
    audit(place, str(place / "ids.jsonl"), str(place / "in.parquet"), "--id-field", "key")
    assert {hit["document"] for hit in hits(place)} == {"k", "in.parquet:2"}


def test_documents_of_a_run_have_their_own_ids(place):
    row = dict.fromkeys(("source", "subset", "url", "date", "license", "meta"), "")
    unit = place / "run/documents/x/unit"
    unit.mkdir(parents=True)
    (place / "run/plan.json").write_text("{}")
    (unit / "receipt.json").write_text("{}")
    pq.write_table(pa.Table.from_pylist([row | {"id": "d", "text": QUESTION}]), unit / "documents.parquet")
    audit(place, str(place / "run"))
    assert {hit["document"] for hit in hits(place)} == {"d"}


def test_broken_inputs_are_counted_and_told(place):
    path = place / "broken.jsonl"
    path.write_bytes(b'{"text": "a \xff b"}\n{"text": 5}\nno json\n{"text": "' + QUESTION.encode() + b'"}\n')
    found = audit(place, str(path), expected=3)
    assert (found["documents"], found["refused"]) == (2, 2)
    assert {hit["document"] for hit in hits(place)} == {"broken.jsonl:4"}


def test_a_plan_reads_no_input(place):
    found = audit(place, str(place / "in.jsonl.gz"), "--dry-run")
    assert found["coverage"]
    assert not (place / "out").exists()


@pytest.mark.parametrize("spec", ["jam", "=x.jsonl", "jam="])
def test_a_benchmark_that_is_none_is_refused(place, spec):
    args = ["audit", str(place / "in.parquet"), "--benchmark", spec, "--out", str(place / "out")]
    assert "write NAME=FILE" in str(CliRunner().invoke(app, args).exception)
