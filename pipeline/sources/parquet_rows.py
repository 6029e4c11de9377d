"""How Parquet of strangers is read: row group by row group, in the order of its bytes, and with damage told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from filters.document import Document, Drop
from pipeline.sources.read_ahead import ReadAhead

BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError)
"""What Arrow raises on a damaged file."""


@dataclass(frozen=True)
class ParquetRows:
    """The rows of a file of one kind; a file of another kind, and damage, are a Drop."""

    columns: Callable[[pa.Schema], Sequence[str]]
    """Which of a file's columns are read."""
    batch_rows: int
    """Rows decoded at a time."""
    lacking: Callable[[pa.Schema], str]
    """What a file's columns lack, in a few words; empty if nothing."""
    rows: Callable[[pa.RecordBatch], Iterable[dict[str, Any]]]
    """The rows of a batch."""
    record: Callable[[str, int, dict[str, Any]], Document | Drop]
    """What a row is, of its file's key and its number in the file."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        ahead = ReadAhead(stream)
        try:
            file = pq.ParquetFile(cast(BinaryIO, ahead), buffer_size=1 << 20)
        except BROKEN as error:
            raise_if_system(error)
            yield Drop(key, "read", "not-parquet", str(error))
            return
        if lacking := self.lacking(file.schema_arrow):
            yield Drop(key, "read", "columns", lacking)
            return
        first = 0
        for group in range(file.num_row_groups):
            ahead.hold(file.metadata.row_group(group))
            yield from self._group(key, file, group, first)
            first += file.metadata.row_group(group).num_rows
        if not first:
            yield Drop(key, "read", "empty")

    def _group(self, key: str, file: pq.ParquetFile, group: int, first: int) -> Iterator[Document | Drop]:
        """The rows of one row group, `first` being its first; damage costs the rest of this group only."""
        row, columns = first, list(self.columns(file.schema_arrow))
        try:
            for batch in file.iter_batches(self.batch_rows, row_groups=[group], columns=columns):
                for values in self.rows(batch):
                    yield self.record(key, row, values)
                    row += 1
        except BROKEN as error:
            raise_if_system(error)
            yield Drop(f"{key}#{row}", "read", "corrupt", f"row group {group} from row {row}: {error}")


def raise_if_system(error: Exception) -> None:
    """Arrow reports damage as an OSError without a number; one with a number is a disk or network that failed."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
