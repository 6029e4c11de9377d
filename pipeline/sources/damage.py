"""Where an archive is broken, and where it can be read again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator

GZIP = b"\x1f\x8b\x08"
PLAIN_START = b"\nWARC/1."
CHUNK = 1 << 16


def unpack_head(head: bytes) -> bytes:
    """The first bytes of what a gzip holds, or the bytes themselves."""
    if not head.startswith(GZIP):
        return head[:CHUNK]
    try:
        return zlib.decompressobj(31).decompress(head, CHUNK)
    except zlib.error:
        return b""


def holds_record(stream: BinaryIO, position: int) -> bool:
    """Whether there is a record of any type at `position`; an archive may well hold nothing but a warcinfo."""
    return _declared_length(stream, position) is not None


def _declared_length(stream: BinaryIO, position: int) -> int | None:
    """Content-Length of the record at `position`; None if there is no record, or none that says."""
    stream.seek(position)
    try:
        record = next(iter(ArchiveIterator(stream, parse_http=False)), None)
    except (OSError, EOFError, ValueError, RuntimeError):
        return None
    # fastwarc is content with a header that says nothing, and then loses its way
    said = (record.headers.get("Content-Length") or "") if record else ""
    return int(said) if said.isdigit() else None


def find_break(stream: BinaryIO, position: int, size: int, error: str) -> tuple[int | None, int]:
    """Walk records from a good one: the offsets of the first broken one, and of the next place to read from.

    (None, size) if all are whole. A gzip member may end in silence; plain text is walked only after an `error`.
    """
    stream.seek(position)
    if stream.read(3) != GZIP:
        return _find_plain_break(stream, position, size) if error else (None, size)
    while position < size:
        end = member_end(stream, position)
        if end is None:
            return position, next_member(stream, position + 1, size)
        position = end
    return None, size


def _find_plain_break(stream: BinaryIO, position: int, size: int) -> tuple[int | None, int]:
    """The same in plain text: a record without a readable header, or bytes after one that belong to none.

    Where just the empty lines between two records are wrong, nothing is broken, and reading goes on at the second.
    """
    for start, following in pairwise(chain(_plain_starts(stream, position, size), [size])):
        length = _declared_length(stream, start)
        if length is None:
            return start, following
        end = _header_end(stream, start) + length
        stream.seek(end)
        between = stream.read(min(max(following - end, 0), CHUNK))
        if between.strip():
            return end, following
        if between != b"\r\n\r\n":
            return None, following
    return None, size


def _header_end(stream: BinaryIO, start: int) -> int:
    stream.seek(start)
    return start + stream.read(CHUNK).find(b"\r\n\r\n") + len(b"\r\n\r\n")


def _plain_starts(stream: BinaryIO, position: int, size: int) -> Iterator[int]:
    """Offsets from `position` on at which a record of plain text seems to begin: at the beginning of a line."""
    position = max(position - 1, 0)
    while position < size:
        stream.seek(position)
        window = stream.read(CHUNK)
        found = 0 if position == 0 and window.startswith(PLAIN_START[1:]) else window.find(PLAIN_START)
        if found < 0:
            position += max(len(window) - len(PLAIN_START) + 1, 1)
        else:
            yield position + found + (window[found : found + 1] == b"\n")
            position += found + len(PLAIN_START)


def member_end(stream: BinaryIO, position: int) -> int | None:
    """Offset behind the gzip member at `position`; None if it is broken, cut short, or holds no WARC record."""
    stream.seek(position)
    inflate = zlib.decompressobj(31)
    begun = False
    while not inflate.eof:
        chunk = stream.read(CHUNK)
        position += len(chunk)
        try:
            data = inflate.decompress(chunk, CHUNK)
            while inflate.unconsumed_tail and not inflate.eof:
                inflate.decompress(inflate.unconsumed_tail, CHUNK)
        except zlib.error:
            return None
        if not chunk or (data and not begun and not data.startswith(b"WARC/")):
            return None
        begun = begun or bool(data)
    return position - len(inflate.unused_data)


def next_member(stream: BinaryIO, position: int, size: int) -> int:
    """Offset of the next gzip member that begins with a WARC record, or the end of the file."""
    while position < size:
        stream.seek(position)
        window = stream.read(CHUNK)
        found = window.find(GZIP)
        while found >= 0:
            stream.seek(position + found)
            if unpack_head(stream.read(4096)).startswith(b"WARC/"):
                return position + found
            found = window.find(GZIP, found + 1)
        position += max(len(window) - 2, 1)
    return size
