"""Parquet files of The Stack, with rows and row groups that are not as they should be."""

from __future__ import annotations

import datetime
import decimal
import io
import random
from itertools import pairwise
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from pipeline.shards import document_row
from pipeline.sources.read_ahead import ReadAhead
from pipeline.sources.stack import COLUMNS, Stack

KEY = "data/coq/train-00000.parquet"
SHA = "ab" * 20


def row(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "hexsha": f"{number:040x}",
        "ext": "v",
        "lang": "Coq",
        "max_stars_repo_path": f"theories/{number}.v",
        "max_stars_repo_name": "owner/repo",
        "max_stars_repo_head_hexsha": SHA,
        "max_stars_repo_licenses": ["MIT", "BSD-3-Clause"],
        "max_stars_count": 3,
        "content": f"Lemma l{number} : True.",
        "alphanum_fraction": 0.5,
    } | changes


def pack(rows: list[dict[str, Any]], group: int = 50) -> bytes:
    return pack_table(pa.Table.from_pylist(rows), group)


def pack_table(table: pa.Table, group: int = 50) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=group, compression="zstd")
    return buffer.getvalue()


def read(data: bytes, key: str = KEY) -> list[Document | Drop]:
    return list(Stack().read(key, io.BytesIO(data)))


def reasons(records: list[Document | Drop]) -> list[str]:
    return [record.reason if isinstance(record, Drop) else "kept" for record in records]


def test_a_row_is_a_document() -> None:
    (document,) = read(pack([row(7)]))
    assert document == Document(
        id=f"owner/repo@{SHA}/theories/7.v",
        source="stack",
        subset="coq",
        url=f"https://github.com/owner/repo/blob/{SHA}/theories/7.v",
        license="MIT AND BSD-3-Clause",
        meta={
            "path": "theories/7.v",
            "repo": "owner/repo",
            "sha": SHA,
            "stars": 3,
            "licenses": ["MIT", "BSD-3-Clause"],
            "hexsha": f"{7:040x}",
            "ext": "v",
            "lang": "Coq",
        },
        raw=b"Lemma l7 : True.",
    )


def test_rows_come_in_order_over_row_groups_and_batches() -> None:
    records = read(pack([row(number) for number in range(500)], group=130))
    assert [record.id.rpartition("/")[2] for record in records] == [f"{number}.v" for number in range(500)]


def test_null_values() -> None:
    rows = [
        row(1, max_stars_repo_name=None),
        row(2, max_stars_repo_name=None, hexsha=None, max_stars_repo_licenses=None),
        row(3, content=None),
        row(4, content=""),
    ]
    first, second, third, fourth = read(pack(rows))
    assert (first.id, first.url) == (f"{1:040x}", "")
    assert second.id == f"{KEY}#1"
    assert isinstance(third, Drop)
    assert (third.rule, third.reason) == ("read", "null-content")
    assert isinstance(fourth, Document)


def test_content_that_is_not_utf8_is_kept_as_it_is() -> None:
    table = pa.Table.from_pylist([row()])
    content = pa.array([b"\xff"], pa.binary()).view(pa.string())
    (document,) = read(pack_table(table.set_column(table.column_names.index("content"), "content", content)))
    assert isinstance(document, Document)
    assert document.raw == b"\xff"


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_one_drop_that_names_it(column: str) -> None:
    (drop,) = read(pack([{name: value for name, value in row().items() if name != column}]))
    assert isinstance(drop, Drop)
    assert (drop.id, drop.rule, drop.reason, drop.detail) == (KEY, "read", "columns", f"missing: {column}")


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", [datetime.date(2023, 4, 1), {"a": 1}, [1], decimal.Decimal("1.5"), True])
def test_values_of_another_kind_are_one_drop_that_names_the_column(column: str, value: object) -> None:
    (drop,) = read(pack([row() | {column: value}]))
    assert isinstance(drop, Drop)
    assert (drop.rule, drop.reason) == ("read", "columns")
    assert drop.detail.startswith(f"{column} is ")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_of_nothing_but_nulls_is_like_one_with_nulls(column: str) -> None:
    (record,) = read(pack([row() | {column: None}]))
    assert document_row(record) if isinstance(record, Document) else record.reason == "null-content"


def test_a_column_that_is_there_twice_is_refused() -> None:
    table = pa.Table.from_pylist([row()])
    assert reasons(read(pack_table(table.append_column("ext", table["ext"])))) == ["columns"]


