"""Parts of items laid out as numbers, and tables of their n-grams that a whole block is held against at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from filters.contamination.folded import folded
from filters.contamination.words import PAD, Numbers, Places, Words, ngrams

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """N-grams, and the places in parts where they stand."""

    size: int
    """Words of an n-gram."""
    keys: Numbers
    """Their hashes, sorted."""
    first: Places
    """By key: where its places begin in the next two; one more at the end."""
    part: Places
    word: Places

    @cached_property
    def _mask(self) -> tuple[NDArray[np.bool_], np.uint64]:
        """Whether a hash can be a key, by its first bits: most of any text cannot."""
        bits = max(16, int(len(self.keys) * 16).bit_length())
        mask, shift = np.zeros(1 << bits, np.bool_), np.uint64(64 - bits)
        mask[(self.keys >> shift).view(np.int64)] = True
        return mask, shift

    def find(self, hashes: Numbers) -> tuple[Places, Places]:
        """Where in `hashes` a key stands, and which."""
        if not len(self.keys):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        mask, shift = self._mask
        likely = np.flatnonzero(mask[(hashes >> shift).view(np.int64)])
        key = np.minimum(np.searchsorted(self.keys, hashes[likely]), len(self.keys) - 1)
        sure = self.keys[key] == hashes[likely]
        return likely[sure], key[sure]

    def places(self, keys: Places) -> tuple[Places, Places, Places]:
        """(part, word, which of `keys` it is) for every place that keys stand at, in their order."""
        counts = self.first[keys + 1] - self.first[keys]
        which = np.repeat(np.arange(len(keys)), counts)
        step = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = self.first[keys][which] + step
        return self.part[at], self.word[at], which


def table(size: int, hashes: Numbers, part: Places, word: Places) -> Table:
    """A table of n-grams with their places, given in any order."""
    order = np.lexsort((word, part, hashes))
    keys, first = np.unique(hashes[order], return_index=True)
    ends = np.append(first, len(hashes)).astype(np.int64)
    return Table(size, keys, ends, part[order], word[order])


@dataclass(frozen=True)
class Laid:
    """The words of all parts, one part after the other."""

    data: bytes
    words: Words
    owner: Places
    """The part of each word."""
    count: Places
    """How many words each part has."""

    @cached_property
    def begin(self) -> Places:
        """The first word of each part."""
        return np.cumsum(self.count) - self.count

    def grams(self, size: int) -> tuple[Numbers, Places, Places]:
        """(hash, part, its word at which it begins) of each n-gram that lies in one part."""
        grams = ngrams(self.words.hashes, size)
        inside = np.flatnonzero(self.owner[: len(grams)] == self.owner[len(self.owner) - len(grams) :])
        part = self.owner[inside]
        return grams[inside], part, inside - self.begin[part]

    def of(self, part: int) -> Numbers:
        """The words of one part."""
        start = int(self.begin[part])
        return self.words.hashes[start : start + int(self.count[part])]


def lay_out(texts: Iterable[str], cut: Callable[[bytes], Words]) -> Laid:
    """The texts of parts cut into words."""
    padded = [PAD + text.encode("utf-8", "surrogatepass") + PAD for text in texts]
    ends = np.cumsum([len(text) for text in padded])
    data = folded(b"".join(padded) or PAD)
    words = cut(data)
    owner = np.searchsorted(ends, words.start, "right")
    return Laid(data, words, owner, np.bincount(owner, minlength=len(padded)))
