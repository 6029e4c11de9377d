"""Limits on a page that are checked on its bytes before the parser sees it.

Native parsing takes time quadratic in the depth of nesting and in the attributes of one element (resiliparse 1.1:
10,000 levels 44 ms, 20,000 attributes 0.6 s) and cannot be interrupted. These are estimates, made in a fraction of the
parser's own time: a page made to deceive them is the business of the process that watches over the worker.
"""

from __future__ import annotations

import re
from itertools import accumulate
from operator import sub


class ExtractError(ValueError):
    """A page that is refused; `reason` is one of `REASONS`, `detail` gives the figure."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


REASONS = frozenset({"too-large", "too-deep", "too-many-tags", "too-many-attributes", "parser"})
LARGEST = 10_000_000
"""Bytes of a page."""
MOST_TAGS = 300_000
"""Tags of a page, closing ones included."""
DEEPEST = 1_000
"""Levels of nesting."""
MOST_ATTRIBUTES = 2_000
"""Attributes of one element."""

# Elements that hold nothing, or end by themselves where the next of their kind begins, do not nest.
_NESTING = re.compile(
    rb"<(/?)(?!(?:p|li|td|tr|th|dt|dd|option|br|img|hr|meta|link|input|col|source|wbr|area|base|path|use|rect|circle|line|"
    rb"ellipse|polygon|polyline|stop|image|mspace|mo|mi|mn)[\s/>])[a-zA-Z][-a-zA-Z0-9:]*[\s/>]",
    re.IGNORECASE,
)
_STEP = {b"": 1, b"/": -1}.__getitem__
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{8000,}")
_WINDOW = 4000
"""Bytes in which tags are counted together: half of what a long tag has at least, so that one covers a whole window."""
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")


def check(html: bytes) -> None:
    """Raise ExtractError if the page exceeds a limit."""
    if len(html) > LARGEST:
        raise ExtractError("too-large", f"{len(html)} bytes")
    tags = html.count(b"<")
    if tags > MOST_TAGS:
        raise ExtractError("too-many-tags", f"{tags} tags")
    if tags > DEEPEST and _is_deep(html) and (depth := _depth(_without_scripts(html))) > DEEPEST:
        raise ExtractError("too-deep", f"{depth} levels")
    for tag in _LONG_TAG.findall(html) if _has_stretch(html) else ():
        attributes = len(_QUOTED.sub(b" ", tag).split())
        if attributes > MOST_ATTRIBUTES:
            raise ExtractError("too-many-attributes", f"{attributes} attributes")


def _has_stretch(html: bytes) -> bool:
    """Whether a whole window goes by without a tag's beginning, as it must within a long one."""
    return any(html.find(b"<", start, start + _WINDOW) < 0 for start in range(0, len(html) - _WINDOW + 1, _WINDOW))


def _is_deep(html: bytes) -> bool:
    """Whether the nesting may exceed the limit. Nearly every page is acquitted by counts, in a sixth of the time."""
    return _greatest_depth(html) > DEEPEST and _depth(html) > DEEPEST


def _greatest_depth(html: bytes) -> int:
    """What the depth may be at most if in every window all opening tags came before, or after, all closing ones."""
    height = lowest = deepest = 0
    for start in range(0, len(html), _WINDOW):
        closing = html.count(b"</", start, start + _WINDOW + 1)
        opening = html.count(b"<", start, start + _WINDOW) - closing
        lowest = min(lowest, height - closing)
        deepest = max(deepest, height + opening - lowest)
        height += opening - closing
    return deepest


def _depth(html: bytes) -> int:
    """The deepest nesting that opening and closing tags can add up to, whatever their names."""
    height = list(accumulate(map(_STEP, _NESTING.findall(html)), initial=0))
    deepest: int = max(map(sub, height, accumulate(height, min)))
    return deepest


def _without_scripts(html: bytes) -> bytes:
    """The page without its comments, scripts and styles, which may hold any number of tags that open nothing."""
    html = html.lower()
    for opening, closing in ((b"<!--", b"-->"), (b"<script", b"</script"), (b"<style", b"</style")):
        first, *rest = html.split(opening)
        html = b" ".join([first, *(part.partition(closing)[2] for part in rest)])
    return html
