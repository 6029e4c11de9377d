"""`fuzzy`: the share of a part's distinctive n-grams that stand close together in a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from filters.contamination.distinctive import Distinctive
from filters.contamination.scene import Match, Meetings, Scene, densest
from filters.contamination.table import Laid, Weights
from filters.contamination.words import Numbers, Places

METHOD = "fuzzy"
LEAST = 6
"""Parts of fewer distinctive n-grams are looked for whole."""
STRICT, LOOSE = 0.6, 0.35
"""Shares that a part of `LEAST` n-grams, and one of `LONG` or more, must have."""
NUMBERLESS = 0.15
"""So much more must one have that has no number to be told by."""
LONG = 40
STRETCH, SLACK = 1.25, 8
"""A part may be spread over so many times its words, and so many more."""
NUMBERS = 0.8
"""Share of a part's numbers that must be there, too: what differs in them is another problem of the same kind."""
NEAR = 4
"""They may stand so many words before and after the span, or as far as the whole part would reach."""


@dataclass(frozen=True)
class Fuzzy:
    """Parts that have enough distinctive n-grams."""

    laid: Laid
    grams: Distinctive
    drawn: Places
    """Words of each part's drawings, which may stand between the others."""

    @cached_property
    def seen(self) -> Places:
        """The parts that can be found."""
        return np.flatnonzero(self.grams.count >= LEAST)

    @cached_property
    def thresholds(self) -> Weights:
        """By part the share that it must reach: less for a longer one, since what is long is not met by chance."""
        length = np.clip((self.grams.count - LEAST) / (LONG - LEAST), 0, 1)
        numberless = np.array([not self._digits(part) for part in range(len(self.laid.count))])
        return np.asarray(STRICT - (STRICT - LOOSE) * length + NUMBERLESS * numberless)

    @cached_property
    def _least(self) -> Places:
        """N-grams without which no part can reach its threshold, since none weighs more than 1."""
        never = np.iinfo(np.int64).max
        least = np.maximum(2, np.ceil(self.thresholds * self.grams.total)).astype(np.int64)
        return np.where(self.grams.count >= LEAST, least, never)

    def find(self, scene: Scene) -> Iterator[Match]:
        """Where parts stand in a block."""
        for met in scene.meetings(scene.plain, self.grams.table, self._least):
            match = self._judge(scene, met)
            if match:
                yield match

    def _judge(self, scene: Scene, met: Meetings) -> Match | None:
        width = int(self.laid.count[met.part] * STRETCH + self.drawn[met.part]) + SLACK
        weight, first, last = densest(met.at, met.word, self.grams.weights[met.key], width)
        share = weight / self.grams.total[met.part]
        if share < self.thresholds[met.part]:
            return None
        start, end = int(met.at[first]), int(met.at[last]) + self.grams.table.size
        words = scene.plain
        before = max(NEAR, int(met.word[first]))
        after = max(NEAR, int(self.laid.count[met.part] - met.word[last]) - self.grams.table.size)
        if self._numbers(met.part, words.hashes[max(0, start - before) : end + after]) < NUMBERS:
            return None
        return scene.match(met.piece, met.part, METHOD, min(1.0, share), words.start[start], words.end[end - 1])

    def _numbers(self, part: int, words: Numbers) -> float:
        """The share of a part's numbers that are among these words."""
        own = self._digits(part)
        return len(own & set(words.tolist())) / len(own) if own else 1.0

    def _digits(self, part: int) -> set[int]:
        start = int(self.laid.begin[part])
        rows = slice(start, start + int(self.laid.count[part]))
        digits = np.frombuffer(self.laid.data, np.uint8)[self.laid.words.start[rows]] <= ord("9")
        return set(self.laid.words.hashes[rows][digits].tolist())
