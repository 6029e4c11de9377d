"""The cheapest rule of the web: does the raw page show any sign of mathematics?

OpenWebMath (arXiv:2310.06786, section 3.3) keeps under 1 % of CommonCrawl here, so nearly every page ends in this file:
it works on the bytes as they came, before any decoding.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from filters import wordlist
from filters.document import Document, Drop
from filters.filter import refuse

KEYWORDS = tuple(word.encode() for word in wordlist.load("filters", "math_keywords.txt"))
COMMANDS = wordlist.load("filters", "latex_commands.txt")


def _factored(words: Iterable[str]) -> str:
    """A regular expression for any of `words` that shares their prefixes, so that each byte is looked at once."""
    tails: dict[str, list[str]] = defaultdict(list)
    for word in words:
        tails[word[:1]].append(word[1:])
    branches = [re.escape(head) + _factored(rest) for head, rest in sorted(tails.items(), reverse=True) if head]
    pattern = "|".join(branches)
    if "" in tails:
        return f"(?:{pattern})?" if branches else ""
    return f"(?:{pattern})" if len(branches) > 1 else pattern


# OpenWebMath's code has no boundary after the command, so that `C:\tools` passes as `\to`.
COMMAND = re.compile(rb"\\" + _factored(COMMANDS).encode() + rb"(?![a-zA-Z])")


def maths_sign(html: bytes) -> str:
    """What shows that a page may hold mathematics: "keyword", "command", or nothing ("")."""
    if any(keyword in html for keyword in KEYWORDS):
        return "keyword"
    return "command" if COMMAND.search(html) else ""


@dataclass(frozen=True)
class Prefilter:
    """Refuses pages without a maths keyword or LaTeX command; notes in `meta["prefilter"]` which of them was found."""

    rule: ClassVar[str] = "prefilter"
    reasons: ClassVar[frozenset[str]] = frozenset({"no-maths"})

    def __call__(self, document: Document) -> Document | Drop:
        sign = maths_sign(document.raw)
        if not sign:
            return refuse(self, document, "no-maths")
        return replace(document, meta={**document.meta, "prefilter": sign})
