"""Formulas that a renderer has drawn: their source beside or within the drawing, else the drawing read back."""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode

from pipeline.extract.delimited import asciimath
from pipeline.extract.marked import images, katexhtml, rendered
from pipeline.extract.marked.markup import TEX, role
from pipeline.extract.marked.source import of_text
from pipeline.extract.marked.surroundings import CENTRED, stands_alone
from pipeline.extract.mathml import mathml, mathtree
from pipeline.extract.mathml.tables import labels as row_labels
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula, Piece, undelimited

_TEX_ANNOTATION = re.compile(r"(?:application/x-)?(?:la)?tex|text/(?:x-)?(?:la)?tex", re.IGNORECASE)
_RENDERED_ROLES = ("rendered", "preview")
_BRACED = re.compile(r"(\\[bB]igg?[lrm]?)\{(\\?[^{}a-zA-Z]|\\[a-zA-Z]+)\}")
"""LaTeXML puts the delimiter after `\\bigl` into braces."""


def script(node: DOMNode, tag: str, classes: str) -> list[Piece]:
    kind = (node.getattr("type") or "").lower()
    display = "mode=display" in kind.replace(" ", "")
    if kind.startswith("math/tex"):
        return [undelimited(node.text, display, "script")]
    if kind.startswith("math/asciimath"):
        return [Formula(asciimath.to_tex(node.text), stands_alone(node, first=_drawing(node)), "script/converted")]
    if kind.startswith("math/mml"):
        tree = mathtree.of_source(node.text)
        return converted(tree, display or tree.get("display") == "block", "script") if tree is not None else []
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


def of_mathml(node: DOMNode, tag: str = "math", classes: str = "", display: bool | None = None) -> list[Piece]:
    """TeX of a `math` element: its annotation, else its alternative text, else converted."""
    if display is None:
        said = node.getattr("display") or node.getattr("mode")
        display = said in ("block", "display") or (not said and stands_alone(node, blocks=CENTRED))
    for annotation in node.query_selector_all("annotation[encoding]"):
        if _TEX_ANNOTATION.fullmatch((annotation.getattr("encoding") or "").strip()) and annotation.text.strip():
            return [undelimited(annotation.text, display, "annotation")]
    for name in ("alttext", "data-latex"):
        if source := (node.getattr(name) or "").strip():
            return [undelimited(_BRACED.sub(r"\1\2", source), display, "alttext")]
    return converted(mathtree.of_node(node), display, "mathml")


def katex(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    display = has(node, ".katex-display") or "display" in classes or "block" in classes
    maths = [math for math in node.query_selector_all("math") if not has(math, "math")]  # each text once
    formulas = [piece for math in maths for piece in of_mathml(math, display=display or None)]
    if formulas:
        return formulas
    # CSDN strips the tags of the MathML: the source is the last paragraph of what is left.
    bare = node.query_selector(".katex-mathml")
    if bare is not None and (paragraphs := re.split(r"\n\s*\n", bare.text.strip())) and paragraphs[-1]:
        return [Formula(paragraphs[-1], display, "annotation")]
    drawn = node.query_selector(".katex-html")
    if drawn is None:
        return of_text(node, tag, classes, True)
    if labelled := _labelled(node, display):
        return labelled
    tree = katexhtml.of_node(drawn)
    return converted(tree, display, "katex") if tree is not None else [Formula("", display, "katex/refused")]


def wikipedia(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    math, image = node.query_selector("math"), node.query_selector("img[alt]")
    display = "block" in classes or (image is not None and "display" in image.class_name) or stands_alone(node, CENTRED)
    if math is not None:
        return of_mathml(math, display=display or None)
    return [*images.read(image)] if image is not None else None


def of_rendered(node: DOMNode, tag: str, classes: str) -> list[Piece]:
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
        return of_mathml(math, display=display or None)
    holder = node if node.hasattr("data-mathml") else node.query_selector("[data-mathml]")
    tree = (
        mathtree.of_source(holder.getattr("data-mathml") or "") if holder is not None else rendered.of_container(node)
    )
    if tree is not None:
        return converted(tree, display or tree.get("display") == "block", "rendered")
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


def preview(node: DOMNode, tag: str, classes: str) -> list[Piece] | None:
    """Dropped where what it stands in for follows; else it is all there is."""
    following = node.next_element
    replaced = following is not None and (
        following.tag in ("script", "mjx-container") or role(following.class_name) == "rendered"
    )
    if replaced or "katex-html" in classes:
        return []
    return None if node.text.strip() or has(node, "img") else []


def _labelled(node: DOMNode, display: bool) -> list[Piece]:
    """The source in what a rendering offers to screen readers."""
    for name in ("aria-label", "title", "alt"):
        holder = node if node.hasattr(name) else node.query_selector(f"[{name}]")
        text = (holder.getattr(name) or "") if holder is not None else ""
        if TEX.search(text):
            return [undelimited(text.strip(), display, "attribute")]
    return []


def converted(tree: mathtree.Element, display: bool, kind: str) -> list[Piece]:
    """A formula made from MathML, and the numbers of its equations."""
    formula = Formula(mathml.to_tex(tree), display, f"{kind}/converted")
    labels = row_labels(tree)
    return [formula, labels] if labels else [formula]
