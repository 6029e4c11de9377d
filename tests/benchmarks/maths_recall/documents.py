"""Articles about nothing, from a seed: what a renderer is given, and what an extractor should find in its page."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

HERE = Path(__file__).parent
_WORDS = {"w": "text", "l": "link", "e": "emphasis"}


class Formula(NamedTuple):
    """`given` is what the page's author wrote; it differs from `tex`, what is asked for, where that was no TeX."""

    tex: str
    kind: Literal["inline", "display", "environment"]
    given: str


class Span(NamedTuple):
    """A piece of running text; `formula` if it is one."""

    kind: Literal["text", "math", "code", "money", "note", "link", "emphasis"]
    text: str
    formula: Formula | None = None


Item = TypeVar("Item")
Line = tuple[Span, ...]


class Block(NamedTuple):
    """A heading and a paragraph have one line, a list and a quotation several; a table has one a row, whose spans are
    its cells."""

    kind: Literal[
        "title",
        "heading",
        "paragraph",
        "bullets",
        "numbers",
        "table",
        "quote",
        "note",
        "code",
        "display",
        "caption",
        "definitions",
    ]
    lines: tuple[Line, ...] = ()
    source: str = ""
    language: str = ""


@dataclass(frozen=True)
class Document:
    """An article and its marker words."""

    name: str
    blocks: tuple[Block, ...]
    chrome: tuple[str, ...]
    """Marker words for the furniture of the page."""

    def spans(self, kind: str) -> Iterator[Span]:
        return (span for block in self.blocks for line in block.lines for span in line if span.kind == kind)


def entries(name: str) -> list[str]:
    """The lines of a data file without its comments."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


@cache
def formulas(name: str = "formulas.txt") -> tuple[Formula, ...]:
    found = []
    for line in entries(name):
        kind, source = line.split(" ", 1)
        given, _, tex = source.partition("\t")
        found.append(Formula(tex or given, kind, given))
    return tuple(found)


@cache
def programs() -> tuple[tuple[str, str], ...]:
    """Language and source of the code blocks."""
    parts = (HERE / "code.txt").read_text(encoding="utf-8").split("\n%%\n")
    return tuple((language, source.strip("\n")) for language, _, source in (part.partition("\n") for part in parts))


class Author:
    """Writes one article; the same seed gives the same article."""

    def __init__(self, seed: int, source: str, environments: bool, without: str) -> None:
        self.random = random.Random(f"{seed} {source}")
        self.words = self._markers()
        pool = [formula for formula in formulas(source) if not without or not re.search(without, formula.tex)]
        wanted = ("display", "environment") if environments else ("display",)
        self.inline = self._shuffled([formula for formula in pool if formula.kind == "inline"])
        self.display = self._shuffled([formula for formula in pool if formula.kind in wanted])
        self.sentences = self._shuffled(entries("sentences.txt"))
        self.paid = self._shuffled([line for line in entries("sentences.txt") if "{m}" in line])
        self.headings = self._shuffled(entries("headings.txt"))
        self.codes = self._shuffled(entries("inline_code.txt"))
        self.programs = self._shuffled(list(programs()))
        self.amounts = self._amounts()
        self.notes = 0

    def _shuffled(self, items: list[Item]) -> Iterator[Item]:
        self.random.shuffle(items)
        return cycle(items)

    def _markers(self) -> Iterator[str]:
        """Words that no language has, never the same twice."""
        seen: set[str] = set()
        while True:
            word = "".join(self.random.choice("bdfgklmnprstvz") + self.random.choice("aeiou") for _ in range(4)) + "x"
            if word not in seen:
                seen.add(word)
                yield word

    def _amounts(self) -> Iterator[str]:
        """Prices, no two of them alike."""
        patterns = ("${}", "${}", "US${}.50", "${},200", "${}.7 million", "C${}", "${}.99", "${}k", "${} billion")
        numbers = self.random.sample(range(2, 99), 90)
        return (pattern.format(number) for number, pattern in zip(numbers, cycle(patterns), strict=False))

    def line(self, template: str) -> Line:
        spans: list[Span] = []
        rest = template
        while rest:
            text, brace, rest = rest.partition("{")
            spans.append(Span("text", text))
            if brace:
                kind, _, rest = rest.partition("}")
                spans.append(self._fill(kind))
        return _joined(spans)

    def _fill(self, kind: str) -> Span:
        if kind in _WORDS:
            return Span(_WORDS[kind], next(self.words))
        if kind == "m":
            return Span("money", next(self.amounts))
        if kind == "c":
            return Span("code", next(self.codes))
        formula = next(self.inline)
        return Span("math", formula.tex, formula)

    def paragraph(self, sentences: int) -> Line:
        spans: list[Span] = []
        for _ in range(sentences):
            spans += [*self.line(next(self.sentences)), Span("text", " ")]
        return _joined(spans[:-1])

    def cell(self) -> Span:
        """A formula without the bar that would end a cell of Markdown's tables."""
        formula = next(formula for formula in self.inline if "|" not in formula.tex)
        return Span("math", formula.tex, formula)

    def shown(self) -> Block:
        formula = next(self.display)
        return Block("display", ((Span("math", formula.tex, formula),),))


