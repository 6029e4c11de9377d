"""Limits on a page that are checked on its bytes before the parser sees it.

Native parsing takes time quadratic in the depth of nesting and in the attributes of one element (resiliparse 1.1:
10,000 levels 44 ms, 100,000 levels 7 s, 20,000 attributes 0.6 s) and cannot be interrupted. These are estimates, made
in a fraction of the parser's own time: a page made to deceive them is the business of the process that watches over
the worker. Of 4,494 real pages none is refused; the largest has 0.7 MB and 33,000 tags.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.intp]


class ExtractError(ValueError):
    """A page that is refused; `reason` is one of `REASONS`, `detail` gives the figure."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


REASONS = frozenset({"too-large", "too-deep", "too-many-tags", "too-many-attributes", "parser"})
FEW_TAGS = 40_000
"""Tags up to which no nesting whatsoever costs more than half a second of parsing, so that counts may acquit a page."""

# Elements that hold nothing, or end by themselves where the next of their kind begins, do not nest.
_NESTING = re.compile(
    rb"<(/?)(?!(?:a|p|li|td|tr|th|dt|dd|option|br|img|hr|meta|link|input|col|source|wbr|area|base|path|use|rect|circle|"
    rb"line|ellipse|polygon|polyline|stop|image|mspace)[\s/>])([a-z][-a-z0-9:]*)"
)
# Comments, scripts and styles may hold any number of tags that open nothing.
_SILENT = re.compile(rb"<!--(?:-?>|.*?(?:--!?>|\Z))|<(script|style)[\s/>].*?(?:</\1|\Z)", re.DOTALL)
_LONG = 8_000
"""Bytes of a tag from which on its attributes are counted."""
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d,}" % _LONG)
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True)
class Limits:
    """What a page may have and still be parsed."""

    max_bytes: int = 10_000_000
    """Bytes of a page, decompressed, up to which it is read."""

    max_tags: int = 300_000
    """Tags of a page, opening and closing ones, up to which it is read."""

    max_depth: int = 512
    """Levels of nested elements up to which a page is read; Chromium nests no deeper either."""

    max_attributes: int = 2_000
    """Attributes of one element up to which its page is read."""

    def check(self, html: bytes) -> None:
        """Raise ExtractError if the page exceeds a limit."""
        if len(html) > self.max_bytes:
            raise ExtractError("too-large", f"{len(html)} bytes")
        codes = np.frombuffer(html, np.uint8)
        tags = np.flatnonzero(codes == ord("<"))
        if len(tags) > self.max_tags:
            raise ExtractError("too-many-tags", f"{len(tags)} tags")
        if len(tags) > self.max_depth and (depth := self._depth(html, codes, tags)) > self.max_depth:
            raise ExtractError("too-deep", f"{depth} levels")
        for tag in _long_tags(html, tags):
            attributes = len(_QUOTED.sub(b" ", tag).split())
            if attributes > self.max_attributes:
                raise ExtractError("too-many-attributes", f"{attributes} attributes")

    def _depth(self, html: bytes, codes: Bytes, tags: Places) -> int:
        """The depth as far as it matters. Nearly every page is acquitted by counts, in a tenth of the time."""
        if len(tags) <= FEW_TAGS and (depth := _greatest_depth(codes, tags)) <= self.max_depth:
            return depth
        html = html.lower()
        depth = _depth(html)
        return depth if depth <= self.max_depth else _depth(_SILENT.sub(b" ", html))


def _long_tags(html: bytes, tags: Places) -> Iterator[bytes]:
    lengths = np.diff(tags, append=len(html))
    for start in tags[lengths > _LONG].tolist():
        if tag := _LONG_TAG.match(html, start):
            yield tag[0]


def _greatest_depth(codes: Bytes, tags: Places) -> int:
    """What the depth may be at most if every closing tag closes something where anything is open."""
    closing = codes[np.minimum(tags + 1, len(codes) - 1)] == ord("/")
    heights = np.cumsum(1 - 2 * closing.astype(np.int64))
    grounds = np.minimum(np.minimum.accumulate(heights), 0)
    return int((heights - grounds).max(initial=0))


def _depth(html: bytes) -> int:
    """The deepest nesting of a page in lower case, if closing tags end their like and nothing else."""
    depth = deepest = 0
    open_now: Counter[bytes] = Counter()
    for slash, name in _NESTING.findall(html):
        if not slash:
            open_now[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_now[name]:
            open_now[name] -= 1
            depth -= 1
    return deepest
