"""What KaTeX draws by position and by shape: lists of things above each other, and signs that are pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resiliparse.parse.html import DOMNode

from pipeline.extract.mathml.tokens import MARKS

_TOP = re.compile(r"(?:^|;)\s*top:\s*(-?\d{0,6}\.?\d{0,20})em")
_HEIGHT = re.compile(r"(?:^|;)\s*height:\s*(-?\d{0,6}\.?\d{0,20})em")
_SHAPES = (
    ("M377 20c", "", "→"), ("M0 241v40h399891", "", "→"), ("M400000 241H110", "", "←"), ("M399738 392l", "", "⇒"),
    ("M529 0h5l519", "", "^"), ("M1181 0h2l1171", "", "^"), ("M529,159h5l519", "", "ˇ"), ("M1181,220h2l1171", "", "ˇ"),
    ("M200 55.538c-77", "", "~"), ("M344 55.266c-142", "", "~"), ("M786 5", "C457 5", "~"),
    ("M403 1759 V84", "h347", "["), ("M403 1759 V84", "", "⌈"), ("M347 1759 V0 H0", "H0 v84", "]"),
    ("M347 1759 V0 H0", "", "⌉"), ("M319 602 V0", "v1799 H0", "⌋"), ("M319 602 V0", "", "⌊"),
    ("M145 15 v585", "M367", "∥"), ("M145 15 v585", "", "∣"), ("M863,9c0", "", "("), ("M76,0c-16.7", "", ")"),
)  # fmt: skip
"""What is drawn as a shape: how its path begins, what it holds, and the sign."""
_PIECES = {
    "⎛⎝": "(", "⎞⎠": ")", "⎡⎣": "[", "⎤⎦": "]", "⎧⎨⎩": "{", "⎫⎬⎭": "}", "⎣": "⌊", "⎡": "⌈", "⎦": "⌋", "⎤": "⌉",
    "∣": "∣", "∥": "∥",
}  # fmt: skip
"""Large fences by the pieces that they are built of."""


class ForeignError(Exception):
    """Something whose meaning is not known."""


@dataclass(frozen=True, slots=True)
class Item:
    """One of a list of things above each other."""

    depth: float
    """How far below the list's own line it stands, in em."""
    node: DOMNode
    classes: frozenset[str]


def classes_of(node: DOMNode) -> frozenset[str]:
    return frozenset(node.class_name.split())


def elements_of(node: DOMNode) -> list[DOMNode]:
    return [child for child in node.child_nodes if child.tag[0] != "#"]


def fence_of(sizing: DOMNode) -> str:
    """The sign of a fence that is built of pieces, or drawn as one shape."""
    pieces = "".join(sorted(set(sizing.text) & set("".join(_PIECES))))
    return _PIECES.get(pieces) or shape_of(sizing)


def items_of(node: DOMNode) -> list[Item]:
    """The things of the first list below a box, the highest first."""
    table = next((child for child in elements_of(node) if "vlist-t" in classes_of(child)), None)
    listed = table.query_selector(".vlist") if table is not None else None
    if listed is None:
        raise ForeignError
    return sorted(map(_item, elements_of(listed)), key=lambda item: item.depth)


def _item(node: DOMNode) -> Item:
    top = _TOP.search(node.getattr("style") or "")
    strut = next((child for child in elements_of(node) if "pstrut" in classes_of(child)), None)
    height = _HEIGHT.search(strut.getattr("style") or "") if strut is not None else None
    if not (top and height and top[1].strip("-.") and height[1].strip("-.")):
        raise ForeignError
    return Item(round(float(top[1]) + float(height[1]), 3), node, classes_of(node))


def holds(item: Item, name: str) -> bool:
    return any(name in classes_of(child) for child in elements_of(item.node))


def mark_of(item: Item, under: bool) -> str:
    """The sign of an accent, which is a character or a shape."""
    sign = str(item.node.text).strip("\u200b \n")
    if not sign and item.node.query_selector(".brace-center") is not None:
        sign = "⏟" if under else "⏞"
    sign = sign or shape_of(item.node)
    if sign not in MARKS["under" if under else "over"]:
        raise ForeignError
    return sign


def shape_of(node: DOMNode) -> str:
    """The sign that a shape draws; an arrow with two heads is drawn as two."""
    paths = [path.getattr("d") or "" for path in node.query_selector_all("path")]
    signs = [
        next((sign for start, part, sign in _SHAPES if path.startswith(start) and part in path), "") for path in paths
    ]
    if not signs or not all(signs):
        raise ForeignError
    return {"←→": "↔"}.get("".join(signs), signs[0])


def strokes_of(node: DOMNode) -> str:
    lines = node.query_selector_all("line")
    strokes = {"0": "downdiagonalstrike", "100%": "updiagonalstrike"}
    names = [strokes.get(line.getattr("y1") or "", "") for line in lines if line.getattr("x2") == "100%"]
    if not names or not all(names) or len(names) != len(lines):
        raise ForeignError
    return " ".join(names)
