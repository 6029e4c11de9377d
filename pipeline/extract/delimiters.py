r"""Mathematics that stands in the text of a page between delimiters, and the dollars that only mean money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.extract.tex import Formula

LONGEST = 20_000
"""Characters from an opening delimiter in which its closing one is looked for; bounds the work on hostile text."""

_ENVIRONMENTS = (
    "align|alignat|aligned|array|bmatrix|Bmatrix|cases|displaymath|eqnarray|equation|flalign|gather|gathered|math|"
    "matrix|multline|pmatrix|split|subequations|vmatrix|Vmatrix"
)
_OPENER = re.compile(
    rf"\\(?:[\\$(\[]|begin\{{(?P<environment>(?:{_ENVIRONMENTS})\*?)\}})|\$\$?|\[(?P<tag>tex|math|latex|itex)\]",
    re.IGNORECASE,
)
_CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_INLINE_BODY = re.compile(r"((?:[^$\\]|\\.){1,2000}+)\$(?!\d)", re.DOTALL)

_LOADERS = ("MathJax", "mathjax", "KaTeX", "katex", "math/tex", "jsMath", "ASCIIMathML", "temml", "texzilla")
_INLINE_MATH = re.compile(r"inlineMath[\"']?\s*:\s*\[(.{0,300}?)\]\s*\]", re.DOTALL)
_KATEX_DOLLAR = re.compile(r"left[\"']?\s*:\s*[\"']\$[\"']")

_COMMAND = re.compile(r"\\[a-zA-Z]+")
_SIGNS = re.compile(r"\\[a-zA-Z{},;!]|[\^_=<>+|]")
_WORD = re.compile(r"[a-zA-Z]{3,}")
_TOKEN = re.compile(r"[-+−]?\w{1,3}'*|[-\w.,()+*/!|:;'′ \[\]]{1,24}")
_MONEY = re.compile(
    r"\d[\d,.]*(?:[kKmMbB]\b|\s?(?:bn|mn|million|billion|trillion|thousand|USD|AUD|CAD)\b|[\s,;.:)/–—-]+[a-zA-Z]{2,}|\s*[-–—/,]$)"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What the whole page says about its delimiters."""

    renders: bool
    """The page loads MathJax, KaTeX or a like of them, so that delimiters mean mathematics."""
    dollar: bool | None
    """Its configuration says that `$…$` is, or is not, mathematics; None where it says nothing."""

    @classmethod
    def of(cls, html: str) -> Page:
        renders = any(loader in html for loader in _LOADERS)
        if not renders:
            return cls(False, None)
        configured = _INLINE_MATH.search(html)
        dollar = re.search(r"[\"']\$[\"']", configured[1]) is not None if configured else None
        return cls(True, True if _KATEX_DOLLAR.search(html) else dollar)


def split(text: str, page: Page) -> Iterator[str | Formula]:
    """Cut a block of text into plain text and formulas, in order; the pieces of plain text keep their dollars."""
    start = position = 0
    while opener := _OPENER.search(text, position):
        found = _formula(text, opener, page)
        if found is None:
            position = opener.end()
            continue
        formula, end = found
        if start < opener.start():
            yield text[start : opener.start()]
        yield formula
        start = position = end
    if start < len(text):
        yield text[start:]


def _formula(text: str, opener: re.Match[str], page: Page) -> tuple[Formula, int] | None:
    """The formula that begins at `opener` and where it ends, or None if nothing begins there."""
    token, begin = opener[0], opener.end()
    if opener["environment"]:
        return _environment(text, opener)
    if token == "$":
        body = _INLINE_BODY.match(text, begin)
        plausible = body is not None and "\ue000" not in body[1] and _is_inline(body[1], page)
        return (Formula(body[1], False, "delimiter"), body.end()) if body and plausible else None
    closer = f"[/{opener['tag']}]" if opener["tag"] else _CLOSERS.get(token)
    end = text.find(closer, begin, begin + LONGEST) if closer else -1
    if closer is None or end < 0 or "\ue000" in text[begin:end]:
        return None
    body_text = text[begin:end]
    if not (page.renders or opener["tag"] or _is_tex(body_text)):
        return None
    display = token in ("\\[", "$$", "[tex]")
    return Formula(body_text, display, "tag" if opener["tag"] else "delimiter"), end + len(closer)


def _environment(text: str, opener: re.Match[str]) -> tuple[Formula, int] | None:
    name = opener["environment"]
    begin, closer = f"\\begin{{{name}}}", f"\\end{{{name}}}"
    limit = opener.start() + LONGEST
    end = text.find(closer, opener.end(), limit)
    inner = text.find(begin, opener.end(), limit)
    while 0 <= inner < end:  # the same environment inside itself, as cases may be
        end = text.find(closer, end + len(closer), limit)
        inner = text.find(begin, inner + len(begin), limit)
    if end < 0:
        return None
    end += len(closer)
    body = text[opener.start() : end]
    return None if "\ue000" in body else (Formula(body, name != "math", "environment"), end)


def _is_tex(body: str) -> bool:
    return bool(body.strip()) and (_SIGNS.search(body) is not None or _TOKEN.fullmatch(body.strip()) is not None)


def _is_inline(body: str, page: Page) -> bool:
    """Whether the text between two single dollars reads as a formula; `$5 and later $` does not."""
    inner = body.strip()
    if not inner or page.dollar is False:
        return False
    commands = _COMMAND.search(inner) is not None
    if not commands and (_MONEY.match(inner) or len(_WORD.findall(inner)) > 3):
        return False
    if inner != body and not (commands or page.dollar):
        return False
    return _is_tex(inner)
