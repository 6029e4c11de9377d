"""Every repository of a language that was created in a span of time, by searches that GitHub answers in full.

A search gives its first 1,000 results only. So each week is asked for by itself; one that has more is halved, down to a
minute, and then split by stars. https://docs.github.com/rest/search/search#search-repositories
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from pipeline.github.api import Api, ApiError
from pipeline.github.memory import Memory

MOST_RESULTS = 1000
PER_PAGE = 100
WEEK, SHORTEST = timedelta(weeks=1), timedelta(minutes=1)
MANY_STARS = 1 << 20
"""Stars above which nothing is split by them: three repositories have half as many."""
TRIES = 3
"""Searches of one window whose answer was not the whole one."""


@dataclass(frozen=True)
class Window:
    """One search."""

    language: str
    """As GitHub calls it."""
    start: datetime
    end: datetime
    """UTC, exclusive: no repository is in two windows."""
    least_stars: int = 0
    most_stars: int | None = None
    forks: bool = False

    @property
    def query(self) -> str:
        """As GitHub's search understands it; its spans of time include both their ends, by the second."""
        last = self.end - timedelta(seconds=1)
        parts = [f'language:"{self.language}"' if " " in self.language else f"language:{self.language}"]
        parts.append(f"created:{self.start:%Y-%m-%dT%H:%M:%SZ}..{last:%Y-%m-%dT%H:%M:%SZ}")
        if self.most_stars is not None:
            parts.append(f"stars:{self.least_stars}..{self.most_stars}")
        elif self.least_stars:
            parts.append(f"stars:>={self.least_stars}")
        return " ".join([*parts, "fork:true"] if self.forks else parts)

    @property
    def parts(self) -> tuple[Window, ...]:
        """Two windows that together are this one; none if it is not to be split."""
        if self.end - self.start > SHORTEST:
            middle = self.start + timedelta(seconds=int((self.end - self.start).total_seconds()) // 2)
            return replace(self, end=middle), replace(self, start=middle)
        least, most = self.least_stars, self.most_stars
        if (most is None and least >= MANY_STARS) or least == most:
            return ()
        middle_stars = 2 * least if most is None else (least + most) // 2
        return replace(self, most_stars=middle_stars), replace(self, least_stars=middle_stars + 1)


@dataclass(frozen=True)
class Found:
    """A repository as a search tells of it."""

    id: int
    name: str
    """`owner/name`"""
    stars: int
    license: str
    size: int
    """Bytes, with its history."""
    fork: bool
    archived: bool
    disabled: bool


@dataclass(frozen=True)
class Shortfall:
    """A window that could neither be had in full nor be split any further."""

    query: str
    found: int
    total: int


def weeks(language: str, since: datetime, before: datetime, least_stars: int = 0, forks: bool = False) -> list[Window]:
    """The windows to begin with; the last may be shorter than a week."""
    starts = [since + number * WEEK for number in range(-((since - before) // WEEK))]
    return [Window(language, start, min(start + WEEK, before), least_stars, forks=forks) for start in starts]


def search(api: Api, memory: Memory, window: Window) -> Iterator[Found | Shortfall]:
    """What a window holds, in no order, and where it is not all of it. Raises ApiError."""
    answer = memory.recall(f"{api.base} {window.query}", lambda: _ask(api, window))
    if not answer["whole"] and window.parts:
        for part in window.parts:
            yield from search(api, memory, part)
        return
    yield from (Found(**item) for item in answer["items"])
    if not answer["whole"]:
        yield Shortfall(window.query, len(answer["items"]), answer["total"])


def _ask(api: Api, window: Window) -> tuple[dict[str, Any], bool]:
    """The answer to a search, and whether it is worth remembering: not if it may be whole the next time."""
    for _ in range(TRIES):
        total, items, complete = _pages(api, window)
        whole = complete and len(items) >= total
        if whole or total > MOST_RESULTS:
            break
    return {"whole": whole, "total": total, "items": items}, whole or bool(window.parts) or total > MOST_RESULTS


def _pages(api: Api, window: Window) -> tuple[int, list[dict[str, Any]], bool]:
    """How many a search says there are, those that its pages name, and whether it had the time to find all.

    No page but the first is asked for if the window is to be split anyway.
    """
    query = urlencode({"q": window.query, "sort": "stars", "order": "desc", "per_page": PER_PAGE})
    pages = api.pages(f"{api.base}/search/repositories?{query}")
    found: dict[int, dict[str, Any]] = {}
    complete = True
    try:
        for page in islice(pages, MOST_RESULTS // PER_PAGE):
            total = int(page.data["total_count"])
            if total > MOST_RESULTS and window.parts:
                return total, [], False
            complete &= not page.data.get("incomplete_results")
            found |= {item["id"]: _found(item) for item in page.data["items"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ApiError(f"{api.base} does not answer a search as GitHub does: {error!r}") from None
    return total, list(found.values()), complete


def _found(item: dict[str, Any]) -> dict[str, Any]:
    """What is of use of a search's item."""
    license = item.get("license") or {}
    return {
        "id": int(item["id"]),
        "name": str(item["full_name"]),
        "stars": int(item.get("stargazers_count") or 0),
        "license": str(license.get("spdx_id") or ""),
        "size": 1024 * int(item.get("size") or 0),
        "fork": bool(item.get("fork")),
        "archived": bool(item.get("archived")),
        "disabled": bool(item.get("disabled")),
    }
