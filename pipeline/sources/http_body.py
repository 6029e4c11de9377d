"""The body of an HTTP response as a browser would see it, within bounds."""

from __future__ import annotations

import zlib


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
    for name in reversed([part.strip().lower() for part in coding.split(",") if part.strip()]):
        body = _undo(body, name, limit)
    return body


def _undo(body: bytes, name: str, limit: int) -> bytes:
    if name in ("identity", "none", "utf-8"):
        return body
    if name in ("gzip", "x-gzip"):
        return inflate(body, 31, limit) if body.startswith(b"\x1f\x8b") else body
    if name == "deflate":
        return inflate(body, 15 if body[:1] == b"\x78" else -15, limit)
    if body.lstrip()[:1] == b"<":
        return body
    raise BodyError("encoding", f"Content-Encoding {name} is not known")


def inflate(body: bytes, window: int, limit: int) -> bytes:
    """Inflate at most `limit` bytes; a stream that is cut short gives what is there."""
    stream = zlib.decompressobj(window)
    try:
        data = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise BodyError("encoding", f"{error}") from None
    if len(data) > limit:
        raise BodyError("too-large", f"unpacks to more than {limit} bytes")
    return data


def dechunk(body: bytes) -> bytes:
    """Join the chunks; a body that is not chunked after all comes back as it is."""
    parts: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\r\n", position, position + 40)
        size = _hexadecimal(body[position:end].partition(b";")[0]) if end >= 0 else None
        if size is None:
            return b"".join(parts) if parts else body
        if size == 0:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        position = end + 2 + size + 2


def _hexadecimal(digits: bytes) -> int | None:
    try:
        return int(digits.strip(), 16)
    except ValueError:
        return None
