"""In which order the sequences of several sources are drawn, worked out anywhere from a few numbers.

Draw j of a source that is drawn n times has its place between j/n and (j + 1)/n of the whole, at a random point of it:
so every source is spread evenly, and no stretch of the order is without its share. Within a source each epoch is a
permutation of its sequences, a Feistel network over their numbers. Nothing is listed: memory and time of a stretch of
the order are those of the stretch, and do not depend on how anything is cut into files or who asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

Numbers = npt.NDArray[np.uint64]

DRAW = np.dtype([("source", "<u2"), ("epoch", "<u4"), ("sequence", "<i8")])
"""One draw: which source, how often it has been gone through before, and which of its sequences."""

ROUNDS = 6
"""Of the Feistel network: four are as good as random to whoever sees the order, two more cost nothing here."""


@dataclass(frozen=True)
class Blend:
    """The order of all draws."""

    names: tuple[str, ...]
    """The sources; what is drawn of one does not change with its place here or with what others there are."""
    counts: tuple[int, ...]
    """How often each is drawn from."""
    sizes: tuple[int, ...]
    """How many sequences each has. One that is drawn from must have some."""
    seed: int = 0

    def __len__(self) -> int:
        return sum(self.counts)

    def draws(self, start: int, stop: int) -> npt.NDArray[Any]:
        """The draws from one place in the order up to another, as `DRAW`."""
        firsts, lasts = self._window(start, stop)
        of_sources = [np.arange(*ends, dtype=np.uint64) for ends in zip(firsts, lasts, strict=True)]
        sources = np.repeat(np.arange(len(self.names)), [len(some) for some in of_sources])
        times = np.concatenate([self._times(source, some) for source, some in enumerate(of_sources)])
        order = np.lexsort((sources, times))[start - sum(firsts) : stop - sum(firsts)]
        return self._drawn(sources[order], np.concatenate(of_sources)[order])

    def _window(self, start: int, stop: int) -> tuple[list[int], list[int]]:
        """The draws of each source that can be in a stretch: none lies further from its even place than one draw."""
        total, margin = len(self) or 1, 2 * len(self.names)
        firsts = [max(0, start - margin) * count // total for count in self.counts]
        lasts = [min(count, (stop + margin) * count // total + 1) for count in self.counts]
        return firsts, lasts

    def _times(self, source: int, draws: Numbers) -> npt.NDArray[np.float64]:
        jitter = (scramble(draws, self._key(source, "time")) >> np.uint64(11)) * 2.0**-53
        times: npt.NDArray[np.float64] = (draws + jitter) / max(self.counts[source], 1)
        return times

    def _drawn(self, sources: npt.NDArray[np.int64], draws: Numbers) -> npt.NDArray[Any]:
        found = np.zeros(len(draws), DRAW)
        found["source"] = sources
        for source in np.unique(sources).tolist():
            here, size = sources == source, np.uint64(self.sizes[source])
            epochs, places = np.divmod(draws[here], size)
            keys = scramble(epochs, self._key(source, "epoch"))
            found["epoch"][here] = epochs
            found["sequence"][here] = permute(places, keys, self.sizes[source])
        return found

    def _key(self, source: int, purpose: str) -> np.uint64:
        text = f"blend/{self.seed}/{purpose}/{self.names[source]}"
        return np.uint64(xxhash.xxh3_64_intdigest(text.encode()))


def permute(numbers: Numbers, keys: Numbers, size: int) -> Numbers:
    """Where each number below `size` goes; under one key no two go to the same place."""
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    found = _feistel(numbers, keys, half)
    outside = np.flatnonzero(found >= size)
    while len(outside):  # the network permutes a power of four, at most four times as much: walk on until inside
        found[outside] = _feistel(found[outside], keys[outside], half)
        outside = outside[found[outside] >= size]
    return found


def _feistel(numbers: Numbers, keys: Numbers, half: int) -> Numbers:
    width, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = numbers >> width, numbers & mask
    for turn in range(ROUNDS):
        left, right = right, left ^ (scramble(right, keys + np.uint64(turn)) & mask)
    return left << width | right


def scramble(numbers: Numbers, key: np.uint64 | Numbers) -> Numbers:
    """A hash of each number and the key: the finaliser of SplitMix64 (Steele and others, 2014), twice."""
    return _finalise(_finalise(numbers * np.uint64(0x9E3779B97F4A7C15)) ^ key)


def _finalise(state: Numbers) -> Numbers:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def apportion(shares: Sequence[float], total: int) -> tuple[int, ...]:
    """Whole numbers that add up to `total` and stand as the shares: what is left over goes to the largest rests."""
    exact = [share * total / (sum(shares) or 1.0) for share in shares]
    counts = [int(number) for number in exact]
    by_rest = sorted(range(len(shares)), key=lambda place: (counts[place] - exact[place], place))
    for place in by_rest[: total - sum(counts) if any(shares) else 0]:
        counts[place] += 1
    return tuple(counts)
