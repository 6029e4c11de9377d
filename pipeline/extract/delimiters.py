r"""Mathematics that stands in the text of a page between delimiters, and the dollars that only mean money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.extract.tex import Formula

LONGEST = 20_000
"""Characters from an opening delimiter in which its closing one is looked for; bounds the work on hostile text."""

EVIDENCE = 500
"""Characters in which a formula must show a sign of TeX where the page loads no renderer."""
DEEPEST = 8
"""Levels to which an environment may hold others of its own name."""

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
    scan = _Scan(text, page)
    start = position = 0
    while opener := _OPENER.search(text, position):
        found = scan.formula(opener)
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


class _Scan:
    """Looks for the ends of formulas in one block of text, in time linear in its length."""

    def __init__(self, text: str, page: Page) -> None:
        self.text = text
        self.page = page
        self.without: dict[str, tuple[int, int]] = {}
        """Per closing delimiter, a stretch of text in which it is known not to begin."""

    def find(self, closer: str, begin: int) -> int:
        """Where `closer` begins next, or -1; looks no further than LONGEST, and at no stretch twice."""
        known_from, known_to = self.without.get(closer, (0, 0))
        start = known_to if known_from <= begin <= known_to else begin
        limit = begin + LONGEST
        at = self.text.find(closer, start, limit + len(closer))
        self.without[closer] = (min(begin, known_from) if start == known_to else begin, at if at >= 0 else limit)
        return at

    def formula(self, opener: re.Match[str]) -> tuple[Formula, int] | None:
        """The formula that begins at `opener` and where it ends, or None if nothing begins there."""
        token, begin = opener[0], opener.end()
        if opener["environment"]:
            return self._environment(opener)
        if token == "$":
            inline = _INLINE_BODY.match(self.text, begin)
            plausible = inline is not None and "\ue000" not in inline[1] and _is_inline(inline[1], self.page)
            return (Formula(inline[1], False, "delimiter"), inline.end()) if inline and plausible else None
        closer = f"[/{opener['tag']}]" if opener["tag"] else _CLOSERS.get(token)
        end = self.find(closer, begin) if closer else -1
        if closer is None or end < 0 or self.text.find("\ue000", begin, end) >= 0:
            return None
        if not (self.page.renders or opener["tag"] or _is_tex(self.text[begin : min(end, begin + EVIDENCE)])):
            return None
        display = token.lower() in ("\\[", "$$", "[tex]")
        return Formula(self.text[begin:end], display, "tag" if opener["tag"] else "delimiter"), end + len(closer)

    def _environment(self, opener: re.Match[str]) -> tuple[Formula, int] | None:
        name = opener["environment"]
        begin, closer = f"\\begin{{{name}}}", f"\\end{{{name}}}"
        end = self.find(closer, opener.end())
        inner = self.text.find(begin, opener.end(), end) if end >= 0 else -1
        for _ in range(DEEPEST):  # the same environment inside itself, as cases may be
            if not 0 <= inner < end:
                break
            end = self.text.find(closer, end + len(closer), end + LONGEST)
            inner = self.text.find(begin, inner + len(begin), end) if end >= 0 else -1
        if end < 0 or self.text.find("\ue000", opener.start(), end) >= 0:
            return None
        end += len(closer)
        return Formula(self.text[opener.start() : end], name != "math", "environment"), end


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
    return _is_tex(inner) or (page.renders and not _WORD.search(inner))
