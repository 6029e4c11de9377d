"""Formulas drawn as images: the source is in the address, in an attribute, or in the alternative text."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from resiliparse.parse.html import DOMNode

from pipeline.extract.marked.markup import (
    ATTRIBUTES,
    LONGEST_CLASS,
    MARKUP,
    TEX,
    is_displayed,
    looks_like_tex,
    role,
    unwrapped,
)
from pipeline.extract.marked.surroundings import stands_alone
from pipeline.extract.mathml import mathml, mathtree
from pipeline.extract.tex import Formula, undelimited

LONGEST_ADDRESS = 8192
"""Characters of an image's address that are looked at; what is longer carries the image itself."""

_SERVICE = re.compile("|".join(re.escape(service.lower()) for service in MARKUP["images"]["services"]))
_CLASSES = frozenset(MARKUP["images"]["classes"])
_INLINE, _DISPLAY = (frozenset(MARKUP["images"][name]) for name in ("inline", "display"))
_PARAMETERS = tuple(MARKUP["images"]["parameters"])
_STYLING = re.compile(
    r"^(?:\\(?:dpi|bg|fg|inline|large|small|Large|LARGE|huge|tiny|normalsize|footnotesize|fn_\w+|bg_\w+|fg_\w+|parstyle)\b"
    r"\s*(?:\{[^{}]*\})?\s*)+"
)
_PREAMBLE = re.compile(
    r"^(?:\s*%[^\n]*\n|\s*\\setcounter\{\w+\}\{\d+\}|LaTeX:|\[(?:tex|math|latex)\]|\$latex\b)+", re.IGNORECASE
)
_POSTAMBLE = re.compile(r"\[/(?:tex|math|latex)\]\s*$", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"\s*\\begin\{[a-z]+\*?\}", re.IGNORECASE)
_PATH = re.compile(r"\s*(?:[a-zA-Z]:\\|\\\\\w)")
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
_DISPLAYED = re.compile(r"\\displaystyle\b\s*")


def read(node: DOMNode) -> list[Formula]:
    """The formula that an image shows, if it shows one."""
    for name in ATTRIBUTES["mathml"]:
        if (source := node.getattr(name)) and (tree := mathtree.of_source(source)) is not None:
            return [Formula(mathml.to_tex(tree), stands_alone(node), "image/converted")]
    tex = _source(node).strip()
    if not tex:
        return []
    inline = "\\inline" in tex[:20]
    if "\n" in tex and not TEX.search(tex):  # TeX4ht draws a formula in characters
        return [Formula("", False, "image/refused")]
    tex = _STYLING.sub("", _POSTAMBLE.sub("", _PREAMBLE.sub("", tex)).strip())
    formula = undelimited(tex, False, "image")
    if not formula.tex.strip():
        return []
    display = formula.display or (not inline and _is_display(node, formula.tex, formula.tex != tex))
    if not display:
        return [formula]
    body = unwrapped(_DISPLAYED.sub("", formula.tex, count=1)).rstrip().removesuffix("\\\\")
    return [Formula(_stacked(body), True, "image")]


def _stacked(tex: str) -> str:
    """Sphinx draws a formula with blank lines in it as several, one under the other."""
    if "\\begin" in tex:
        return tex
    rows = [row.strip() for row in _BLANK_LINE.split(tex)]
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}" if len(rows) > 1 else tex


def _source(node: DOMNode) -> str:
    address = (node.getattr("src") or node.getattr("data-src") or "")[:LONGEST_ADDRESS]
    alternative = node.getattr("alt") or ""
    for name in ATTRIBUTES["tex"]:
        if source := node.getattr(name):
            return str(source)
    if not address.startswith("data:") and _SERVICE.search(address.lower()):
        return _queried(address, alternative)
    if not _CLASSES.isdisjoint(node.class_name[:LONGEST_CLASS].split()):
        return alternative or node.getattr("title") or ""
    return alternative if _is_tex(alternative, node.class_name) else ""


def _is_tex(alternative: str, classes: str) -> bool:
    """Whether an image shows its alternative text as a formula, though nothing that is known says so."""
    if "\\" not in alternative and "$" not in alternative and not role(classes):
        return False
    if undelimited(alternative, False, "image").tex != alternative or _ENVIRONMENT.match(
        _PREAMBLE.sub("", alternative)
    ):
        return True
    return looks_like_tex(alternative) and not _PATH.match(alternative)


def _queried(address: str, alternative: str) -> str:
    """The TeX in the address of a service: a parameter if it has one, else the whole query or the end of the path."""
    try:
        parts = urlsplit(address.replace("&amp;", "&").replace("&space;", "%20").replace("&plus;", "%2B"))
    except ValueError:
        return alternative
    parameters = parse_qs(parts.query)
    # A formula's own ampersand cuts the parameter short.
    if "&" in alternative and TEX.search(alternative):
        return alternative
    for name in _PARAMETERS:
        if name in parameters:
            return parameters[name][0]
    if parts.query:
        return unquote(parts.query)
    return alternative or unquote_plus(parts.path.rpartition("/")[2])


def _is_display(node: DOMNode, tex: str, delimited: bool) -> bool:
    classes = node.class_name[:LONGEST_CLASS].split()
    if not _DISPLAY.isdisjoint(classes) or tex.endswith("\\\\"):
        return True
    if not _INLINE.isdisjoint(classes):
        return False
    if is_displayed(tex):
        return True
    if _DISPLAYED.match(tex):
        return not delimited or stands_alone(node)
    return not delimited and stands_alone(node)
