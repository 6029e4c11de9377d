"""Which documents of those that are alike go, and what the ledger says about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pipeline.stages.clusters import Components, Flags, Links, Rows

Marked = Iterable["Member"]


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
    """Why a document goes, for which one, and what the ledger says about it."""

    reason: str
    kept: str
    detail: str


class Verdicts:
    """What becomes of each of `count` documents, by number, once all links are told and the survivors are known.

    Of documents that share an id, or are versions of one file in a fork family, one is kept, whatever their texts. The
    others still link what is like them, but they never survive a cluster, so that no text is lost to a document that
    goes itself. A copy by a chunk goes, whatever becomes of the document that had the chunk first.

    It takes 24 bytes a document (32 beyond 2**31 of them), and some 500 a cluster.
    """

    def __init__(self, count: int) -> None:
        self._identities, self._texts = Components(count), Components(count)
        self._likest = np.zeros(count, np.float32)
        self._same_id = np.zeros(count, bool)
        self._barred = np.zeros(count, bool)
        self._had_chunk, self._copied_chunk = np.zeros(count, bool), np.zeros(count, bool)
        self._chunks: dict[int, int] = {}
        self._winners: dict[int, Member] = {}
        self._survivors: dict[int, Member] = {}
        self._first_ids: dict[int, str] = {}

    def tell(self, kind: str, links: Links) -> None:
        """Take note of pairs of one kind."""
        left, right = links.left.astype(np.int64), links.right.astype(np.int64)
        if kind == "chunk":
            for first, copy in zip(left.tolist(), right.tolist(), strict=True):
                self._chunks.setdefault(copy, first)
        elif kind in ("same-id", "fork"):
            self._identities.link(left, right)
            self._same_id[np.concatenate([left, right])] |= kind == "same-id"
        else:
            self._texts.link(left, right)
            for ends in (left, right):
                np.maximum.at(self._likest, ends, links.similarity.astype(np.float32))

    def settle(self) -> None:
        """All links are told."""
        self._identities.settle()
        self._texts.settle()
        self._had_chunk[list(self._chunks.values())] = True
        self._copied_chunk[list(self._chunks)] = True

    def choose_winners(self, members: Marked) -> None:
        """Of each identity one document wins; all others are barred from surviving. Wants `shared_identity` ones."""
        everybody = []
        for member in members:
            _best(self._winners, self._identities.label(member.place), member)
            everybody.append(member.place)
        winners = {member.place for member in self._winners.values()}
        self._barred[[place for place in everybody if place not in winners]] = True

    def choose_survivors(self, members: Marked) -> None:
        """Of each cluster of texts one document survives. Wants `shared_text` ones."""
        for member in members:
            if not self._barred[member.place]:
                _best(self._survivors, self._texts.label(member.place), member)
            if self._had_chunk[member.place]:
                self._first_ids[member.place] = member.id

    def shared_identity(self, start: int, end: int) -> Rows:
        """Documents of this range that share their identity with another one."""
        return _numbers(self._identities.linked(start, end), start)

    def shared_text(self, start: int, end: int) -> Rows:
        """Documents of this range that are like another one, or had a chunk first."""
        return _numbers(self._texts.linked(start, end) | self._had_chunk[start:end], start)

    def marked(self, start: int, end: int) -> Rows:
        """Documents of this range that may go."""
        linked = self._identities.linked(start, end) | self._texts.linked(start, end)
        return _numbers(linked | self._copied_chunk[start:end], start)

    def of(self, place: int, digest: bytes) -> Verdict | None:
        """The verdict on one document; none if it stays."""
        label = self._texts.label(place)
        found = None
        if self._barred[place]:
            found = self._of_loser(place, digest)
        elif self._texts.size(label) > 1 and (kept := self._survivors[label]).place != place:
            reason = "exact" if digest == kept.digest else "near"
            size, likest = self._texts.size(label), float(self._likest[place])
            detail = f"kept {kept.id}; cluster of {size}; similarity to the nearest {likest:.2f}"
            found = Verdict(reason, kept.id, detail)
        if found is None and place in self._chunks:
            first = self._first_ids[self._chunks[place]]
            return Verdict("chunk", first, f"a chunk of {first}")
        return found

    def _of_loser(self, place: int, digest: bytes) -> Verdict:
        winner = self._winners[self._identities.label(place)]
        kept = self._survivors.get(self._texts.label(winner.place), winner).id
        if self._same_id[place]:
            return Verdict("same-id", kept, f"kept {kept}; another document has this id")
        if digest != winner.digest:
            return Verdict("fork", kept, f"kept {kept}; another version of the file")
        return Verdict("exact", kept, f"kept {kept}; the same file of its repository or a fork")


def _numbers(flags: Flags, start: int) -> Rows:
    return np.flatnonzero(flags) + start


def _best(best: dict[int, Member], label: int, member: Member) -> None:
    if label not in best or member < best[label]:
        best[label] = member
