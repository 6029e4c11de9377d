"""MinHash signatures: how alike two texts are, from a few numbers a document (Broder 1997).

Signatures are datasketch's of its scheme `affine32` and seed 1, over 32-bit hashes of word shingles; computed here for
all shingles of a document at once. What is kept to compare two documents is one byte of each value (b-bit minwise
hashing, Li and König 2010): a quarter of the size for a standard error that grows by less than 1 % at 0.7.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import xxhash
from numpy.typing import NDArray

Hashes32 = NDArray[np.uint32]
Hashes64 = NDArray[np.uint64]
Sketches = NDArray[np.uint8]

CHUNK = 512
"""Shingles permuted at a time: 256 KiB for 128 permutations, which stays in the cache."""

_BY_CHANCE = 1 / 256
"""How often the low bytes of two unequal values are equal."""


class Permutations:
    """The permutations of a signature, and its cut into bands for locality-sensitive hashing."""

    def __init__(self, count: int, threshold: float) -> None:
        from datasketch import MinHash  # type: ignore[import-untyped]  # with SciPy it takes a second to import

        self.count = count
        self.bands, self.rows = best_bands(threshold, count)
        self._factors, self._terms = MinHash(num_perm=count, seed=1, scheme="affine32").permutations

    def signature(self, shingles: Hashes32) -> Hashes32:
        """The least permuted hash for each permutation. There must be a shingle: nothing is like an empty signature."""
        if not len(shingles):
            raise ValueError("a document without shingles has no signature")
        hashes = mix(shingles)[:, None]
        lowest = np.full(self.count, 0xFFFFFFFF, dtype=np.uint32)
        for start in range(0, len(hashes), CHUNK):
            permuted = hashes[start : start + CHUNK] * self._factors
            permuted += self._terms
            np.minimum(lowest, permuted.min(axis=0), out=lowest)
        return lowest

    def band_keys(self, signature: Hashes32) -> list[int]:
        """A 64-bit key for each band; documents that share one are candidates."""
        bands = signature[: self.bands * self.rows].reshape(self.bands, self.rows)
        return [xxhash.xxh3_64_intdigest(band.tobytes(), seed=number) for number, band in enumerate(bands)]


@lru_cache(maxsize=16)
def best_bands(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands, and rows of a band: datasketch's optimum, where false and missed candidates weigh the same."""
    from datasketch.lsh import _optimal_param  # type: ignore[import-untyped]

    # not by way of MinHashLSH, which refuses a single band: the best there is for a threshold of 1
    bands, rows = _optimal_param(threshold, permutations, 0.5, 0.5)
    return int(bands), int(rows)


def mix(hashes: Hashes32) -> Hashes32:
    """MurmurHash3's 32-bit finalizer, which `affine32` applies before it permutes."""
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return hashes ^ (hashes >> np.uint32(16))


def shingle_hashes(text: str, words: int) -> Hashes32:
    """A hash for every run of so many words (parted by white space); empty for a text of fewer words."""
    tokens = " ".join(text.split()).encode().split()
    runs = len(tokens) - words + 1
    if runs < 1:
        return np.empty(0, dtype=np.uint32)
    hashes = np.array(list(map(xxhash.xxh3_64_intdigest, tokens)), dtype=np.uint64)
    combined = np.zeros(runs, dtype=np.uint64)
    for place in range(words):
        combined = combined * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + runs]
    return (combined >> np.uint64(32)).astype(np.uint32)


def sketch(signature: Hashes32) -> bytes:
    """What is kept of a signature to compare it: the low byte of each value."""
    return signature.astype(np.uint8).tobytes()


def similarity(left: Sketches, right: Sketches) -> NDArray[np.float64]:
    """Estimated Jaccard similarity, row by row, of sketches; 1 if and only if they are equal, 0 at least."""
    equal: NDArray[np.float64] = np.mean(left == right, axis=1)
    return np.maximum((equal - _BY_CHANCE) / (1 - _BY_CHANCE), 0)
