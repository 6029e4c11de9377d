"""How often n-grams stand in a corpus, by a sample of its documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from filters.contamination.blocks import blocks
from filters.contamination.items import Part
from filters.contamination.scene import Scene
from filters.contamination.table import lay_out, table
from filters.contamination.words import Numbers, Places, ngrams, plain


@dataclass(frozen=True)
class Rarity:
    """In how many documents of a sample of the corpus n-grams stand."""

    documents: int = 0
    hashes: Numbers = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Sorted."""
    counts: Places = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, keys: Numbers) -> Places:
        """The counts of these n-grams."""
        if not len(self.hashes):
            return np.zeros(len(keys), np.int64)
        place = np.minimum(np.searchsorted(self.hashes, keys), len(self.hashes) - 1)
        return np.where(self.hashes[place] == keys, self.counts[place], 0)


SIZE = 4
"""Words of the n-grams that are counted."""


def measure(parts: Sequence[Part], texts: Sequence[str]) -> Rarity:
    """In how many of these texts the n-grams of parts stand."""
    laid = lay_out((part.prose for part in parts), plain)
    grams = table(SIZE, *laid.grams(SIZE))
    met = [np.zeros((0, 2), np.int64)]
    for block in blocks(texts):
        scene = Scene(block)
        _, piece, key = scene.find(scene.plain, ngrams(scene.plain.hashes, SIZE), grams)
        text = np.array([one.text for one in block.pieces], np.int64)[piece]
        met.append(np.stack((key, text), 1))
    pairs = np.unique(np.concatenate(met), axis=0)
    counts = np.bincount(pairs[:, 0], minlength=len(grams.keys))
    seen = np.flatnonzero(counts)
    return Rarity(len(texts), grams.keys[seen], counts[seen].astype(np.int64))
