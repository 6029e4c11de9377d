"""Mathematics that the markup of a page marks as such: which formulas an element stands for.

Every way of writing gives its source at most once: what a renderer drew beside it is dropped. The names by which
markup is known are in `markup.toml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from resiliparse.parse.html import DOMNode

from pipeline.extract.delimited import asciimath
from pipeline.extract.delimited.configuration import Page
from pipeline.extract.delimited.delimiters import LONGEST, split
from pipeline.extract.marked import comments, equations, htmlmath, images, katexhtml, rendered
from pipeline.extract.marked.markup import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    TEX,
    element_role,
    is_displayed,
    looks_like_tex,
    role,
)
from pipeline.extract.marked.surroundings import NUMBER, stands_alone
from pipeline.extract.mathml import mathml, mathtree
from pipeline.extract.mathml.tables import labels as row_labels
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula, undelimited

Piece = Formula | str
"""A formula, or the text beside it that belongs to it, such as the equation's number."""

_TEX_ANNOTATION = re.compile(r"(?:application/x-)?(?:la)?tex|text/(?:x-)?(?:la)?tex", re.IGNORECASE)
_DRAWN = "math, script, img, .katex, .MathJax, mjx-container, mjx-math, .mjx-chtml, .MathJax_SVG, .MathJax_CHTML"
_STRUCTURE = "p, ul, ol, table, pre, code, h1, h2, h3, h4, h5, h6, form, nav, section, article"
_SCRIPT = re.compile(r"[_^]")
_DELIMITER = re.compile(r"(?<!\\)\$|\\[(\[]")
_NO_FORMULAS = frozenset(
    ("a", "code", "pre", "body", "html", "h1", "h2", "h3", "h4", "h5", "h6", "button", "nav", "ul", "ol", "label")
)
"""Elements whose class `math` or `latex` speaks of a subject or a language."""
MOST_BOXES = 8
"""Boxes within boxes that are read as such; what lies deeper is only layout."""
_RENDERED_ROLES = ("rendered", "preview")
_SETTING = frozenset(("data-math-style", "inline", "mode", "env", "block", "display", "data-display"))
"""Attributes by which an element says how its formula is set."""
_DISPLAYS = ("block", "display")
_ANY_DELIMITER = Page(renders=True, dollar=True)


