"""Text in Parquet files of any schema: a column of text, and perhaps ids and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

import pyarrow as pa

from filters.document import Document, Drop
from pipeline.sources.parquet_rows import ParquetRows
from pipeline.sources.stack import TEXT

PLAIN = (*TEXT, pa.int64(), pa.int32(), pa.uint64(), pa.uint32())
"""What an id may be."""


@dataclass(frozen=True)
class Parquet:
    """A row is a document. Columns that are not named are not read."""

    reasons: ClassVar[frozenset[str]] = frozenset({"empty", "not-parquet", "columns", "no-text", "corrupt"})

    name: str = "parquet"
    text_field: str = "text"
    """Column that holds the text."""
    id_field: str = ""
    """Column that holds the id; empty, or null in a row: the key and the row."""
    url_field: str = ""
    """Column that holds the URL."""
    batch_rows: int = 64
    """Rows decoded at a time."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        rows = ParquetRows(self._columns, self.batch_rows, self._lacking, pa.RecordBatch.to_pylist, self._record)
        return rows.read(key, stream)

    def _columns(self, _: pa.Schema) -> list[str]:
        return list(dict.fromkeys(filter(None, (self.text_field, self.id_field, self.url_field))))

    def _lacking(self, schema: pa.Schema) -> str:
        """The columns that a file has not, or has twice, or with values of another kind; empty if all is well."""
        odd = []
        for name in self._columns(schema):
            allowed = TEXT if name == self.text_field else PLAIN
            if schema.names.count(name) != 1:
                odd.append(f"{name} is there {schema.names.count(name)} times")
            elif schema.field(name).type not in allowed:
                odd.append(f"{name} is {schema.field(name).type}")
        return ", ".join(odd)

    def _record(self, key: str, row: int, values: dict[str, object]) -> Document | Drop:
        place = f"{key}#{row}"
        text, name, url = (values.get(field) for field in (self.text_field, self.id_field, self.url_field))
        address = "" if url is None else str(url)
        if not isinstance(text, str) or not text:
            return Drop(place, "read", "no-text", self.text_field, address)
        return Document(place if name is None else str(name), self.name, text=text, url=address)