def _joined(spans: list[Span]) -> Line:
    """Neighbouring text in one span."""
    out: list[Span] = []
    for span in spans:
        if out and span.kind == out[-1].kind == "text":
            out[-1] = Span("text", out[-1].text + span.text)
        elif span.text:
            out.append(span)
    return tuple(out)


def _several(kind: str) -> Callable[[Author], list[Block]]:
    def write(author: Author) -> list[Block]:
        return [Block(kind, tuple(author.paragraph(1) for _ in range(author.random.randint(2, 4))))]

    return write


def _table(author: Author) -> list[Block]:
    head = tuple(author.line("{w}")[0] for _ in range(3))
    rows = [(author.line("{w}")[0], author.cell(), author.line("{m}")[0]) for _ in range(3)]
    return [Block("table", (head, *rows))]


def _shown(author: Author) -> list[Block]:
    before = Block("paragraph", ((*author.paragraph(1), Span("text", " Hence the following "), *author.line("{w}:")),))
    return [before, author.shown(), Block("paragraph", (author.line("where {f} and the {w} is as before."),))]


def _program(author: Author) -> list[Block]:
    language, source = next(author.programs)
    return [Block("paragraph", (author.line("This listing prints the {w}:"),)), Block("code", (), source, language)]


def _noted(author: Author) -> list[Block]:
    author.notes += 1
    mark = Span("note", str(author.notes))
    body = author.line("A {w} of this kind satisfies {f} as well.")
    return [Block("paragraph", ((*author.paragraph(2), mark),)), Block("note", ((mark, *body),))]


def _plain(author: Author) -> list[Block]:
    return [Block("paragraph", (author.paragraph(author.random.randint(2, 4)),))]


def _caption(author: Author) -> list[Block]:
    return [Block("caption", (author.line("Figure 1. The {w} for {f}, drawn to scale."),))]


def _definitions(author: Author) -> list[Block]:
    """A term and what it means, in turns."""
    terms = [(author.line("A {w}"), author.line("is a {w} such that {f} and {f}.")) for _ in range(2)]
    return [Block("definitions", tuple(line for pair in terms for line in pair))]


def _money(author: Author) -> list[Block]:
    return [Block("paragraph", (author.line(next(author.paid)),))]


def _heading(author: Author) -> list[Block]:
    return [Block("heading", (author.line(next(author.headings)),))]


PARTS: tuple[Callable[[Author], list[Block]], ...] = (
    _shown, _shown, _shown, _shown, _plain, _plain, _plain, _money, _noted, _table, _program, _program,
    _caption, _definitions, _several("bullets"), _several("numbers"), _several("quote"),
)  # fmt: skip


def document(seed: int, source: str = "formulas.txt", environments: bool = False, without: str = "") -> Document:
    """An article of some forty formulas drawn from the data file `source`, those `without` the regular expression."""
    author = Author(seed, source, environments, without)
    blocks = [Block("title", (author.line("On the {w} of a {w}"),)), *_plain(author)]
    parts = list(PARTS)
    author.random.shuffle(parts)
    for place, part in enumerate(parts):
        if place % 3 == 0:
            blocks += _heading(author)
        blocks += part(author)
    blocks += _plain(author)
    return Document(f"{seed:02d}", tuple(blocks), tuple(next(author.words) for _ in range(60)))
