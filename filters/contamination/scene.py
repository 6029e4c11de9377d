"""A block of text as the methods see it, and what they find there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from filters.contamination.blocks import Block
from filters.contamination.folded import folded
from filters.contamination.table import Table, Weights
from filters.contamination.words import Numbers, Places, Words, ngrams, plain, spaced


@dataclass(frozen=True)
class Match:
    """A part of an item that stands in a text."""

    text: int
    """Which text."""
    part: int
    method: str
    score: float
    """How much of the part is there, 0 to 1."""
    start: int
    """Where what matched begins in the text, in bytes of UTF-8."""
    end: int


@dataclass(frozen=True)
class Meetings:
    """Places of a block where n-grams of one part stand, one row each, in the order of the block."""

    piece: int
    part: int
    at: Places
    """The word of the block."""
    word: Places
    """The word of the part."""
    key: Places
    """The n-gram's number in its table."""


class Scene:
    """A block and its words; what is not asked for is not worked out."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.data = folded(block.data)

    @cached_property
    def plain(self) -> Words:
        return plain(self.data)

    @cached_property
    def spaced(self) -> Words:
        return spaced(self.data)

    def text(self, piece: int) -> str:
        """The text of a piece as it was."""
        found = self.block.pieces[piece]
        return self.block.data[found.start : found.end].decode("utf-8", "surrogatepass")

    def around(self, piece: int, start: int, end: int) -> str:
        """The text of a piece between two places of the block, as far as it goes."""
        found = self.block.pieces[piece]
        return self.block.data[max(start, found.start) : min(end, found.end)].decode("utf-8", "ignore")

    def match(self, piece: int, part: int, method: str, score: float, start: int, end: int) -> Match:
        """A match between two places of the block."""
        found = self.block.pieces[piece]
        shift = found.offset - found.start
        return Match(found.text, part, method, round(float(score), 4), int(start) + shift, int(end) + shift)

    def find(self, words: Words, grams: Numbers, table: Table) -> tuple[Places, Places, Places]:
        """(word at which it begins, piece, key) of each n-gram of a table that lies in one piece."""
        at, key = table.find(grams)
        starts = self.block.starts
        piece = np.searchsorted(starts, words.start[at], "right") - 1
        inside = piece == np.searchsorted(starts, words.start[at + table.size - 1], "right") - 1
        return at[inside], piece[inside], key[inside]

    def meetings(self, words: Words, table: Table, least: Places) -> Iterator[Meetings]:
        """Of each piece and part, if it has at least `least[part]` of the part's n-grams, where they stand."""
        at, piece, key = self.find(words, ngrams(words.hashes, table.size), table)
        part, word, which = table.places(key)
        group = piece[which] * (len(least) + 1) + part
        order = np.argsort(group, kind="stable")
        group, part, word, which = group[order], part[order], word[order], which[order]
        first = np.flatnonzero(np.append(True, group[1:] != group[:-1])[: len(group)])
        size = np.diff(np.append(first, len(group)))
        enough = size >= least[part[first]]
        for start, rows in zip(first[enough].tolist(), size[enough].tolist(), strict=True):
            own = slice(start, start + rows)
            if len(np.unique(word[own])) >= least[part[start]]:
                found = which[own]
                yield Meetings(int(piece[found[0]]), int(part[start]), at[found], word[own], key[found])


def densest(at: Places, word: Places, weight: Weights, width: int) -> tuple[float, int, int]:
    """The most weight of a part's words within `width` words of a block, each counted once; its first and last row."""
    best, best_first, best_last, first, weighs = 0.0, 0, 0, 0, 0.0
    here: dict[int, int] = {}
    places, words, weights = at.tolist(), word.tolist(), weight.tolist()
    for last, place in enumerate(places):
        seen = here.get(words[last], 0)
        here[words[last]] = seen + 1
        weighs += 0.0 if seen else weights[last]
        while place - places[first] > width:
            here[words[first]] -= 1
            weighs -= 0.0 if here[words[first]] else weights[first]
            first += 1
        if weighs > best + 1e-9:
            best, best_first, best_last = weighs, first, last
    return best, best_first, best_last
