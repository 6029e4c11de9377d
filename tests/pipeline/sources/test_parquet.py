"""Parquet of any schema: rows become documents, what cannot be read becomes a Drop."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.document import Document, Drop
from pipeline.sources.parquet import Parquet


def written(columns: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def read(data: bytes, source: Parquet) -> list[Document | Drop]:
    return list(source.read("k", io.BytesIO(data)))


def test_rows_become_documents_with_ids_and_addresses() -> None:
    data = written({"t": ["one", "two"], "n": [7, None], "u": ["https://a.example", None]}, row_group_size=1)
    first, second = read(data, Parquet("p", "t", "n", "u"))
    assert first == Document("7", "p", text="one", url="https://a.example")
    assert second == Document("k#1", "p", text="two")


def test_rows_without_text_are_dropped() -> None:
    drops = read(written({"text": [None, "", "x"]}), Parquet())
    assert [(drop.rule, drop.reason) for drop in drops[:2] if isinstance(drop, Drop)] == [("read", "no-text")] * 2
    assert isinstance(drops[2], Document)


@pytest.mark.parametrize(
    ("data", "reason", "said"),
    [
        (written({"other": ["x"]}), "columns", "text is there 0 times"),
        (written({"text": [[1]]}), "columns", "text is list"),
        (written({"text": pa.array([], pa.string())}), "empty", ""),
        (b"PAR1 and nothing", "not-parquet", ""),
    ],
)
def test_files_that_cannot_be_used_are_one_drop(data: bytes, reason: str, said: str) -> None:
    (drop,) = read(data, Parquet())
    assert isinstance(drop, Drop)
    assert (drop.rule, drop.reason) == ("read", reason)
    assert said in drop.detail


def test_damage_costs_the_rest_of_its_row_group_only() -> None:
    texts = [f"{number} " * 500 for number in range(20)]
    data = bytearray(written({"text": texts}, row_group_size=10, compression="zstd", use_dictionary=False))
    page = pq.read_metadata(io.BytesIO(data)).row_group(0).column(0)
    data[page.data_page_offset : page.data_page_offset + page.total_compressed_size] = bytes(page.total_compressed_size)
    found = read(bytes(data), Parquet())
    assert [item.reason for item in found if isinstance(item, Drop)] == ["corrupt"]
    assert {item.text for item in found if isinstance(item, Document)} >= set(texts[10:])
