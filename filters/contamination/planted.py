"""The self-test of an audit: items planted in copies of real documents, and items that cannot be anywhere.

Each kind of planting is something that happens to a problem on its way through the web. What is planted must be found
again; a permuted item, whose words and numbers are those of an item in another order, must not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from filters.contamination.audit import OWN, Index, index
from filters.contamination.items import Part, Role
from filters.contamination.rarity import Rarity
from filters.contamination.scene import Match
from filters.contamination.strict import typed
from filters.wordlist import load

DOCUMENT_CHARACTERS = 20_000
"""At most this much of a document is taken to plant in."""
FEWEST_WORDS = 8
"""Of fewer words, another order of them may well stand somewhere."""
ASKED: tuple[Role, ...] = ("options", "question", "formal", "name")
"""Parts that say what is asked, the fullest first."""


@dataclass(frozen=True)
class Item:
    """What is planted: one item of a benchmark."""

    texts: Mapping[Role, str]

    @property
    def asked(self) -> str:
        """What a reader is shown first: the question, with its options if it has any, else the statement or name."""
        return next(self.texts[role] for role in ASKED if role in self.texts)

    @property
    def answer(self) -> str:
        return self.texts.get("answer", "")


@dataclass(frozen=True)
class Recall:
    """Of one kind, how many items of a benchmark were planted, and how many each method found again."""

    kind: str
    benchmark: str
    planted: int
    visible: int
    """Those of which some method of our own can see anything that is planted."""
    found: Mapping[str, int]


@dataclass(frozen=True)
class SelfTest:
    """What an audit can do on this corpus with these benchmarks."""

    recall: tuple[Recall, ...]
    permuted: int
    """Permuted items that were looked for."""
    documents: int
    """Documents in which they were."""
    mistakes: Mapping[str, int]
    """Documents in which a method found one all the same."""


class Draw(random.Random):
    """A source of chance with a seed of its own."""

    def __init__(self, seed: str, words: frozenset[str]) -> None:
        super().__init__(seed)
        self.words = words
        """What is capitalised only at the beginning of a sentence, and so is nobody's name."""


def _uncapitalised(parts: Sequence[Part]) -> frozenset[str]:
    small: set[str] = set()
    for part in parts:
        small.update(re.findall(r"\b[a-z]{3,}\b", part.text))
    return frozenset(word.capitalize() for word in small)


def self_test(parts: Sequence[Part], found: Index, rarity: Rarity, texts: Sequence[str], each: int = 30) -> SelfTest:
    """Plant `each` items of each kind and benchmark in copies of `texts`; look for them, and for permuted ones."""
    words = _uncapitalised(parts)
    draw = Draw(f"self-test/{len(parts)}/{len(texts)}", words)
    recall = []
    for name, items in _items(parts, draw).items():
        for kind in KINDS:
            able = [item for item in items if _able(kind, item, words)][:each]
            if able:
                recall.append(_recall(kind, name, found, able, texts, Draw(f"{kind}/{name}", words)))
    others = permuted(parts, draw)
    mistakes: dict[str, set[int]] = {}
    for match in index(others, rarity).find(texts):
        for name in _methods(match):
            mistakes.setdefault(name, set()).add(match.text)
    return SelfTest(tuple(recall), len(others), len(texts), {name: len(at) for name, at in sorted(mistakes.items())})


def _items(parts: Sequence[Part], draw: Draw) -> dict[str, list[Item]]:
    """The items of each benchmark, in any order."""
    items: dict[str, list[Item]] = {}
    for (name, _), of_item in groupby(parts, key=lambda part: (part.benchmark, part.item)):
        items.setdefault(name, []).append(Item({part.role: part.text for part in of_item}))
    for of_benchmark in items.values():
        draw.shuffle(of_benchmark)
    return items


def _recall(kind: str, name: str, found: Index, items: Sequence[Item], texts: Sequence[str], draw: Draw) -> Recall:
    planted = [_inside(draw, texts, KINDS[kind](draw, item.asked, item.answer)) for item in items]
    hits: dict[str, set[int]] = {}
    for match in found.find(planted):
        if found.parts[match.part].text in items[match.text].texts.values():
            for method in _methods(match):
                hits.setdefault(method, set()).add(match.text)
    seen = found.told_apart
    visible = sum(not seen.isdisjoint((item.asked, item.texts.get("question"), item.answer)) for item in items)
    return Recall(kind, name, len(items), visible, {method: len(at) for method, at in sorted(hits.items())})


