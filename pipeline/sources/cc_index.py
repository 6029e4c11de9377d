"""Single records out of WARC files: what a table says lies where, fetched by range requests."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from filters.document import Document, Drop
from pipeline.outside import Outside
from pipeline.path_list import is_key
from pipeline.sources.damage import GZIP, member_end
from pipeline.sources.parquet_rows import BROKEN
from pipeline.sources.warc import Warc

COLUMNS = ("url", "warc_filename", "warc_record_offset", "warc_record_length")
"""The columns that are read; CommonCrawl's columnar index has them among others.
https://commoncrawl.org/columnar-index"""

BATCH_ROWS = 1 << 16
"""Rows that are put in the order of the archives together."""
GAP_BYTES = 1 << 18
"""Bytes between two records of one file up to which they are fetched in one request."""
SPAN_BYTES = 1 << 24
"""Bytes of one request up to which another record is added to it."""
MOST_BYTES = 50_000_000
"""Bytes of a record, as it is stored, from which it is not fetched."""


@dataclass(frozen=True, order=True)
class Row:
    """Where a table says that a page lies."""

    file: str
    offset: int
    length: int
    url: str

    @property
    def id(self) -> str:
        return f"{self.file}@{self.offset}"

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True)
class CcIndex:
    """Pages by their places, which a Parquet table tells. Every row becomes a Document, or a Drop that says why not.

    Documents are those that reading the whole WARC file gives, down to the id. They come in the order of the archives
    (file, offset), by batches of rows, so that neighbours come in one request.
    """

    name: str
    archives: Outside = field(metadata={"location": True})
    """Where the WARC files lie."""
    max_bytes: int = 50_000_000
    """Bytes of a page, unpacked, from which it is not read."""

    reasons: ClassVar[frozenset[str]] = Warc.reasons | {
        "not-parquet", "columns", "bad-row", "missing", "out-of-range", "no-page", "other-url"
    }  # fmt: skip

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        try:
            table = pq.ParquetFile(stream, pre_buffer=False)
        except BROKEN as error:
            yield Drop(key, "read", "not-parquet", str(error))
            return
        if lacking := _lacking(table.schema_arrow):
            yield Drop(key, "read", "columns", lacking)
        elif not table.metadata.num_rows:
            yield Drop(key, "read", "empty")
        else:
            yield from self._rows(key, table)

    def weigh(self, stream: BinaryIO) -> tuple[int, int]:
        """How many rows a table has, and how many bytes they say lie there; no page is read."""
        try:
            lengths = pq.ParquetFile(stream, pre_buffer=False).read(columns=[COLUMNS[3]]).column(0)
            return len(lengths), int(pc.sum(lengths).as_py() or 0)
        except (*BROKEN, IndexError):
            return 0, 0

    def _rows(self, key: str, table: pq.ParquetFile) -> Iterator[Document | Drop]:
        first, total = 0, table.metadata.num_rows
        batches = table.iter_batches(BATCH_ROWS, columns=list(COLUMNS))
        while first < total:
            try:
                values = next(batches).to_pylist()
            except (*BROKEN, StopIteration) as error:
                yield Drop(f"{key}#{first}", "read", "corrupt", f"from row {first} of {total}: {error}")
                return
            rows = [_row(f"{key}#{first + number}", row) for number, row in enumerate(values)]
            first += len(rows)
            yield from (row for row in rows if isinstance(row, Drop))
            yield from self._pages([row for row in rows if isinstance(row, Row)])

    def _pages(self, rows: Sequence[Row]) -> Iterator[Document | Drop]:
        for span in spans(sorted(rows)):
            start, end = span[0].offset, max(row.end for row in span)
            try:
                data = self.archives.read_range(span[0].file, start, end)
            except FileNotFoundError as error:
                yield from (Drop(row.id, "read", "missing", str(error), row.url) for row in span)
                continue
            for row in span:
                yield self._page(row, data[row.offset - start : row.end - start])

    def _page(self, row: Row, data: bytes) -> Document | Drop:
        """The page that a row tells of; `data` is what lies there."""
        if not data:
            return Drop(row.id, "read", "out-of-range", "the file ends before it", row.url)
        if len(data) < row.length:
            return Drop(row.id, "read", "truncated", f"{len(data)} of {row.length} bytes", row.url, len(data))
        stream = Excerpt(data, row.offset)
        if data.startswith(GZIP) and member_end(stream, row.offset) is None:
            return Drop(row.id, "read", "truncated", f"no whole gzip member in {row.length} bytes", row.url, len(data))
        found = Warc(self.name, self.max_bytes).read_at(row.file, stream, row.offset)
        if found is None or found.id != row.id:
            return Drop(row.id, "read", "no-page", "no page begins here", row.url, len(data))
        if isinstance(found, Document) and found.url != row.url:
            return Drop(row.id, "read", "other-url", f"it is {found.url}", row.url, found.size)
        return found


class Excerpt(io.BytesIO):
    """A part of a file that is at the offsets that it has there."""

    def __init__(self, data: bytes, start: int) -> None:
        super().__init__(data)
        self._start = start

    def tell(self) -> int:
        return self._start + super().tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._start + super().seek(offset - self._start if whence == io.SEEK_SET else offset, whence)


def spans(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Neighbours in one file, to be fetched together."""
    span: list[Row] = []
    end = 0
    for row in rows:
        near = span and row.file == span[0].file and row.offset <= end + GAP_BYTES
        if span and not (near and max(end, row.end) - span[0].offset <= SPAN_BYTES):
            yield span
            span, end = [], 0
        span.append(row)
        end = max(end, row.end)
    if span:
        yield span


def _row(place: str, values: dict[str, Any]) -> Row | Drop:
    url, file, offset, length = (values[name] for name in COLUMNS)
    if None in (url, file, offset, length):
        return Drop(place, "read", "bad-row", "a value is missing", url or "")
    if not is_key(file):
        return Drop(place, "read", "bad-row", f"{file[:80]!r} is no path below a root", url)
    if offset < 0 or length <= 0:
        return Drop(place, "read", "bad-row", f"offset {offset}, length {length}", url)
    if length > MOST_BYTES:
        return Drop(f"{file}@{offset}", "read", "too-large", f"{length} bytes", url)
    return Row(file, offset, length, url)


def _lacking(schema: pa.Schema) -> str:
    """The needed columns that a table has not, or has of another type; empty if all is well."""
    missing = [name for name in COLUMNS if name not in schema.names]
    if missing:
        return "missing: " + ", ".join(missing)
    types = {name: schema.field(name).type for name in COLUMNS}
    wrong = [name for name in COLUMNS[:2] if not (pt.is_string(types[name]) or pt.is_large_string(types[name]))]
    wrong += [name for name in COLUMNS[2:] if not pt.is_integer(types[name])]
    return ", ".join(f"{name} is {types[name]}" for name in wrong)
