"""Mathematics that the markup of a page marks as such: which formulas an element stands for.

Every way of writing gives its source at most once: what a renderer drew beside it is dropped.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

from resiliparse.parse.html import DOMNode, HTMLTree

from pipeline.extract import mathml
from pipeline.extract.tex import Formula, undelimited

LONGEST_CLASS = 500
"""Characters of a class attribute that are looked at, so that what is remembered of them stays small."""
LONGEST_ADDRESS = 8192
"""Characters of an image's address that are looked at; what is longer carries the image itself."""

_TEX_ANNOTATION = re.compile(r"(?:application/x-)?(?:la)?tex|text/(?:x-)?(?:la)?tex", re.IGNORECASE)
_IMAGE_SERVICE = re.compile(
    r"latex\.php|/_images/math/|codecogs\.com/|mimetex|mathtex|tex\.cgi|/texrender|chart\.googleapis\.com/chart\?cht=tx|/latex\?",
    re.IGNORECASE,
)
_IMAGE_CLASSES = frozenset(
    ("tex", "latex", "math", "mathtex", "texrender", "wp-katex-eq", "mwe-math-fallback-image-inline",
     "mwe-math-fallback-image-display", "ee_img", "tex-image", "latexImg", "texer")
)  # fmt: skip
_COMMAND = re.compile(r"\\[a-zA-Z]")
_DELIMITER = re.compile(r"\$|\\[(\[]")
_STYLING = re.compile(
    r"^(?:\\(?:dpi|bg|fg|inline|large|small|LARGE|huge|tiny|normalsize|footnotesize|fn_\w+)\b\s*(?:\{[^{}]*\})?\s*)+"
)

_ROLES = {
    "katex-display": "katex", "katex": "katex", "mwe-math-element": "wikipedia", "math-container": "container",
    "MathJax": "rendered", "MathJax_Display": "rendered", "MathJax_SVG": "rendered", "MathJax_SVG_Display": "rendered",
    "MathJax_CHTML": "rendered", "mjx-chtml": "rendered", "MJXc-display": "rendered", "MathJax_Preview": "preview",
    "MathJax_Processing": "preview", "MJX_Assistive_MathML": "rendered", "katex-html": "preview",
    "math": "marked", "Math": "marked", "tex": "marked", "latex": "marked", "wp-katex-eq": "marked",
}  # fmt: skip


@lru_cache(maxsize=8192)
def _role(class_name: str) -> str:
    return next((_ROLES[name] for name in class_name.split() if name in _ROLES), "")


def read(node: DOMNode, tag: str, classes: str) -> list[Formula] | None:
    """The formulas that `node` as a whole stands for (none, for a rendering to be dropped); None if it is no maths."""
    if tag == "script":
        return _script(node)
    if tag == "img":
        return _image(node)
    if tag == "mjx-container":
        return _rendered(node)
    if tag == "math" or tag.endswith(":math"):
        return [_mathml(node)]
    if tag in ("d-math", "dt-math"):  # distill.pub
        return [Formula(node.text, node.hasattr("block"), "container")]
    role = _role(classes[:LONGEST_CLASS]) if classes else ""
    return _READERS[role](node) if role else None


def _script(node: DOMNode) -> list[Formula]:
    kind = (node.getattr("type") or "").lower()
    if kind.startswith("math/tex"):
        return [Formula(node.text, "mode=display" in kind.replace(" ", ""), "script")]
    if kind.startswith("math/mml"):
        inner = HTMLTree.parse(node.text).document.query_selector("math")
        return [_mathml(inner)] if inner is not None else []
    return []


def _mathml(node: DOMNode, display: bool | None = None) -> Formula:
    """TeX of a `math` element: its annotation, else its alternative text, else converted."""
    if display is None:
        display = node.getattr("display") == "block" or node.getattr("mode") == "display"
    for annotation in node.query_selector_all("annotation[encoding]"):
        if _TEX_ANNOTATION.fullmatch((annotation.getattr("encoding") or "").strip()):
            return undelimited(annotation.text, display, "annotation")
    for name in ("alttext", "data-latex"):
        if source := (node.getattr(name) or "").strip():
            return Formula(source, display, "alttext")
    return Formula(mathml.to_tex(node), display, "mathml")


