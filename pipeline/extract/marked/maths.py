"""Mathematics that the markup of a page marks as such: which formulas an element stands for.

Every way of writing gives its source at most once: what a renderer drew beside it is dropped. The names by which
markup is known are in `markup.toml`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from resiliparse.parse.html import DOMNode

from pipeline.extract.delimited import asciimath
from pipeline.extract.marked import comments, drawn, equations, images, source
from pipeline.extract.marked.display import is_display
from pipeline.extract.marked.markup import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    TEX,
    element_role,
    is_displayed,
    looks_like_tex,
    role,
)
from pipeline.extract.marked.surroundings import stands_alone
from pipeline.extract.mathml import mathtree
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula, Piece, undelimited

_NO_FORMULAS = frozenset(
    ("a", "code", "pre", "body", "html", "h1", "h2", "h3", "h4", "h5", "h6", "button", "nav", "ul", "ol", "label")
)
"""Elements whose class `math` or `latex` speaks of a subject or a language."""
MOST_BOXES = 8
"""Boxes within boxes that are read as such; what lies deeper is only layout."""


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
    if has(node, source.DRAWN):
        if is_display(node, tag, classes) or named == "display":
            return equations.displayed(node, markup.within()) if markup.boxes < MOST_BOXES else None
        return source.of_html(node, tag, classes) if has(node, "img") and node.text.strip() else None
    if named == "display" and not TEX.search(node.text[:2000]):
        return None
    return source.of_text(node, tag, classes, named != "likely")


def _attributed(node: DOMNode, classes: str, names: tuple[str, ...]) -> list[Piece] | None:
    """The formula in an attribute of an element, if the element shows that and no more."""
    for name in names:
        value = node.getattr(name)
        if not value or len(node.text) > 30 * len(value) + 300:
            continue
        display = is_display(node, str(node.tag), classes)
        if name in ATTRIBUTES["mathml"]:
            tree = mathtree.of_source(value)
            return drawn.converted(tree, bool(display), "attribute") if tree is not None else None
        if name in ATTRIBUTES["asciimath"]:
            return [Formula(asciimath.to_tex(value), bool(display), "attribute/converted")]
        if looks_like_tex(value):
            return [_of_attribute(node, value.strip(), display)]
    return None


def _of_attribute(node: DOMNode, source: str, display: bool | None) -> Formula:
    """Zhihu ends the source of a displayed formula with a line break."""
    if display is None:
        display = source.endswith("\\\\") or is_displayed(source) or stands_alone(node)
    formula = undelimited(source, display, "attribute")
    return formula._replace(tex=formula.tex.removesuffix("\\\\"))


_READERS: dict[str, Callable[[DOMNode, str, str], list[Piece] | None]] = {
    "script": drawn.script, "image": lambda node, tag, classes: [*images.read(node)], "mathml": drawn.of_mathml,
    "katex": drawn.katex, "wikipedia": drawn.wikipedia, "rendered": drawn.of_rendered, "preview": drawn.preview,
    "source": source.of_named, "html": source.of_html, "asciimath": source.of_asciimath,
}  # fmt: skip
