"""Fences in a row of MathML: which belong together, and what they make of what is between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

from pipeline.extract.mathml import tables
from pipeline.extract.mathml.mathtree import Element, bare
from pipeline.extract.mathml.tokens import DELIMITERS

_TALL = re.compile(
    r"\\(?:[dc]?frac|binom|begin|left|underset|overset|under[a-z]+|x(?:right|left)arrow|"
    r"(?:sum|prod|coprod|i*int|big(?:cup|cap|vee|wedge|oplus|otimes)|lim|max|min|sup|inf)[_^])(?![a-z])|\\atop"
)
_ATOP = re.compile(r"\{(.*) \\atop (.*)\}", re.DOTALL)
_OPENERS = frozenset("([{⟨⌊⌈〈⟦")
_CLOSERS = frozenset(")]}⟩⌋⌉〉⟧")
_BARS = frozenset("|‖∣∥")


def pair(children: list[Element], pieces: list[str], cell: Callable[[Element], str]) -> None:
    """Rewrites the TeX of a row's fences, and of what they enclose, in `pieces`; `cell` converts a table's cell."""
    tall = [0, *accumulate(_TALL.search(piece) is not None for piece in pieces)]
    row = [bare(child) for child in children]
    opened: list[int] = []
    for index, one in enumerate(row):
        side = _side(one, index, len(row), bool(opened)) if one.name == "mo" else 0
        if side > 0:
            opened.append(index)
        elif side < 0 and opened:
            left = opened.pop()
            _enclose(row, pieces, (left, index), tall[index] > tall[left], cell)
        elif side < 0 and index == len(row) - 1 and tall[-1] and one.get("fence") == "true" and _stretches(one):
            pieces[0], pieces[index] = f"\\left. {pieces[0]}", f" \\right{_delimiter(pieces[index])}"
    if opened:
        _lonely(row, pieces, opened[-1], tall[-1] > tall[opened[-1]], cell)


def _side(fence: Element, index: int, count: int, opened: bool) -> int:
    """1 for a fence that opens, -1 for one that closes, 0 for anything else. Bars tell it by their place only."""
    text = fence.text.strip()
    if text in _OPENERS:
        return 1
    if text in _CLOSERS:
        return -1
    if text and text not in _BARS:
        return 0
    role = fence.get("form") or fence.get("data-mjx-texclass")
    if role in ("prefix", "OPEN"):
        return 1
    if role in ("postfix", "CLOSE"):
        return -1
    if not text and fence.get("fence") != "true":
        return 0
    if index == 0:
        return 1
    return -1 if index == count - 1 and (opened or fence.get("fence") == "true") else 0


def _enclose(
    row: list[Element], pieces: list[str], ends: tuple[int, int], tall: bool, cell: Callable[[Element], str]
) -> None:
    """A matrix, cases, a binomial, or something tall that the fences grow with."""
    left, right = ends
    fences = row[left].text.strip() + row[right].text.strip()
    table = tables.within(row[left + 1 : right])
    environment = tables.FENCED.get(fences) if table is not None else None
    atop = _ATOP.fullmatch("".join(pieces[left + 1 : right]).strip()) if row[right - 1].name == "mfrac" else None
    if table is not None and environment:
        pieces[left : right + 1] = [tables.to_tex(table, environment, cell), *[""] * (right - left)]
    elif atop and right == left + 2:
        command = r"\binom" if fences == "()" else f"\\genfrac{{{pieces[left]}}}{{{pieces[right]}}}{{0pt}}{{}}"
        pieces[left : right + 1] = [f"{command}{{{atop[1]}}}{{{atop[2]}}}", "", ""]
    elif tall and _stretches(row[left]) and _stretches(row[right]):
        pieces[left] = f"\\left{_delimiter(pieces[left])} "
        pieces[right] = f" \\right{_delimiter(pieces[right])}"


def _lonely(row: list[Element], pieces: list[str], left: int, tall: bool, cell: Callable[[Element], str]) -> None:
    """A fence that nothing closes: cases, or something tall."""
    table = tables.within(row[left + 1 :])
    if table is not None and row[left].text.strip() == "{":
        pieces[left:] = [tables.to_tex(table, "cases", cell), *[""] * (len(pieces) - left - 1)]
    elif tall and row[left].get("fence") == "true" and _stretches(row[left]):
        pieces[left] = f"\\left{_delimiter(pieces[left])} "
        pieces[-1] += r" \right."


def _stretches(fence: Element) -> bool:
    return fence.get("stretchy") != "false" and not fence.get("maxsize")


def _delimiter(tex: str) -> str:
    tex = {r"\mid": "|", r"\parallel": r"\|"}.get(tex, tex)
    return tex if tex in DELIMITERS else "."