def test_other_programs_columns_are_read() -> None:
    """Those of polars (large types) and of pandas (counts with holes are floats)."""
    wide = pa.large_list(pa.large_string())
    types = {name: pa.large_string() for name in COLUMNS} | {"max_stars_repo_licenses": wide}
    schema = pa.schema(list((types | {"max_stars_count": pa.float64()}).items()))
    (document,) = read(pack_table(pa.Table.from_pylist([row()]).select(COLUMNS).cast(schema)))
    assert isinstance(document, Document)
    assert document.license == "MIT AND BSD-3-Clause"


class Watched(io.BytesIO):
    """Notes where it was read, in order."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.spans: list[tuple[int, int]] = []

    def read(self, size: int | None = -1, /) -> bytes:
        start, data = self.tell(), super().read(size)
        self.spans.append((start, start + len(data)))
        return data


def test_row_groups_are_read_whole_and_in_the_order_of_the_file() -> None:
    noise = random.Random(1)
    stream = Watched(pack([row(number, content=noise.randbytes(3000).hex()) for number in range(500)]))
    assert reasons(list(Stack().read(KEY, stream))) == ["kept"] * 500
    footer = next(number for number, (start, _) in enumerate(stream.spans) if start == 0)
    assert footer <= 3  # the end of the file comes first
    for (_, before), (start, _) in pairwise(stream.spans[footer:]):
        assert start == before


def test_a_row_group_too_large_to_hold_is_read_all_the_same() -> None:
    data = pack([row(number) for number in range(90)])
    ahead = ReadAhead(io.BytesIO(data), max_bytes=100)
    file = pq.ParquetFile(cast(BinaryIO, ahead))
    ahead.hold(file.metadata.row_group(0))
    assert file.read_row_group(0, columns=["content"]).num_rows == 50


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 300)), max_size=10), st.integers(0, 5000))
def test_what_is_held_reads_like_the_file(places: list[tuple[int, int]], most: int) -> None:
    data = pack([row(number) for number in range(90)])
    ahead, plain = ReadAhead(io.BytesIO(data), max_bytes=most), io.BytesIO(data)
    ahead.hold(pq.ParquetFile(plain).metadata.row_group(0))
    for place, size in places:
        assert ahead.seek(place) == plain.seek(place)
        assert ahead.read(size) == plain.read(size)
        assert ahead.tell() == plain.tell()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not-parquet"),
        (b"PAR1", "not-parquet"),
        (b"<html>403 Forbidden</html>", "not-parquet"),
        (pack_table(pa.Table.from_pylist([row()]).slice(0, 0)), "empty"),
    ],
)
def test_what_holds_no_rows_is_one_drop(data: bytes, reason: str) -> None:
    assert reasons(read(data)) == [reason]


@pytest.mark.parametrize(
    ("key", "subset"),
    [("data/lean/a.parquet", "lean"), ("x/data/c/y/a.parquet", "c"), ("agda/a.parquet", "agda"), ("a.parquet", "")],
)
def test_subset_is_the_language_folder(key: str, subset: str) -> None:
    (document,) = read(pack([row()]), key)
    assert isinstance(document, Document)
    assert document.subset == subset


def test_a_corrupt_row_group_costs_itself_only() -> None:
    noise = random.Random(1)
    data = bytearray(pack([row(number, content=noise.randbytes(200).hex()) for number in range(150)]))
    chunk = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(COLUMNS.index("content"))
    start = (chunk.dictionary_page_offset or 0) + 100
    data[start : start + 2_000] = bytes(2_000)
    records = read(bytes(data))
    assert reasons(records) == ["kept"] * 50 + ["corrupt"] + ["kept"] * 50
    assert records[50].id == f"{KEY}#50"


def test_a_disk_that_fails_is_not_taken_for_a_damaged_file() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        list(Stack().read(KEY, Failing(pack([row()]))))


WHOLE = pack([row(number, content=None if number % 7 == 0 else "x" * number) for number in range(90)], group=30)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_damage_anywhere_never_raises(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    assert len(read(bytes(data))) >= 1


@given(st.binary(max_size=300), st.booleans())
def test_arbitrary_bytes_are_one_drop(data: bytes, dressed: bool) -> None:
    assert reasons(read(b"PAR1" + data + b"PAR1" if dressed else data)) == ["not-parquet"]


def test_a_truncated_file_has_no_footer_and_is_one_drop() -> None:
    assert all(reasons(read(WHOLE[:cut])) == ["not-parquet"] for cut in range(0, len(WHOLE), 211))
