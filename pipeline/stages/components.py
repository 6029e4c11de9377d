"""What hangs together through pairs, however many there are: by union-find, or by rounds over files.

Pairs become stars: every number but the lowest of what hangs together is paired with the lowest, its centre. If all
pairs fit into the memory that is allowed, union-find does that at once. Otherwise it makes stars of each portion, and
rounds join them, as small-star and large-star do (Kiveris et al. 2014, "Connected Components in MapReduce and Beyond"):
the other centres of a number go to its lowest one, then every number goes to the centre of its centre, until nothing
changes. A round holds the numbers of one part of the files at a time.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipeline.stages.clusters import Places, repeats

Pairs = tuple[Places, Places]

PAIR_COST = 128
"""Bytes held for each pair while union-find makes stars of a portion."""
STAR_COST = 1000
"""Bytes held for each pair of a part while it is judged (`Verdicts`), which takes more than a round does."""
HELD = 1 << 16
"""Pairs that are read or written at a time."""


class Dealt:
    """Pairs of numbers in files of 16 bytes a pair; a hash of one of the two says in which part a pair lies."""

    def __init__(self, folder: Path, parts: int) -> None:
        folder.mkdir()
        self.parts, self.rows = parts, 0
        self._folder = folder
        self._held: list[tuple[Places, Places, Places]] = []
        self._written = 0

    def add(self, by: Places, left: Places, right: Places) -> None:
        """Add pairs; `by` is what they are dealt by."""
        self._held.append((by, left, right))
        self.rows += len(by)
        if self.rows - self._written >= HELD:
            self._write()

    def _write(self) -> None:
        by, left, right = map(np.concatenate, zip(*self._held, strict=True))
        part = (by * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)) % np.uint64(self.parts)
        order = np.argsort(part, kind="stable")
        rows = np.column_stack([left, right])[order]
        ends = np.searchsorted(part[order], np.arange(self.parts + 1, dtype=np.uint64)).tolist()
        for number in range(self.parts):
            if ends[number] < ends[number + 1]:
                with (self._folder / str(number)).open("ab") as file:
                    rows[ends[number] : ends[number + 1]].tofile(file)
        self._held, self._written = [], self.rows

    def read(self, part: int, at_once: int = HELD) -> Iterator[Pairs]:
        """The pairs of a part, so many at a time."""
        if self._held:
            self._write()
        path = self._folder / str(part)
        if path.exists():
            with path.open("rb") as file:
                while len(rows := np.fromfile(file, np.uint64, 2 * at_once)):
                    yield rows[::2], rows[1::2]

    def remove(self) -> None:
        shutil.rmtree(self._folder)


def components(pairs: Iterable[Pairs], folder: Path, memory: int) -> Dealt:
    """The stars of all pairs, dealt by their centres into as many parts as the memory (bytes) asks for."""
    folder.mkdir()
    found, portions = Dealt(folder / "portions", 1), 0
    for portion in _portions(pairs, max(1, memory // PAIR_COST)):
        centres, members = stars(*portion)
        found.add(centres, centres, members)
        portions += 1
    parts = max(1, math.ceil(found.rows * STAR_COST / memory))
    if portions > 1:
        return _join(_deal_again(found, folder / "dealt", parts, by_member=True), folder)
    return found if parts == 1 else _deal_again(found, folder / "dealt", parts)


def stars(left: Places, right: Places) -> Pairs:
    """Centres and members, by union-find: each number but a centre is a member once."""
    from pipeline.stages import kernels  # Numba takes a second to import

    numbers, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    parent = np.arange(len(numbers))
    kernels.unite(parent, *ends.reshape(2, -1))
    kernels.settle(parent)
    members = np.flatnonzero(parent != np.arange(len(numbers)))
    return numbers[parent[members]], numbers[members]


def _portions(pairs: Iterable[Pairs], most: int) -> Iterator[Pairs]:
    """The same pairs, at most so many at a time."""
    held: list[Pairs] = []
    size = 0
    for left, right in pairs:
        for start in range(0, len(left), most):
            some = left[start : start + most], right[start : start + most]
            if size + len(some[0]) > most:
                yield _joined(held)
                held, size = [], 0
            held.append(some)
            size += len(some[0])
    if held:
        yield _joined(held)


def _joined(pairs: Iterable[Pairs]) -> Pairs:
    left, right = zip(*pairs, strict=True)
    return np.concatenate(left), np.concatenate(right)


def _deal_again(dealt: Dealt, folder: Path, parts: int, by_member: bool = False) -> Dealt:
    again = Dealt(folder, parts)
    for part in range(dealt.parts):
        for centre, member in dealt.read(part):
            again.add(member if by_member else centre, centre, member)
    dealt.remove()
    return again


def _join(found: Dealt, folder: Path) -> Dealt:
    """Rounds, until all stars of what hangs together are one; they come dealt by members and go dealt by centres."""
    number = 0
    while True:
        by_member, by_centre = (Dealt(folder / f"{number}-{by}", found.parts) for by in ("members", "centres"))
        joined = _to_lowest_centre(found, by_member, by_centre)
        found.remove()
        found = Dealt(folder / f"{number}", by_member.parts)
        moved = _to_centre_of_centre(by_member, by_centre, found)
        by_member.remove()
        if not joined and not moved:
            return by_centre
        by_centre.remove()
        number += 1


def _to_lowest_centre(found: Dealt, by_member: Dealt, by_centre: Dealt) -> bool:
    """Each member keeps its lowest centre, of which the other ones become members; whether there were any."""

    def tell(centres: Places, members: Places) -> None:
        by_member.add(members, centres, members)
        by_centre.add(centres, centres, members)

    changed = False
    for part in range(found.parts):
        members, lowest = _lowest_centres(found.read(part))
        tell(lowest, members)
        for centre, member in found.read(part):
            low = lowest[np.searchsorted(members, member)]
            tell(low[low != centre], centre[low != centre])
            changed |= bool((low != centre).any())
    return changed


def _to_centre_of_centre(by_member: Dealt, by_centre: Dealt, found: Dealt) -> bool:
    """Each member goes to the lowest centre of its centre, if that is a member itself; whether any was."""
    changed = False
    for part in range(found.parts):
        members, lowest = _lowest_centres(by_member.read(part))
        for centre, member in by_centre.read(part):
            place = np.minimum(np.searchsorted(members, centre), max(len(members) - 1, 0))
            higher = np.where(members[place] == centre, lowest[place], centre) if len(members) else centre
            changed |= bool((higher != centre).any())
            found.add(member, higher, member)
    return changed


def _lowest_centres(pairs: Iterable[Pairs]) -> Pairs:
    """Members, in order, and the lowest centre of each; as much is held as there are members."""
    members, lowest = np.empty(0, np.uint64), np.empty(0, np.uint64)
    for centre, member in pairs:
        members, lowest = np.concatenate([members, member]), np.concatenate([lowest, centre])
        order = np.lexsort((lowest, members))
        members, lowest = members[order], lowest[order]
        first = ~repeats(members)
        members, lowest = members[first], lowest[first]
    return members, lowest
