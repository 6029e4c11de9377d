"""Inner loops of dedup over whole numbers, compiled by Numba: the same numbers on every machine.

Compiled code is cached beside this file, or in the user's cache folder; where neither can be written, each process
compiles for some ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import uint32, uint64

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

WORDS, CHARACTERS, TOKENS = 0, 1, 2
"""What a shingle is made of: what white space parts; code points, a run of white space being one; or runs of letters,
digits and underscores, and every other visible ASCII character by itself."""

_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_S33, _S32 = np.uint64(33), np.uint64(32)


def compiled(function: Kernel) -> Kernel:
    """The function as machine code, compiled when it is first called."""
    try:
        return cast(Kernel, numba.njit(cache=True)(function))
    except RuntimeError:  # no folder to cache in
        return cast(Kernel, numba.njit(function))


@compiled
def space_length(text: Any, at: int) -> int:
    """Bytes of the white space character at a place of UTF-8, as `str.split` knows it; 0 if it is none."""
    byte = text[at]
    if byte < 0x80:
        return 1 if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31 else 0
    left = len(text) - at
    if byte == 0xC2:  # U+0085, U+00A0
        return 2 if left > 1 and (text[at + 1] == 0x85 or text[at + 1] == 0xA0) else 0
    if left < 3 or (byte != 0xE1 and byte != 0xE2 and byte != 0xE3):
        return 0
    second, third = text[at + 1], text[at + 2]
    if byte == 0xE1:  # U+1680
        return 3 if second == 0x9A and third == 0x80 else 0
    if byte == 0xE3:  # U+3000
        return 3 if second == 0x80 and third == 0x80 else 0
    if second == 0x81:  # U+205F
        return 3 if third == 0x9F else 0
    # U+2000 to U+200A, U+2028, U+2029, U+202F
    return 3 if second == 0x80 and (0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF) else 0


@compiled
def _is_single(byte: int) -> bool:
    """Whether a visible character is a token by itself: ASCII, but no letter, digit or underscore."""
    letter = 65 <= (byte & 0xDF) <= 90
    return byte < 0x80 and not letter and not 48 <= byte <= 57 and byte != 95


@compiled
def _finish(number: Any) -> Any:
    """MurmurHash3's 64-bit finalizer."""
    number = (number ^ (number >> _S33)) * _MIX_1
    number = (number ^ (number >> _S33)) * _MIX_2
    return number ^ (number >> _S33)


@compiled
def unit_hashes(text: Any, kind: int, found: Any) -> int:
    """Hash what shingles are made of (FNV-1a, finalized) into `found`, which has room for all; returns how many."""
    count, at, space = 0, 0, False
    while at < len(text):
        skipped = space_length(text, at)
        if skipped:
            at, space = at + skipped, count > 0
            continue
        if kind == CHARACTERS and space:
            found[count] = _BASE
            count += 1
        number, start, space = _FNV_OFFSET, at, False
        while at < len(text):
            byte = text[at]
            if at > start:
                if kind == CHARACTERS and (byte & 0xC0) != 0x80:
                    break
                if kind == TOKENS and (_is_single(byte) or _is_single(text[at - 1])):
                    break
                if (byte <= 32 or byte >= 0xC2) and space_length(text, at):
                    break
            number = (number ^ uint64(byte)) * _FNV_PRIME
            at += 1
        found[count] = _finish(number)
        count += 1
    return count


@compiled
def run_hashes(units: Any, length: int, found: Any) -> None:
    """Hash each run of so many units to 32 bits."""
    for start in range(len(units) - length + 1):
        number = uint64(0)
        for at in range(start, start + length):
            number = number * _BASE + units[at]
        found[start] = uint32(_finish(number) >> _S32)


@compiled
def drop_repeats(numbers: Any) -> int:
    """Move the different ones of sorted numbers to the front; returns how many there are."""
    count = 0
    for at in range(len(numbers)):
        if at == 0 or numbers[at] != numbers[at - 1]:
            numbers[count] = numbers[at]
            count += 1
    return count


@compiled
def least_permuted(shingles: Any, factors: Any, terms: Any, lowest: Any) -> None:
    """For each permutation `factor * mix(shingle) + term` modulo 2**32 the least value."""
    lowest[:] = uint32(0xFFFFFFFF)
    for shingle in shingles:
        number = shingle
        number = uint32((number ^ (number >> uint32(16))) * uint32(0x85EBCA6B))
        number = uint32((number ^ (number >> uint32(13))) * uint32(0xC2B2AE35))
        number = uint32(number ^ (number >> uint32(16)))
        for at in range(len(lowest)):
            value = uint32(uint32(factors[at] * number) + terms[at])
            lowest[at] = min(lowest[at], value)


@compiled
def band_hashes(signature: Any, bands: int, rows: int, found: Any) -> None:
    """A 64-bit hash of each band, which its number is part of."""
    for band in range(bands):
        number = _finish(uint64(band + 1) * _BASE)
        for at in range(band * rows, band * rows + rows):
            number = (number ^ uint64(signature[at])) * _MIX_2
            number ^= number >> _S32
        found[band] = _finish(number)


@compiled
def majority_bits(shingles: Any) -> Any:
    """Charikar's SimHash of 64 bits: each bit as most of the shingles' hashes have it."""
    votes = np.zeros(64, dtype=np.int64)
    for shingle in shingles:
        number = _finish((uint64(shingle) + uint64(1)) * _BASE)
        for bit in range(64):
            votes[bit] += np.int64((number >> uint64(bit)) & uint64(1))
    print_ = uint64(0)
    for bit in range(64):
        if 2 * votes[bit] > len(shingles):
            print_ |= uint64(1) << uint64(bit)
    return print_


@compiled
def jaccard(values: Any, starts: Any, left: Any, right: Any, found: Any) -> None:
    """Jaccard similarity of sets: the sorted values from one start to the next."""
    for pair in range(len(left)):
        a, a_end = starts[left[pair]], starts[left[pair] + 1]
        b, b_end = starts[right[pair]], starts[right[pair] + 1]
        both, either = 0, a_end - a + b_end - b
        while a < a_end and b < b_end:
            x, y = values[a], values[b]
            both += x == y
            a += x <= y
            b += y <= x
        found[pair] = both / (either - both) if either > both else 0.0


@compiled
def unite(parent: Any, left: Any, right: Any) -> None:
    """Union-find: the lower number stands for both; paths are halved on the way."""
    for pair in range(len(left)):
        a, b = left[pair], right[pair]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[max(a, b)] = min(a, b)


@compiled
def settle(parent: Any) -> None:
    """Point every number straight to the one that stands for it. A parent is never above its child."""
    for at in range(len(parent)):
        parent[at] = parent[parent[at]]
