"""Texts of any kind that were written by somebody: JSON lines or Parquet, told apart by their first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from filters.document import Document, Drop
from pipeline.shards import DOCUMENTS
from pipeline.sources.jsonl import Jsonl
from pipeline.sources.parquet_rows import BROKEN, raise_if_system

PARQUET = b"PAR1"


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
        for row in Jsonl(self.name, text_field=self.field, id_field=self.id_field, url_field="url").read(key, stream):
            url = row.meta.get("url") if isinstance(row, Document) and not row.url else None
            yield replace(row, url=url) if isinstance(url, str) else row

    def _parquet(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        rows = 0
        try:
            file = pq.ParquetFile(stream, pre_buffer=False)
            if self.field not in file.schema_arrow.names:
                yield Drop(key, "read", "columns", f"no column {self.field}")
                return
            there = file.schema_arrow.names
            name = self.id_field or ("id" if set(DOCUMENTS.names) <= set(there) else "")
            columns = [self.field, *(column for column in (name, "url") if column in there and column != self.field)]
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(batch_size=256, row_groups=[group], columns=columns):
                    for row in batch.to_pylist():
                        rows += 1
                        yield self._record(str(row.get(name) or "") or f"{key}:{rows}", row)
        except BROKEN as error:
            raise_if_system(error)
            yield Drop(f"{key}:{rows + 1}", "read", "corrupt", str(error))

    def _record(self, place: str, row: dict[str, Any]) -> Document | Drop:
        text, url = row.get(self.field), str(row.get("url") or "")
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if not isinstance(text, str) or not text:
            return Drop(place, "read", "no-text", self.field, url)
        return Document(id=place, source=self.name, text=text, url=url)
