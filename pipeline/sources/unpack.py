"""Decompression of streams that strangers made: piece by piece, bounded, and with the damage told apart.

The readers of the standard library raise at the place where a stream is cut and take the last good bytes with them, or
end in silence. Here everything readable comes out first, and then a DamageError says why there is no more.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

PIECE_BYTES = 1 << 16
ZSTD_INPUT_BYTES = 1 << 10  # zstd cannot bound its output; 1 KiB of run-length blocks becomes 32 MiB at most
ZSTD_WINDOW_BYTES = 1 << 27  # what `zstd --long` asks for

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class DamageError(Exception):
    """Why a stream ended before its end: `reason` is `truncated`, `corrupt` or `bomb`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """The content of a gzip, zstd or plain stream, told by its first bytes, in pieces; DamageError where it breaks."""
    head = stream.read(len(ZSTD_MAGIC))
    if head.startswith(GZIP_MAGIC):
        return _gzip(stream, head)
    if head == ZSTD_MAGIC:
        return _zstd(stream, head)
    return _plain(stream, head)


def _plain(stream: BinaryIO, head: bytes) -> Iterator[bytes]:
    while head:
        yield head
        head = stream.read(PIECE_BYTES)


def _gzip(stream: BinaryIO, data: bytes) -> Iterator[bytes]:
    """Every member of a gzip stream; zeros after the last are padding, as in gzip(1)."""
    engine = zlib.decompressobj(wbits=31)
    while data := data or stream.read(PIECE_BYTES):
        if engine.eof:
            data = data.lstrip(b"\0")
            engine = zlib.decompressobj(wbits=31) if data else engine
            continue
        try:
            piece = engine.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise DamageError("corrupt", str(error)) from error
        data = engine.unused_data or engine.unconsumed_tail
        if piece:
            yield piece
    if not engine.eof:
        if piece := engine.flush():
            yield piece
        raise DamageError("truncated", "gzip")


def _zstd(stream: BinaryIO, data: bytes) -> Iterator[bytes]:
    """Every frame of a zstd stream."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
    engine = decompressor.decompressobj()
    while data := data or stream.read(ZSTD_INPUT_BYTES):
        if engine.eof:
            engine = decompressor.decompressobj()
        try:
            piece = engine.decompress(data)
        except zstandard.ZstdError as error:
            raise DamageError("corrupt", str(error)) from error
        data = engine.unused_data
        if piece:
            yield piece
    if not engine.eof:
        raise DamageError("truncated", "zstd")
