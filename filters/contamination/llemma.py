"""`llemma-30` and its kin: what the audit of the Llemma paper finds, n-gram by n-gram.

There a hit is a run of n equal words, as `str.split()` cuts them, or the whole text as it stands. Here the runs of the
least n are found by their hashes in one pass, and compared as they are written where one is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from filters.automaton import Automaton
from filters.contamination.items import Part
from filters.contamination.scene import Match, Scene
from filters.contamination.table import Table, lay_out, table
from filters.contamination.words import Places, ngrams, spaced

SIZES = (10, 13, 20, 30)
WHOLE = "llemma-whole"
METHODS = (*(f"llemma-{size}" for size in SIZES), WHOLE)
MANY = SIZES[0] + 2
"""Of a text of so many words, the least n are words of whatever holds it, even where it begins and ends in one."""


SHORTEST = 16
"""Characters of a text that is looked for as it stands: the answer `B` stands in every page."""


@dataclass(frozen=True)
class Llemma:
    """All parts, as they are written."""

    parts: tuple[Part, ...]
    count: Places
    """Words of each part."""
    table: Table
    few: Automaton | None
    """The parts of fewer than `MANY` words, by number."""

    def seen(self, method: str) -> list[int]:
        """The parts that a method can find."""
        if method == WHOLE:
            return [number for number, part in enumerate(self.parts) if len(part.text.strip()) >= SHORTEST]
        least = int(method.rpartition("-")[2])
        return [int(part) for part in np.flatnonzero(self.count >= least)]

    def find(self, scene: Scene) -> Iterator[Match]:
        """Where parts stand in a block; the score is the share of a part's n-grams that do."""
        met: dict[tuple[int, int], list[Run]] = {}
        for piece, part, run in self._runs(scene):
            met.setdefault((piece, part), []).append(run)
        for (piece, part), runs in sorted(met.items()):
            for size in SIZES:
                match = self._of_size(scene, piece, part, size, runs)
                if match:
                    yield match
        for piece, part in sorted({*met, *self._few(scene)}):
            yield from self._as_it_stands(scene, piece, part)

    def _of_size(self, scene: Scene, piece: int, part: int, size: int, runs: list[Run]) -> Match | None:
        found = {place for run in runs for place in range(run.word, run.word + run.length - size + 1)}
        if not found:
            return None
        longest = max(runs, key=lambda run: run.length)
        start, end = scene.spaced.start[longest.at], scene.spaced.end[longest.at + longest.length - 1]
        score = len(found) / (int(self.count[part]) - size + 1)
        return scene.match(piece, part, f"llemma-{size}", score, start, end)

    def _runs(self, scene: Scene) -> Iterator[tuple[int, int, Run]]:
        """Stretches of at least the least n words that a piece and a part have in common."""
        words = scene.spaced
        at, pieces, key = scene.find(words, ngrams(words.hashes, SIZES[0]), self.table)
        parts, word, which = self.table.places(key)
        at, pieces = at[which], pieces[which]
        order = np.lexsort((at, at - word, parts, pieces))
        at, word, parts, pieces = at[order], word[order], parts[order], pieces[order]
        same = (np.diff(at) == 1) & (np.diff(word) == 1) & (np.diff(parts) == 0) & (np.diff(pieces) == 0)
        bounds = np.flatnonzero(np.concatenate(([True], ~same, [True]))[: len(at) + 1]).tolist()
        for start, end in pairwise(bounds):
            run = Run(int(at[start]), int(word[start]), end - start + SIZES[0] - 1)
            for one in self._as_written(scene, int(parts[start]), run):
                yield int(pieces[start]), int(parts[start]), one

    def _as_written(self, scene: Scene, part: int, run: Run) -> Iterator[Run]:
        """What is left of a run if its words are compared letter by letter: hashes look at their ends only."""
        own = self.parts[part].text.split()[run.word : run.word + run.length]
        rows = slice(run.at, run.at + run.length)
        starts, ends = scene.spaced.start[rows].tolist(), scene.spaced.end[rows].tolist()
        data = scene.block.data
        equal = [
            data[start:end] == word.encode("utf-8", "surrogatepass")
            for start, end, word in zip(starts, ends, own, strict=True)
        ]
        place = 0
        for same, group in groupby(equal):
            length = len(list(group))
            if same and length >= SIZES[0]:
                yield Run(run.at + place, run.word + place, length)
            place += length

    def _few(self, scene: Scene) -> Iterator[tuple[int, int]]:
        """Where parts of few words stand as they are."""
        data = scene.block.data
        if not self.few:
            return
        for number in sorted(map(int, self.few.found_in(data))):
            wanted = self.parts[number].text.encode("utf-8", "surrogatepass")
            for piece, here in enumerate(scene.block.pieces):
                if data.find(wanted, here.start, here.end) >= 0:
                    yield piece, number

    def _as_it_stands(self, scene: Scene, piece: int, part: int) -> Iterator[Match]:
        wanted = self.parts[part].text.encode("utf-8", "surrogatepass")
        here = scene.block.pieces[piece]
        place = scene.block.data.find(wanted, here.start, here.end)
        if place >= 0:
            yield scene.match(piece, part, WHOLE, 1.0, place, place + len(wanted))


@dataclass(frozen=True, slots=True)
class Run:
    """Words that a block and a part have in common: where in each, and how many."""

    at: int
    word: int
    length: int


def llemma(parts: Sequence[Part]) -> Llemma:
    """All parts by their runs of the least n."""
    laid = lay_out((part.text for part in parts), spaced)
    few = np.flatnonzero(laid.count < MANY).tolist()
    literal = {str(part): _literal(parts[part].text) for part in few if len(parts[part].text.strip()) >= SHORTEST}
    return Llemma(
        tuple(parts), laid.count, table(SIZES[0], *laid.grams(SIZES[0])), Automaton(literal) if literal else None
    )


def _literal(text: str) -> str:
    """An expression for these very bytes."""
    return "".join(rf"\x{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
