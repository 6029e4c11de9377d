"""From keys to pairs: who meets whom in a bucket."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Places = NDArray[np.uint64]
Flags = NDArray[np.bool_]

LARGEST = 10
"""Of the buckets that were cut, how many are named."""


@dataclass(frozen=True)
class Links:
    """Pairs of documents that are alike, by any number that stands for a document, and how alike they are."""

    left: Places
    right: Places
    similarity: NDArray[np.float64]


def unique(left: Places, right: Places) -> tuple[Places, Places]:
    """Each pair once, in order."""
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    fresh = ~repeats(left, right)
    return left[fresh], right[fresh]


@dataclass
class Cut:
    """What was left out of buckets with more members than are all compared with each other."""

    buckets: int = 0
    members: int = 0
    comparisons: int = 0
    """Pairs that were not compared in these buckets; many of them met elsewhere, or through others."""
    largest: list[tuple[int, int]] = field(default_factory=list)
    """Members, and the place of one of them."""

    def __iadd__(self, other: Cut) -> Cut:
        self.buckets += other.buckets
        self.members += other.members
        self.comparisons += other.comparisons
        self.largest = sorted(self.largest + other.largest, key=lambda one: (-one[0], one[1]))[:LARGEST]
        return self


def repeats(*columns: Places) -> Flags:
    """Which rows, of rows in order, are equal to the one before."""
    again = np.zeros(len(columns[0]), dtype=bool)
    if len(again):
        again[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return again


def grouped(again: Flags) -> tuple[Rows, Rows]:
    """Of rows in order: where each one's group begins, and how many rows it has."""
    starts = np.flatnonzero(~again)
    sizes = np.diff(np.r_[starts, len(again)])
    return np.repeat(starts, sizes), np.repeat(sizes, sizes)


def met(keys: Places) -> Rows:
    """The rows whose key another row has, too, in the order of the keys, then of the rows."""
    order: Rows = np.argsort(keys, kind="stable")
    again = repeats(keys[order])
    shared: Rows = order[again | np.append(again[1:], False)[: len(again)]]
    return shared


def copies(keys: Places, checks: Places, places: Places) -> Links:
    """Each document with the first one that has the same key and check."""
    rows = met(keys)
    rows = rows[np.lexsort((places[rows], checks[rows], keys[rows]))]
    again = repeats(keys[rows], checks[rows])
    first = places[rows][grouped(again)[0]]
    return Links(first[again], places[rows][again], np.ones(int(again.sum())))


class Buckets:
    """Documents that share a key, in the order of the keys, then of `orders`, which are hashes of their texts.

    One copy of a text stands for all of them. In each bucket the first members lead: they are paired with all that
    follow. With eight leaders a bucket of up to nine is compared in full, and one of a million costs eight million
    comparisons.
    """

    def __init__(self, keys: Places, orders: Places, places: Places) -> None:
        rows = met(keys)
        rows = rows[np.lexsort((places[rows], orders[rows], keys[rows]))]
        rows = rows[~repeats(keys[rows], orders[rows])]
        self._places = places[rows]
        self._starts, self._sizes = grouped(repeats(keys[rows]))

    def pairs(self, leader: int) -> tuple[Places, Places]:
        """The leader of this number of each bucket with all that follow it; each pair once, the lower place first."""
        after = np.arange(len(self._starts)) - self._starts > leader
        left, right = self._places[self._starts[after] + leader], self._places[after]
        return unique(np.minimum(left, right), np.maximum(left, right))

    def cut(self, leaders: int) -> Cut:
        """What is left out with so many leaders."""
        first = np.flatnonzero((self._starts == np.arange(len(self._starts))) & (self._sizes > leaders + 1))
        size = self._sizes[first]
        left_out = (size - leaders) * (size - leaders - 1) // 2
        largest = sorted(zip((-size).tolist(), self._places[first].tolist(), strict=True))[:LARGEST]
        return Cut(len(first), int(size.sum()), int(left_out.sum()), [(-size, place) for size, place in largest])
