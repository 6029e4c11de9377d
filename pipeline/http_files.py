"""Objects on the web as files: read in one request each, taken up again in the middle where the connection broke."""

from __future__ import annotations

import io

import urllib3
from urllib3.exceptions import HTTPError

from pipeline.http import CHUNK, Facts, FetchError, PassingError, cause, client, facts_of, public
from pipeline.streams import ReadStream

WINDOW = 8 << 20
"""Bytes that are kept after they were read: a reader's small steps back cost no request."""


class HttpFile(ReadStream):
    """An object on the web as a seekable file.

    Raises FetchError while it is read if it cannot be read on, or is not any more what it was when it was opened.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self._client = url, client()
        self._body: urllib3.BaseHTTPResponse | None = None
        self._window = bytearray()
        self._arrived = 0
        """Offset behind the window: of the next byte that the body will give."""
        self._facts: Facts | None = None
        self.size = self._client.persist(url, self._connect).size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence])
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        end = self.size if size is None or size < 0 else min(self._position + size, self.size)
        parts = []
        while self._position < end:
            parts.append(self._next(end))
            self._position += len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _next(self, end: int) -> bytes:
        """Some bytes from the position on, but none from `end` on."""
        if not self._arrived - len(self._window) <= self._position <= self._arrived + WINDOW:
            self._hang_up()
            self._arrived, self._window = self._position, bytearray()
        while self._arrived <= self._position:
            self._keep(self._client.persist(self._url, self._receive))
        start = self._position - (self._arrived - len(self._window))
        return bytes(self._window[start : start + end - self._position])

    def _keep(self, data: bytes) -> None:
        self._window += data
        self._arrived += len(data)
        if len(self._window) > 2 * WINDOW:
            del self._window[:-WINDOW]

    def _receive(self) -> bytes:
        """The next bytes off the wire, after a break from a new connection."""
        if self._body is None:
            self._connect()
        assert self._body is not None
        try:
            data = self._body.read(CHUNK)
        except HTTPError as error:
            self._hang_up()
            raise PassingError(cause(error)) from None
        if not data:
            self._hang_up()
            raise PassingError("the connection ended early")
        return data

    def _connect(self) -> Facts:
        """Ask for the object from where it was read to. A server that knows no ranges sends all of it again."""
        response = self._client.request(self._url, self._arrived)
        facts = facts_of(self._url, response)
        if self._facts not in (None, facts):
            response.close()
            raise FetchError(f"{public(self._url)} changed while it was read: it was {self._facts}, now {facts}")
        if response.status != 206 and self._arrived:
            self._arrived, self._window = 0, bytearray()
        self._body, self._facts = response, facts
        return facts

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


class Download(io.RawIOBase):
    """An object that can only be read forwards: one that is made as it is sent, so that nobody knows its length.

    Where the connection breaks it is asked for anew, and read again up to there. Raises FetchError while it is read if
    it cannot be read on, or is not any more what it was. Nothing is asked before the first byte is.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self._client = url, client()
        self._body: urllib3.BaseHTTPResponse | None = None
        self._version = ""
        self._position = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Some bytes, at most `size`; none at the end."""
        if self._ended:
            return b""
        most = CHUNK if size is None or size < 0 else min(size, CHUNK)
        data = self._client.persist(self._url, lambda: self._receive(most))
        self._position += len(data)
        return data

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _receive(self, size: int) -> bytes:
        try:
            body = self._body or self._connect()
            data = body.read(size)
        except HTTPError as error:
            self._hang_up()
            raise PassingError(cause(error)) from None
        if not data:
            self._hang_up()
            self._ended = True
        return data

    def _connect(self) -> urllib3.BaseHTTPResponse:
        """The body from the position on."""
        response = self._client.request(self._url)
        version = response.headers.get("ETag", "").removeprefix("W/")
        if self._position and version != self._version:
            response.close()
            raise FetchError(f"{public(self._url)} changed while it was read")
        self._body, self._version = response, version
        left = self._position
        while left and (again := response.read(min(left, CHUNK))):
            left -= len(again)
        if left:
            raise FetchError(f"{public(self._url)} became shorter while it was read")
        return response

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
