"""The cheapest rule of the web: does the raw page show any sign of mathematics?

OpenWebMath (arXiv:2310.06786, section 3.3) keeps under 1 % of CommonCrawl here, so nearly every page ends in this file:
it works on the bytes as they came, before any decoding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from filters import wordlist
from filters.automaton import Automaton
from filters.document import Document, Drop
from filters.filter import refuse

KEYWORDS = wordlist.load("filters", "math_keywords.txt")
COMMANDS = wordlist.load("filters", "latex_commands.txt")
_KEYWORD, _COMMAND = ("|".join(map(re.escape, words)) for words in (KEYWORDS, COMMANDS))
# OpenWebMath's code has no boundary after the command, so that `C:\tools` passes as `\to`.
SIGNS = Automaton({"keyword": _KEYWORD, "command": rf"\\(?:{_COMMAND})(?:[^a-zA-Z]|\z)"})
"""A keyword of mathematical pages, and a LaTeX mathematics command."""


def maths_sign(html: bytes) -> str:
    """What shows that a page may hold mathematics: "keyword", "command", or nothing ("")."""
    found = SIGNS.found_in(html)
    return "keyword" if "keyword" in found else "command" if found else ""


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
