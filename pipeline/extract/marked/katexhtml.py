"""What KaTeX drew, back to MathML, for pages that keep its HTML only (`output: "html"`).

Boxes say what they are by their classes; what stands over or under something lies in lists (`vlist`), from the bottom
up, by its distance `top` from a strut. A formula with a box that is not known is refused as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from resiliparse.parse.html import DOMNode

from pipeline.extract.marked.katexlists import (
    ForeignError,
    Item,
    classes_of,
    elements_of,
    holds,
    items_of,
    mark_of,
    shape_of,
    strokes_of,
)  # fmt: skip
from pipeline.extract.marked.katextokens import NAME, fence, is_automatic, sized, space, tokens
from pipeline.extract.mathml import tables
from pipeline.extract.mathml.mathtree import DEEPEST, Element, bare
from pipeline.extract.mathml.tokens import operator

_FOREIGN = frozenset(("vlist-t", "rule", "colorbox", "fcolorbox"))
_SKIPPED = frozenset(("strut", "pstrut", "fix", "vlist-s", "arraycolsep"))
_MOST = 2000
"""Boxes in a row that are read."""
_SIDES = {"l": "left", "r": "right"}


def of_node(node: DOMNode) -> Element | None:
    """The MathML of a `katex-html`; None if it cannot be read back."""
    try:
        parts = elements_of(node)
        if not any("base" in classes_of(part) for part in parts):
            return None
        atoms = [
            atom for part in parts for atom in ([part] if classes_of(part) & {"tag", "newline"} else elements_of(part))
        ]
        math = Element("math", _row(atoms, 0))
    except ForeignError:
        return None
    return None if any(element.name == "stroke" for element in math.walk()) else math


def _row(nodes: list[DOMNode], depth: int, text: bool = False) -> list[Element]:
    """Atoms in a row: scripts go to what stands before them, and the blanks that TeX sets itself go."""
    if depth > DEEPEST or len(nodes) > _MOST:
        raise ForeignError
    row: list[Element] = []
    for index, node in enumerate(nodes):
        classes = classes_of(node)
        if "mspace" in classes:
            if not is_automatic(nodes, index):
                row += space(node, classes)
        elif "msupsub" in classes:
            row.append(_scripted(row.pop() if row else Element("mrow"), node, depth))
        elif "vbox" in classes and node.text.strip("\u200b \n\xa0") == "/" and row:
            _strike(row[-1])
        else:
            row += _atom(node, classes, depth, text)
    _put_strokes(row)
    _put_colons(row)
    return row


def _put_strokes(row: list[Element]) -> None:
    """`\\not` is drawn before the relation that it is for."""
    for at in range(len(row) - 2, -1, -1):
        if row[at].name == "stroke":
            _strike(row[at + 1])
            del row[at]


def _put_colons(row: list[Element]) -> None:
    """`\\colon` is drawn as a colon with blanks around it."""
    for at in range(len(row) - 1, 0, -1):
        if row[at].text == ":" and row[at - 1].get("width") == "-0.1667em":
            row[at - 1 : at + 2] = [Element("tex", text=r"\colon")]


def _strike(element: Element) -> None:
    """Draws a stroke through a relation."""
    sign = bare(element)
    if sign.name != "mo":
        raise ForeignError
    sign.text = unicodedata.normalize("NFC", sign.text + "\u0338")


def _atom(node: DOMNode, classes: frozenset[str], depth: int, text: bool) -> list[Element]:
    """What a box holds; one that is only there to group gives its row."""
    if classes & _SKIPPED:
        return []
    if "nulldelimiter" in classes:
        return [fence("", classes, True)] if "minner" in classes_of(node.parent) else []
    children = elements_of(node)
    if node.tag != "span":
        raise ForeignError
    if classes & _FOREIGN:
        if "right-width:0em" in (node.getattr("style") or ""):  # a strut
            return []
        raise ForeignError
    read = next((_READERS[name] for name in _READERS if name in classes), None)
    if read is not None:
        return [read(node, classes, depth)]
    if any("vlist-t" in classes_of(child) for child in children):
        return [_drawn_over(node, depth)]
    inner = "text" in classes or text
    row = _group(node, classes, depth, inner) if children else tokens(node.text, classes, inner)
    return [Element("mphantom", row)] if "transparent" in (node.getattr("style") or "") else row


def _group(node: DOMNode, classes: frozenset[str], depth: int, text: bool) -> list[Element]:
    """A box of several: a large delimiter, an operator's name, what `\\left` and `\\right` enclose, or just a row."""
    children = elements_of(node)
    if sizing := next((child for child in children if "delimsizing" in classes_of(child)), None):
        return [sized(sizing, classes, classes_of(node.parent))]
    if "mop" in classes and NAME.fullmatch(node.text) and node.query_selector(".vlist") is None:
        return [Element("mo", text=node.text)]
    row = _row(children, depth + 1, text)
    fenced = "minner" in classes and len(row) > 1 and row[0].get("fence") and row[-1].get("fence")
    if fenced and tables.within(row[1:-1]) is None:
        row[0] = Element("tex", text=f"\\left{operator(row[0]) or '.'}")
        row[-1] = Element("tex", text=f"\\right{operator(row[-1]) or '.'}")
    return row if len(row) == 1 or text else [Element("mrow", row)]


