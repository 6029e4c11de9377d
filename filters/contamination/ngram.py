"""`ngram-13`: 13 plain words in a row, as most audits since GPT-3 have it, but not if they are all boilerplate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from filters.contamination.distinctive import Distinctive
from filters.contamination.rarity import SIZE
from filters.contamination.scene import Match, Scene, densest
from filters.contamination.table import Laid, Table, table
from filters.contamination.words import Places

WORDS = 13
METHOD = f"ngram-{WORDS}"
LEAST = 5
"""Distinctive n-grams of four words that begin in one; of ten. Runs of numbers have none."""
MOST_PARTS = 8
"""An n-gram that more parts have is how such questions end, not one of them."""


@dataclass(frozen=True)
class Ngram:
    """Parts that have such an n-gram."""

    table: Table
    count: Places
    """How many each part has."""
    width: Places
    """Words of each part."""

    @property
    def seen(self) -> Places:
        """The parts that can be found."""
        return np.flatnonzero(self.count)

    def find(self, scene: Scene) -> Iterator[Match]:
        """Where parts stand in a block; the score is the share of their n-grams that do."""
        words = scene.plain
        for met in scene.meetings(words, self.table, np.ones(len(self.count), np.int64)):
            width = int(self.width[met.part])
            weight, first, last = densest(met.at, met.word, np.ones(len(met.at)), width)
            start, end = words.start[met.at[first]], words.end[met.at[last] + WORDS - 1]
            yield scene.match(met.piece, met.part, METHOD, weight / self.count[met.part], start, end)


def ngram(laid: Laid, grams: Distinctive) -> Ngram:
    """The n-grams of parts that are distinctive enough."""
    hashes, part, word = laid.grams(WORDS)
    begun = np.append(0, np.cumsum(grams.starts))
    at = laid.begin[part] + word
    _, key, parts = np.unique(hashes, return_inverse=True, return_counts=True)
    kept = (begun[at + WORDS - SIZE + 1] - begun[at] >= LEAST) & (parts[key] <= MOST_PARTS)
    found = table(WORDS, hashes[kept], part[kept], word[kept])
    return Ngram(found, np.bincount(part[kept], minlength=len(laid.count)), laid.count)