def _methods(match: Match) -> tuple[str, ...]:
    """Under which heads a match counts; `own` is any method of our own."""
    return (match.method, "own") if match.method in OWN else (match.method,)


def _inside(draw: Draw, texts: Sequence[str], text: str) -> str:
    """A copy of a real document with something more in it, between two lines."""
    host = draw.choice(texts)[:DOCUMENT_CHARACTERS] if texts else ""
    lines = host.split("\n")
    place = draw.randint(0, len(lines))
    return "\n".join([*lines[:place], text, *lines[place:]])


Plant = Callable[[Draw, str, str], str]


def _verbatim(_: Draw, question: str, answer: str) -> str:
    return f"{question}\n\n{answer}"


def _rewrapped(_: Draw, question: str, answer: str) -> str:
    words = f"{question} {answer}".split()
    return "\n".join(" ".join(words[start : start + 8]) for start in range(0, len(words), 8))


def _respaced(_: Draw, question: str, answer: str) -> str:
    return respaced(f"{question}\n\n{answer}")


def _unicode(_: Draw, question: str, answer: str) -> str:
    return typed(f"{question}\n\n{answer}")


def _forum(draw: Draw, question: str, answer: str) -> str:
    who, other = draw.sample(load("filters.contamination", "names.txt"), 2)
    quoted = "\n".join(f"> {line}" for line in question.split("\n"))
    return f"{who} wrote on {draw.randint(1, 28)} May:\n{quoted}\n\nAny hints?\n\n{other}: Sure. {answer}\n\nThanks!"


def _question_only(_: Draw, question: str, __: str) -> str:
    return question


def _renamed(draw: Draw, question: str, answer: str) -> str:
    known = sorted(set(_NAME.findall(question)) - draw.words)
    others = draw.sample(load("filters.contamination", "names.txt"), k=min(len(known), 40))
    names = dict(zip(known, others, strict=False))
    return _NAME.sub(lambda name: names.get(name[0], name[0]), f"{question}\n\n{answer}")


KINDS: Mapping[str, Plant] = {
    "verbatim": _verbatim,
    "re-wrapped": _rewrapped,
    "LaTeX re-spaced": _respaced,
    "Unicode": _unicode,
    "in a forum page": _forum,
    "question only": _question_only,
    "names changed": _renamed,
}
"""What happens to an item before it is planted."""

_FORMULA = re.compile(r"\$[^$]+\$|\\\[.+?\\\]|\\\(.+?\\\)", re.DOTALL)
_SIGN = re.compile(r"\s*([=+<>])\s*|\s*(\\(?:cdot|times|le|ge|leq|geq|pm)(?![A-Za-z]))\s*|(?<=[({])|(?=[})])")
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")


def _able(kind: str, item: Item, words: frozenset[str]) -> bool:
    """Whether this can happen to an item."""
    if kind in ("LaTeX re-spaced", "Unicode"):
        return bool(_FORMULA.search(item.asked))
    if kind == "names changed":  # what is a name in a formal statement belongs to it
        return "question" in item.texts and bool(set(_NAME.findall(item.asked)) - words)
    return True


def respaced(text: str) -> str:
    """Formulas with other white space, fractions and delimiters that look the same."""
    return _FORMULA.sub(_respaced_formula, text)


def _respaced_formula(found: re.Match[str]) -> str:
    formula = _SIGN.sub(lambda sign: f" {sign[1] or sign[2] or ''} ", found[0].strip("$"))
    formula = re.sub(r"\\frac(?![a-z])", r"\\dfrac", formula)
    formula = re.sub(r"\\left|\\right(?![a-z])", "", formula)
    return f"\\( {formula} \\)" if found[0][0] == "$" else formula


def permuted(parts: Iterable[Part], draw: Draw) -> list[Part]:
    """The same words and numbers in another order, of parts that are long enough for it to be nobody's."""
    return [_permuted(part, draw) for part in parts if part.role != "name" and len(part.prose.split()) >= FEWEST_WORDS]


def _permuted(part: Part, draw: Draw) -> Part:
    """The same words and numbers in another order."""
    words = part.prose.split()
    draw.shuffle(words)
    numbers = re.findall(r"\d+", " ".join(words))
    draw.shuffle(numbers)
    left = iter(numbers)
    return Part(part.benchmark, part.item, part.role, re.sub(r"\d+", lambda _: next(left), " ".join(words)))
