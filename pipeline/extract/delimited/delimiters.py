r"""Mathematics that stands in the text of a page between delimiters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from filters import wordlist
from pipeline.extract.delimited import asciimath, dollars
from pipeline.extract.delimited.configuration import Page
from pipeline.extract.tex import Formula, undelimited

LONGEST = 20_000
"""Characters from an opening delimiter in which its closing one is looked for; bounds the work on hostile text."""
EVIDENCE = 500
"""Characters in which a formula must show a sign of TeX where one is asked for."""
DEEPEST = 8
"""Levels to which an environment may hold others of its own name."""


class Rule(NamedTuple):
    """What an opening delimiter asks for."""

    right: str
    setting: str
    """`inline`, `display`, or `alone`: display where the formula stands alone on its line."""
    evidence: str
    """What must show that it is one: `none`; `signs` of TeX where the page loads no renderer; `tex` everywhere."""
    kind: str = "delimiter"


ENVIRONMENTS = wordlist.load("pipeline.extract.delimited", "environments.txt")
TAGS = dict(line.split() for line in wordlist.load("pipeline.extract.delimited", "tags.txt"))
STANDING = {
    left: Rule(right, setting, evidence)
    for setting, evidence, left, right in map(str.split, wordlist.load("pipeline.extract.delimited", "delimiters.txt"))
}

ENVIRONMENT = rf"\\begin(?P<gap> ?)\{{(?P<environment>(?:{'|'.join(sorted(ENVIRONMENTS, reverse=True))})\*?)\}}"
"""A regular expression for the beginning of an environment that is mathematics by itself."""
_TAG = rf"\[(?P<tag>(?i:{'|'.join(sorted(TAGS, reverse=True))}))(?P<attributes>[=\s][^\]\n]{{0,60}})?\]"
_BARE = ("math", "displaymath")
"""Environments that only stand for dollars."""
_DISPLAY = re.compile(r"display|block", re.IGNORECASE)
_LINE_END = re.compile(r"[ .,;:!?]{0,4}(?:\n|\Z)")
_GROUP = re.compile(r"\{[^{}]{0,200}\Z")
_SIGNS = re.compile(r"\\[a-zA-Z{},;!]|[\^_=<>+|]")
_TEX = re.compile(r"\\(?:[a-zA-Z]{2,}|[{}|])|[\^_][\w{\\]")
_WORD = re.compile(r"[^\W\d_]{3}")
_TOKEN = re.compile(r"[-\w.,()+*/!|:;'′ \[\]]{1,24}")
_WORDPRESS = re.compile(rf"\s*{dollars.WORDPRESS}\s*(.*?)\s*(?:&(?:amp;)?(?:s|bg|fg)=\w+\s*)*", re.DOTALL)

# Markdown takes the signs of `a_1 + b_2` for emphasis; U+E004 marks where it began and ended.
_STAR = re.compile("(?<=\\^)\ue004(?![\\w{\\\\])")
_UNDERSCORE = re.compile("(?<=[^\\W_]|[)}\\]'|])\ue004(?=[\\w{\\\\])")
_TYPOGRAPHY = str.maketrans(
    {"’": "'", "‘": "'", "′": "'", "”": "''", "“": "''", "″": "''", "–": "-", "\ue003": "\n", "\ue004": ""}
)
"""What publishing software makes of characters that TeX asks for; U+E003 was the line break after a comment."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """The delimiters of a page in the form in which they are looked for."""

    openers: re.Pattern[str]
    others: re.Pattern[str]
    """Those without the dollars."""
    rules: dict[str, Rule]
    signs: re.Pattern[str]
    """The characters that openers begin with, which are found in a fraction of the time."""


@lru_cache(maxsize=64)
def grammar(page: Page) -> Grammar:
    """The standing delimiters and those of the page."""
    rules = dict(STANDING)
    for left, right, display in page.delimiters:
        if left.strip("$") or len(left) > 2:
            rules[left] = Rule(right, "display" if display else "inline", "none")
    for left, right, _ in page.asciimath:
        rules[left] = Rule(right, "alone", "none", "asciimath")
    lefts = "|".join(re.escape(left) for left in sorted(rules, key=len, reverse=True))
    others = rf"{ENVIRONMENT}|{_TAG}|(?P<left>{lefts})(?P=left)*|\\[\\$]"
    beginnings = {left[0] for left in rules} | {"$", "\\", "["}
    return Grammar(
        re.compile(rf"{others}|(?P<dollars>\$+)"),
        re.compile(rf"{others}|(?P<dollars>(?!))"),
        rules,
        re.compile(f"[{re.escape(''.join(beginnings))}]"),
    )


def split(text: str, page: Page, block: bool = True) -> Iterator[str | Formula]:
    """Cut a block of text into plain text and formulas, in order; the pieces of plain text keep their dollars.

    `block` is False for a text that is none, such as a table's cell, in which what stands alone is not display.
    """
    scan = _Scan(text, page, block)
    openers = scan.grammar.openers if scan.pairs else scan.grammar.others
    start = position = 0
    while sign := scan.grammar.signs.search(text, position):
        opener = openers.match(text, sign.start())
        found = scan.formula(opener) if opener else None
        if found is None:
            position = scan.after(opener) if opener else sign.end()
            continue
        formula, begin, end = found
        if start < begin:
            yield text[start:begin]
        yield formula
        start = position = end
    if start < len(text):
        yield text[start:]


Found = tuple[Formula, int, int]
"""A formula, where it begins, delimiters included, and where it ends."""


class _Scan:
    """Looks for the ends of formulas in one block of text, in time linear in its length."""

    def __init__(self, text: str, page: Page, block: bool) -> None:
        self.text = text
        self.page = page
        self.block = block
        self.grammar = grammar(page)
        self.pairs = dollars.pairs(text, page) if "$" in text else {}
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

    def formula(self, opener: re.Match[str]) -> Found | None:
        """The formula that begins at `opener`, or None if nothing begins there."""
        if opener["environment"]:
            return self._environment(opener)
        if opener["tag"]:
            return self._tag(opener)
        if opener["left"]:
            left = opener["left"]  # of several that touch the last one opens
            found = self._delimited(opener.end() - len(left), left, self.grammar.rules[left])
            return found or (self._dollars(opener) if opener["left"][0] == "$" else None)
        return self._dollars(opener) if opener["dollars"] else None

    def after(self, opener: re.Match[str]) -> int:
        """Where to go on after what begins nothing: behind the closing backtick of a word between backticks."""
        rule = self.grammar.rules[opener["left"]] if opener["left"] else None
        if rule and rule.kind == "asciimath":
            end = self.find(rule.right, opener.end())
            if end >= 0 and self.text[opener.end() : end].strip() == self.text[opener.end() : end]:
                return end + len(rule.right)
        return opener.end()

    def _dollars(self, opener: re.Match[str]) -> Found | None:
        """Of a run of dollars the first may close what came before it."""
        starts = range(opener.start(), min(opener.end(), opener.start() + 4))
        start = next((start for start in starts if start in self.pairs), -1)
        if start < 0:
            return None
        pair = self.pairs[start]
        body = self.text[pair.begin : pair.end]
        if wordpress := _WORDPRESS.fullmatch(body):
            body = wordpress[1]
        display = pair.display and not self.page.inline_dollars
        return self._found(body, display, "delimiter", start, pair.end + pair.width)

    def _tag(self, opener: re.Match[str]) -> Found | None:
        name, attributes = opener["tag"], opener["attributes"]
        setting = TAGS[name.lower()]
        if attributes:
            setting = "display" if _DISPLAY.search(attributes) else "inline" if "inline" in attributes else setting
        elif setting == "alone" and self.page.forum:
            setting = "display"
        return self._delimited(opener.start(), opener[0], Rule(f"[/{name}]", setting, "none", "tag"))

    def _delimited(self, start: int, left: str, rule: Rule) -> Found | None:
        begin = start + len(left)
        end = self._end(rule.right, begin)
        if end < 0 or self.text.find("\ue000", begin, end) >= 0 or not self._is_shown(begin, end, left, rule):
            return None
        close = end + len(rule.right)
        display = rule.setting == "display" or (rule.setting == "alone" and self._is_alone(start, close))
        return self._found(self.text[begin:end], display, rule.kind, start, close)

    def _end(self, right: str, begin: int) -> int:
        """Where a formula ends: at the first closing delimiter that stands in no braces."""
        first = end = self.find(right, begin)
        for _ in range(DEEPEST):
            if end < 0 or self.text.count("{", begin, end) <= self.text.count("}", begin, end):
                break
            end = self.text.find(right, end + len(right), begin + LONGEST)
        return end if end >= 0 else first

    def _is_shown(self, begin: int, end: int, left: str, rule: Rule) -> bool:
        """Whether the body gives the evidence asked for, and no other formula begins in it."""
        body = self.text[begin : min(end, begin + EVIDENCE)]
        if body.strip() in ("", *dollars.ELLIPSES):
            return False
        if rule.kind == "asciimath":
            return asciimath.is_formula(self.text[begin:end])
        if left != rule.right and self._begins_again(left, begin, end):
            return False
        if rule.evidence == "tex":
            return _TEX.search(body) is not None
        return rule.evidence == "none" or self.page.renders or _is_tex(body)

    def _begins_again(self, left: str, begin: int, end: int) -> bool:
        r"""Whether the first delimiter is a stray one: another opens before the closing one, and not in a `\text`."""
        again = self.text.find(left, begin, end)
        if again < 0 or (left[0] == "\\" and self.text[again - 1] == "\\"):
            return False
        return _GROUP.search(self.text[max(begin, again - 200) : again]) is None

    def _is_alone(self, start: int, end: int) -> bool:
        if not self.block:
            return False
        before = self.text[max(start - 2, 0) : start].rstrip(" ")
        return before[-1:] in ("", "\n") and _LINE_END.match(self.text, end) is not None

    def _environment(self, opener: re.Match[str]) -> Found | None:
        name = opener["environment"]
        begin, closer = opener[0], end_of(opener)
        end = self.find(closer, opener.end())
        inner = self.text.find(begin, opener.end(), end) if end >= 0 else -1
        for _ in range(DEEPEST):  # the same environment inside itself, as cases may be
            if not 0 <= inner < end:
                break
            end = self.text.find(closer, end + len(closer), end + LONGEST)
            inner = self.text.find(begin, inner + len(begin), end) if end >= 0 else -1
        if end < 0 or self.text.find("\ue000", opener.start(), end) >= 0:
            return None
        close = end + len(closer)
        bare = name in _BARE
        body = self.text[opener.end() : end] if bare else self.text[opener.start() : close]
        return self._found(body, name != "math", "environment", opener.start(), close)

    def _found(self, body: str, display: bool, kind: str, start: int, end: int) -> Found:
        if kind == "asciimath":
            return Formula(asciimath.to_tex(body), display, "asciimath/converted"), start, end
        body = restored(body)
        if self.page.displaystyle:
            body = re.sub(rf"\\{self.page.displaystyle}(?![a-zA-Z])", r"\\displaystyle", body)
        display = display or (body.lstrip().startswith(r"\displaystyle") and self._is_alone(start, end))
        return undelimited(body, display, kind), start, end


def end_of(beginning: re.Match[str]) -> str:
    r"""What ends an environment; tex4ht writes `\begin {align}` and `\end {align}`."""
    return f"\\end{beginning['gap']}{{{beginning['environment']}}}"


def restored(body: str) -> str:
    """The source of a formula as it was before publishing software took its characters for text."""
    if body.isascii():
        return body
    return _UNDERSCORE.sub("_", _STAR.sub("*", body)).translate(_TYPOGRAPHY)


def _is_tex(body: str) -> bool:
    return _SIGNS.search(body) is not None or (
        _TOKEN.fullmatch(body.strip()) is not None and _WORD.search(body) is None
    )
