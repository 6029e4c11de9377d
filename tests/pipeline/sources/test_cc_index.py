"""Single records by a table: the documents of whole files, and every way in which a table can be wrong."""

from __future__ import annotations

import gzip
import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_warc import MEMBERS, OFFSETS, record

from filters.document import Document, Drop
from pipeline.outside import Outside
from pipeline.sources.cc_index import COLUMNS, GAP_BYTES, SPAN_BYTES, CcIndex, Row, spans
from pipeline.sources.warc import Warc

ARCHIVE = b"".join(MEMBERS)
FILES = ("crawl/b.warc.gz", "crawl/a.warc.gz")


@pytest.fixture
def archives(tmp_path: Path) -> Outside:
    (tmp_path / "crawl").mkdir()
    for name in FILES:
        (tmp_path / name).write_bytes(ARCHIVE)
    return Outside(str(tmp_path))


def row(number: int = 0, file: str = FILES[0], **other: Any) -> dict[str, Any]:
    place = {"warc_record_offset": OFFSETS[number], "warc_record_length": len(MEMBERS[number])}
    return {"url": f"https://site.test/{number}", "warc_filename": file, **place, **other}


def table(rows: Sequence[dict[str, Any]], **types: pa.DataType) -> bytes:
    kinds = dict.fromkeys(COLUMNS[:2], pa.string()) | dict.fromkeys(COLUMNS[2:], pa.int32()) | types
    kinds |= {name: pa.string() for one in rows for name in one if name not in kinds}
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=pa.schema(list(kinds.items()))), out)
    return out.getvalue()


def read(archives: Outside, data: bytes) -> list[Document | Drop]:
    return list(CcIndex("web", archives).read("urls.parquet", io.BytesIO(data)))


def reasons(found: list[Document | Drop]) -> list[str]:
    assert all(isinstance(item, Drop) and item.rule == "read" for item in found)
    assert {item.reason for item in found if isinstance(item, Drop)} <= CcIndex.reasons
    return [item.reason for item in found if isinstance(item, Drop)]


def test_all_records_by_a_table_are_the_documents_of_the_whole_files(archives: Outside) -> None:
    rows = [row(number, file) for number in range(len(MEMBERS)) for file in FILES]
    whole = [item for file in sorted(FILES) for item in Warc("web").read(file, io.BytesIO(ARCHIVE))]
    assert len(whole) == 2 * len(MEMBERS)
    assert read(archives, table(rows)) == whole


def test_the_order_of_the_rows_and_other_columns_do_not_matter(archives: Outside) -> None:
    rows = [row(number, fetch_time="2023-01-01", content_digest="ABC") for number in (5, 1, 3)]
    expected = [f"{FILES[0]}@{OFFSETS[number]}" for number in (1, 3, 5)]
    for order in itertools.permutations(rows):
        assert [item.id for item in read(archives, table(order))] == expected


def test_a_record_that_is_asked_for_twice_comes_twice(archives: Outside) -> None:
    """Ingest refuses the second, and its ledger says so."""
    assert [item.id for item in read(archives, table([row(2), row(2)]))] == [f"{FILES[0]}@{OFFSETS[2]}"] * 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"warc_filename": "crawl/none.warc.gz"}, "missing"),
        ({"warc_record_offset": len(ARCHIVE)}, "out-of-range"),
        ({"warc_record_offset": 2_000_000_000}, "out-of-range"),
        ({"warc_record_offset": OFFSETS[7], "warc_record_length": len(MEMBERS[7]) + 1}, "truncated"),
        ({"warc_record_length": len(MEMBERS[0]) // 2}, "truncated"),
        ({"warc_record_length": 5}, "truncated"),
        ({"warc_record_offset": 7}, "no-page"),
        ({"url": "https://site.test/1"}, "other-url"),
        ({"url": ""}, "other-url"),
        ({"url": None}, "bad-row"),
        ({"warc_filename": None}, "bad-row"),
        ({"warc_record_offset": None}, "bad-row"),
        ({"warc_record_length": None}, "bad-row"),
        ({"warc_record_offset": -1}, "bad-row"),
        ({"warc_record_length": 0}, "bad-row"),
        ({"warc_filename": "../secret"}, "bad-row"),
        ({"warc_filename": "/etc/passwd"}, "bad-row"),
        ({"warc_filename": "https://elsewhere.test/a"}, "bad-row"),
        ({"warc_filename": ""}, "bad-row"),
        ({"warc_record_length": 2_000_000_000}, "too-large"),
    ],
)
def test_a_wrong_row_costs_itself(archives: Outside, wrong: dict[str, Any], reason: str) -> None:
    found = read(archives, table([row(3), {**row(), **wrong}, row(4)]))
    assert len(found) == 3
    assert reasons([item for item in found if isinstance(item, Drop)]) == [reason]


