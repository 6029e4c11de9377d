"""Objects on the web: read in one request each, taken up again in the middle where the connection broke.

urllib3 is the client: it streams without reading ahead, leaves compressed bytes as they are, and lets us retry. That of
fsspec (aiohttp) asks anew for every 5 MB, and knows neither Retry-After nor an object that changed.
"""

from __future__ import annotations

import io
import math
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from pipeline import credentials
from pipeline.polite import FORBIDDEN_ATTEMPTS, Answer, Gate, Manners, backoff, retry_after

CHUNK = 1 << 18
WINDOW = 8 << 20
"""Bytes that are kept after they were read: a reader's small steps back cost no request."""
TIMEOUT = urllib3.Timeout(connect=30, read=60)
PASSING = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
"""Refusals after which it is worth trying again. 403 is CommonCrawl's word for too many requests."""

T = TypeVar("T")


class FetchError(OSError):
    """An object cannot be fetched; the message says which, and what the server said.

    `status` is the server's last word, 0 where it said none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class _PassingError(Exception):
    """Trouble that may pass; after so many attempts it is taken for lasting."""

    def __init__(self, message: str, attempts: float = math.inf) -> None:
        super().__init__(message)
        self.attempts = attempts


@dataclass(frozen=True)
class Facts:
    """What a server says of an object: its size in bytes, and an ETag or a date to know its version by."""

    size: int
    version: str


class Client:
    """A polite visitor: asks for a turn before each request, backs off from trouble, says who it is."""

    def __init__(
        self,
        manners: Manners,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.manners, self.gate, self.agent = manners, manners.gate, user_agent(manners.contact)
        self.sleep, self.jitter, self.now = sleep, jitter, now
        self._pools: dict[str, urllib3.PoolManager] = {}

    def persist(self, url: str, task: Callable[[], T]) -> T:
        """Do something until it works or its trouble lasts. Raises FetchError, FileNotFoundError."""
        attempt = 0
        while True:
            try:
                return task()
            except _PassingError as trouble:
                attempt += 1
                if attempt >= min(trouble.attempts, self.manners.attempts):
                    raise FetchError(f"{public(url)}: {trouble} ({attempt} times)") from None
            self.sleep(backoff(attempt, self.jitter()))

    def request(self, url: str, start: int = 0, end: int | None = None) -> urllib3.BaseHTTPResponse:
        """One GET of an object from `start` up to `end`: 200, 206 or 416, body unread. For use inside `persist`."""
        self.wait()
        headers = {"User-Agent": self.agent, "Accept-Encoding": "identity", **credentials.headers(url)}
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            response = self.pool(url).request("GET", url, headers=headers, preload_content=False, decode_content=False)
        except LocationParseError as error:
            raise FetchError(f"{public(url)} is no URL") from error
        except HTTPError as error:
            raise _PassingError(cause(error)) from None
        pause = retry_after(response.headers.get("Retry-After", ""), self.now())
        self.gate.tell(Answer(urlsplit(url).hostname or "", response.status, pause))
        if response.status not in (200, 206, 416):
            response.close()
            raise _refusal(url, response.status)
        if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            response.close()
            raise FetchError(f"{public(url)}: the server sent another range than the one from {start}")
        return response

    def wait(self) -> None:
        """Wait for a turn. Raises FetchError if there will be none."""
        wait = self.gate.turn()
        if wait == math.inf:
            raise FetchError("no request is let through: the run stops")
        if wait:
            self.sleep(wait)

    def pool(self, url: str) -> urllib3.PoolManager:
        """The connections to use for a URL; proxies are those that the environment names, as for other programs."""
        parts = urlsplit(url)
        proxy = "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")
        if proxy not in self._pools:
            retries = urllib3.Retry(None, connect=0, read=0, redirect=5, status=0, other=0)
            options: dict[str, Any] = {"retries": retries, "timeout": TIMEOUT}
            self._pools[proxy] = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        return self._pools[proxy]


def user_agent(contact: str) -> str:
    """Who we say we are: `proofpile/0.1.0 (+https://example.org/crawler)`."""
    return f"proofpile/{version('proofpile')}" + (f" (+{contact})" if contact else "")


def public(url: str) -> str:
    """A URL as it may be shown: user, password and query, where secrets stand, left out."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


