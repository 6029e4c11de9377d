"""How alike two texts are: shingles, and what stands for them in the search for near-duplicates.

`MinHash` (Broder 1997) finds texts of a Jaccard similarity; its signatures are datasketch's of the scheme `affine32`,
seed 1, over 32-bit hashes of shingles. `SimHash` (Charikar 2002) finds texts whose fingerprints differ in few bits,
as text-dedup does, which OpenWebMath used. Both give each text some keys; texts that share one are candidates, and are
judged by their evidence: all of their shingles, or the fingerprints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Hashes32 = NDArray[np.uint32]
Hashes64 = NDArray[np.uint64]
Rows = NDArray[np.int64]
Similarities = NDArray[np.float64]

MISSED, FALSE = 0.8, 0.2
"""What missed and false candidates weigh when bands are chosen: false ones are found out, and only take time."""


@dataclass(frozen=True)
class Shingles:
    """What of a text is compared: the set of its runs of so many words, characters or tokens."""

    of: Literal["words", "characters", "tokens"] = "words"
    length: int = 5
    lowercase: bool = False

    def __call__(self, text: str) -> Hashes32:
        """The hashes of a text's shingles, each once, sorted; none of a text that is shorter than a shingle."""
        from pipeline.stages import kernels  # Numba takes a second to import

        data = np.frombuffer((text.lower() if self.lowercase else text).encode("utf-8", "replace"), dtype=np.uint8)
        units = np.empty(len(data) + 1, dtype=np.uint64)
        kind = ("words", "characters", "tokens").index(self.of)
        count = kernels.unit_hashes(data, kind, units) if len(data) else 0
        hashes = np.empty(max(count - self.length + 1, 0), dtype=np.uint32)
        kernels.run_hashes(units[:count], self.length, hashes)
        hashes.sort()
        return hashes[: kernels.drop_repeats(hashes)]


@dataclass(frozen=True)
class MinHash:
    """Texts of a Jaccard similarity of at least `threshold`; two of s share a key by 1 - (1 - s**rows)**bands."""

    threshold: float = 0.7
    permutations: int = 128
    bands: int = 0
    """0: as the threshold asks."""
    rows: int = 0

    @cached_property
    def cut(self) -> tuple[int, int]:
        """Bands, and rows of a band."""
        return (self.bands, self.rows) if self.bands and self.rows else best_bands(self.threshold, self.permutations)

    @cached_property
    def _permuted(self) -> tuple[Hashes32, Hashes32]:
        random = np.random.RandomState(1)  # its numbers are fixed for good
        factors = random.randint(0, 1 << 31, self.permutations, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
        return factors, random.randint(0, 1 << 32, self.permutations, dtype=np.uint32)

    def signature(self, shingles: Hashes32) -> Hashes32:
        """The least permuted hash for each permutation. There must be a shingle: nothing is like an empty signature."""
        from pipeline.stages import kernels

        if not len(shingles):
            raise ValueError("a document without shingles has no signature")
        lowest = np.empty(self.permutations, dtype=np.uint32)
        kernels.least_permuted(shingles, *self._permuted, lowest)
        return lowest

    def keys(self, shingles: Hashes32) -> Hashes64:
        """A key for each band."""
        from pipeline.stages import kernels

        found = np.empty(self.cut[0], dtype=np.uint64)
        kernels.band_hashes(self.signature(shingles), *self.cut, found)
        return found

    def evidence(self, shingles: Hashes32) -> Hashes32:
        """All shingles: candidates are judged by their true similarity."""
        return shingles

    def similarity(self, evidence: Hashes32, starts: Rows, left: Rows, right: Rows) -> Similarities:
        """Jaccard similarity, pair by pair, of evidence that lies from one start to the next."""
        from pipeline.stages import kernels

        found = np.empty(len(left))
        kernels.jaccard(evidence, starts, left, right, found)
        return found

    def chance(self, similarity: float) -> float:
        """How likely it is that two documents of this similarity are found: the S-curve."""
        bands, rows = self.cut
        return float(1 - (1 - similarity**rows) ** bands)


@dataclass(frozen=True)
class SimHash:
    """Texts whose 64-bit fingerprints differ in at most `hamming` bits; every such pair shares a key."""

    hamming: int = 3
    threshold: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", 1 - self.hamming / 64)

    @cached_property
    def _masks(self) -> Hashes64:
        """Of `hamming + 3` blocks at least three are equal: all choices of three."""
        edges = [round(block * 64 / (self.hamming + 3)) for block in range(self.hamming + 4)]
        blocks = [(1 << high) - (1 << low) for low, high in pairwise(edges)]
        return np.array([sum(chosen) for chosen in combinations(blocks, 3)], dtype=np.uint64)

    def fingerprint(self, shingles: Hashes32) -> int:
        """Each bit as most of the hashes of the shingles have it."""
        from pipeline.stages import kernels

        return int(kernels.majority_bits(shingles))

    def keys(self, shingles: Hashes32) -> Hashes64:
        """A key for each choice of blocks."""
        return self.keys_of(self.fingerprint(shingles))

    def keys_of(self, fingerprint: int) -> Hashes64:
        """The keys of a fingerprint."""
        blocks = self._masks & np.uint64(fingerprint)
        salt = np.arange(1, len(blocks) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (blocks ^ salt) * np.uint64(0xC4CEB9FE1A85EC53)
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xFF51AFD7ED558CCD)
        return mixed ^ (mixed >> np.uint64(29))

    def evidence(self, shingles: Hashes32) -> Hashes32:
        """The fingerprint, as two numbers."""
        return np.array([self.fingerprint(shingles)], dtype="<u8").view("<u4").astype(np.uint32, copy=False)

    def similarity(self, evidence: Hashes32, starts: Rows, left: Rows, right: Rows) -> Similarities:
        """Share of equal bits, pair by pair."""
        differ = (evidence[starts[end] + half] for half in (0, 1) for end in (left, right))
        one, other, third, fourth = differ
        return np.asarray(1 - (np.bitwise_count(one ^ other) + np.bitwise_count(third ^ fourth)) / 64, np.float64)

    def chance(self, similarity: float) -> float:
        """How likely it is that two documents of this similarity are found."""
        return float(similarity >= self.threshold)


Method = MinHash | SimHash


@dataclass(frozen=True)
class Near:
    """How near-duplicates are looked for."""

    shingles: Shingles = field(default_factory=Shingles)
    method: Method = field(default_factory=MinHash)
    verify: bool = True
    """Whether candidates that are not alike are told apart; otherwise all candidates count."""

    @property
    def threshold(self) -> float:
        """The least similarity of candidates that count."""
        return self.method.threshold if self.verify else 0.0


@lru_cache(maxsize=16)
def best_bands(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands, and rows of a band: datasketch's optimum for the weights `FALSE` and `MISSED`.

    It is least in the weighted area of the S-curve below the threshold and of what it lacks above.
    """
    nodes, weights = np.polynomial.legendre.leggauss(64)
    below, above = (threshold * (nodes + 1) / 2, threshold + (1 - threshold) * (nodes + 1) / 2)
    errors = {}
    for rows in range(1, permutations + 1):
        bands = np.arange(1, permutations // rows + 1)[:, None]
        false = (1 - (1 - below**rows) ** bands) @ weights * threshold / 2
        missed = ((1 - above**rows) ** bands) @ weights * (1 - threshold) / 2
        best = int(np.argmin(FALSE * false + MISSED * missed))
        errors[best + 1, rows] = float(FALSE * false[best] + MISSED * missed[best])
    return min(errors, key=errors.__getitem__)