def test_a_length_that_is_too_long_does_no_harm(archives: Outside) -> None:
    (found,) = read(archives, table([row(2, warc_record_length=len(MEMBERS[2]) + len(MEMBERS[3]))]))
    assert found == read(archives, table([row(2)]))[0]


def test_a_record_that_is_no_page(archives: Outside, tmp_path: Path) -> None:
    member = gzip.decompress(record(0)).replace(b"WARC-Type: response", b"WARC-Type: request ")
    data = gzip.compress(member)
    (tmp_path / "crawl/r.warc.gz").write_bytes(data + MEMBERS[1])
    place = row(file="crawl/r.warc.gz", warc_record_length=len(data))
    assert reasons(read(archives, table([place]))) == ["no-page"]
    assert reasons(read(archives, table([{**place, "warc_record_length": len(data) + len(MEMBERS[1])}]))) == ["no-page"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not-parquet"),
        (b"PAR1 not really PAR1", "not-parquet"),
        (table([]), "empty"),
        (table([row()], warc_record_offset=pa.float64()), "columns"),
        (table([row()], url=pa.binary()), "columns"),
    ],
)
def test_a_table_that_is_of_no_use(archives: Outside, data: bytes, reason: str) -> None:
    assert reasons(read(archives, data)) == [reason]


def test_a_column_that_is_missing_is_named(archives: Outside) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"url": ["https://site.test/"]}), out)
    (found,) = read(archives, out.getvalue())
    assert isinstance(found, Drop)
    assert found.detail == "missing: warc_filename, warc_record_offset, warc_record_length"


def test_a_damaged_table_costs_what_is_damaged(archives: Outside) -> None:
    data = bytearray(table([row(number) for number in range(8)]))
    data[4:60] = b"\xff" * 56
    assert set(reasons(read(archives, bytes(data)))) <= {"corrupt", "not-parquet", "bad-row"}


places = st.tuples(st.sampled_from("ab"), st.integers(0, 3 * SPAN_BYTES), st.integers(1, GAP_BYTES * 4))


@given(st.lists(places, max_size=30))
def test_spans_hold_every_row_once_in_order_and_stay_small(drawn: list[tuple[str, int, int]]) -> None:
    rows = sorted(Row(file, offset, length, "") for file, offset, length in drawn)
    found = list(spans(rows))
    assert [one for span in found for one in span] == rows
    for span in found:
        assert len({one.file for one in span}) == 1
        assert len(span) == 1 or max(one.end for one in span) - span[0].offset <= SPAN_BYTES
    for one, other in itertools.pairwise(found):
        assert one[-1].file != other[0].file or other[0].offset >= one[0].offset


def test_neighbours_come_in_one_request_and_strangers_in_their_own() -> None:
    def lengths(*offsets: int) -> list[int]:
        return [len(span) for span in spans([Row("a", offset, 100, "") for offset in offsets])]

    assert lengths(0, 100, 100 + GAP_BYTES) == [3]
    assert lengths(0, 101 + GAP_BYTES) == [1, 1]