_client = Client(Manners(Gate(rate=1.0)))


def client() -> Client:
    """This process's visitor."""
    return _client


def behave(manners: Manners) -> None:
    """Have all later requests of this process made with these manners."""
    global _client
    if manners != _client.manners:  # else its connections are worth keeping
        _client = Client(manners)


def stat(url: str) -> Facts:
    """What is known of an object without reading it. Raises FetchError, FileNotFoundError."""

    def ask() -> Facts:
        response = client().request(url, 0, 1)  # not HEAD, which some servers refuse or answer otherwise
        response.close()
        return _facts(url, response)

    return client().persist(url, ask)


@dataclass(frozen=True)
class Page:
    """One page of an answer, and what its Link header says of the others."""

    body: bytes
    link: str


def read_page(url: str, max_bytes: int) -> Page:
    """A small answer as a whole. Raises FetchError, FileNotFoundError."""

    def fetch() -> Page:
        response = client().request(url)
        body = bytearray()
        try:
            for piece in iter(lambda: response.read(CHUNK), b""):
                body += piece
                if len(body) > max_bytes:
                    raise FetchError(f"{public(url)}: more than {max_bytes} bytes")
        except HTTPError as error:
            raise _PassingError(cause(error)) from None
        finally:
            response.release_conn() if response.length_remaining == 0 else response.close()
        return Page(bytes(body), response.headers.get("Link", ""))

    return client().persist(url, fetch)


def read_range(url: str, start: int, end: int) -> bytes:
    """The bytes from `start` up to `end`, fewer where the object ends. Raises FetchError, FileNotFoundError."""

    def fetch() -> bytes:
        response = client().request(url, start, end)
        try:
            if response.status == 416:
                return b""
            skip = 0 if response.status == 206 else start
            data = bytearray()
            for piece in iter(lambda: response.read(CHUNK), b""):
                data += piece[max(0, skip) :]
                skip -= len(piece)
                if len(data) >= end - start:
                    break
            return bytes(data[: end - start])
        except HTTPError as error:
            raise _PassingError(cause(error)) from None
        finally:
            response.release_conn() if response.length_remaining == 0 else response.close()

    return client().persist(url, fetch)


class HttpFile(io.RawIOBase):
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
        self._position = 0
        self._facts: Facts | None = None
        self.size = self._client.persist(url, self._connect).size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

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

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

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
            raise _PassingError(cause(error)) from None
        if not data:
            self._hang_up()
            raise _PassingError("the connection ended early")
        return data

    def _connect(self) -> Facts:
        """Ask for the object from where it was read to. A server that knows no ranges sends all of it again."""
        response = self._client.request(self._url, self._arrived)
        facts = _facts(self._url, response)
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
            raise _PassingError(cause(error)) from None
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


def _facts(url: str, response: urllib3.BaseHTTPResponse) -> Facts:
    """Raises FetchError if the server does not say how large the object is."""
    header = "Content-Length" if response.status == 200 else "Content-Range"
    size = response.headers.get(header, "").rpartition("/")[2]
    if not size.isdigit():
        raise FetchError(f"{public(url)}: the server does not say how large it is")
    return Facts(int(size), response.headers.get("ETag") or response.headers.get("Last-Modified") or "")


def _refusal(url: str, status: int) -> Exception:
    said = f"{status} {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else str(status)
    if advice := credentials.advice(url, status):
        return FetchError(f"{public(url)}: {said}. {advice}")
    if status in (404, 410):
        return FileNotFoundError(f"{public(url)}: {said}")
    if status in PASSING:
        return _PassingError(said, FORBIDDEN_ATTEMPTS if status == 403 else math.inf)
    return FetchError(f"{public(url)}: {said}", status)


def cause(error: HTTPError) -> str:
    """The reason in few words; urllib3's own message repeats the URL, query and all."""
    reason: BaseException = getattr(error, "reason", None) or error
    said = str(reason.args[0]) if reason.args else str(reason)
    return re.sub(r"^\S+\(host=\S+, port=\d+\): ", "", said) or type(reason).__name__
