"""What MathJax 3 and 4 drew, back to MathML, for pages saved without its source.

Both outputs keep the tree: CHTML as elements `mjx-msup`, SVG as groups with `data-mml-node`; characters stand as
code points, in a class or in `data-c`.
"""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode

from pipeline.extract.mathml.mathtree import DEEPEST, TOKENS, Element

_CODE = re.compile(r"(?:^|\s)mjx-c([0-9A-F]{2,6})\b(?:\s+\S*TEX-(\w+))?")
_FONT = re.compile(r"TEX-([A-Z]+)")
_VARIANTS = {
    "I": "italic",
    "C": "script",
    "FR": "fraktur",
    "SS": "sans-serif",
    "T": "monospace",
    "B": "bold",
    "A": "double-struck",
}
_SKIPPED = frozenset(
    ("nstrut", "dstrut", "line", "surd", "spacer", "tstrut", "strut", "labels", "assistive-mml", "bg", "mark")
)
_HEIGHT = re.compile(r"translate\([-\d.]{1,20}[, ]\s*(-?\d{1,9}(?:\.\d{1,9})?)\)")
_ARROW = re.compile("[←→↔⇒⇐⇔]")
_RANK = {"base": 0, "box": 0, "under": 1, "root": 1, "over": 2}
"""The place of a part among the children of its MathML element."""
_PIECES = str.maketrans(
    dict.fromkeys("⎛⎜⎝", "(") | dict.fromkeys("⎞⎟⎠", ")") | dict.fromkeys("⎡⎢⎣", "[") | dict.fromkeys("⎤⎥⎦", "]")
    | dict.fromkeys("⎧⎨⎩⎪", "{") | dict.fromkeys("⎫⎬⎭", "}") | {"⏐": "|", "\ue150": "⏞", "\ue152": "⏟"}
)  # fmt: skip
"""Large fences are built of pieces."""


def of_container(node: DOMNode) -> Element | None:
    """The MathML of a `mjx-container`; None if it keeps no tree."""
    drawn = node.query_selector("mjx-math")
    if drawn is not None:
        return Element("math", _children(drawn, 0))
    drawn = node.query_selector("[data-mml-node=math]")
    return Element("math", _children(drawn, 0)) if drawn is not None else None


def _children(node: DOMNode, depth: int) -> list[Element]:
    ranked = sorted(_parts(node, depth, 0), key=lambda part: part[0])
    return [element for _, element in ranked]


def _parts(node: DOMNode, depth: int, rank: int) -> list[tuple[int, Element]]:
    """The elements below `node`, through what is only there to place them, each with its rank."""
    parts: list[tuple[int, Element]] = []
    if depth > DEEPEST:
        return parts
    for child in node.child_nodes:
        name = _name(child)
        if name in _SKIPPED or not name:
            continue
        if name[0] == "m" and not (name == "munder" and _name(node) == "box" and _name(node.parent) == "munderover"):
            parts.append((rank, _element(child, name, depth)))
        else:
            parts += _parts(child, depth + 1, _RANK.get(name, rank))
    if _name(node) == "script":
        parts.reverse()
    return parts


def _name(node: DOMNode) -> str:
    """The local name of what was drawn; "" for text and shapes."""
    tag: str = node.tag
    if tag in ("g", "svg", "a"):
        name = "labels" if node.hasattr("data-labels") else node.getattr("data-mml-node") or "group"
    elif tag.startswith("mjx-"):
        name = tag[4:]
    else:
        return ""
    return {"texatom": "mrow", "mlabeledtr": "mtr"}.get(name.lower(), name)


def _element(node: DOMNode, name: str, depth: int) -> Element:
    attributes = {key: node.getattr(key) or "" for key in ("class", "style", "data-mjx-texclass") if node.hasattr(key)}
    if name == "mspace":
        width = re.search(r"width:\s*([-\d.]+em)", attributes.get("style", ""))
        return Element(name, attributes={"width": width[1] if width else ""})
    if name in TOKENS:
        text, font = _text(node)
        if font in _VARIANTS and text.isascii():
            attributes["mathvariant"] = _VARIANTS[font]
        elif name == "mi" and len(text) == 1 and text.isascii():
            attributes["mathvariant"] = "normal"
        return Element(name, text=text, attributes=attributes)
    children = _children(node, depth + 1)
    if name == "mfrac" and not _has_line(node):
        attributes["linethickness"] = "0"
    elif name == "menclose":
        attributes["notation"] = _notation(node)
    elif name in ("msubsup", "munderover") and node.tag == "g" and len(children) == 3 and _is_raised(node):
        children[1:] = children[:0:-1]
    if name in ("msqrt", "mroot") and children and children[-1].text == "√":
        children.pop()
    return Element(name, children, attributes=attributes)


def _is_raised(node: DOMNode) -> bool:
    """Whether the first of two scripts in SVG is the upper one."""
    parts = [child for child in node.child_nodes if child.tag == "g" and child.hasattr("data-mml-node")]
    heights = [_HEIGHT.search(part.getattr("transform") or "") for part in parts[1:3]]
    first, second = (float(height[1]) if height else 0.0 for height in (*heights, None, None)[:2])
    return first > second or (first == second and node.getattr("data-mml-node") == "msubsup")


def _has_line(fraction: DOMNode) -> bool:
    """Whether a fraction has its bar; a binomial coefficient has none."""
    if fraction.tag == "g":
        return any(child.tag == "rect" for child in fraction.child_nodes)
    bar = fraction.query_selector("mjx-dtable")
    return bar is not None and bar.first_element_child is not None and bar.first_element_child.tag == "mjx-line"


def _notation(node: DOMNode) -> str:
    strokes = {
        "mjx-ustrike": "updiagonalstrike",
        "mjx-dstrike": "downdiagonalstrike",
        "mjx-hstrike": "horizontalstrike",
    }
    drawn = [child.tag for child in node.child_nodes]
    if "line" in drawn:
        return "updiagonalstrike"
    return " ".join(strokes[tag] for tag in drawn if tag in strokes) or "box"


def _text(node: DOMNode) -> tuple[str, str]:
    """The characters of a token and the font of the last."""
    characters, font = "", ""
    for part in node.query_selector_all("[class*=mjx-c], [data-c], mjx-utext, text"):
        if code := part.getattr("data-c"):
            characters += _character(code)
            found = _FONT.search(part.getattr("xlink:href") or part.getattr("href") or "")
            font = found[1] if found else ""
        elif match := _CODE.search(part.class_name):
            characters += _character(match[1])
            font = match[2] or ""
        elif part.tag in ("mjx-utext", "text"):
            characters += part.text
    pieces = characters.translate(_PIECES)
    if len(pieces) > 1 and (arrow := _ARROW.search(pieces)) and not pieces.strip("-−=←→↔⇒⇐⇔"):
        return arrow[0], font
    return (pieces[0] if pieces != characters else characters), font


def _character(code: str) -> str:
    number = int(code, 16) if re.fullmatch(r"[0-9A-Fa-f]{2,5}", code) else 0
    return chr(number) if number and not 0xD800 <= number < 0xE000 else ""
