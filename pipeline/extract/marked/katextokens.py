"""The characters, blanks and delimiters that KaTeX draws, as tokens of MathML."""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode

from pipeline.extract.marked.katexlists import ForeignError, classes_of, fence_of
from pipeline.extract.mathml.mathtree import Element

_WIDTH = re.compile(r"margin-right:\s*(-?\d{0,6}\.?\d{0,20})em")
_NUMBER_OR_SIGN = re.compile(r"\d+(?:[.,]\d+)*|\S", re.DOTALL)
NAME = re.compile(r"[a-zA-Z]{2,}")
STROKE = "\ue020"
"""The stroke of `\\not` in KaTeX's font."""
_VARIANTS = {
    "mathnormal": "", "mathdefault": "", "mathit": "italic", "mathbf": "bold", "boldsymbol": "bold-italic",
    "mathbb": "double-struck", "mathcal": "script", "mathfrak": "fraktur",
    "mathsf": "sans-serif", "mathtt": "monospace",
}  # fmt: skip
_TEXT_VARIANTS = {"textbf": "bold", "textit": "italic", "texttt": "monospace", "textsf": "sans-serif"}
_SPACED = {0.1667: frozenset(("mop", "mpunct", "minner")), 0.2222: frozenset(("mbin",)), 0.2778: frozenset(("mrel",))}
"""The kinds of atoms beside which TeX itself sets a blank of this width, in em."""
_SIZES = {"size1": "1.2em", "size2": "1.8em", "size3": "2.4em", "size4": "3em"}


def is_automatic(nodes: list[DOMNode], index: int) -> bool:
    """Whether a blank is one of those that TeX puts between atoms: the first of several."""
    if index and "mspace" in classes_of(nodes[index - 1]):
        before = [_width(nodes[index - 1]), _width(nodes[index])]
        return before[0] not in _SPACED and _is_beside(nodes, index)
    return _is_beside(nodes, index)


def _is_beside(nodes: list[DOMNode], index: int) -> bool:
    small = "mtight" in classes_of(nodes[index])  # in scripts there are only those at operators, in em of their font
    kinds = _SPACED.get(0.1667 if small and _width(nodes[index]) < 0.3 else _width(nodes[index]))
    if kinds is None:
        return False
    around = [_neighbour(nodes, index, -1), _neighbour(nodes, index, 1)]
    return any(classes & kinds for classes in around)


def _neighbour(nodes: list[DOMNode], index: int, step: int) -> frozenset[str]:
    """The classes of the nearest atom before or after a blank."""
    for at in range(index + step, index + 5 * step, step):
        if not 0 <= at < len(nodes):
            break
        classes = classes_of(nodes[at])
        if not classes & {"mspace", "strut"}:
            return classes
    return frozenset()


def _width(node: DOMNode) -> float:
    match = _WIDTH.search(node.getattr("style") or "")
    return round(float(match[1]), 4) if match and match[1].strip("-.") else 0.0


def space(node: DOMNode, classes: frozenset[str]) -> list[Element]:
    if "newline" in classes:
        return [Element("mspace", attributes={"linebreak": "newline"})]
    width = 0.3333 if node.text.strip("\n") else _width(node)
    return [Element("mspace", attributes={"width": f"{width}em"})] if width else []


def tokens(text: str, classes: frozenset[str], in_text: bool) -> list[Element]:
    """The tokens of a run of characters that a class sets in one font."""
    text = text.replace("\u200b", "")
    if text == STROKE:
        return [Element("stroke")]
    variant = next((_VARIANTS[name] for name in classes if name in _VARIANTS), None)
    if in_text and variant is None and not classes & {"mathrm", "mrel", "mbin"}:
        font = next((_TEXT_VARIANTS[name] for name in classes if name in _TEXT_VARIANTS), "")
        return [Element("mtext", text=text.replace("\xa0", " "), attributes={"mathvariant": font})] if text else []
    if NAME.fullmatch(text) and ("mathrm" in classes or "mop" in classes):
        return [Element("mo" if "mop" in classes else "mi", text=text)]
    if "mathscr" in classes and text.isascii() and text.isalpha():  # MathML has one kind of script only
        return [Element("tex", text=f"\\mathscr{{{text}}}")]
    if variant == "italic" and text.isalpha():
        return [Element("mi", text=text, attributes={"mathvariant": variant})]
    if classes & {"mopen", "mclose"}:
        return [fence(sign, classes, "delimcenter" in classes) for sign in text.strip()]
    return [_token(match[0], classes, variant) for match in _NUMBER_OR_SIGN.finditer(text)]


def _token(sign: str, classes: frozenset[str], variant: str | None) -> Element:
    attributes = {"mathvariant": variant} if variant else {}
    if sign[0].isdigit():
        return Element("mn", text=sign, attributes=attributes)
    if sign == "′":
        return Element("mo", text=sign)
    if sign.isalpha() and not classes & {"mrel", "mbin", "mpunct"} and "op-symbol" not in classes:
        return Element("mi", text=sign, attributes={"mathvariant": "normal"} if variant is None else attributes)
    if sign in "∣∥" and "mord" in classes:
        return Element("mi", text=sign, attributes={"mathvariant": "normal"})
    return Element("mo", text=sign, attributes=attributes)


def fence(sign: str, classes: frozenset[str], grown: bool, size: str = "") -> Element:
    """A delimiter, which has grown with what it encloses, or is of a size of its own."""
    opens = "mopen" in classes
    attributes = {"form": "prefix" if opens else "postfix", "data-mjx-texclass": "OPEN" if opens else "CLOSE"}
    attributes |= {"fence": "true"} if grown else {"stretchy": "false"}
    return Element("mo", text=sign, attributes=attributes | ({"minsize": size, "maxsize": size} if size else {}))


def sized(sizing: DOMNode, classes: frozenset[str], around: frozenset[str]) -> Element:
    """A delimiter larger than its font: one of `\\big`, or one that has grown with what it encloses."""
    sign = sizing.text.strip("\u200b \n")
    if "mult" in classes_of(sizing):
        sign = fence_of(sizing)
    if len(sign) != 1:
        raise ForeignError
    size = next((_SIZES[name] for name in classes_of(sizing) if name in _SIZES), "")
    drawn = sizing.query_selector("svg[height]")
    if drawn is not None:
        size = drawn.getattr("height") or ""
    grown = "delimcenter" in classes or "minner" in around
    if classes & {"mopen", "mclose"}:
        return fence(sign, classes, grown, "" if grown else size)
    return Element("mo", text=sign, attributes={} if grown else {"minsize": size, "maxsize": size})
