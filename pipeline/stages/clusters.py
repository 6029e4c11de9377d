"""From buckets to clusters: which members of a bucket are truly alike, and what hangs together through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.minhash import Sketches, similarity

LEADERS = 256
"""Members of one bucket that are compared with all the others."""

BLOCK = 1 << 16
"""Comparisons made at a time: 16 MiB of sketches for 128 permutations."""

Rows = NDArray[np.int64]
Places = NDArray[np.uint64]


@dataclass(frozen=True)
class Links:
    """Pairs of documents that are alike, by any number that stands for a document, and how alike they are."""

    left: Places
    right: Places
    similarity: NDArray[np.float64]

    def unique(self) -> Links:
        """Each pair once, smaller number first, in order."""
        left, right = np.minimum(self.left, self.right), np.maximum(self.left, self.right)
        order = np.lexsort((right, left))
        left, right = left[order], right[order]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
        return Links(left[fresh], right[fresh], self.similarity[order][fresh])


def join(links: list[Links]) -> Links:
    """All links, one after the other."""
    return Links(
        np.concatenate([np.empty(0, np.uint64), *(some.left for some in links)]),
        np.concatenate([np.empty(0, np.uint64), *(some.right for some in links)]),
        np.concatenate([np.empty(0, np.float64), *(some.similarity for some in links)]),
    )


def like_pairs(buckets: NDArray[np.uint64], places: Places, sketches: Sketches, threshold: float) -> Links:
    """Pairs within buckets whose sketches are alike; rows must be sorted by bucket.

    The first member of a bucket leads: it is compared with all the others. The first one that is like no leader yet
    leads next. So a bucket of a million copies costs a million comparisons, and a small bucket of strangers costs all
    pairs. Past `LEADERS` rounds, members that are like no leader of this bucket stay single in it.
    """
    starts = np.flatnonzero(np.r_[True, buckets[1:] != buckets[:-1]]) if len(buckets) else np.empty(0, np.int64)
    bucket = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(buckets)]))
    waiting = np.ones(len(buckets), dtype=bool)
    found = []
    for _ in range(LEADERS):
        leaders, members = _round(bucket, waiting)
        if not len(members):
            break
        alike = _compare(sketches, leaders, members)
        linked = alike >= threshold
        waiting[leaders] = False
        waiting[members[linked]] = False
        found.append(Links(places[leaders[linked]], places[members[linked]], alike[linked]))
    return join(found)


def _round(bucket: Rows, waiting: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Who is compared next: the first waiting member of each bucket, repeated, with every other member of it."""
    candidates = np.flatnonzero(waiting)
    led, first = np.unique(bucket[candidates], return_index=True)
    leader = np.full(int(bucket[-1]) + 1 if len(bucket) else 0, -1)
    leader[led] = candidates[first]
    members = np.flatnonzero(leader[bucket] >= 0)
    leaders = leader[bucket[members]]
    other = leaders != members
    return leaders[other], members[other]


def _compare(sketches: Sketches, left: Rows, right: Rows) -> NDArray[np.float64]:
    blocks = [slice(start, start + BLOCK) for start in range(0, len(left), BLOCK)]
    return np.concatenate([similarity(sketches[left[block]], sketches[right[block]]) for block in blocks])


def components(links: Links) -> Iterator[list[int]]:
    """The documents that hang together, each component sorted, in the order of their first. Union-find.

    Documents without a link cost nothing; one with a link costs about 150 bytes here, a link 48.
    """
    nodes, ends = np.unique(np.concatenate([links.left, links.right]), return_inverse=True)
    parent = list(range(len(nodes)))
    for left, right in ends.reshape(2, -1).T.tolist():
        low, high = sorted((_root(parent, left), _root(parent, right)))
        parent[high] = low
    members: dict[int, list[int]] = {}
    for node, number in enumerate(nodes.tolist()):
        members.setdefault(_root(parent, node), []).append(number)
    yield from members.values()


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = node = parent[parent[node]]
    return node
