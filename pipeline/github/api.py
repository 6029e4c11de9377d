"""GitHub's REST API, asked as its owner wishes: one request at a time, no more than it allows, and patiently.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from urllib3.exceptions import HTTPError

from pipeline import http
from pipeline.credentials import LOOPBACK
from pipeline.polite import FORBIDDEN_ATTEMPTS, backoff, retry_after
from pipeline.progress import duration

API = "https://api.github.com"
TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
"""Where GitHub's own programs look for a token."""
ATTEMPTS = 8
"""Tries of one request."""
GIVEN_UP_IN_A_ROW = 5
"""Requests, each given up after some tries, from which nothing more is asked: it is not one repository that ails."""
SECONDARY_PAUSE = 60.0
"""Seconds that GitHub wants us to wait where it does not say for how long, and twice as many each further time."""
LONGEST_PAUSE = 7200.0
"""Seconds from which nobody waits; limits are by the hour."""
LONG_PAUSE = 30.0
"""Seconds of waiting that people are told about."""
MOST_BYTES = 64 << 20
"""Largest answer that is read; a page of a search has less than 1 MB."""

MOVED = frozenset({301, 302, 307, 308})
ABOUT_REPOSITORY = frozenset({404, 409, 410, 451})
"""Refusals that say something of what was asked for: gone, empty, gone, taken down."""
PASSING = frozenset({408, 500, 502, 503, 504})

_LINK = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?(\w+)"?')
_LIMIT = re.compile(r"rate limit|abuse detection", re.IGNORECASE)


class ApiError(OSError):
    """GitHub's API cannot be asked on; the message says what it answered, and what to do."""


@dataclass(frozen=True)
class Reply:
    """An answer that will be the same if it is asked for again, for a while."""

    status: int
    data: Any = None
    next: str = ""
    """Where the next page is."""
    moved: str = ""
    """Where a redirect leads."""


@dataclass(frozen=True)
class _Trouble:
    """An answer that may be another one later."""

    said: str
    status: int = 0
    """0: there was none."""
    pause: float | None = None
    """Seconds that the server asks to wait; None: it did not say."""
    limit: bool = False
    attempts: int = ATTEMPTS


