"""Which documents of those that are alike go, and what the ledger says about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.stages.clusters import Flags, Links, Places, Rows
from pipeline.stages.components import Dealt, Pairs
from pipeline.stages.sorted_files import SortedFiles


class Member(NamedTuple):
    """A document that has a duplicate. Of two, the smaller one is kept: this is the survivor's total order."""

    rank: int
    """Of its source."""
    fork: bool
    """Whether it is of a fork: the family's root is kept."""
    lacks: tuple[float, ...]
    """What the manifest prefers, negative."""
    shortness: int
    """Bytes of its text, negative: the longer text is kept."""
    id: str
    digest: bytes
    place: int
    """Its number: it decides only between copies of one document, text and id."""


class Verdict(NamedTuple):
    """Why a document goes, and what the ledger says about it."""

    reason: str
    detail: str


class Told(NamedTuple):
    """What is known of a verdict, filed under a number."""

    number: int
    loser: int
    """Whom it is about."""
    reason: str
    kept: str
    detail: str


_TOLD: list[tuple[str, pa.DataType]] = [("number", pa.uint64()), ("loser", pa.uint64())]
_TOLD += [(name, pa.string()) for name in ("reason", "kept", "detail")]
TOLD = pa.schema(_TOLD)


class _Part:
    """The clusters of one part, in memory."""

    def __init__(self, clusters: Dealt, part: int) -> None:
        pairs = list(clusters.read(part))
        centres = np.concatenate([np.empty(0, np.uint64), *(centre for centre, _ in pairs)])
        members = np.concatenate([np.empty(0, np.uint64), *(member for _, member in pairs)])
        self.numbers = np.union1d(centres, members)
        self._labels = self.numbers.copy()
        self._labels[np.searchsorted(self.numbers, members)] = centres

    def rows(self, numbers: Places) -> tuple[Flags, Rows]:
        """Which of these numbers are in it, and the rows of those that are."""
        rows = np.searchsorted(self.numbers, numbers)
        rows[rows == len(self.numbers)] = 0
        found: Flags = self.numbers[rows] == numbers if len(self.numbers) else np.zeros(len(numbers), bool)
        return found, rows[found]

    def groups(self, members: Iterable[Member]) -> list[list[Member]]:
        """The members of each cluster, in the order of their numbers."""
        groups: dict[int, list[Member]] = {}
        for label, member in zip(self._labels.tolist(), members, strict=True):
            groups.setdefault(label, []).append(member)
        return list(groups.values())


class Verdicts:
    """What becomes of each of `count` documents, by number.

    Of documents that share an id, or are versions of one file in a fork family, one is kept, whatever their texts. The
    others still link what is like them, but they never survive a cluster, so that no text is lost to a document that
    goes itself.

    It takes 2 bytes a document; of the clusters one part is in memory at a time (`components.STAR_COST`).
    """

    def __init__(self, count: int, folder: Path, members: Callable[[Places], Iterator[Member]]) -> None:
        """`members` reads those of some numbers, in order."""
        self._members = members
        self._linked, self._barred = np.zeros(count, bool), np.zeros(count, bool)
        self._told = SortedFiles(folder / "told", TOLD)
        self._waiting = SortedFiles(folder / "waiting", TOLD)
        """Losers by the number of the winner, which may itself go for another document."""

    def judge(
        self,
        identities: Dealt,
        texts: Dealt,
        same_ids: Callable[[], Iterable[Pairs]],
        alike: Callable[[], Iterable[Links]],
    ) -> None:
        """Find out who goes, given what hangs together by identity and by text; pairs are read for each part."""
        for part in range(texts.parts):
            for numbers in texts.read(part):
                self._linked[np.concatenate(numbers)] = True
        for part in range(identities.parts):
            self._judge_identities(_Part(identities, part), same_ids())
        for part in range(texts.parts):
            self._judge_texts(_Part(texts, part), alike())

    def of(self, start: int, end: int) -> dict[int, Verdict]:
        """The verdicts on the documents of a range that go."""
        told = self._told.between(start, end).to_pylist()
        return {one["loser"]: Verdict(one["reason"], f"kept {one['kept']}; {one['detail']}") for one in told}

    def _judge_identities(self, part: _Part, same_ids: Iterable[Pairs]) -> None:
        """Of each identity one document wins; all others are barred from surviving."""
        same_id = np.zeros(len(part.numbers), bool)
        for ends in same_ids:
            same_id[part.rows(np.concatenate(ends))[1]] = True
        shares_id = set(part.numbers[same_id].tolist())
        told, waiting = [], []
        for group in part.groups(self._members(part.numbers)):
            winner = min(group)
            for loser in group:
                if loser is not winner:
                    self._barred[loser.place] = True
                    reason, detail = _of_loser(loser, winner, loser.place in shares_id)
                    if self._linked[winner.place]:
                        waiting.append(Told(winner.place, loser.place, reason, winner.id, detail))
                    else:
                        told.append(Told(loser.place, loser.place, reason, winner.id, detail))
        self._told.add(_table(told))
        self._waiting.add(_table(waiting))

    def _judge_texts(self, part: _Part, alike: Iterable[Links]) -> None:
        """Of each cluster of texts one document survives."""
        likest = np.zeros(len(part.numbers), np.float32)
        for links in alike:
            for ends in (links.left, links.right):
                found, rows = part.rows(ends)
                np.maximum.at(likest, rows, links.similarity[found].astype(np.float32))
        nearest = dict(zip(part.numbers.tolist(), likest.tolist(), strict=True))
        told: list[Told] = []
        kept: dict[int, str] = {}
        for group in part.groups(self._members(part.numbers)):
            standing = [member for member in group if not self._barred[member.place]]
            survivor = min(standing, default=None)
            for member in standing:
                if survivor and member is not survivor:
                    reason = "exact" if member.digest == survivor.digest else "near"
                    detail = f"cluster of {len(group)}; similarity to the nearest {nearest[member.place]:.2f}"
                    told.append(Told(member.place, member.place, reason, survivor.id, detail))
            if survivor:
                kept |= dict.fromkeys((member.place for member in standing), survivor.id)
        for row in self._waiting.among(lambda winners: part.rows(winners)[0]).to_pylist():
            told.append(Told(**row | {"number": row["loser"], "kept": kept[row["number"]]}))
        self._told.add(_table(told))


def _table(told: Iterable[Told]) -> pa.Table:
    return pa.Table.from_pylist([one._asdict() for one in told], schema=TOLD)


def _of_loser(loser: Member, winner: Member, shares_id: bool) -> Verdict:
    if shares_id:
        return Verdict("same-id", "another document has this id")
    if loser.digest != winner.digest:
        return Verdict("fork", "another version of the file")
    return Verdict("exact", "the same file of its repository or a fork")
