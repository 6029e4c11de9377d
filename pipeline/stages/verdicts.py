"""Which documents of those that are alike go, and what the ledger says about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from pipeline.stages.clusters import Links, components, join

CHUNK = "chunk"
"""Kind of the pairs that are copies by a chunk, the one that had it first on the left: under the recipe `published`."""


class Member(NamedTuple):
    """A document that has a duplicate. Of two, the smaller one is kept: this is the survivor's total order."""

    rank: int
    """Of its source."""
    fork: bool
    """Whether it is of a fork: the family's root is kept."""
    shortness: int
    """Bytes of its text, negative: the longer text is kept."""
    id: str
    digest: bytes
    place: int
    """Shard and row: it decides only between copies of one document, text and id."""


class Verdict(NamedTuple):
    """Why a document goes, for which one, and what the ledger says about it."""

    reason: str
    kept: str
    detail: str


def judge(pairs: Mapping[str, Links], members: Mapping[int, Member]) -> dict[int, Verdict]:
    """The documents that go, by place.

    Of documents that share an id, or are versions of one file in a fork family, one is kept, whatever their texts. The
    others still link what is like them, but they never survive a cluster, so that no text is lost to a document that
    goes itself. A copy by a chunk goes, whatever becomes of the document that had the chunk first.
    """
    same_id = {*pairs["same-id"].left.tolist(), *pairs["same-id"].right.tolist()}
    winners = _winners(join([pairs["same-id"], pairs["fork"]]), members)
    verdicts = _judge_texts(join([pairs["exact"], pairs["near"]]), members, winners.keys())
    for place, winner in winners.items():
        kept = verdicts[winner.place].kept if winner.place in verdicts else winner.id
        if place in same_id:
            verdicts[place] = Verdict("same-id", kept, f"kept {kept}; another document has this id")
        elif members[place].digest != winner.digest:
            verdicts[place] = Verdict("fork", kept, f"kept {kept}; another version of the file")
        else:
            verdicts[place] = Verdict("exact", kept, f"kept {kept}; the same file of its repository or a fork")
    for first, copy in zip(pairs[CHUNK].left.tolist(), pairs[CHUNK].right.tolist(), strict=True):
        verdicts.setdefault(copy, Verdict(CHUNK, members[first].id, f"a chunk of {members[first].id}"))
    return verdicts


def _winners(one_of: Links, members: Mapping[int, Member]) -> dict[int, Member]:
    """For every document that loses its id, or its file, to another one, which that is."""
    winners = {}
    for places in components(one_of):
        winner, *others = sorted(members[place] for place in places)
        winners.update({other.place: winner for other in others})
    return winners


def _judge_texts(alike: Links, members: Mapping[int, Member], barred: Collection[int]) -> dict[int, Verdict]:
    verdicts = {}
    likest = _likest(alike)
    for places in components(alike):
        ranked = sorted(members[place] for place in places if place not in barred)
        for other in ranked[1:]:
            kept = ranked[0]
            reason = "exact" if other.digest == kept.digest else "near"
            detail = f"kept {kept.id}; cluster of {len(places)}; similarity to the nearest {likest[other.place]:.2f}"
            verdicts[other.place] = Verdict(reason, kept.id, detail)
    return verdicts


def _likest(alike: Links) -> dict[int, float]:
    """How alike each document is to the one that it is most alike to."""
    places, ends = np.unique(np.concatenate([alike.left, alike.right]), return_inverse=True)
    best = np.zeros(len(places))
    np.maximum.at(best, ends, np.tile(alike.similarity, 2))
    return dict(zip(places.tolist(), best.tolist(), strict=True))
