"""What of a page an extractor kept: formulas, prose, code and money; and what it should have left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum, auto

from latex import alike, normal
from render import Expected


class Reading(Enum):
    """Where formulas are looked for in an extractor's text."""

    NO_FORMULAS = auto()
    DOLLARS = auto()
    """Between dollars; every other dollar outside code is escaped."""
    ANYTHING = auto()
    """Between dollars as Pandoc reads them, or still as the page has them: backslash delimiters, environments."""


_FENCE = re.compile(r"^([ >]*)(`{3,}|~{3,})[^\n]*\n(.*?)^[ >]*\2[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_DOLLARS = re.compile(r"(?<!\\)\$\$(?P<display>(?:[^$\\]|\\.)+)\$\$|(?<!\\)\$(?P<inline>(?:[^$\\]|\\.)+)\$", re.DOTALL)
# As Pandoc reads it: a formula neither begins nor ends with a blank, and no digit follows it.
_ANYTHING = re.compile(
    r"(?<!\\)\$\$(?P<display>.+?)\$\$|(?<!\\)\$(?=\S)(?P<inline>(?:[^$\\]|\\.)+?)(?<=\S)\$(?!\d)"
    r"|\\\[(?P<display2>.+?)\\\]|\\\((?P<inline2>.+?)\\\)"
    r"|(?P<display3>\\begin\{(align|aligned|equation|gather|multline|eqnarray)\*?\}.+?\\end\{\6\*?\})",
    re.DOTALL,
)
_WORD = re.compile(r"\w+")
_MONEY = re.compile(r"\w*\\?\$\d[\d,.]*\w*(?: [mb]illion)?")


@dataclass
class Counts:
    """Sums over pages; the ratios are None where nothing was asked."""

    pages: int = 0
    formulas: int = 0
    found: int = 0
    extracted: int = 0
    right_kind: int = 0
    in_order: int = 0
    duplicates: int = 0
    words: int = 0
    words_kept: int = 0
    chrome: int = 0
    leaked: int = 0
    code: int = 0
    code_kept: int = 0
    amounts: int = 0
    amounts_kept: int = 0
    seconds: float = 0.0

    def __iadd__(self, other: Counts) -> Counts:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def figures(self) -> dict[str, float | None]:
        """Shares in per cent, and milliseconds a page."""

        def share(part: float, whole: float) -> float | None:
            return 100 * part / whole if whole else None

        return {
            "recall": share(self.found, self.formulas),
            "precision": share(self.found, self.extracted),
            "kind": share(self.right_kind, self.found),
            "order": share(self.in_order, self.found),
            "twice": share(self.duplicates, self.formulas),
            "prose": share(self.words_kept, self.words),
            "leak": share(self.leaked, self.chrome),
            "code": share(self.code_kept, self.code),
            "money": share(self.amounts_kept, self.amounts),
            "ms": 1000 * self.seconds / self.pages if self.pages else None,
        }


@dataclass
class Report:
    """One page: its counts, and what went wrong, for whoever wants to put it right."""

    counts: Counts = field(default_factory=Counts)
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Words, code and amounts."""
    leaked: list[str] = field(default_factory=list)


def read(text: str, reading: Reading) -> tuple[list[tuple[str, bool]], str, str]:
    """The formulas of an extractor's text with whether they are display, its prose, and its code."""
    code: list[str] = []

    def block(match: re.Match[str]) -> str:
        code.append(match[3])
        return "\n"

    def inline(match: re.Match[str]) -> str:
        code.append(match[2].strip())
        return " "

    formulas: list[tuple[str, bool]] = []

    def formula(match: re.Match[str]) -> str:
        name = match.lastgroup or ""
        formulas.append((match[name], name.startswith("display")))
        return " "

    prose = _CODE.sub(inline, _FENCE.sub(block, text))
    if reading is not Reading.NO_FORMULAS:
        prose = (_DOLLARS if reading is Reading.DOLLARS else _ANYTHING).sub(formula, prose)
    return formulas, prose, "\n".join(code)


def match(wanted: Sequence[tuple[str, bool]], got: Sequence[tuple[str, bool]], compare: str) -> list[int | None]:
    """For each formula that came out, which of the wanted it is; each is taken once, the next in order first."""
    free = set(range(len(wanted)))
    taken: list[int | None] = []
    expect = 0
    for tex, display in got:
        exact = [place for place in free if normal(wanted[place][0]) == normal(tex)]
        near = exact or [place for place in free if compare != "tex" and alike(wanted[place][0], tex, compare)]
        if not near:
            taken.append(None)
            continue
        place = min(near, key=lambda place: (abs(place - expect), wanted[place][1] != display))
        free.discard(place)
        taken.append(place)
        expect = place + 1
    return taken


def _ordered(places: list[int]) -> int:
    """Length of the longest rising run in `places`, with gaps."""
    tails: list[int] = []
    for place in places:
        at = next((index for index, tail in enumerate(tails) if tail >= place), len(tails))
        tails[at : at + 1] = [place]
    return len(tails)


def score(text: str, expected: Expected, reading: Reading) -> Report:
    """Compare an extractor's text with what the page holds."""
    formulas, prose, code = read(text, reading)
    taken = match(expected.formulas, formulas, expected.compare)
    hits = [place for place in taken if place is not None]
    report = Report()
    counts = report.counts
    counts.pages, counts.formulas, counts.extracted = 1, len(expected.formulas), len(formulas)
    counts.found, counts.in_order = len(hits), _ordered(hits)
    counts.right_kind = sum(
        expected.formulas[place][1] == display
        for place, (_, display) in zip(taken, formulas, strict=True)
        if place is not None
    )
    known = {normal(tex) for tex, _ in expected.formulas}
    extra = [tex for place, (tex, _) in zip(taken, formulas, strict=True) if place is None]
    counts.duplicates = sum(normal(tex) in known for tex in extra)
    report.missed = [tex for place, (tex, _) in enumerate(expected.formulas) if place not in set(hits)]
    report.extra = extra
    _prose(report, prose, text, expected)
    _code(report, code, text, expected)
    return report


def _prose(report: Report, prose: str, text: str, expected: Expected) -> None:
    counts = report.counts
    words, everywhere = set(_WORD.findall(prose)), set(_WORD.findall(text))
    lost = [word for word in expected.words if word not in words]
    left = Counter(_amount(found) for found in _MONEY.findall(prose))
    gone = Counter(expected.amounts) - left
    report.leaked = [word for word in expected.chrome if word in everywhere]
    report.lost = [*lost, *gone]
    counts.words, counts.words_kept = len(expected.words), len(expected.words) - len(lost)
    counts.amounts, counts.amounts_kept = len(expected.amounts), len(expected.amounts) - gone.total()
    counts.chrome, counts.leaked = len(expected.chrome), len(report.leaked)


def _amount(found: str) -> str:
    """Without the backslash, and the full stop or comma that ends a sentence."""
    return found.replace("\\$", "$").rstrip(".,")


def _code(report: Report, code: str, text: str, expected: Expected) -> None:
    lines = {line.rstrip() for line in (*code.splitlines(), *text.splitlines())}
    lost = [line for line in expected.code if line not in lines]
    lost += [piece for piece in expected.inline_code if piece not in lines and piece not in text]
    report.counts.code = len(expected.code) + len(expected.inline_code)
    report.counts.code_kept = report.counts.code - len(lost)
    report.lost += lost
