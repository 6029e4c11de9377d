"""Parquet files read in the order of their bytes: once over the wire, and hashed on the way.

Arrow jumps between the columns that are asked for. From a web server each jump is a request, and what was jumped over
is fetched by itself later, for the hash of the file. Row groups follow each other, so each is read whole, beforehand.
"""

from __future__ import annotations

import io
from typing import BinaryIO

import pyarrow.parquet as pq

from pipeline.streams import ReadStream

PIECE = 1 << 20
MAX_GROUP_BYTES = 256 << 20
"""Largest row group, as it is stored, that is held in memory; larger ones are read by jumps."""


class ReadAhead(ReadStream):
    """A seekable stream that is told how far it will be needed next, and reads everything up to there."""

    def __init__(self, stream: BinaryIO, max_bytes: int = MAX_GROUP_BYTES) -> None:
        super().__init__()
        self._stream, self._max_bytes = stream, max_bytes
        self._held = memoryview(b"")
        self._start = 0

    def hold(self, group: pq.RowGroupMetaData) -> None:
        """Read a row group, and what lies between the one before and this. What was held goes."""
        self._start += len(self._held)
        self._held = memoryview(b"")
        size = _end(group) - self._start
        if 0 < size <= self._max_bytes:
            self._stream.seek(self._start)
            held = bytearray()
            while len(held) < size and (piece := self._stream.read(min(PIECE, size - len(held)))):
                held += piece
            self._held = memoryview(held)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._position = self._stream.seek(offset, whence)
        else:
            self._position = offset + (self._position if whence == io.SEEK_CUR else 0)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        place = self._position - self._start
        if size is not None and place >= 0 and 0 <= size <= len(self._held) - place:
            data = bytes(self._held[place : place + size])
        else:
            self._stream.seek(self._position)
            data = self._stream.read(-1 if size is None else size)
        self._position += len(data)
        return data


def _end(group: pq.RowGroupMetaData) -> int:
    """Where the last column of a row group ends; a damaged file may say anything."""
    columns = (group.column(number) for number in range(group.num_columns))
    return max((_start(column) + column.total_compressed_size for column in columns), default=0)


def _start(column: pq.ColumnChunkMetaData) -> int:
    dictionary = column.dictionary_page_offset
    return min(column.data_page_offset, dictionary) if dictionary else column.data_page_offset
