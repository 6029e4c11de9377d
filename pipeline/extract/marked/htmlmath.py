"""Formulas of HTML (slanted letters, `sup`, `sub`) to MathML."""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode

from pipeline.extract.marked import images
from pipeline.extract.mathml.mathtree import DEEPEST, Element
from pipeline.extract.mathml.tokens import FUNCTIONS, joined, symbol

_MARKS = "\u0300-\u036f\u20d0-\u20ff"
_TOKEN = re.compile(
    rf"(?P<words>\s+(?!(?:{'|'.join(sorted(FUNCTIONS))}|mod)\b)[A-Za-z]{{2,}}(?:,?\s+[A-Za-z]{{2,}})*\s*)|"
    rf"\d+(?:[.,]\d+)*|[A-Za-z]+(?![{_MARKS}])|\s+|.[{_MARKS}]*",
    re.DOTALL,
)
_SLANTED = frozenset(("i", "em", "var", "cite"))
_BOLD = frozenset(("b", "strong"))
_PLAIN = frozenset(("span", "font", "big", "small", "nobr", "u", "tt", "a"))
_PLACES = {("msub", "msub"): 1, ("msup", "msup"): 1, ("msubsup", "msub"): 1, ("msubsup", "msup"): 2}
"""Where an element has its script of a kind."""
_OVERLINE = re.compile(r"overline|border-top")


class _ForeignError(Exception):
    """An element that is no part of a formula."""


def of_node(node: DOMNode) -> Element | None:
    """The formula that an element's HTML writes; None if it holds anything but letters and scripts."""
    try:
        return Element("math", _row(node, False, "", 0))
    except _ForeignError:
        return None


def symbols(text: str) -> str:
    """TeX in which symbols stand as themselves, with their commands."""
    return joined([char if char.isascii() else symbol(char) for char in text])


def _row(node: DOMNode, slanted: bool, variant: str, depth: int) -> list[Element]:
    if depth > DEEPEST:
        raise _ForeignError
    row: list[Element] = []
    for child in node.child_nodes:
        tag: str = child.tag
        if tag == "#text":
            row += _tokens(child.value or "", slanted, variant)
        elif tag in ("sup", "sub"):
            _attach(row, "m" + tag, Element("mrow", _row(child, False, variant, depth + 1)))
        elif tag in _SLANTED or tag in _BOLD or tag in _PLAIN:
            inner = _row(child, slanted or tag in _SLANTED, "bold" if tag in _BOLD else variant, depth + 1)
            if _OVERLINE.search(child.getattr("style") or ""):
                inner = [
                    Element("mover", [Element("mrow", inner), Element("mo", text="¯", attributes={"stretchy": "true"})])
                ]
            row += inner
        elif tag == "img":
            row += [Element("tex", text=formula.tex) for formula in images.read(child)]
        elif tag not in ("br", "wbr") and tag[0] != "#":
            raise _ForeignError
    return row


def _attach(row: list[Element], name: str, script: Element) -> None:
    """Puts a script to what stands before it; a second one joins the first, or goes beside one of the other kind."""
    while row and row[-1].name == "mspace":
        row.pop()
    base = row.pop() if row else Element("mrow")
    place = _PLACES.get((base.name, name))
    if place is not None:
        base.children[place].children.extend(script.children)
        row.append(base)
    elif {base.name, name} == {"msub", "msup"}:
        pair = [script, base.children[1]] if name == "msub" else [base.children[1], script]
        row.append(Element("msubsup", [base.children[0], *pair]))
    else:
        row.append(Element(name, [base, script]))


def _tokens(text: str, slanted: bool, variant: str) -> list[Element]:
    attributes = {"mathvariant": variant} if variant else {}
    tokens: list[Element] = []
    for match in _TOKEN.finditer(text.replace("∥", "‖")):
        word = match[0]
        if match["words"] and not slanted:
            tokens.append(Element("mtext", text=" ".join(f"_{word}_".split()).strip("_"), attributes=attributes))
        elif word[0].isdigit():
            tokens.append(Element("mn", text=word, attributes=attributes))
        elif word.isspace():
            tokens.append(Element("mspace"))
        elif slanted and word.isascii() and word.strip().isalpha() and word not in FUNCTIONS:
            tokens += [Element("mi", text=letter, attributes=attributes) for letter in word.strip()]
        else:
            name = "mi" if word.isalpha() else "mo"
            tokens.append(Element(name, text=word, attributes=attributes))
    return tokens
