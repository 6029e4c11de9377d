"""AsciiMath to TeX, by the grammar and the symbols of https://asciimath.org/#syntax.

Brackets are matched once before anything is read, so that the reading never goes back; one without a partner is a plain
sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from filters import wordlist

DEEPEST = 40
"""Levels of nesting that are read; deeper brackets are plain signs."""
LONGEST = 2000
"""Characters of a formula."""


class Symbol(NamedTuple):
    """A word of the language: how it is read, and its TeX with `#1` and `#2` for what it is applied to."""

    kind: str
    tex: str


_ENTRIES = wordlist.load("pipeline.extract.delimited", "asciimath.txt")
SYMBOLS = {
    name: Symbol(kind, tex)
    for name, kind, tex in (
        line.split(maxsplit=2) for line in wordlist.load("pipeline.extract.delimited", "asciimath.txt")
    )
}

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|(?P<text>text|mbox)\s*(?P<bracket>[(\[{])|(?P<number>\d+(?:\.\d+)?)|\\?(?P<symbol>'
    + "|".join(map(re.escape, sorted(SYMBOLS, key=len, reverse=True)))
    + r")|(?P<other>\S)"
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ARGUMENT = re.compile(r"#([12])")
_ENDS = ("", "/", ",", "|", "_", "^")
"""Names of tokens that a function does not take for its argument; "" is the end."""
_SPECIAL = re.compile(r"[\\{}$%&#^_~]")
_TALL = ("\\frac", "\\sum", "\\prod", "\\int", "\\begin", "\\over", "\\under")
_MATRICES = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("|", "|"): "vmatrix", ("\\|", "\\|"): "Vmatrix",
             ("\\{", "."): "cases"}  # fmt: skip
_ROWS = (("(", ")"), ("[", "]"))
_QUOTED = re.compile(r'"[^"]*"|(?:text|mbox)\([^)]*\)')
_WORD = re.compile(r"[a-zA-Z]{3,}")
_SIGN = re.compile(r"[-+*/=<>^_|]|\d")
_COMMAND_END = re.compile(r"\\[a-zA-Z]+\Z")


@dataclass
class _Node:
    """Something read: its TeX; that without its brackets; and its cells, which may be a matrix's row."""

    tex: str
    bare: str = ""
    fences: tuple[str, str] = ("", "")
    cells: list[str] = field(default_factory=list)
    function: bool = False

    def __post_init__(self) -> None:
        if not self.fences[0]:
            self.bare = self.tex


class _Token(NamedTuple):
    kind: str
    tex: str
    name: str


def to_tex(source: str) -> str:
    """The TeX of a formula; of what is no AsciiMath, the best that can be made of it. Never raises."""
    return _Reader(_tokens(source)).formula()


def is_formula(source: str) -> bool:
    """Whether the text between backticks reads as AsciiMath, not as the code or quotation that it may be elsewhere."""
    if not source.strip() or len(source) > LONGEST or "\n\n" in source:
        return False
    prose = sum(map(_is_prose, _WORD.findall(_QUOTED.sub(" ", source))))
    return prose == 0 or (prose <= 2 and _SIGN.search(source) is not None)


def _is_prose(word: str) -> bool:
    """Whether more than one letter of a word is left over when the symbols in it are taken out."""
    return not word.isupper() and sum(token.kind == "other" for token in _tokens(word)) > 1


def _tokens(source: str) -> list[_Token]:
    tokens = []
    position = 0
    while match := _TOKEN.search(source, position):
        position = match.end()
        if match["bracket"]:
            end = source.find(_CLOSING[match["bracket"]], position)
            end = len(source) if end < 0 else end
            tokens.append(_Token("constant", _text(source[position:end]), "text"))
            position = end + 1
        elif match["quoted"] is not None:
            tokens.append(_Token("constant", _text(match["quoted"]), "text"))
        elif match["symbol"]:
            tokens.append(_Token(*SYMBOLS[match["symbol"]], match["symbol"]))
        else:
            tex = match["number"] or _SPECIAL.sub(_escape, match["other"])
            tokens.append(_Token("number" if match["number"] else "other", tex, tex))
    return tokens


def _escape(match: re.Match[str]) -> str:
    return r"\backslash " if match[0] == "\\" else "\\" + match[0]


def _text(source: str) -> str:
    return rf"\text{{{_SPECIAL.sub(_escape, source)}}}" if source else ""


def _matches(tokens: list[_Token]) -> dict[int, int]:
    """Where each opening bracket closes; a bar closes the bar before it if nothing is open between them."""
    closings = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "fence" and opened and tokens[opened[-1]].name == token.name:
            closings[opened.pop()] = index
        elif token.kind in ("left", "fence"):
            opened.append(index)
        elif token.kind == "right":
            while opened and tokens[opened[-1]].kind == "fence":
                opened.pop()
            if opened:
                closings[opened.pop()] = index
    return closings


