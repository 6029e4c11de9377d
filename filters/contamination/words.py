"""Words of a text as numbers, for a whole block of text at a time: numpy looks at each byte, Python at none.

Two ways to cut a text into words:

`spaced` is `str.split()`, as the Llemma audit cuts it.

`plain` keeps what survives typesetting: runs of letters, whatever their case, and runs of digits. White space,
punctuation, delimiters, LaTeX commands, Unicode symbols, HTML entities and tags only separate, so that
`\\frac{2}{3}\\pi`, `2/3 π` and `2/3 &pi;` are the same words. Commands that are read out (`\\sin`, `\\gcd`) are words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.wordlist import load

Numbers = NDArray[np.uint64]
Places = NDArray[np.int64]

PAD = b" " * 16
"""Follows and precedes every block, so that eight bytes can be read anywhere."""
_ODD, _OTHER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_HALF = np.uint64(32)
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)

_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_LETTER, _DIGIT = 1, 2
_KINDS = bytes(_LETTER * chr(b).isalpha() + _DIGIT * chr(b).isdigit() if b < 128 else 0 for b in range(256))
_SOLID = bytes(int(not (byte < 128 and chr(byte).isspace())) for byte in range(256))
_BEFORE_MARKUP = np.isin(np.arange(256), list(b"&#</\\"))


@dataclass(frozen=True)
class Words:
    """The words of a block: a hash of each, and where it begins and ends in the block's bytes."""

    hashes: Numbers
    start: Places
    end: Places


def spaced(data: bytes) -> Words:
    """Words as `str.split()` finds them. Hashes tell words apart by both ends and the length."""
    return _runs(data, data.translate(_SOLID))


def plain(data: bytes) -> Words:
    """Runs of letters and of digits that are no markup."""
    data = data.translate(_LOWER)
    words = _runs(data, data.translate(_KINDS))
    signs = np.frombuffer(data, np.uint8)
    kept = np.ones(len(words.start), np.bool_)
    near = np.flatnonzero(_BEFORE_MARKUP[signs[words.start - 1]])
    start, end = words.start[near], words.end[near]
    before, second, after = signs[start - 1], signs[start - 2], signs[end]
    markup = (before == ord("&")) & (after == ord(";"))
    markup |= (second == ord("&")) & (before == ord("#"))
    markup |= ((before == ord("<")) | (second == ord("<")) & (before == ord("/"))) & (after == ord(">"))
    commands = (before == ord("\\")) & (second != ord("\\")) & (signs[start] > ord("9"))
    kept[near[markup | commands]] = False
    _leave_environments(words, signs, near[commands], kept)
    _read_out(words, near[commands], kept)
    return Words(words.hashes[kept], words.start[kept], words.end[kept])


def _read_out(words: Words, commands: Places, kept: NDArray[np.bool_]) -> None:
    """Commands that are words, as they are said."""
    said, meant = _said()
    place = np.minimum(np.searchsorted(said, words.hashes[commands]), len(said) - 1)
    found = said[place] == words.hashes[commands]
    words.hashes[commands[found]] = meant[place[found]]
    kept[commands[found]] = True


def _leave_environments(words: Words, signs: Any, commands: Places, kept: NDArray[np.bool_]) -> None:
    """The name in `\\begin{pmatrix}` is markup, too."""
    bounds = commands[np.isin(words.hashes[commands], _spelt(["begin", "end"]))] + 1
    bounds = bounds[bounds < len(words.start)]
    brace, near = signs[words.end[bounds - 1]], words.start[bounds] - words.end[bounds - 1] < 5
    kept[bounds[(brace == ord("{")) & near]] = False


def _runs(data: bytes, kinds: bytes) -> Words:
    """The runs of equal kind other than 0."""
    kind = np.frombuffer(kinds, np.uint8)
    edges = np.flatnonzero(kind[1:] != kind[:-1]) + 1
    solid = np.flatnonzero(kind[edges])
    start, end = edges[solid], edges[solid + 1]
    return Words(_hashes(data, start, end), start, end)


def _hashes(data: bytes, start: Places, end: Places) -> Numbers:
    eight: Any = np.ndarray((len(data) - 7,), np.uint64, data, 0, (1,))
    size = end - start
    first = eight[start] & _MASKS[np.minimum(size, 8)]
    last = np.where(size > 8, eight[np.maximum(end - 8, start)], np.uint64(0))
    return mix(first * _ODD ^ (last + size.astype(np.uint64)) * _OTHER)


def mix(hashes: Numbers) -> Numbers:
    """Low bits that depend on the high ones, too."""
    return hashes ^ hashes >> _HALF


def ngrams(hashes: Numbers, size: int) -> Numbers:
    """A hash of each run of `size` words, by the place of its first word."""
    if len(hashes) < size:
        return hashes[:0]
    runs, width = hashes, 1
    while 2 * width <= size:
        runs, width = mix(runs[:-width] * _OTHER ^ runs[width:]), 2 * width
    if width < size:
        runs = mix(runs[: width - size] * _ODD ^ runs[size - width :])
    return runs


@cache
def _said() -> tuple[Numbers, Numbers]:
    """Hashes of the commands that are read out, sorted, and of the words that they are read as."""
    pairs = [line.split() for line in load("filters.contamination", "functions.txt")]
    said, meant = (_spelt([pair[side] for pair in pairs]) for side in (0, -1))
    order = np.argsort(said)
    return said[order], meant[order]


def _spelt(words: list[str]) -> Numbers:
    data = PAD + b" ".join(word.encode() for word in words) + PAD
    return _runs(data, data.translate(_SOLID)).hashes
