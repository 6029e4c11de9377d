from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.indexed import IndexedDataset
from pipeline.stages.kept import without

QUESTION = (
    "Marta sells 18 jars of plum jam every Saturday at the village market. She gives four jars to her neighbours and "
    "uses three for pancakes. If every jar costs $6, how many dollars does Marta earn on one Saturday?"
)
PAGE = "Bread rises because yeast turns sugar into carbon dioxide. Knead the dough for ten minutes, then let it rest."
TEXTS = [PAGE, f"Grüße! {QUESTION} The end.", f"{PAGE} {QUESTION.replace('Marta', 'Chidi')} Bye."]
MANIFEST = """
name = "small"
dedup.near = false
split = {{validation = 0, test = 0}}
tokenizer.train_vocabulary = 300
[[sources]]
kind = "jsonl"
name = "pages"
paths = ["pages.jsonl"]
[[sources]]
kind = "jsonl"
name = "more"
paths = ["more.jsonl"]
"""
ASKED = """
[decontaminate]
action = "{action}"
[[decontaminate.benchmarks]]
name = "jam"
path = "jam.jsonl"
"""


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def place(tmp_path):
    lines(tmp_path / "jam.jsonl", [{"question": QUESTION, "answer": "#### 66"}])
    lines(tmp_path / "pages.jsonl", [{"text": text} for text in TEXTS])
    lines(tmp_path / "more.jsonl", [{"text": "Nothing of the kind stands here, only a line about cats."}])
    return tmp_path


def run(place, asked):
    (place / "m.toml").write_text(MANIFEST.format() + asked)
    result = CliRunner().invoke(app, ["run", str(place / "m.toml"), "--out", str(place / "out"), "--inline"])
    assert result.exit_code == 0, (result.output, result.exception)
    return place / "out"


def documents(out, source):
    shards = sorted((out / "tokens" / source).rglob("*.bin"))
    return sum(len(IndexedDataset(path.with_suffix(""))) for path in shards)


def rows(out, pattern):
    return [row for path in sorted(out.glob(pattern)) for row in pq.read_table(path).to_pylist()]


def test_it_is_off_by_default(place):
    out = run(place, "")
    assert not (out / "decontaminate").exists()
    assert documents(out, "pages") == 3


def test_documents_are_dropped_with_a_reason(place):
    out = run(place, ASKED.format(action="drop"))
    refused = rows(out, "drops/decontaminate/pages/**/*.parquet")
    assert [(row["id"], row["rule"], row["reason"]) for row in refused] == [
        ("pages.jsonl:2", "decontaminate", "benchmark"), ("pages.jsonl:3", "decontaminate", "benchmark"),
    ]  # fmt: skip
    assert refused[0]["detail"].startswith("jam 0 question: fuzzy 1.0 at 9 to ")
    assert (documents(out, "pages"), documents(out, "more")) == (1, 1)


def test_spans_are_cut_and_listed(place):
    out = run(place, ASKED.format(action="cut"))
    cuts = rows(out, "decontaminate/pages/**/cuts.parquet")
    assert [row["id"] for row in cuts] == ["pages.jsonl:2", "pages.jsonl:3"]
    assert TEXTS[1].encode()[cuts[0]["start"] : cuts[0]["end"]].decode() == QUESTION.rstrip("?")
    assert documents(out, "pages") == 3
    receipt = json.loads(next((out / "tokens/pages").rglob("receipt.json")).read_text())
    read = receipt["flows"]["pages"]["read"]
    assert read["bytes"] < sum(len(text.encode()) for text in TEXTS) - len(QUESTION)


def test_the_same_run_again_does_nothing(place):
    out = run(place, ASKED.format(action="cut"))
    receipts = {path: path.stat().st_mtime_ns for path in out.rglob("receipt.json")}
    run(place, ASKED.format(action="cut"))
    assert {path: path.stat().st_mtime_ns for path in out.rglob("receipt.json")} == receipts


def test_a_benchmark_that_is_not_the_pinned_one_is_refused(place):
    asked = ASKED.format(action="drop") + f'sha256 = "{"0" * 64}"\n'
    (place / "m.toml").write_text(MANIFEST.format() + asked)
    result = CliRunner().invoke(app, ["run", str(place / "m.toml"), "--out", str(place / "out"), "--inline"])
    assert result.exit_code


@given(st.text(max_size=20), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=4))
def test_what_is_not_cut_stays(text, ends):
    starts = [len(text[:at].encode()) for at in range(len(text) + 1)]
    spans = [(starts[min(pair) % len(starts)], starts[max(pair) % len(starts)]) for pair in ends]
    spans = [(min(span), max(span)) for span in spans]
    data = text.encode()
    left = bytes(byte for place, byte in enumerate(data) if not any(a <= place < b for a, b in spans))
    assert without(text, spans).replace("\n", "") == left.decode().replace("\n", "")
