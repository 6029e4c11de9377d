"""Which dollars of a text delimit mathematics and which mean money, shell variables or nothing.

Every pair of neighbouring dollars is judged by how much what stands between them looks like TeX; of all ways to pair
them the one that is worth most is taken (Viterbi 1967). So a stray dollar cannot shift the pairs after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from filters import wordlist
from pipeline.extract.delimited.configuration import Page

LONGEST_INLINE = 2000
"""Characters of an inline formula."""
LONGEST_DISPLAY = 20_000
"""Characters of a display formula."""
MOST = 20_000
"""Dollars of one block of text; with more it is no text."""

_FUNCTIONS = frozenset(wordlist.load("pipeline.extract.mathml", "functions.txt"))
_PROSE = frozenset(wordlist.load("pipeline.extract.delimited", "prose.txt"))

# What stands in the braces of a \text has pairs of its own.
_TOKENS = re.compile(r"\\(?:text\w*|mbox|hbox|intertext)\s*\{[^{}]{0,300}\}|\\.|\$+", re.DOTALL)
_NAMES = re.compile(r"\\[a-zA-Z]+\*?\s*(?:\{[a-zA-Z .,*-]*\})?|\\.", re.DOTALL)
_COMMAND = re.compile(r"\\(?:[a-zA-Z]{2,}|[{}|,;!])")
_SCRIPT = re.compile(r"[\^_]\s*(?:[{\\]|[\w*+'-](?![a-zA-Z]{2}))")
_IDENTIFIER = re.compile(r"[a-zA-Z]{2,}_[a-zA-Z]")
_TIED = re.compile(r"[_^]\{[a-zA-Z]+\}|[=+*/<>\[\]()|-]\s?[^\W\d_]{2}\b|\b[^\W\d_]{2}(?=\s?[=+*/<>\[\]()|-])")
"""Two letters beside an operator are a product, as in `ax + by`, and words of a script are names, as in `p_{in}`."""
_RELATION = re.compile(r"[-+=<>≤≥≠∈→|*/()\[\]]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SIMPLE = re.compile(r"[-+−±]?\d*[^\W\d_]?[′']*|[-+−±]?\d+(?:[.,]\d+)*%?|[\w\s.,()+*/!|:;'′\[\]≤≥<>=−×·…∞-]{1,24}")
_AMOUNT = re.compile(
    r"\d[\d,.]*\s*(?:[kKmMbB]\b|\+?$|(?:bn|mn|million|billion|trillion|thousand|hundred|USD|AUD|CAD|US)\b|[-–—/,;:.()\s]+[a-zA-Z]{2,})"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ENDING = re.compile(r"(?:th|st|nd|rd|s)\b")
"""What a formula is inflected with: the `$n$th`, all `$p$s`."""
_OPEN_END = re.compile(r"[-+*/=,(<>–—:]$")
_NOTHING = float("-inf")
ELLIPSES = ("…", "...")
"""What stands between delimiters where a page only speaks of them."""
WORDPRESS = "latex "
"""What WordPress wants after the first dollar of a formula."""


class Pair(NamedTuple):
    """A formula between dollars: where its body begins and ends, and how it is set."""

    begin: int
    end: int
    display: bool

    @property
    def width(self) -> int:
        return 2 if self.display else 1


def pairs(text: str, page: Page) -> dict[int, Pair]:
    """The formulas between dollars in a block of text, by where their opening dollars begin."""
    runs = [match.span() for match in _TOKENS.finditer(text) if match[0][0] == "$"]
    tokens = [token for start, end in runs for token in _halves(start, end)]
    if not 2 <= len(tokens) <= MOST:
        return {}
    return {pair.begin - pair.width: pair for pair in _best(text, tokens, page)}


def _halves(start: int, end: int) -> list[tuple[int, int]]:
    """Two displays that touch have four dollars between them."""
    return [(start, start + 2), (start + 2, end)] if end - start == 4 else [(start, end)]


class _Chain(NamedTuple):
    """Pairs found so far, the last one first."""

    pair: Pair
    before: _Chain | None


class _State(NamedTuple):
    """The best way to come to a token: its worth, where the formula open now begins, and the formulas before it."""

    worth: float
    begin: int = 0
    found: _Chain | None = None


def _best(text: str, tokens: list[tuple[int, int]], page: Page) -> Iterator[Pair]:
    outside, inline, display = _State(0.0), _State(_NOTHING), _State(_NOTHING)
    for start, end in tokens:
        if end - start > 2:
            inline = display = _State(_NOTHING)
            continue
        closed = _close(inline, start, False, text, page)
        if end - start == 1:
            opened = _State(outside.worth, end, outside.found)
            outside, inline = max(outside, closed, key=_worth), opened
            continue
        shown = _close(display, start, True, text, page)
        again = _State(closed.worth - 1, end, closed.found)  # `$a$$b$`
        display = _State(outside.worth, end, outside.found)
        outside, inline = max(outside, shown, key=_worth), again
    chain = outside.found
    while chain:
        yield chain.pair
        chain = chain.before


def _worth(state: _State) -> float:
    return state.worth


def _close(state: _State, end: int, display: bool, text: str, page: Page) -> _State:
    if state.worth == _NOTHING or end - state.begin > (LONGEST_DISPLAY if display else LONGEST_INLINE):
        return _State(_NOTHING)
    worth = judge(text, state.begin, end, display, page)
    return _State(state.worth + worth, 0, _Chain(Pair(state.begin, end, display), state.found))


def judge(text: str, begin: int, end: int, display: bool, page: Page) -> float:
    """How much the text between two delimiters reads as a formula: above 0 it does, below it does not."""
    body = text[begin:end]
    inner = body.strip()
    if not inner or inner in ELLIPSES or "\ue000" in body:
        return _NOTHING
    if inner.startswith(WORDPRESS):
        return 5.0
    worth = _reading(inner, " " in body, page)
    if inner.count("{") != inner.count("}"):
        worth -= 3.0
    if display:
        return worth + (1.5 if page.renders else 0.0)
    if page.dollar is not None:
        worth += 0.5 if page.dollar else -3.0
    return worth + _setting(text, begin, end, page) - body.count("\n")


def _reading(inner: str, text: bool, page: Page) -> float:
    """What the words and signs of a body say; only where it holds blanks can words be text."""
    commands = _COMMAND.search(inner) is not None
    names = _WORD.findall(_NAMES.sub(" ", inner) if commands else inner)
    prose = sum(name in _PROSE for name in names)
    if prose and not text and page.renders:
        prose = 0
    elif prose:
        prose -= sum(name in _PROSE for tied in _TIED.findall(inner) for name in _WORD.findall(tied))
    amount = _AMOUNT.match(inner) is not None and not _NUMBER.fullmatch(inner)
    worth = (0.5 if page.renders else 0.0) - (1.0 if amount else 0.0)
    if commands:
        return worth + 3.0 - prose
    words = sum(len(name) > 2 and not name.isupper() and name not in _FUNCTIONS for name in names) - prose
    worth -= 2.0 * prose + (0.3 if page.renders else 1.0) * words
    if _SCRIPT.search(inner):
        worth += 0.5 if _IDENTIFIER.search(inner) else 2.5
    elif not prose and _SIMPLE.fullmatch(inner):
        worth += 1.0
    elif _RELATION.search(inner):
        worth += 0.5
    return (
        worth
        - (2.0 if amount else 0.0)
        - (0.5 if _OPEN_END.search(inner) else 0.0)
        - (1.0 if len(inner) > 100 else 0.0)
    )


def _setting(text: str, begin: int, end: int, page: Page) -> float:
    """What stands at the two dollars of an inline formula: within they touch it, without they touch no word."""
    before, after = text[max(begin - 2, 0) : begin - 1], text[end + 1 : end + 2]
    worth = 0.0
    if before.isalnum():
        worth -= 1.0
    if after.isalnum() and not _ENDING.match(text, end + 1):
        worth -= 3.0 if after.isdigit() else 1.5
    if text[begin].isspace() or text[end - 1].isspace():
        return worth - (0.8 if text[begin] == text[end - 1] else 1.5) * (0.4 if page.dollar else 1.0)
    return worth + 0.5
