"""Requests to the web: one gate for all of them, tried again as long as what stops them may pass.

urllib3 is the client: it streams without reading ahead, leaves compressed bytes as they are, and lets us retry. That of
fsspec (aiohttp) asks anew for every 5 MB, and knows neither Retry-After nor an object that changed.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from pipeline import __version__, credentials
from pipeline.polite import FORBIDDEN_ATTEMPTS, Answer, Gate, Manners, backoff, retry_after

CHUNK = 1 << 18
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


class PassingError(Exception):
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
            except PassingError as trouble:
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
            raise PassingError(cause(error)) from None
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
    return f"proofpile/{__version__}" + (f" (+{contact})" if contact else "")


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
        return facts_of(url, response)

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
            raise PassingError(cause(error)) from None
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
            raise PassingError(cause(error)) from None
        finally:
            response.release_conn() if response.length_remaining == 0 else response.close()

    return client().persist(url, fetch)


def facts_of(url: str, response: urllib3.BaseHTTPResponse) -> Facts:
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
        return PassingError(said, FORBIDDEN_ATTEMPTS if status == 403 else math.inf)
    return FetchError(f"{public(url)}: {said}", status)


def cause(error: HTTPError) -> str:
    """The reason in few words; urllib3's own message repeats the URL, query and all."""
    reason: BaseException = getattr(error, "reason", None) or error
    said = str(reason.args[0]) if reason.args else str(reason)
    return re.sub(r"^\S+\(host=\S+, port=\d+\): ", "", said) or type(reason).__name__
