"""Text in Parquet files of any schema: a column of text, and perhaps ids and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, cast

import pyarrow as pa
import pyarrow.parquet as pq

from filters.document import Document, Drop
from pipeline.sources.read_ahead import ReadAhead
from pipeline.sources.stack import BROKEN, TEXT, raise_if_system

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
        ahead = ReadAhead(stream)
        try:
            file = pq.ParquetFile(cast(BinaryIO, ahead), buffer_size=1 << 20)
        except BROKEN as error:
            raise_if_system(error)
            yield Drop(key, "read", "not-parquet", str(error))
            return
        if lacking := self._lacking(file.schema_arrow):
            yield Drop(key, "read", "columns", lacking)
            return
        first = 0
        for group in range(file.num_row_groups):
            ahead.hold(file.metadata.row_group(group))
            yield from self._group(key, file, group, first)
            first += file.metadata.row_group(group).num_rows
        if not first:
            yield Drop(key, "read", "empty")

    @property
    def _columns(self) -> list[str]:
        return list(dict.fromkeys(filter(None, (self.text_field, self.id_field, self.url_field))))

    def _lacking(self, schema: pa.Schema) -> str:
        """The columns that a file has not, or has twice, or with values of another kind; empty if all is well."""
        odd = []
        for name in self._columns:
            allowed = TEXT if name == self.text_field else PLAIN
            if schema.names.count(name) != 1:
                odd.append(f"{name} is there {schema.names.count(name)} times")
            elif schema.field(name).type not in allowed:
                odd.append(f"{name} is {schema.field(name).type}")
        return ", ".join(odd)

    def _group(self, key: str, file: pq.ParquetFile, group: int, first: int) -> Iterator[Document | Drop]:
        """The rows of one row group, `first` being its first; damage costs the rest of this group only."""
        row = first
        try:
            for batch in file.iter_batches(self.batch_rows, row_groups=[group], columns=self._columns):
                for values in batch.to_pylist():
                    yield self._record(f"{key}#{row}", values)
                    row += 1
        except BROKEN as error:
            raise_if_system(error)
            yield Drop(f"{key}#{row}", "read", "corrupt", f"row group {group} from row {row}: {error}")

    def _record(self, place: str, values: dict[str, object]) -> Document | Drop:
        text, name, url = (values.get(field) for field in (self.text_field, self.id_field, self.url_field))
        address = "" if url is None else str(url)
        if not isinstance(text, str) or not text:
            return Drop(place, "read", "no-text", self.text_field, address)
        return Document(place if name is None else str(name), self.name, text=text, url=address)
