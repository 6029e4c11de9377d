"""The body of an HTTP response as a browser would see it, within bounds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping

import brotli  # type: ignore[import-not-found, import-untyped, unused-ignore]
import zstandard

MOST_CODINGS = 4
"""Codings of one body; servers use one, misconfigured ones two."""
ZSTD_WINDOW_BYTES = 8_000_000
"""What a decoder must grant (RFC 9659)."""

_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")


class BodyError(Exception):
    """A body that cannot be decoded; `reason` is the word for the ledger."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def decode_body(body: bytes, coding: str, transfer: str, limit: int) -> bytes:
    """Undo Transfer-Encoding and Content-Encoding (RFC 9112 section 6, RFC 9110 section 8.4).

    CommonCrawl stores bodies decoded and renames the headers; other crawlers store them as they came, and some leave
    the header on a body that is not encoded, which is then taken as it is. Raises BodyError (`encoding`, `too-large`).
    """
    if "chunked" in transfer.lower():
        body = dechunk(body)
    names = [part.strip().lower() for part in coding.split(",") if part.strip()]
    if len(names) > MOST_CODINGS:
        raise BodyError("encoding", f"{len(names)} codings on top of each other")
    for name in reversed(names):
        body = _undo(body, name, limit)
    return body


def _undo(body: bytes, name: str, limit: int) -> bytes:
    if name in ("identity", "none", "utf-8") or not body or body.lstrip()[:1] == b"<":
        return body
    unpack = _CODINGS.get(name)
    if unpack is None:
        raise BodyError("encoding", f"Content-Encoding {name} is not known")
    try:
        data = unpack(body, limit + 1)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise BodyError("encoding", str(error)) from None
    if len(data) > limit:
        raise BodyError("too-large", f"unpacks to more than {limit} bytes")
    return data


# Each unpacks hardly more than `most` bytes; a stream that is cut short gives what is there.


def _gzip(body: bytes, most: int) -> bytes:
    return zlib.decompressobj(31).decompress(body, most) if body.startswith(b"\x1f\x8b") else body


def _deflate(body: bytes, most: int) -> bytes:
    """The name means a zlib stream; old servers send one without its frame."""
    try:
        return zlib.decompressobj(15).decompress(body, most)
    except zlib.error:
        return zlib.decompressobj(-15).decompress(body, most)


def _brotli(body: bytes, most: int) -> bytes:
    data: bytes = brotli.Decompressor().process(body, output_buffer_limit=most)
    return data


def _zstd(body: bytes, most: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
    with decompressor.stream_reader(body, read_across_frames=True) as reader:
        return reader.read(most)


_CODINGS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd,
}  # fmt: skip


def dechunk(body: bytes) -> bytes:
    """Join the chunks; a body that is not chunked after all comes back as it is."""
    parts: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\r\n", position, position + 40)
        # Not int() alone: that reads "-8", too, which would lead back here for ever.
        digits = _SIZE.fullmatch(body[position:end].partition(b";")[0].strip()) if end >= 0 else None
        if digits is None:
            return b"".join(parts) if parts else body
        size = int(digits[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        position = end + 2 + size + 2
