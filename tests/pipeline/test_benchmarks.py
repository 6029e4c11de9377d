from __future__ import annotations

import gzip
import io
import json
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from filters.models import Model, ModelError
from manifests import ManifestError
from pipeline.benchmarks import BenchmarkFile, load_benchmark, parse

ROWS = [{"question": "What is 2 + 2?", "answer": "4"}, {"question": "And 3 + 3?", "answer": "6"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def packed(rows):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for number, row in enumerate(rows):
            data = json.dumps(row).encode()
            info = tarfile.TarInfo(f"folder/{number}.json")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def table(rows):
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("b.jsonl", LINES),
        ("b.jsonl", b"\xef\xbb\xbf" + LINES + b"\n\n"),
        ("b.jsonl.gz", gzip.compress(LINES, mtime=0)),
        ("b.jsonl.zst", zstandard.compress(LINES)),
        ("b.json", json.dumps(ROWS).encode()),
        ("b.parquet", table(ROWS)),
        ("b.tar.gz", packed(ROWS)),
    ],
)
def test_shapes_of_files(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    found = load_benchmark(parse(f"b={path}"))
    assert [part.text for part in found.parts] == ["What is 2 + 2?", "4", "And 3 + 3?", "6"]


def test_names_stand_one_a_line(tmp_path):
    path = tmp_path / "x.names"
    path.write_text("ring.mul_comm ring\nset.union_comm set order\n")
    assert [part.text for part in load_benchmark(parse(f"b={path}")).parts] == ["ring.mul_comm", "set.union_comm"]


def test_statements_lie_in_lists(tmp_path):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(packed([[["A.thy", "lemma a: b"]]]))
    assert [part.text for part in load_benchmark(parse(f"b={path}")).parts] == ["lemma a: b"]


def test_fields_are_named_after_a_colon(tmp_path):
    path = tmp_path / "b.jsonl"
    path.write_text('{"ask": "Why?", "tell": "So."}\n')
    wanted = parse(f"b={path}:ask,tell")
    assert wanted.fields == ("ask", "tell")
    assert [(part.role, part.text) for part in load_benchmark(wanted).parts] == [
        ("question", "Why?"),
        ("answer", "So."),
    ]


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path):
    path = tmp_path / "b.jsonl"
    path.write_bytes(LINES)
    wanted = parse(f"b={path}")
    path.write_bytes(LINES + LINES)
    with pytest.raises(ModelError):
        load_benchmark(wanted)
    with pytest.raises(ModelError):
        parse(f"b={tmp_path}/none.jsonl")


@pytest.mark.parametrize("data", [b"", b"\x1f\x8bnothing", b"[1, 2", b"{}\n", b"\xff\xfe\x00"])
def test_a_file_without_items_is_refused(tmp_path, data):
    path = tmp_path / "b.jsonl"
    path.write_bytes(data)
    with pytest.raises(ManifestError, match="benchmark b"):
        load_benchmark(BenchmarkFile("b", Model(str(path))))