def _content(item: Item, depth: int) -> Element:
    return Element("mrow", _row(elements_of(item.node), depth + 1))


def _scripted(base: Element, node: DOMNode, depth: int) -> Element:
    items = items_of(node)
    scripts = [_content(item, depth) for item in items]
    if len(items) == 1:
        return Element("msup" if items[0].depth < 0 else "msub", [base, *scripts])
    if len(items) != 2:
        raise ForeignError
    return Element("msubsup", [base, scripts[1], scripts[0]])


def _stacked(items: list[Item], base: Item, element: Element, depth: int) -> Element:
    """`element` with what stands over and under `base`."""
    at = items.index(base)
    over, under = items[:at], items[at + 1 :]
    if len(over) > 1 or len(under) > 1:
        raise ForeignError
    parts = [_content(item, depth) for item in (*under, *over)]
    name = ("munder" if under else "") + ("mover" if over else "")
    return Element({"mundermover": "munderover"}.get(name, name or "mrow"), [element, *parts])


def _limits(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    items = items_of(node)
    bases = [item for item in items if elements_of(item.node)[-1].class_name == ""]
    if len(bases) != 1:
        raise ForeignError
    return _stacked(items, bases[0], _content(bases[0], depth), depth)


def _frac(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    items = items_of(node)
    parts = [item for item in items if not holds(item, "frac-line")]
    if len(parts) != 2:
        raise ForeignError
    attributes = {} if len(items) == 3 else {"linethickness": "0"}
    return Element("mfrac", [_content(part, depth) for part in parts], attributes=attributes)


def _root(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    body = [item for item in items_of(node) if "svg-align" in item.classes]
    index = next((child for child in elements_of(node) if "root" in classes_of(child)), None)
    indices = items_of(index) if index is not None else []
    if len(body) != 1 or len(indices) > 1:
        raise ForeignError
    parts = [_content(item, depth) for item in body + indices]
    return Element("mroot" if indices else "msqrt", parts)


def _line(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    items = items_of(node)
    bodies = [item for item in items if not (holds(item, "overline-line") or holds(item, "underline-line"))]
    if len(bodies) != 1 or len(items) != 2:
        raise ForeignError
    mark = Element("mo", text="―", attributes={"stretchy": "true"})
    return Element("mover" if "overline" in classes else "munder", [_content(bodies[0], depth), mark])


def _marked(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    """An accent, a brace, or a brace with what is written at it."""
    items = items_of(node)
    marks = [item for item in items if "svg-align" in item.classes or holds(item, "accent-body")]
    if len(items) != 2 or len(marks) > 1:
        raise ForeignError
    if not marks:
        braces = [item for item in items if holds(item, "munder") or holds(item, "mover")]
        if len(braces) != 1:
            raise ForeignError
        return _stacked(items, braces[0], _content(braces[0], depth), depth)
    base = items[1 - items.index(marks[0])]
    under = bool(classes & {"munder", "accentunder"})
    mark = Element(
        "mo", text=mark_of(marks[0], under), attributes={"stretchy": str("svg-align" in marks[0].classes).lower()}
    )
    return Element("munder" if under else "mover", [_content(base, depth), mark])


def _arrow(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    items = items_of(node)
    arrow = next((item for item in items if "svg-align" in item.classes), None)
    if arrow is None:
        raise ForeignError
    return _stacked(items, arrow, Element("mo", text=shape_of(arrow.node)), depth)


def _table(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    """A table is drawn column by column; what stands at one height is a row."""
    columns: list[dict[float, Element]] = []
    sides: list[str] = []
    lines: list[str] = []
    for part in elements_of(node):
        name = next((name for name in classes_of(part) if name.startswith("col-align-")), "")
        if name:
            columns.append({item.depth: _content(item, depth) for item in items_of(part)})
            sides.append(_SIDES.get(name[-1], "center"))
            lines.append("none")
        elif "vertical-separator" in classes_of(part) and lines:
            lines[-1] = "solid"
        elif "arraycolsep" not in classes_of(part):
            raise ForeignError
    # Lines of one column are those of `gather`, but for small ones below a sum.
    heights = sorted({height for column in columns for height in column})
    small = node.query_selector(".vlist > span > .mtight") is not None
    rows = [Element("mtr", [_cell(column.get(height)) for column in columns]) for height in heights]
    attributes = {
        "columnalign": " ".join(sides),
        "columnlines": " ".join(lines[:-1]),
        "displaystyle": str(len(columns) == 1 < len(rows) and not small).lower(),
        "heights": " ".join(map(str, heights)),
    }
    return Element("mtable", rows, attributes=attributes)


def _cell(content: Element | None) -> Element:
    return Element("mtd", [content] if content is not None else [])


def _ruled(items: list[Item], depth: int) -> Element:
    """A table with lines between its rows."""
    inner = [item for item in items if holds(item, "mtable")]
    lines = [item.depth for item in items if holds(item, "hline") or holds(item, "hdashline")]
    if len(inner) != 1 or len(lines) + 1 != len(items):
        raise ForeignError
    table = bare(_content(inner[0], depth))
    if table.name != "mtable":
        raise ForeignError
    heights = [float(height) for height in table.get("heights").split()]
    between = ((low < line < high for line in lines) for low, high in pairwise(heights))
    table.attributes["rowlines"] = " ".join("solid" if any(rules) else "none" for rules in between)
    return table


def _tag(node: DOMNode, classes: frozenset[str], depth: int) -> Element:
    label = node.text.strip("\u200b \n\xa0")
    if not label:  # a style sheet counts it
        return Element("mrow")
    bare_label = label[1:-1] if label.startswith("(") and label.endswith(")") else ""
    if not re.fullmatch(r"[\w.*'′-]{1,20}", bare_label):
        raise ForeignError
    return Element("tex", text=f"\\tag{{{bare_label.replace('′', chr(39)).replace('_', chr(92) + '_')}}}")


def _drawn_over(node: DOMNode, depth: int) -> Element:
    """What lines are drawn around or through: a table, a box, something cancelled."""
    items = items_of(node)
    if any(holds(item, "mtable") for item in items):
        return _ruled(items, depth)
    drawings = [item for item in items if holds(item, "fbox") or "svg-align" in item.classes]
    if len(items) != 2 or len(drawings) != 1:
        raise ForeignError
    notation = "box" if holds(drawings[0], "fbox") else strokes_of(drawings[0].node)
    body = items[1 - items.index(drawings[0])]
    return Element("menclose", [_content(body, depth)], attributes={"notation": notation})


_READERS: dict[str, Callable[[DOMNode, frozenset[str], int], Element]] = {
    "op-limits": _limits, "mfrac": _frac, "sqrt": _root, "overline": _line, "underline": _line, "accent": _marked,
    "accentunder": _marked, "munder": _marked, "mover": _marked, "x-arrow": _arrow, "mtable": _table, "tag": _tag,
}  # fmt: skip
