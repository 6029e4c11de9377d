"""Texts of JSON lines and Parquet: ids, addresses, what is no text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from filters.document import Document, Drop
from pipeline.shards import DOCUMENTS
from pipeline.sources.texts import Texts


def read(table: dict[str, list[Any]], source: Texts) -> list[Document | Drop]:
    file = io.BytesIO()
    pq.write_table(pa.table(table), file, row_group_size=2)
    file.seek(0)
    return list(source.read("a.parquet", file))


def told(table: dict[str, list[Any]], source: Texts) -> list[tuple[str, str, str]]:
    return [(one.id, one.text, one.url) for one in read(table, source) if isinstance(one, Document)]


def test_a_row_is_named_by_its_number_unless_its_id_is_known_to_be_one() -> None:
    table = {"text": ["one", "two", "three"], "id": [7, 8, 9], "url": ["u", None, "w"]}
    numbered = [("a.parquet:1", "one", "u"), ("a.parquet:2", "two", ""), ("a.parquet:3", "three", "w")]
    assert told(table, Texts()) == numbered
    assert [name for name, _, _ in told(table, Texts(id_field="id"))] == ["7", "8", "9"]


def test_documents_of_a_run_keep_their_ids() -> None:
    row: dict[str, list[Any]] = {name: [""] for name in DOCUMENTS.names}
    assert told(row | {"id": ["web/1"], "text": ["one"]}, Texts()) == [("web/1", "one", "")]


def test_text_may_be_bytes_and_elsewhere() -> None:
    assert told({"body": [b"caf\xc3\xa9", b"\xff"]}, Texts(field="body")) == [
        ("a.parquet:1", "café", ""),
        ("a.parquet:2", "\N{REPLACEMENT CHARACTER}", ""),
    ]


def test_what_is_no_text_is_told() -> None:
    assert read({"body": ["x"]}, Texts()) == [Drop("a.parquet", "read", "columns", "no column text")]
    assert read({"text": ["", None]}, Texts()) == [
        Drop("a.parquet:1", "read", "no-text", "text"),
        Drop("a.parquet:2", "read", "no-text", "text"),
    ]


def test_damage_costs_what_it_hits(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"{number} " * 99 for number in range(4)]}), path, row_group_size=2)
    data = bytearray(path.read_bytes())
    place = pq.ParquetFile(path).metadata.row_group(0).column(0).data_page_offset
    data[place : place + 40] = bytes(40)
    found = list(Texts().read("a.parquet", io.BytesIO(data)))
    assert [one.reason if isinstance(one, Drop) else one.id for one in found] == [
        "corrupt", "a.parquet:3", "a.parquet:4",
    ]  # fmt: skip


def test_json_lines_are_told_by_their_first_bytes() -> None:
    (found,) = Texts().read("a.jsonl", io.BytesIO(b'{"text": "one", "meta": {"url": "u"}}\n'))
    assert isinstance(found, Document)
    assert (found.id, found.text, found.url) == ("a.jsonl:1", "one", "u")