def _katex(node: DOMNode) -> list[Formula]:
    display = "katex-display" in node.class_name.split()
    formulas = [_mathml(math, display or None) for math in node.query_selector_all("math")]
    # CSDN strips the tags of the MathML: the source is the last paragraph of what is left.
    bare = node.query_selector(".katex-mathml") if not formulas else None
    if bare is not None and (paragraphs := re.split(r"\n\s*\n", bare.text.strip())):
        return [Formula(paragraphs[-1], display, "annotation")]
    return formulas or [Formula("", display, "refused")]


def _wikipedia(node: DOMNode) -> list[Formula] | None:
    math = node.query_selector("math")
    if math is not None:
        return [_mathml(math)]
    image = node.query_selector("img[alt]")
    return _image(image) if image is not None else None


def _rendered(node: DOMNode) -> list[Formula]:
    """What MathJax drew; its source follows in a script (version 2), or lies within as MathML, or is lost."""
    if _has_script(node):
        return []
    display = node.getattr("display") == "true" or "isplay" in node.class_name or None
    math = node.query_selector("math")
    if math is not None:
        return [_mathml(math, display)]
    holder = node if node.hasattr("data-mathml") else node.query_selector("[data-mathml]")
    if holder is not None:
        inner = HTMLTree.parse(holder.getattr("data-mathml") or "").document.query_selector("math")
        return [_mathml(inner, display)] if inner is not None else []
    source = node.query_selector("[data-latex]")
    tex = (source.getattr("data-latex") or "") if source is not None else ""
    return [Formula(tex, bool(display), "alttext" if tex else "refused")]


def _has_script(node: DOMNode) -> bool:
    """Whether the element after a rendering, or after one more part of it, is its source."""
    following = node.next_element
    if following is not None and _role(following.class_name[:LONGEST_CLASS]) in ("rendered", "preview"):
        following = following.next_element
    if following is None or following.tag != "script":
        return False
    return (following.getattr("type") or "").lower().startswith(("math/tex", "math/mml"))


def _preview(node: DOMNode) -> list[Formula]:
    return []


def _container(node: DOMNode) -> list[Formula] | None:
    """StackExchange: the source between dollars, unless the page was saved after rendering."""
    if node.first_element_child is not None:
        return None
    return [undelimited(node.text, False, "container")]


def _marked(node: DOMNode) -> list[Formula] | None:
    """Pandoc, Sphinx and others put the source, with its delimiters or without, into an element of class `math`."""
    text = node.text.strip()
    if node.query_selector("math, script, img, .katex, .MathJax, mjx-container, p") is not None:
        return None
    formula = undelimited(text, False, "container")
    if formula.tex != text:
        return [formula]
    if node.first_element_child is None and _COMMAND.search(text) and not _DELIMITER.search(text):
        return [Formula(text, node.tag == "div" or text.startswith("\\begin{"), "container")]
    return None


_READERS = {
    "katex": _katex, "wikipedia": _wikipedia, "rendered": _rendered, "preview": _preview, "container": _container,
    "marked": _marked,
}  # fmt: skip


def _image(node: DOMNode) -> list[Formula]:
    """A formula drawn by a service that has its source in the address, or by a program that leaves it in `alt`.

    LaTeX2HTML and Doxygen name no class that others share, but put the source between its delimiters.
    """
    source = (node.getattr("src") or node.getattr("data-src") or "")[:LONGEST_ADDRESS]
    classes = node.class_name.split()
    if _IMAGE_SERVICE.search(source):
        tex = _query(source) or node.getattr("alt") or ""
    elif any(name in _IMAGE_CLASSES for name in classes):
        tex = node.getattr("alt") or ""
    else:
        tex = (node.getattr("alt") or "").strip()
        if undelimited(tex, False, "image").tex == tex:
            return []
    tex = _STYLING.sub("", tex.strip())
    formula = undelimited(tex, tex.startswith("\\displaystyle") or _is_display(node), "image")
    return [formula] if formula.tex.strip() else []


def _is_display(image: DOMNode) -> bool:
    if "display" in image.class_name:
        return True
    parent = image.parent
    grand = parent.parent if parent is not None else None
    return any(box is not None and box.tag == "div" and "math" in box.class_name.split() for box in (parent, grand))


def _query(source: str) -> str:
    """The TeX in the address of an image service: a parameter where it has one, else the whole query or path tail."""
    try:
        query = urlsplit(source.replace("&amp;", "&").replace("&space;", "%20")).query
    except ValueError:
        return ""
    parameters = parse_qs(query)
    for name in ("latex", "chl", "tex", "formula", "eq"):
        if name in parameters:
            return parameters[name][0]
    return unquote(query)
