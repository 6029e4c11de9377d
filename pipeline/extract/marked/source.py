"""Formulas that an element holds as text: TeX with delimiters or without, AsciiMath, or HTML that raises letters."""

from __future__ import annotations

import json
import re

from resiliparse.parse.html import DOMNode

from pipeline.extract.delimited import asciimath
from pipeline.extract.delimited.configuration import Page
from pipeline.extract.delimited.delimiters import LONGEST, split
from pipeline.extract.marked import htmlmath
from pipeline.extract.marked.display import is_display
from pipeline.extract.marked.markup import TEX, is_displayed, looks_like_tex
from pipeline.extract.marked.surroundings import CENTRED, NUMBER, stands_alone
from pipeline.extract.mathml import mathml
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula, Piece, undelimited

DRAWN = "math, script, img, .katex, .MathJax, mjx-container, mjx-math, .mjx-chtml, .MathJax_SVG, .MathJax_CHTML"
"""What renderers leave on a page."""
_STRUCTURE = "p, ul, ol, table, pre, code, h1, h2, h3, h4, h5, h6, form, nav, section, article"
_SCRIPT = re.compile(r"[_^]")
_DELIMITER = re.compile(r"\$(?<!\\\$)|\\[(\[]")
_ANY_DELIMITER = Page(renders=True, dollar=True)


def of_named(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    """The text of an element that by its name is a formula."""
    return of_text(node, tag, classes, sure=True)


def of_text(node: DOMNode, tag: str, classes: str, sure: bool) -> list[Piece] | None:
    """TeX as an element's text, with its delimiters or without; formulas of HTML in the same place."""
    if (packed := node.getattr("data-attrs")) and (source := _packed(packed)):
        return [Formula(source, True, "attribute")]
    if has(node, DRAWN) or (tag != "pre" and has(node, _STRUCTURE)):
        return None
    text = node.text.strip()
    if len(text) > LONGEST:
        return None
    display = is_display(node, tag, classes)
    if _DELIMITER.search(text):
        return _delimited(text, display, sure)
    sure = sure or "inline" in classes or "display" in classes
    if not text or not (sure or looks_like_tex(text)):
        return None
    if "\\" not in text and has(node, "sup, sub, em, i, var"):
        return of_html(node, tag, classes)
    if display is None:
        display = is_displayed(text) or stands_alone(node)
    return [Formula(text if "\\" in text else htmlmath.symbols(text), display, "element")]


def _packed(attributes: str) -> str:
    """Substack keeps the source in an attribute that is JSON."""
    try:
        values = json.loads(attributes)
    except (ValueError, RecursionError):
        return ""
    source = values.get("persistentExpression") if isinstance(values, dict) else None
    return source if isinstance(source, str) else ""


def _delimited(text: str, display: bool | None, sure: bool) -> list[Piece] | None:
    """The formulas of a text with delimiters, of which there may be several."""
    formula = undelimited(text, bool(display), "element")
    if formula.tex != text:
        return [Formula(formula.tex, formula.display or bool(display and text.startswith("$")), "element")]
    pieces = list(split(text, _ANY_DELIMITER))
    formulas: list[Piece] = [piece._replace(kind="element") for piece in pieces if isinstance(piece, Formula)]
    numbers = [piece.strip(" ¶#\n") for piece in pieces if isinstance(piece, str)]
    if formulas and (sure or display) and all(map(NUMBER.fullmatch, numbers)):
        return formulas + [number for number in numbers if number]
    # Mathematics within the text of a formula has delimiters of its own.
    return [formula] if TEX.match(text) else None


def of_html(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    """A formula of HTML, in which TeX's own signs may stand beside raised and lowered letters."""
    text = node.text
    if _DELIMITER.search(text) or "\\" in text:
        return of_text(node, tag, classes, sure=True)
    display = is_display(node, tag, classes)
    if not has(node, "sup, sub") and _SCRIPT.search(text):
        return [Formula(htmlmath.symbols(text), bool(display), "element")]
    tree = htmlmath.of_node(node)
    if tree is None:
        return None
    display = stands_alone(node, blocks=CENTRED) if display is None else display
    return [Formula(mathml.to_tex(tree), display, "html/converted")]


def of_asciimath(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    """AsciiMath as an element's text."""
    if has(node, DRAWN):
        return None
    tex = asciimath.to_tex(node.text.strip().strip("`"))
    return [Formula(tex, bool(is_display(node, tag, classes)), "asciimath/converted")]
