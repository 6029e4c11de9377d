"""Boxes and tables that lay out displayed formulas with their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from resiliparse.parse.html import DOMNode

from pipeline.extract.marked.surroundings import NUMBER
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula

Read = Callable[[DOMNode, str, str], "list[Formula | str] | None"]

_MOST_NODES = 600
"""Nodes that are looked at before a box counts as text."""
_MOST_ROWS = 200
_LONGEST = 4000
"""Characters of a table without a name that are looked at."""
_LAYOUT = frozenset(
    ("span", "p", "div", "center", "td", "th", "tr", "tbody", "table", "a", "i", "b", "em", "strong", "font", "nobr",
     "figure", "noscript", "small")
)  # fmt: skip
_BLANK = frozenset(("br", "hr", "wbr", "colgroup", "col", "style", "link", "meta"))
_DISPLAYSTYLE = re.compile(r"\\(?:display|text)style\b\s*")


class _ForeignError(Exception):
    """Something other than formulas and their numbers, which ends the reading of all boxes around it."""


@dataclass(frozen=True, slots=True)
class Box:
    """How the content of a box is read.

    Boxes lie in boxes, and whatever spoils the inner one spoils the outer one, too: so the inner one is read only once.
    """

    read: Read
    inner: bool
    """It lies in another box that is being read."""


def displayed(node: DOMNode, box: Box) -> list[Formula | str] | None:
    """What a box for displayed formulas holds, if it holds nothing else."""
    try:
        pieces = list(_walk(node, box.read))
    except _ForeignError:
        if box.inner:
            raise
        return None
    formulas = [piece._replace(display=True) for piece in pieces if isinstance(piece, Formula)]
    numbers = [piece for piece in pieces if isinstance(piece, str)]
    return [*formulas, *numbers] if formulas or box.inner else None


def read(table: DOMNode, box: Box, named: bool) -> list[Formula | str] | None:
    """A table as one formula, its rows as lines; one that no class names must be a single formula and its number."""
    if not named and (len(table.text) > _LONGEST or has(table, "th, caption, ul, p, h1, h2, h3, pre")):
        return None
    try:
        rows = [[list(_walk(cell, box.read)) for cell in _cells(row)] for row in islice(_rows(table), _MOST_ROWS)]
    except _ForeignError:  # in the first cell of nearly every table
        if box.inner:
            raise
        return None
    lines = [[[piece for piece in cell if isinstance(piece, Formula)] for cell in row] for row in rows]
    formulas = [formula for row in lines for cell in row for formula in cell]
    if not formulas or (not named and len(formulas) > 1):
        return [piece for row in rows for cell in row for piece in cell] if box.inner else None
    numbers = [piece for row in rows for cell in row for piece in cell if isinstance(piece, str)]
    return [_joined(lines, formulas), *([" ".join(numbers)] if numbers else [])]


def _rows(table: DOMNode) -> Iterator[DOMNode]:
    """The rows of a table, but not those of tables in it."""
    for child in table.child_nodes:
        if child.tag == "tr":
            yield child
        elif child.tag in ("tbody", "thead", "tfoot"):
            yield from _rows(child)


def _cells(row: DOMNode) -> list[DOMNode]:
    return [child for child in row.child_nodes if child.tag in ("td", "th")]


def _joined(rows: list[list[list[Formula]]], formulas: list[Formula]) -> Formula:
    if len(formulas) == 1:
        return formulas[0]._replace(tex=_plain(formulas[0]), display=True)
    table = [[" ".join(_plain(formula) for formula in cell) for cell in row] for row in rows]
    table = [row for row in table if any(row)]
    firsts = [next(index for index, cell in enumerate(row) if cell) for row in table]
    # A line that goes on begins with its relation.
    lines = [
        "& " * (first > min(firsts)) + " & ".join(filter(None, row)) for first, row in zip(firsts, table, strict=True)
    ]
    if len(lines) == 1:
        return formulas[0]._replace(tex=lines[0].replace(" & ", " "), display=True)
    return formulas[0]._replace(tex=r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}", display=True)


def _plain(formula: Formula) -> str:
    return _DISPLAYSTYLE.sub("", formula.tex.strip(), count=1) if formula.tex.lstrip().startswith("\\") else formula.tex


def _walk(box: DOMNode, read: Read) -> Iterator[Formula | str]:
    pending = list(reversed(box.child_nodes))
    for _ in range(_MOST_NODES):
        if not pending:
            return
        node = pending.pop()
        tag: str = node.tag
        if tag == "#text":
            text = (node.value or "").strip(" \t\r\n\xa0¶#")
            if not NUMBER.fullmatch(text[:60]):
                raise _ForeignError
            if len(text) > 1:
                yield text
        elif tag[0] != "#" and tag not in _BLANK:
            found = read(node, tag, node.class_name)
            if found is not None:
                yield from found
            elif tag in _LAYOUT:
                pending.extend(reversed(node.child_nodes))
            else:
                raise _ForeignError
    raise _ForeignError
