"""All methods at once over texts, and what each can see at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from filters.contamination import fuzzy, llemma, ngram, whole
from filters.contamination.blocks import blocks
from filters.contamination.distinctive import distinctive
from filters.contamination.items import Part
from filters.contamination.rarity import Rarity
from filters.contamination.scene import Match, Scene
from filters.contamination.table import lay_out
from filters.contamination.words import plain

METHODS = (*llemma.METHODS, ngram.METHOD, fuzzy.METHOD, whole.METHOD)
"""In the order of the tables."""
OWN = (ngram.METHOD, fuzzy.METHOD, whole.METHOD)
"""Those that look at normalised text; together they see almost everything, and are meant to be believed."""


@dataclass(frozen=True)
class Index:
    """Parts of benchmarks, arranged for each method."""

    parts: tuple[Part, ...]
    llemma: llemma.Llemma
    ngram: ngram.Ngram
    fuzzy: fuzzy.Fuzzy
    whole: whole.Whole

    def find(self, texts: Sequence[str]) -> list[Match]:
        """Every match in texts, sorted; of a part that a method finds twice in a text, the better one."""
        best: dict[tuple[int, int, str], Match] = {}
        for block in blocks(texts):
            for match in self._in(Scene(block)):
                key = (match.text, match.part, match.method)
                if key not in best or match.score > best[key].score:
                    best[key] = match
        return [best[key] for key in sorted(best)]

    def _in(self, scene: Scene) -> Iterator[Match]:
        for method in (self.fuzzy, self.whole, self.ngram, self.llemma):
            yield from method.find(scene)

    def seen(self, method: str) -> Sequence[int]:
        """The parts that a method can find at all."""
        if method in llemma.METHODS:
            return self.llemma.seen(method)
        own: dict[str, Iterable[int]] = {
            ngram.METHOD: self.ngram.seen,
            fuzzy.METHOD: self.fuzzy.seen,
            whole.METHOD: self.whole.seen,
        }
        return [int(part) for part in own[method]]

    @cached_property
    def told_apart(self) -> frozenset[str]:
        """The texts of the parts that at least one method of our own can find."""
        return frozenset(self.parts[part].text for method in OWN for part in self.seen(method))


def index(parts: Sequence[Part], rarity: Rarity | None = None) -> Index:
    """An index of parts; without a rarity, only what the benchmarks repeat counts as boilerplate."""
    rarity = rarity or Rarity()
    laid = lay_out((part.prose for part in parts), plain)
    grams = distinctive(laid, rarity)
    drawn = lay_out((part.drawings for part in parts), plain).count
    ways = whole.whole(parts, laid, grams, rarity)
    return Index(tuple(parts), llemma.llemma(parts), ngram.ngram(laid, grams), fuzzy.Fuzzy(laid, grams, drawn), ways)