class Api:
    """One visitor of one API. `say` tells people why nothing happens for a while."""

    def __init__(
        self, base: str = API, token: str = "", client: http.Client | None = None, say: Callable[[str], None] = print
    ) -> None:
        self.base = base.rstrip("/")
        self.requests = 0
        self._token, self._say = token, say
        self._client = client or http.client()
        self._ready: dict[str, float] = {}
        """When a resource whose limit was used up can be asked again."""
        self._given_up = 0
        """In a row."""

    def get(self, url: str) -> Reply:
        """The answer to a request: 200, a redirect, what says something of a repository, or lasting trouble with it.

        Raises ApiError if it is not the repository's.
        """
        if _origin(url) != _origin(self.base):
            raise ApiError(
                f"{http.public(self.base)} leads to another host, {urlsplit(url).hostname}; nothing is asked there"
            )
        attempt = 0
        while True:
            answer = self._ask(url)
            if isinstance(answer, Reply):
                self._given_up = 0
                return answer
            attempt += 1
            if attempt >= answer.attempts:
                return self._give_up(url, answer, attempt)
            self._pause(self._seconds(answer, attempt), answer.said)

    def pages(self, url: str) -> Iterator[Reply]:
        """The pages from this one on, as their Link headers lead. Raises ApiError if one is not to be had."""
        while url:
            reply = self.get(url)
            if reply.status != 200:
                raise ApiError(f"{http.public(url)}: {reply.status} {_message(reply.data)}; is it the API's address?")
            yield reply
            url = reply.next

    def _ask(self, url: str) -> Reply | _Trouble:
        resource = "search" if "/search/" in urlsplit(url).path else "core"
        self._pause(self._ready.pop(resource, 0.0) - self._client.now(), "the rate limit is used up")
        self._client.wait()
        self.requests += 1
        try:
            pool = self._client.pool(url)
            response = pool.request("GET", url, headers=self._headers(), redirect=False, preload_content=False)
            body = response.read(MOST_BYTES, decode_content=True)
            response.release_conn() if len(body) < MOST_BYTES else response.close()
        except HTTPError as error:
            return _Trouble(http.cause(error))
        self._note_limit(resource, response.headers)
        return self._judge(url, response.status, response.headers, _parsed(body))

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": self._client.agent, "Accept": "application/vnd.github+json"}
        headers |= {"X-GitHub-Api-Version": "2022-11-28", "Accept-Encoding": "gzip"}
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})

    def _note_limit(self, resource: str, headers: Mapping[str, str]) -> None:
        """Where nothing is left, the next request waits for the reset, which is told by the server's own clock."""
        if reset := _reset(headers):
            now = self._client.now()
            self._ready[resource] = now + max(0.0, reset - _server_time(headers, now)) + 1.0

    def _judge(self, url: str, status: int, headers: Mapping[str, str], data: Any) -> Reply | _Trouble:
        if status == 200:
            return _Trouble("the answer is no JSON") if data is None else Reply(200, data, _next(url, headers))
        if status in MOVED:
            return Reply(status, moved=urljoin(url, headers.get("Location", "")))
        said = f"{status} {_message(data)}".strip()
        if status in ABOUT_REPOSITORY or (status == 403 and _is_blocked(data)):
            return Reply(status, data)
        if status in (403, 429):
            return self._limited(status, said, headers)
        if status in PASSING:
            return _Trouble(said, status)
        advice = f"; check {' or '.join(TOKENS)}" if status == 401 else ""
        raise ApiError(f"{http.public(url)}: {said}{advice}")

    def _limited(self, status: int, said: str, headers: Mapping[str, str]) -> _Trouble:
        """https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""
        if header := headers.get("Retry-After", ""):
            return _Trouble(said, pause=retry_after(header, _server_time(headers, self._client.now())))
        if _reset(headers):
            return _Trouble(said, pause=0.0)  # that is what is waited for
        if status == 429 or _LIMIT.search(said):
            return _Trouble(said, limit=True)
        return _Trouble(said, status, limit=True, attempts=FORBIDDEN_ATTEMPTS)

    def _seconds(self, trouble: _Trouble, attempt: int) -> float:
        jitter = self._client.jitter()
        if trouble.pause is not None:
            return trouble.pause + jitter
        if trouble.limit:
            return float(min(SECONDARY_PAUSE * 2 ** (attempt - 1), 3600.0) * (1 + jitter / 4))
        return backoff(attempt, jitter)

    def _pause(self, seconds: float, why: str) -> None:
        if seconds > LONGEST_PAUSE:
            raise ApiError(f"{why}: GitHub asks to come back in {duration(seconds)}; then, the same command goes on")
        if seconds >= LONG_PAUSE:
            self._say(f"{why}: waiting {duration(seconds)}")
        if seconds > 0:
            self._client.sleep(seconds)

    def _give_up(self, url: str, trouble: _Trouble, attempts: int) -> Reply:
        """GitHub may fail of one repository, or forbid it unexplained; all other lasting trouble ends the work."""
        self._given_up += 1
        if trouble.status and self._given_up < GIVEN_UP_IN_A_ROW:
            return Reply(trouble.status)
        raise ApiError(f"{http.public(url)}: {trouble.said} ({attempts} times); the same command goes on from here")


def token(base: str) -> str:
    """The token that the environment has; empty without one. Raises ApiError, which does not quote it."""
    name = next((name for name in TOKENS if os.environ.get(name, "").strip()), "")
    found = os.environ.get(name, "").strip()
    if not re.fullmatch(r"[!-~]*", found):
        raise ApiError(f"{name} is no token: it holds white space or characters beyond ASCII")
    if found and urlsplit(base).scheme != "https" and urlsplit(base).hostname not in LOOPBACK:
        raise ApiError(f"{base} is not https: {name} is not sent in the clear")
    return found


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _message(data: Any) -> str:
    """What GitHub says was wrong, for people."""
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    details = [error.get("message") for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return " ".join(str(part) for part in (data.get("message"), *details) if part)[:300]


def _is_blocked(data: Any) -> bool:
    return isinstance(data, dict) and ("block" in data or "access blocked" in str(data.get("message", "")).lower())


def _next(url: str, headers: Mapping[str, str]) -> str:
    links = {name: address for address, name in _LINK.findall(headers.get("Link", ""))}
    return urljoin(url, links["next"]) if "next" in links else ""


def _reset(headers: Mapping[str, str]) -> int:
    """When there will be requests again, in seconds since 1970, if there are none left; else 0."""
    reset = headers.get("X-RateLimit-Reset", "")
    return int(reset) if headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit() else 0


def _server_time(headers: Mapping[str, str], now: float) -> float:
    try:
        return parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        return now
