"""What tells an item from all else: its n-grams that are prose, and that neither corpus nor benchmarks repeat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.contamination.rarity import SIZE, Rarity
from filters.contamination.table import Laid, Table, Weights, table
from filters.contamination.words import Numbers, Places

COMMON = 0.01
"""An n-gram that so many of the corpus's documents have is boilerplate."""
FEWEST = 20
"""Documents below which that share is not asked."""
MOST_PARTS = 50
"""So is one that so many parts of the benchmarks have."""
PROSE = 3
"""Letters that a word of prose has at least; an n-gram without two such words distinguishes nothing."""


@dataclass(frozen=True)
class Distinctive:
    """The distinctive n-grams of all parts."""

    table: Table
    weights: Weights
    """Of each key: 1 for what stands nowhere else, less the more it is seen."""
    count: Places
    """How many each part has, repeated ones included."""
    total: Weights
    """What all of a part's weigh together, each counted at each place."""
    starts: NDArray[np.bool_]
    """Whether a distinctive n-gram begins at a word of the layout."""


def distinctive(laid: Laid, rarity: Rarity) -> Distinctive:
    """The distinctive n-grams of parts, as rare as a sample of the corpus says."""
    hashes, part, word = laid.grams(SIZE)
    seen = _telling(laid, part, word) & ~_common(hashes, rarity)
    hashes, part, word = hashes[seen], part[seen], word[seen]
    found = table(SIZE, hashes, part, word)
    weights = 1 / (1 + np.log2(np.maximum(1, np.diff(found.first) + rarity.of(found.keys))))
    count = np.bincount(part, minlength=len(laid.count))
    each = weights[np.searchsorted(found.keys, hashes)]
    total = np.bincount(part, each, minlength=len(laid.count)).astype(np.float64)
    starts = np.zeros(len(laid.words.hashes), np.bool_)
    starts[laid.begin[part] + word] = True
    return Distinctive(found, weights, count, total, starts)


def _telling(laid: Laid, part: Places, word: Places) -> NDArray[np.bool_]:
    words = laid.words
    letters = np.frombuffer(laid.data, np.uint8)[words.start] > ord("9")
    prose = np.append(0, np.cumsum(letters & (words.end - words.start >= PROSE)))
    at = laid.begin[part] + word
    return np.asarray(prose[at + SIZE] - prose[at] >= 2)


def _common(hashes: Numbers, rarity: Rarity) -> NDArray[np.bool_]:
    keys, which, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    often = rarity.of(keys) >= max(FEWEST, COMMON * rarity.documents)
    return np.asarray((often | (counts > MOST_PARTS))[which])
