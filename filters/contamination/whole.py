"""`exact`: parts too short or too common to be told by a share of them, word by word and sign by sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from filters.contamination.distinctive import PROSE, Distinctive
from filters.contamination.fuzzy import LEAST
from filters.contamination.items import Part
from filters.contamination.rarity import SIZE, Rarity
from filters.contamination.scene import Match, Scene
from filters.contamination.strict import BREAK, stands_in, strict
from filters.contamination.table import Laid, Table, table
from filters.contamination.words import Numbers, ngrams

METHOD = "exact"
MARGIN = 60
"""Bytes before and after the words of a part in which its signs may stand, besides twice their number."""
NAME_LETTERS = 8
"""A name that is one word must be at least so long."""
ANSWER_WORDS = 6
"""An answer must have at least so many: `1.6` stands everywhere."""
PHRASE_WORDS = 5
"""And so many must a question have in which there is neither number nor sign."""
HYPHEN = "-"
"""Is no sign of a formula by itself: `the k-means algorithm` is a phrase."""
NAME_SIGNS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.'")
"""What names of theorems are made of."""


@dataclass(frozen=True)
class Whole:
    """Parts that are found by one n-gram, and then compared whole."""

    laid: Laid
    tables: tuple[Table, ...]
    """N-grams by which parts are found, by their size."""
    spelt: dict[int, tuple[str, ...]]
    """The parts, in the one spelling."""
    names: dict[int, bytes]
    """Those that are names."""

    @property
    def seen(self) -> list[int]:
        """The parts that can be found."""
        return sorted(self.spelt)

    def find(self, scene: Scene) -> Iterator[Match]:
        """Where parts stand in a block, all of them."""
        words = scene.plain
        for anchors in self.tables:
            at, piece, key = scene.find(words, ngrams(words.hashes, anchors.size), anchors)
            part, word, which = anchors.places(key)
            for number, place, row in zip(part.tolist(), word.tolist(), which.tolist(), strict=True):
                match = self._compare(scene, int(piece[row]), number, int(at[row]) - place)
                if match:
                    yield match

    def _compare(self, scene: Scene, piece: int, part: int, first: int) -> Match | None:
        """The part if its words begin at this word of the block."""
        words, own = scene.plain, self.laid.of(part)
        if first < 0 or not np.array_equal(words.hashes[first : first + len(own)], own):
            return None
        start, end = words.start[first], words.end[first + len(own) - 1]
        if not self._stands(scene, piece, part, start, end):
            return None
        return scene.match(piece, part, METHOD, 1.0, start, end)

    def _stands(self, scene: Scene, piece: int, part: int, start: int, end: int) -> bool:
        """Whether a part whose words are there stands there sign by sign."""
        if part in self.names:
            return _is_name(self.names[part], scene.block.data[max(0, start - MARGIN) : end + MARGIN])
        margin = MARGIN + 2 * sum(map(len, self.spelt[part]))
        return stands_in(self.spelt[part], strict(scene.around(piece, start - margin, end + margin)))


def whole(parts: Sequence[Part], laid: Laid, grams: Distinctive, rarity: Rarity) -> Whole:
    """The parts that `fuzzy` does not see, by the rarest n-gram of each."""
    rows: dict[int, list[tuple[int, int, int]]] = {}
    spelt = {}
    everywhere = table(SIZE, *laid.grams(SIZE))
    for part in np.flatnonzero(grams.count < LEAST).tolist():
        own = laid.of(part)
        size = min(SIZE, len(own))
        if _can_be_told(parts[part], len(own)):
            runs = ngrams(own, size)
            word = _rarest(runs, everywhere, rarity) if size == SIZE else 0
            rows.setdefault(size, []).append((int(runs[word]), part, word))
            spelt[part] = tuple(strict(parts[part].prose))
    names = {part: parts[part].text.encode() for part in spelt if parts[part].role == "name"}
    return Whole(laid, tuple(_anchors(size, found) for size, found in sorted(rows.items())), spelt, names)


def _can_be_told(part: Part, words: int) -> bool:
    """Whether a part is enough to look for."""
    if part.role == "name":
        return words > 1 or (words == 1 and len(part.text) >= NAME_LETTERS)
    signs = strict(part.prose)
    formula = any(not sign.isalpha() and sign not in (BREAK, HYPHEN) for sign in signs)
    asks = any(sign.isalpha() and len(sign) >= PROSE for sign in signs)
    return asks and words >= (ANSWER_WORDS if part.role == "answer" else 2 if formula else PHRASE_WORDS)


def _is_name(name: bytes, text: bytes) -> bool:
    """Whether a name stands in a text as all of a name."""
    place = text.find(name)
    while place >= 0:
        sides = text[place - 1 : place] + text[place + len(name) :][:1].strip(b".")
        if not NAME_SIGNS.intersection(sides):
            return True
        place = text.find(name, place + 1)
    return False


def _rarest(runs: Numbers, everywhere: Table, rarity: Rarity) -> int:
    key = np.searchsorted(everywhere.keys, runs)
    return int(np.argmin(rarity.of(runs) + everywhere.first[key + 1] - everywhere.first[key]))


def _anchors(size: int, rows: list[tuple[int, int, int]]) -> Table:
    hashes = np.array([row[0] for row in rows], np.uint64)
    part, word = (np.array([row[side] for row in rows], np.int64) for side in (1, 2))
    return table(size, hashes, part, word)
