"""The surface of TeX: what is comment, what is verbatim, and where a group ends."""

from __future__ import annotations

import re

from filters import wordlist

VERBATIM = wordlist.load("filters", "verbatim_environments.txt")

_TOKEN = re.compile(
    r"%|\\(?:"
    rf"begin\s*\{{(?P<environment>{'|'.join(map(re.escape, VERBATIM))}|comment)\}}"
    r"|(?P<code>verb\*?|lstinline|mintinline\s*\{[^{}\n]*\})(?![a-zA-Z@])"
    r"|(?P<url>url|path|href|nolinkurl)(?![a-zA-Z@])"
    r"|(?P<never>iffalse)(?![a-zA-Z@])"
    r"|[^a-zA-Z])",
    re.DOTALL,
)
_INLINE = re.compile(r"(?:\[[^\]\n]{0,500}\])?(?P<open>[^\sa-zA-Z*])")
_CONDITION = re.compile(
    r"\\(?:(?P<open>if(?!f\b|thenelse\b)[a-zA-Z@]*)|(?P<alternative>else)|(?P<close>fi))(?![a-zA-Z@])"
)
_INLINE_CHARS = 2_000
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_MARK = re.compile("\0(\\d+)\0")


class Shelf:
    """Verbatim passages taken out of a text, so that no later step mistakes them for LaTeX; a mark holds each place."""

    def __init__(self) -> None:
        self._passages: list[str] = []

    def put(self, passage: str) -> str:
        self._passages.append(passage)
        return f"\0{len(self._passages) - 1}\0"

    def size(self, text: str) -> int:
        """Characters of `text` once everything is back in its place: a macro may have repeated the marks."""
        return len(text) + sum(len(self._passages[int(mark[1])]) for mark in _MARK.finditer(text))

    def restore(self, text: str) -> str:
        return _MARK.sub(lambda mark: self._passages[int(mark[1])], text)


def strip_comments(text: str, shelf: Shelf) -> str:
    r"""The text without comments, `comment` environments and `\iffalse`, and with its verbatim passages on the shelf.

    A line that is nothing but a comment goes as a whole, so that it does not become the blank line that ends a
    paragraph; after other text the line feed stays.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    scan = _Scan(text)
    parts: list[str] = []
    position = 0
    while token := _TOKEN.search(text, position):
        keep, end = scan.passage(token)
        before = text[position : token.start()]
        parts.append(before.rstrip(" \t") if token[0] == "%" and text[end - 1] == "\n" else before)
        if keep and end > token.end():
            parts.append(shelf.put(text[token.start() : end]))
        elif keep:
            parts.append(token[0])
        position = end
    return "".join((*parts, text[position:]))


class _Scan:
    """Where the passage ends that a token opens. Remembers what is not to be found, to stay linear on hostile input."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._absent: set[str] = set()

    def passage(self, token: re.Match[str]) -> tuple[bool, int]:
        """(keep it?, its end); an end no further than the token's means that the token is only itself."""
        if token[0] == "%":
            return False, self._comment_end(token.start())
        if token["never"]:
            end = self._condition_end(token.end())
            return end == token.end(), end
        if token["code"] or token["url"]:
            return True, self._inline_end(token)
        if name := token["environment"]:
            end = self._find(f"\\end{{{name}}}", token.end())
            return name != "comment" or end == token.end(), end
        return True, token.end()

    def _find(self, closing: str, start: int) -> int:
        found = -1 if closing in self._absent else self._text.find(closing, start)
        if found >= 0:
            return found + len(closing)
        self._absent.add(closing)
        return start

    def _comment_end(self, start: int) -> int:
        end = self._text.find("\n", start)
        if end < 0:
            return len(self._text)
        line = self._text.rfind("\n", 0, start) + 1
        return end if self._text[line:start].strip() else end + 1

    def _inline_end(self, token: re.Match[str]) -> int:
        r"""The end of `\verb|...|` and its kin on the same line; of `\url{...}` only if it holds a percent sign."""
        opening = _INLINE.match(self._text, token.end())
        if not opening:
            return token.end()
        limit = min(len(self._text), opening.end() + _INLINE_CHARS)
        line_end = self._text.find("\n", opening.end(), limit)
        closing = "}" if opening["open"] == "{" else opening["open"]
        end = self._text.find(closing, opening.end(), line_end if line_end >= 0 else limit)
        if end < 0 or (token["url"] and "%" not in self._text[opening.end() : end]):
            return token.end()
        return end + 1

    def _condition_end(self, start: int) -> int:
        r"""The end of what `\iffalse` hides: its own `\else` or `\fi`."""
        if "\\fi" in self._absent:
            return start
        depth = 1
        for token in _CONDITION.finditer(self._text, start):
            depth += 1 if token["open"] else -1 if token["close"] else 0
            if depth == 0 or (depth == 1 and token["alternative"]):
                return token.end()
        self._absent.add("\\fi")
        return start


def braces(text: str) -> dict[int, int]:
    """For every opening brace that is closed, the place of its partner."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    for token in _BRACE.finditer(text):
        if token[0] == "{":
            opened.append(token.start())
        elif token[0] == "}" and opened:
            partners[opened.pop()] = token.start()
    return partners
