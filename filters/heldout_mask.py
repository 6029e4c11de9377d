"""Sources with their comments and strings blanked out, so that what looks like a command is one. Linear in the text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

_LEAN = re.compile(r"""(?P<nested>/-)|(?P<line>--[^\n]*)|(?P<char>'\\?"')|(?P<string>")""")
_LEAN_EDGES = re.compile(r"(?P<open>/-)|-/")
_ISABELLE = re.compile(
    r'(?P<nested>\(\*)|(?P<string>["`])|(?P<verbatim>\{\*)|(?P<cartouche>\\<open>|‹)'
    r"|(?P<formal>(?:\\<comment>|―)\s*(?:\\<open>|‹))"
)
_ISABELLE_EDGES = re.compile(r"(?P<open>\(\*)|\*\)")
_CARTOUCHE_EDGES = re.compile(r"(?P<open>\\<open>|‹)|\\<close>|›")
_SPACE = re.compile(r"\s*")
_STRING_ENDS = {quote: re.compile(rf"[^{quote}\\]*(?:\\.[^{quote}\\]*)*{quote}", re.DOTALL) for quote in '"`'}


def either(words: Iterable[str]) -> str:
    """An expression for any of the words, parted by first letter: with two hundred of them it is tried at each line."""
    groups = groupby(sorted(words, reverse=True), itemgetter(0))
    return "|".join(f"{letter}(?:{'|'.join(word[1:] for word in group)})" for letter, group in groups)


@dataclass(frozen=True)
class Declaration:
    """One declaration: `start` and `end` are what to cut, documentation and white space after it included."""

    name: str
    """Full name, in Lean with its namespaces; empty if it has none."""
    start: int
    end: int
    statement: str = ""
    """What is declared, from behind the name to the proof, without white space and comments."""
    kind: str = ""
    """The word that declares it, as `theorem`; `goal` for a goal within a proof."""


@dataclass(frozen=True)
class Masked:
    """A source text, and the same with blanks for its comments and quotation marks for all that is quoted."""

    source: str
    code: str
    comments: tuple[tuple[int, int], ...]
    """Where comments begin and end, in order."""

    def plain(self, start: int, end: int) -> str:
        """What stands there, without comments and white space."""
        pieces, at = [], start
        for number in range(bisect_left(self.comments, (start, 0)), len(self.comments)):
            first, last = self.comments[number]
            if first >= end:
                break
            pieces.append(self.source[at:first])
            at = last
        return "".join("".join([*pieces, self.source[at:end]]).split())

    def code_end(self, start: int, end: int) -> int:
        """Where the last piece of code between two places ends."""
        return start + len(self.code[start:end].rstrip())

    def tail(self, end: int, following: int) -> int:
        """Where the line behind code that ends at `end` begins, at most at `following`.

        Comments at the left margin behind it are not its own.
        """
        for number in range(bisect_left(self.comments, (end, 0)), len(self.comments)):
            first, last = self.comments[number]
            if first >= following or self.source[first - 1] == "\n":
                break
            end = last
        rest = _SPACE.match(self.source, end, following)
        return end + (rest[0].rfind("\n") + 1 if rest else 0)


def mask_lean(text: str) -> Masked:
    """Lean 3 and 4: `--`, nested `/- -/`, strings."""
    return _mask(text, _LEAN, _LEAN_EDGES)


def mask_isabelle(text: str) -> Masked:
    r"""Isabelle: nested `(* *)`, `\<comment>`, strings, old strings, `{* *}` and cartouches in both spellings."""
    return _mask(text, _ISABELLE, _ISABELLE_EDGES)


def _mask(text: str, token: re.Pattern[str], comment_edges: re.Pattern[str]) -> Masked:
    pieces: list[str] = []
    comments: list[tuple[int, int]] = []
    at = copied = 0
    open_string = False  # a string that never ends is looked for once: what follows is code, not quadratic work
    while found := token.search(text, at):
        kind, start, at = found.lastgroup, found.start(), found.end()
        if kind == "string":
            end = -1 if open_string else _string_end(text, at)
            if end < 0:
                open_string = True
                continue
            at = end
        elif kind == "nested":
            at = _nested_end(text, at, comment_edges)
        elif kind in ("cartouche", "formal"):
            at = _nested_end(text, at, _CARTOUCHE_EDGES)
        elif kind == "verbatim":
            end = text.find("*}", at)
            at = end + 2 if end >= 0 else len(text)
        is_comment = kind in ("nested", "line", "formal")
        if is_comment:
            comments.append((start, at))
        pieces += text[copied:start], (" " if is_comment else '"') * (at - start)
        copied = at
    return Masked(text, "".join([*pieces, text[copied:]]), tuple(comments))


def _string_end(text: str, start: int) -> int:
    found = _STRING_ENDS[text[start - 1]].match(text, start)
    return found.end() if found else -1


def _nested_end(text: str, start: int, edges: re.Pattern[str]) -> int:
    """Where what was opened before `start` is closed; the end of the text if it never is."""
    depth = 1
    for edge in edges.finditer(text, start):
        depth += 1 if edge["open"] else -1
        if not depth:
            return edge.end()
    return len(text)
