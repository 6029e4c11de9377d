"""One spelling for all ways to typeset the same: what short items are compared in, sign by sign."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from filters.wordlist import load

_TAG = re.compile(r"</?(?:sup|sub|i|b|em|strong|var|span|p|br)\s*/?>")
_TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z]+|\d+|\n|[.?](?=[\s$]|$)|\S")
BREAK = "\n"
"""The end of a line or sentence: what follows need not go on with what was before."""
_JOINS = frozenset("+-*^_%!")
"""Before or after a question they say that it goes on there."""
_NOTHING = frozenset("{}$()[],;:'\"`~&\\#/“”‘’")
_DEGREES = re.compile(r"\^\s*(?:\{\s*)?(?:\\(?:circ|degree)(?![A-Za-z])|[∘°])")
_QUOTED = re.compile(r"^[ \t]*>[> \t]*", re.MULTILINE)
_POWERS = re.compile(r"(?<=\^)\d(?:\^\d)+")


def strict(text: str) -> list[str]:
    """Letters, figures and signs in their order, each by one name; layout, brackets and punctuation left out."""
    text = _TAG.sub(
        lambda tag: {"<sup>": "^", "<sub>": "_"}.get(tag[0], " "),
        html.unescape(_DEGREES.sub(" ", _QUOTED.sub("", text))),
    )
    if not text.isascii():
        text = "".join(sign if sign.isascii() else _spelt(sign) for sign in text)
        text = _POWERS.sub(lambda figures: figures[0].replace("^", ""), text)
    named = (_named(token) for token in _TOKEN.findall(text))
    return [token for token in named if token]


def stands_in(item: Sequence[str], text: Sequence[str]) -> bool:
    """Whether all of an item stands in a text, and does not go on there."""
    own = [token for token in item if token != BREAK]
    wanted, _ = _line(own)
    signs, breaks = _line(text)
    place = signs.find(wanted)
    while place >= 0:
        end = place + len(wanted)
        goes_on = place not in breaks and _goes_on(signs[place - 1 : place], own[0])
        goes_on |= end not in breaks and _goes_on(signs[end : end + 1], own[-1])
        if not goes_on:
            return True
        place = signs.find(wanted, place + 1)
    return False


def typed(text: str) -> str:
    """A text with formulas as people type them without LaTeX: `\\frac{2}{3}\\pi` as `(2)/(3)π`."""
    text = _DEGREES.sub("°", text)
    text = _FRACTION.sub(lambda parts: f"({parts[1]})/({parts[2]})", text)
    text = _SMALL.sub(lambda power: "".join(_RAISED[sign] for sign in power[1] or power[2]), text)
    text = _COMMAND.sub(lambda command: _characters().get(command[0], command[0]), text)
    return _LAYOUT.sub("", text).replace("'", "’")


_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_SMALL = re.compile(r"\^(?:\{(\d+)\}|(\d))")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_LAYOUT = re.compile(r"\$|\\[()\[\]!,;]|\\(?:left|right)(?![a-z])|\\(?=(?:sin|cos|tan|log|gcd|max|min)\b)")
_RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))


@cache
def _characters() -> dict[str, str]:
    """What is typed for a LaTeX command, where one character is."""
    greek = {unicodedata.name(sign).split()[-1].lower(): sign for sign in "αβγδεζηθικλμνξοπρστυφχψω"}
    named = {f"\\{name}": sign for name, sign in greek.items()}
    return {**{command: sign for sign, command in reversed(_signs().items())}, **named, "\\leq": "≤", "\\geq": "≥"}


def _goes_on(neighbour: str, end: str) -> bool:
    """Whether a formula that ends here goes on with its neighbour; beside a word such a sign is a dash or a bullet."""
    is_word = len(end) > 1 and end.isalpha()
    return not is_word and (neighbour in _JOINS or (neighbour.isdigit() and end.isdigit()))


def _line(tokens: Sequence[str]) -> tuple[str, set[int]]:
    """In one line: letters may stand apart or together, figures may not; and where there are breaks."""
    parts: list[str] = []
    breaks = {0}
    size, last = 0, ""
    for token in tokens:
        if token == BREAK:
            breaks.add(size)
        else:
            part = " " + token if token.isdigit() and last.isdigit() else token
            parts.append(part)
            size, last = size + len(part), token
    breaks.add(size)
    return "".join(parts), breaks


def _named(token: str) -> str:
    if token[0] == "\\" and len(token) > 1:
        names = _names()
        return names.get(token[1:], token[1:].lower())
    if token in (".", "?", BREAK):
        return BREAK
    return "" if token in _NOTHING else token.lower()


@cache
def _names() -> dict[str, str]:
    """LaTeX commands that have another name here; an empty one is left out."""
    pairs = (line.split() for line in load("filters.contamination", "commands.txt"))
    return {one: "" if name == "-" else name for name, *others in pairs for one in others}


@cache
def _signs() -> dict[str, str]:
    pairs = (line.split() for line in load("filters.contamination", "signs.txt"))
    return {pair[0]: pair[1] for pair in pairs}


@cache
def _spelt(sign: str) -> str:
    """A character outside ASCII as LaTeX would have it."""
    if sign in _signs():
        return f" {_signs()[sign]} "
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK"):
        return f" \\{name.split()[-1].lower()} "
    raised = unicodedata.decomposition(sign).split(" ")[0]
    shown = unicodedata.normalize("NFKC", sign).replace("⁄", "/")
    return {"<super>": "^", "<sub>": "_"}.get(raised, "") + ("" if unicodedata.category(sign) == "Cf" else shown)
