"""From keys to clusters: who meets whom in a bucket, and what hangs together through pairs."""

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

    def unique(self) -> Links:
        """Each pair once, smaller number first, in order."""
        left, right = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        order = np.lexsort((right, left))
        left, right = left[order], right[order]
        fresh = ~repeats(left, right)
        return Links(left[fresh], right[fresh], self.similarity[order][fresh])


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


def candidates(keys: Places, orders: Places, places: Places, leaders: int) -> tuple[Places, Places, Cut]:
    """Pairs of documents that share a key, each once, and what was left out.

    `orders` are hashes of the texts: one copy of a text stands for all of them. In each bucket, in this order, the
    first `leaders` members are paired with all that follow. So a bucket of up to `leaders` + 1 is compared in full, and
    one of a million costs `leaders` million comparisons.
    """
    rows = met(keys)
    rows = rows[np.lexsort((places[rows], orders[rows], keys[rows]))]
    rows = rows[~repeats(keys[rows], orders[rows])]
    starts, sizes = grouped(repeats(keys[rows]))
    behind = np.arange(len(rows)) - starts
    of = places[rows]
    pairs = [(of[starts[after] + leader], of[after]) for leader in range(leaders) if (after := behind > leader).any()]
    empty = np.empty(0, np.uint64)
    left = np.concatenate([empty, *(pair[0] for pair in pairs)])
    right = np.concatenate([empty, *(pair[1] for pair in pairs)])
    found = Links(left, right, np.empty(len(left))).unique()
    return found.left, found.right, _cut(of, starts, sizes, leaders)


def _cut(places: Places, starts: Rows, sizes: Rows, leaders: int) -> Cut:
    first = np.flatnonzero((starts == np.arange(len(starts))) & (sizes > leaders + 1))
    size = sizes[first]
    left_out = (size - leaders) * (size - leaders - 1) // 2
    largest = sorted(zip((-size).tolist(), places[first].tolist(), strict=True))[:LARGEST]
    return Cut(len(first), int(size.sum()), int(left_out.sum()), [(-size, place) for size, place in largest])


class Components:
    """What hangs together, by union-find over all numbers below `count`: 8 bytes each, however the links come."""

    def __init__(self, count: int) -> None:
        self._narrow = np.int32 if count < 1 << 31 else np.int64
        self._parent = np.arange(count, dtype=self._narrow)
        self._sizes = np.empty(0, self._narrow)

    def link(self, left: Rows, right: Rows) -> None:
        """The two of each pair hang together."""
        from pipeline.stages import kernels  # Numba takes a second to import

        kernels.unite(self._parent, left, right)

    def settle(self) -> None:
        """All links are known: what follows may be asked."""
        from pipeline.stages import kernels

        kernels.settle(self._parent)
        self._sizes = np.zeros(len(self._parent), self._narrow)
        kernels.count(self._parent, self._sizes)

    def label(self, number: int) -> int:
        """The lowest number that hangs together with this one."""
        return int(self._parent[number])

    def size(self, label: int) -> int:
        """How many hang together under a label."""
        return int(self._sizes[label])

    def linked(self, start: int, end: int) -> Flags:
        """Which numbers of a range hang together with another one."""
        flags: Flags = self._sizes[self._parent[start:end]] > 1
        return flags