@dataclass(frozen=True, slots=True)
class Markup:
    """What is known of a page's markup before the walk."""

    attributes: tuple[str, ...] = ()
    """The attributes that hold formulas on some element of the page."""
    comments: bool = False
    """Comments before formulas hold their sources."""
    boxes: int = 0
    """Boxes that are being read around what is read now."""

    @classmethod
    def of(cls, signs: frozenset[str]) -> Markup:
        return cls(tuple(sorted(ATTRIBUTE_NAMES & signs)), comments.SIGN in signs)

    def read(self, node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
        """What `node` as a whole stands for (nothing, for a rendering to be dropped); None if it is no maths."""
        named = element_role(tag) or (role(classes) if classes else "")
        if self.attributes and named not in ("image", "script", "rendered", "preview"):
            formulas = _attributed(node, classes, self.attributes)
            if formulas is not None:
                return formulas
        if self.comments and named and (formulas := comments.read(node)) is not None:
            return formulas
        if not named:
            return equations.read(node, self.within(), False) if tag == "table" and self.boxes < MOST_BOXES else None
        if named in ("display", "equations", "likely") or (named == "source" and tag == "div"):
            return _box(node, tag, classes, named, self)
        return _READERS[named](node, tag, classes)

    def within(self) -> equations.Box:
        """How to read what is in one more box."""
        return equations.Box(replace(self, boxes=self.boxes + 1).read, self.boxes > 0)


def _box(node: DOMNode, tag: str, classes: str, named: str, markup: Markup) -> list[Piece] | None:
    """An element that holds formulas' source, or the formulas themselves."""
    if tag in _NO_FORMULAS and named != "source" and not (tag == "pre" and classes == "math"):
        return None
    if tag in ("table", "tbody") or named == "equations":
        return equations.read(node, markup.within(), named=True) if markup.boxes < MOST_BOXES else None
    if has(node, _DRAWN):
        if _is_display(node, tag, classes) or named == "display":
            return equations.displayed(node, markup.within()) if markup.boxes < MOST_BOXES else None
        return _html(node, tag, classes) if has(node, "img") and node.text.strip() else None
    if named == "display" and not TEX.search(node.text[:2000]):
        return None
    return _source(node, tag, classes, named != "likely")


def _is_display(node: DOMNode, tag: str, classes: str) -> bool | None:
    """What an element says of how its formula is set; None if it says nothing."""
    names = classes.lower()
    if "inline" in names:
        return False
    said = _SETTING.intersection(node.attrs)  # of which most elements have none
    if said and _says_inline(node):
        return False
    if "display" in names or "block" in names or tag.startswith(_DISPLAYS) or tag.endswith((*_DISPLAYS, "div")):
        return True
    return True if (said and _says_display(node)) or tag in ("div", "p", "center", "figure", "pre") else None


def _says_inline(node: DOMNode) -> bool:
    return node.getattr("data-math-style") == "inline" or node.getattr("inline") not in (None, "false")


def _says_display(node: DOMNode) -> bool:
    if node.getattr("data-math-style") == "display" or "display" in (node.getattr("mode") or node.getattr("env") or ""):
        return True
    return node.hasattr("block") or (node.getattr("display") or node.getattr("data-display")) in ("true", "block")


def _attributed(node: DOMNode, classes: str, names: tuple[str, ...]) -> list[Piece] | None:
    """The formula in an attribute of an element, if the element shows that and no more."""
    for name in names:
        source = node.getattr(name)
        if not source or len(node.text) > 30 * len(source) + 300:
            continue
        display = _is_display(node, str(node.tag), classes)
        if name in ATTRIBUTES["mathml"]:
            tree = mathtree.of_source(source)
            return _converted(tree, bool(display), "attribute") if tree is not None else None
        if name in ATTRIBUTES["asciimath"]:
            return [Formula(asciimath.to_tex(source), bool(display), "attribute/converted")]
        if looks_like_tex(source):
            return [_of_attribute(node, source.strip(), display)]
    return None


def _of_attribute(node: DOMNode, source: str, display: bool | None) -> Formula:
    """Zhihu ends the source of a displayed formula with a line break."""
    if display is None:
        display = source.endswith("\\\\") or is_displayed(source) or stands_alone(node)
    formula = undelimited(source, display, "attribute")
    return formula._replace(tex=formula.tex.removesuffix("\\\\"))


def _converted(tree: mathtree.Element, display: bool, kind: str) -> list[Piece]:
    """A formula made from MathML, and the numbers of its equations."""
    formula = Formula(mathml.to_tex(tree), display, f"{kind}/converted")
    labels = row_labels(tree)
    return [formula, labels] if labels else [formula]


def _script(node: DOMNode, tag: str, classes: str) -> list[Piece]:
    kind = (node.getattr("type") or "").lower()
    display = "mode=display" in kind.replace(" ", "")
    if kind.startswith("math/tex"):
        return [undelimited(node.text, display, "script")]
    if kind.startswith("math/asciimath"):
        return [Formula(asciimath.to_tex(node.text), stands_alone(node, first=_drawing(node)), "script/converted")]
    if kind.startswith("math/mml"):
        tree = mathtree.of_source(node.text)
        return _converted(tree, display or tree.get("display") == "block", "script") if tree is not None else []
    return []


def _drawing(script: DOMNode) -> DOMNode:
    """The first of the elements before a script that show what it says."""
    first = script
    for _ in range(2):
        before = first.prev_element
        if before is None or role(before.class_name) not in _RENDERED_ROLES:
            break
        first = before
    return first


def _mathml(node: DOMNode, tag: str = "math", classes: str = "", display: bool | None = None) -> list[Piece]:
    """TeX of a `math` element: its annotation, else its alternative text, else converted."""
    if display is None:
        said = node.getattr("display") or node.getattr("mode")
        display = said in ("block", "display") or (not said and stands_alone(node, blocks=_CENTRED))
    for annotation in node.query_selector_all("annotation[encoding]"):
        if _TEX_ANNOTATION.fullmatch((annotation.getattr("encoding") or "").strip()) and annotation.text.strip():
            return [undelimited(annotation.text, display, "annotation")]
    for name in ("alttext", "data-latex"):
        if source := (node.getattr(name) or "").strip():
            return [undelimited(_BRACED.sub(r"\1\2", source), display, "alttext")]
    return _converted(mathtree.of_node(node), display, "mathml")


_BRACED = re.compile(r"(\\[bB]igg?[lrm]?)\{(\\?[^{}a-zA-Z]|\\[a-zA-Z]+)\}")
"""LaTeXML puts the delimiter after `\\bigl` into braces."""
_CENTRED = frozenset(("center", "dd", "figure"))


def _katex(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    display = has(node, ".katex-display") or "display" in classes or "block" in classes
    maths = [math for math in node.query_selector_all("math") if not has(math, "math")]  # each text once
    formulas = [piece for math in maths for piece in _mathml(math, display=display or None)]
    if formulas:
        return formulas
    # CSDN strips the tags of the MathML: the source is the last paragraph of what is left.
    bare = node.query_selector(".katex-mathml")
    if bare is not None and (paragraphs := re.split(r"\n\s*\n", bare.text.strip())) and paragraphs[-1]:
        return [Formula(paragraphs[-1], display, "annotation")]
    drawn = node.query_selector(".katex-html")
    if drawn is None:
        return _source(node, tag, classes, True)
    if labelled := _labelled(node, display):
        return labelled
    tree = katexhtml.of_node(drawn)
    return _converted(tree, display, "katex") if tree is not None else [Formula("", display, "katex/refused")]


def _labelled(node: DOMNode, display: bool) -> list[Piece]:
    """The source in what a rendering offers to screen readers."""
    for name in ("aria-label", "title", "alt"):
        holder = node if node.hasattr(name) else node.query_selector(f"[{name}]")
        text = (holder.getattr(name) or "") if holder is not None else ""
        if TEX.search(text):
            return [undelimited(text.strip(), display, "attribute")]
    return []


def _wikipedia(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    math, image = node.query_selector("math"), node.query_selector("img[alt]")
    display = (
        "block" in classes or (image is not None and "display" in image.class_name) or stands_alone(node, _CENTRED)
    )
    if math is not None:
        return _mathml(math, display=display or None)
    return [*images.read(image)] if image is not None else None


def _rendered(node: DOMNode, tag: str, classes: str) -> list[Piece]:
    """What MathJax drew; its source follows in a script (version 2), or lies within as MathML, or is lost."""
    if _has_script(node):
        return []
    display = node.getattr("display") == "true" or "isplay" in classes or has(node, "[class*=isplay]")
    for name in ("data-latex", "data-original-latex"):
        holder = node if node.hasattr(name) else node.query_selector(f"[{name}]")
        if holder is not None and (source := holder.getattr(name)):
            return [undelimited(source, display, "rendered")]
    math = node.query_selector("math")
    if math is not None:
        return _mathml(math, display=display or None)
    holder = node if node.hasattr("data-mathml") else node.query_selector("[data-mathml]")
    tree = (
        mathtree.of_source(holder.getattr("data-mathml") or "") if holder is not None else rendered.of_container(node)
    )
    if tree is not None:
        return _converted(tree, display or tree.get("display") == "block", "rendered")
    return _labelled(node, display) or [Formula("", display, "rendered/refused")]


def _has_script(node: DOMNode) -> bool:
    """Whether the element after a rendering, or after one more part of it, is its source."""
    following = node.next_element
    for _ in range(2):
        if following is not None and role(following.class_name) in _RENDERED_ROLES:
            following = following.next_element
    if following is None or following.tag != "script":
        return False
    return (following.getattr("type") or "").lower().startswith(("math/tex", "math/mml", "math/asciimath"))


def _preview(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    """Dropped where what it stands in for follows; else it is all there is."""
    following = node.next_element
    replaced = following is not None and (
        following.tag in ("script", "mjx-container") or role(following.class_name) == "rendered"
    )
    if replaced or "katex-html" in classes:
        return []
    return None if node.text.strip() or has(node, "img") else []


def _likely(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    return None if tag in _NO_FORMULAS else _source(node, tag, classes, sure=False)


def _certain(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    return _source(node, tag, classes, sure=True)


def _source(node: DOMNode, tag: str, classes: str, sure: bool) -> list[Piece] | None:
    """TeX as an element's text, with its delimiters or without; formulas of HTML in the same place."""
    if (packed := node.getattr("data-attrs")) and (source := _packed(packed)):
        return [Formula(source, True, "attribute")]
    if has(node, _DRAWN) or (tag != "pre" and has(node, _STRUCTURE)):
        return None
    text = node.text.strip()
    if len(text) > LONGEST:
        return None
    display = _is_display(node, tag, classes)
    if _DELIMITER.search(text):
        return _delimited(text, display, sure)
    sure = sure or "inline" in classes or "display" in classes
    if not text or not (sure or looks_like_tex(text)):
        return None
    if "\\" not in text and has(node, "sup, sub, em, i, var"):
        return _html(node, tag, classes)
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


def _html(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    """A formula of HTML, in which TeX's own signs may stand beside raised and lowered letters."""
    text = node.text
    if _DELIMITER.search(text) or "\\" in text:
        return _source(node, tag, classes, sure=True)
    display = _is_display(node, tag, classes)
    if not has(node, "sup, sub") and _SCRIPT.search(text):
        return [Formula(htmlmath.symbols(text), bool(display), "element")]
    tree = htmlmath.of_node(node)
    if tree is None:
        return None
    display = stands_alone(node, blocks=_CENTRED) if display is None else display
    return [Formula(mathml.to_tex(tree), display, "html/converted")]


def _asciimath(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    if has(node, _DRAWN):
        return None
    return [
        Formula(
            asciimath.to_tex(node.text.strip().strip("`")), bool(_is_display(node, tag, classes)), "asciimath/converted"
        )
    ]


_READERS: dict[str, Callable[[DOMNode, str, str], list[Piece] | None]] = {
    "script": _script, "image": lambda node, tag, classes: [*images.read(node)], "mathml": _mathml, "katex": _katex,
    "wikipedia": _wikipedia, "rendered": _rendered, "preview": _preview, "source": _certain, "html": _html,
    "asciimath": _asciimath,
}  # fmt: skip
