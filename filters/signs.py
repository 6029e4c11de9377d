"""What shows in the bytes of a page, before any decoding, that it may hold mathematics."""

from __future__ import annotations

import re

from filters import wordlist
from filters.automaton import Automaton

KEYWORDS = wordlist.load("filters", "math_keywords.txt")
COMMANDS = wordlist.load("filters", "latex_commands.txt")
_KEYWORD, _COMMAND = ("|".join(map(re.escape, words)) for words in (KEYWORDS, COMMANDS))
# OpenWebMath's code has no boundary after the command, so that `C:\tools` passes as `\to`.
SIGNS = Automaton({"keyword": _KEYWORD, "command": rf"\\(?:{_COMMAND})(?:[^a-zA-Z]|\z)", "backslash": r"\\[a-z][a-z]"})
"""A keyword of mathematical pages, a LaTeX mathematics command, and anything that looks like a command."""


def maths_sign(html: bytes) -> str:
    """The surest sign of mathematics on a page: "keyword", "command", "backslash", or nothing ("")."""
    found = SIGNS.found_in(html)
    return next((sign for sign in ("keyword", "command", "backslash") if sign in found), "")