class _Reader:
    """Recursive descent over tokens whose brackets are known to match."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.closings = _matches(tokens)
        self.at = 0
        self.depth = 0

    def formula(self) -> str:
        return _joined([node.tex for node in self._expression(len(self.tokens))]).strip()

    def _expression(self, end: int) -> list[_Node]:
        """E ::= I E | I/I E"""
        nodes = []
        while self.at < end:
            node = self._intermediate(end)
            if self._next(end) == "/":
                self.at += 1
                below = self._intermediate(end)
                node = _Node(rf"\frac{{{node.bare}}}{{{below.bare}}}")
            nodes.append(node)
        return nodes

    def _next(self, end: int) -> str:
        return self.tokens[self.at].name if self.at < end else ""

    def _intermediate(self, end: int) -> _Node:
        """I ::= S_S | S^S | S_S^S | S"""
        node = self._simple(end)
        scripts = ""
        for sign in ("_", "^"):
            if self._next(end) == sign:
                self.at += 1
                scripts += f"{sign}{{{self._simple(end).bare}}}"
        if not scripts:
            return node
        scripted = _Node(node.tex + scripts)
        if node.function and self._next(end) not in _ENDS and self.depth < DEEPEST:
            self.depth += 1
            scripted = _Node(_joined([scripted.tex, self._intermediate(end).tex]))
            self.depth -= 1
        return scripted

    def _simple(self, end: int) -> _Node:
        """S ::= v | lEr | uS | bSS"""
        if self.at >= end:
            return _Node("")
        index = self.at
        token = self.tokens[index]
        if token.name in ("_", "^"):
            return _Node("{}")  # a script of nothing
        self.at += 1
        if index in self.closings and self.closings[index] < end and self.depth < DEEPEST:
            return self._group(token, self.closings[index])
        if token.kind in ("unary", "binary", "function") and self.depth < DEEPEST:
            self.depth += 1
            node = self._applied(token, end)
            self.depth -= 1
            return node
        if token.kind in ("unary", "binary", "text"):
            return _Node(rf"\operatorname{{{token.name}}}")
        if token.kind in ("left", "right") and token.tex == ".":
            return _Node("")
        return _Node(token.tex)

    def _applied(self, token: _Token, end: int) -> _Node:
        if token.kind == "function":
            following = self._next(end)
            if following in _ENDS or (len(token.name) == 1 and following != "("):
                return _Node(token.tex, function=len(token.name) > 1)
            return _Node(_joined([token.tex, self._simple(end).tex]))
        arguments = [self._simple(end).bare for _ in range(1 + (token.kind == "binary"))]
        return _Node(_ARGUMENT.sub(lambda match: arguments[int(match[1]) - 1], token.tex))

    def _group(self, left: _Token, closing: int) -> _Node:
        self.depth += 1
        nodes = self._expression(closing)
        self.depth -= 1
        self.at = closing + 1
        fences = (left.tex, self.tokens[closing].tex)
        if matrix := _matrix(nodes, fences):
            return _Node(matrix)
        inner = _joined([node.tex for node in nodes])
        cells = [_joined([node.tex for node in cell]) for cell in _split(nodes)]
        return _Node(_fenced(inner, *fences), inner, fences, cells)


def _split(nodes: list[_Node]) -> list[list[_Node]]:
    """The nodes between commas."""
    cells: list[list[_Node]] = [[]]
    for node in nodes:
        if node.tex == ",":
            cells.append([])
        else:
            cells[-1].append(node)
    return cells


def _matrix(nodes: list[_Node], fences: tuple[str, str]) -> str:
    """`[[a,b],[c,d]]` and its like: rows of equal length in equal brackets, parted by commas; else ""."""
    rows, commas = nodes[::2], nodes[1::2]
    kinds = {(row.fences, len(row.cells)) for row in rows}
    if len(kinds) != 1 or len(rows) != len(commas) + 1 or any(comma.tex != "," for comma in commas):
        return ""
    (inner, columns) = kinds.pop()
    if inner not in _ROWS or (len(rows) == 1 and columns == 1) or (fences[1] == "\\}" and inner[0] == "("):
        return ""
    body = r" \\ ".join(" & ".join(row.cells) for row in rows)
    if name := _MATRICES.get(fences):
        return rf"\begin{{{name}}} {body} \end{{{name}}}"
    return rf"\left{fences[0]} \begin{{matrix}} {body} \end{{matrix}} \right{fences[1]}"


def _fenced(inner: str, left: str, right: str) -> str:
    """Brackets grow where one of them is invisible, or what stands between is taller than a line."""
    invisible = "." in (left, right) and left != right
    if invisible or any(command in inner for command in _TALL):
        return _joined(["\\left" + left, inner, "\\right" + right])
    return inner if left == right == "." else _joined([left, inner, right])


def _joined(pieces: list[str]) -> str:
    """Concatenation that keeps a blank where a command would run into the letter after it."""
    out: list[str] = []
    for piece in filter(None, pieces):
        if out and piece[0].isalpha() and _COMMAND_END.search(out[-1][-24:]):
            out.append(" ")
        out.append(piece)
    return "".join(out)
