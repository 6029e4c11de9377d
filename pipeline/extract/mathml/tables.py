"""MathML's tables to TeX's environments."""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.extract.mathml.mathtree import Element

FENCED = {
    "()": "pmatrix", "[]": "bmatrix", "||": "vmatrix", "∣∣": "vmatrix", "‖‖": "Vmatrix", "∥∥": "Vmatrix",
    "{}": "Bmatrix", "{": "cases", "}": "rcases",
}  # fmt: skip
"""Environments by the fences around a table."""

_NAMED = {
    "align": "aligned", "aligned": "aligned", "alignat": "aligned", "split": "split", "eqnarray": "aligned",
    "gather": "gathered", "gathered": "gathered", "multline": "gathered", "cases": "cases",
    "smallmatrix": "smallmatrix",
}  # fmt: skip
"""Environments by a class of the table, as TeX4ht leaves it."""


_SIDE = re.compile(r"(?:^|[-\s:])(left|right|center)\b(?!:)")


def within(elements: list[Element]) -> Element | None:
    """The table that is all there is."""
    elements = [one for one in elements if one.name != "mo" or one.text.strip("\u2061\u2062\u2063\u2064 ")]
    while len(elements) == 1 and elements[0].name in ("mrow", "mstyle", "mpadded"):
        elements = elements[0].children
    return elements[0] if len(elements) == 1 and elements[0].name == "mtable" else None


def environment(table: Element) -> str:
    """The environment that sets a table without fences, with its columns where it needs them said."""
    for name in table.get("class").split():
        if (known := name.rstrip("*").removesuffix("-star")) in _NAMED:
            return _NAMED[known]
    columns = max((len(_parts(row)[0]) for row in table.children), default=0)
    alignment = _alignment(table, columns)
    lines = table.get("columnlines") + table.get("rowlines")
    if "solid" in lines or "dashed" in lines:
        return "array}{" + _ruled(alignment or "c" * columns, table.get("columnlines").split())
    if columns > 1 and alignment.startswith("rl"):
        return "aligned"
    if columns == 1 and table.get("displaystyle") == "true":
        return "gathered"
    return "array}{" + alignment if alignment.strip("c") else "matrix"


def _alignment(table: Element, columns: int) -> str:
    """A letter a column, or "" where nothing is said."""
    words = table.get("columnalign").split()
    if not words and table.children:
        words = [cell.get("columnalign") or _side(cell) for cell in _parts(table.children[0])[0]]
    letters = "".join(word[:1] for word in words if word in ("left", "right", "center"))
    return (letters + letters[-1] * max(0, columns - len(letters)))[:columns] if letters else ""


def _side(cell: Element) -> str:
    match = _SIDE.search(cell.get("class")) or _SIDE.search(cell.get("style"))
    return match[1] if match else ""


def _ruled(alignment: str, lines: list[str]) -> str:
    rules = ["|" if line in ("solid", "dashed") else "" for line in lines]
    return "".join(letter + rule for letter, rule in zip(alignment, rules + [""] * len(alignment), strict=False))


def _parts(row: Element) -> tuple[list[Element], str]:
    """A row's cells and its equation number, which renderers put beside cells that only take up half of the width."""
    if row.name == "mlabeledtr":
        return row.children[1:], _text(row.children[0]) if row.children else ""
    if row.name != "mtr":
        return [row], ""
    cells: list[Element] = []
    label = ""
    beside = False
    for cell in row.children:
        beside = beside or (bool(cells) and _is_margin(cell))
        if beside:
            label += _text(cell)
        elif not _is_margin(cell):
            cells.append(cell)
    return cells, label


def _is_margin(cell: Element) -> bool:
    return "50%" in cell.get("width") + cell.get("style") or "glue" in cell.get("class")


def _text(element: Element) -> str:
    return "".join(one.text for one in element.walk()).strip()


def labels(element: Element) -> str:
    """The equation numbers of a formula's rows, as they are printed beside it."""
    rows = (row for one in element.walk() if one.name == "mtable" for row in one.children)
    return " ".join(filter(None, (_parts(row)[1] for row in rows)))


def to_tex(table: Element, environment: str, convert: Callable[[Element], str]) -> str:
    """The table as `environment`, without its equation numbers; `convert` gives the TeX of a cell."""
    rows = [[convert(cell).strip() for cell in _parts(row)[0]] for row in table.children]
    if len(rows) == 1 and (_parts(table.children[0])[1] or (len(rows[0]) == 1 and environment == "matrix")):
        return " ".join(rows[0])
    lines = [" & ".join(cells).rstrip(" &") for cells in rows]
    # A row that begins with a bracket would be read as the measure of the line break before it.
    lines = [f"{{}}{line}" if line.startswith(("[", "*")) else line for line in lines]
    rules = table.get("rowlines").split()
    for index, rule in enumerate(rules[: len(lines) - 1]):
        if rule in ("solid", "dashed"):
            lines[index + 1] = r"\hline " + lines[index + 1]
    name, body = environment.partition("}")[0], r" \\ ".join(lines)
    return f"\\begin{{{environment}}} {body} \\end{{{name}}}"
