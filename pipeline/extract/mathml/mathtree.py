"""A tree of MathML elements apart from the page: what is converted to TeX, whoever drew it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from resiliparse.parse.html import DOMNode

from pipeline.extract.parser import parse

DEEPEST = 80
"""Levels of nesting that are kept; what lies deeper becomes its bare text."""

LONGEST = 100_000
"""Characters of MathML in an attribute or script that are read."""

TOKENS = frozenset(("mi", "mn", "mo", "mtext", "ms", "ci", "cn", "csymbol"))
"""Elements that hold text; it is blank in all others."""

_GUILLEMETS = str.maketrans({"«": "<", "»": ">", "¨": '"', "§": "&", "`": "'"})


@dataclass(slots=True)
class Element:
    """An element of MathML by its local name; `text` is that of a token."""

    name: str
    children: list[Element] = field(default_factory=list)
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The attribute's value, or "" where there is none."""
        return self.attributes.get(name, "")

    def walk(self) -> Iterator[Element]:
        """The element and all below it, in reading order."""
        pending = [self]
        while pending:
            element = pending.pop()
            yield element
            pending.extend(reversed(element.children))


def bare(element: Element) -> Element:
    """What an element that only groups holds, where that is a single one."""
    while element.name in ("mrow", "mstyle", "mpadded") and len(element.children) == 1:
        element = element.children[0]
    return element


def of_node(node: DOMNode, depth: int = 0) -> Element:
    """The tree of an element of a parsed page."""
    name = str(node.tag).rpartition(":")[2]
    attributes = {key: node.getattr(key) or "" for key in node.attrs}
    children = [child for child in node.child_nodes if child.tag[0] != "#"]
    if name in TOKENS and not children:
        return Element(name, text=node.text, attributes=attributes)
    if depth > DEEPEST:
        return Element("mtext", text=node.text)
    if name in ("mtext", "cn"):  # text with formulas in it; a number in two parts
        pieces = [_piece(child, depth) for child in node.child_nodes if child.tag != "#comment"]
        return Element(name, pieces, node.text, attributes)
    if not children and (text := node.text.strip()):
        return Element(name, [Element("mi", text=text)], attributes=attributes)
    # KaTeX puts rows into operators.
    name = "mrow" if name in TOKENS else name
    return Element(name, [of_node(child, depth + 1) for child in children], attributes=attributes)


def _piece(node: DOMNode, depth: int) -> Element:
    if node.tag == "#text":
        return Element("mtext", text=node.value or "")
    return of_node(node, depth + 1)


def of_source(source: str) -> Element | None:
    """The tree of a formula written out in an attribute or a script; None if it holds no `math` element.

    Wiris writes the angle brackets as guillemets, so that the source survives in an attribute.
    """
    source = source[:LONGEST]
    if source.lstrip().startswith("«"):
        source = source.translate(_GUILLEMETS)
    math = parse(source).document.query_selector("math")
    return of_node(math) if math is not None else None
