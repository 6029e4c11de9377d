"""Texts of any kind that were written by somebody: JSON lines or Parquet, told apart by their first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import pyarrow as pa

from filters.document import Document, Drop
from pipeline.shards import DOCUMENTS
from pipeline.sources.jsonl import Jsonl
from pipeline.sources.parquet_rows import ParquetRows

PARQUET = b"PAR1"
MOST_BYTES = 256 << 20
"""Longest line of JSON that is read: one text may be of 100 MB."""
BATCH_ROWS = 256
"""Rows of a table decoded at a time."""


@dataclass(frozen=True)
class Texts:
    """One text a row. Its id is what `id_field` holds, in a run's documents `id`, else the key and the row's number."""

    name: str = "texts"
    field: str = "text"
    """Where the text is; in JSON, dots reach into objects."""
    id_field: str = ""
    """Where the id is. A field called `id` need not be one: it may be of something else, or begin anew in each file."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        magic = stream.read(len(PARQUET))
        stream.seek(0)
        if magic == PARQUET:
            return self._parquet(key, stream)
        return self._lines(key, stream)

    def _lines(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        lines = Jsonl(
            self.name, text_field=self.field, id_field=self.id_field, url_field="url", max_line_bytes=MOST_BYTES
        )
        for row in lines.read(key, stream):
            url = row.meta.get("url") if isinstance(row, Document) and not row.url else None
            yield replace(row, url=url) if isinstance(url, str) else row

    def _parquet(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        rows = ParquetRows(self._columns, BATCH_ROWS, self._lacking, pa.RecordBatch.to_pylist, self._record)
        return rows.read(key, stream)

    def _columns(self, schema: pa.Schema) -> list[str]:
        there = set(schema.names)
        name = self.id_field or ("id" if set(DOCUMENTS.names) <= there else "")
        return sorted({self.field, name, "url"} & there)

    def _lacking(self, schema: pa.Schema) -> str:
        return "" if self.field in schema.names else f"no column {self.field}"

    def _record(self, key: str, number: int, row: dict[str, Any]) -> Document | Drop:
        place = str(row.get(self.id_field or "id") or "") or f"{key}:{number + 1}"
        text, url = row.get(self.field), str(row.get("url") or "")
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if not isinstance(text, str) or not text:
            return Drop(place, "read", "no-text", self.field, url)
        return Document(id=place, source=self.name, text=text, url=url)
