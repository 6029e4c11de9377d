"""Which members of a bucket are linked, and what hangs together through links."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.clusters import LEADERS, Links, components, join, like_pairs

WIDTH = 16


def links(pairs: Iterable[tuple[int, int]]) -> Links:
    ends = np.array(list(pairs), dtype=np.uint64).reshape(-1, 2)
    return Links(ends[:, 0], ends[:, 1], np.ones(len(ends)))


def in_buckets(members: list[tuple[int, int]], threshold: float = 1.0) -> set[tuple[int, int]]:
    """Pairs of places 0, 1, …; a member is its bucket and what its sketch is filled with."""
    buckets = np.array([bucket for bucket, _ in members], dtype=np.uint64)
    sketches = np.array([[kind] * WIDTH for _, kind in members], dtype=np.uint8).reshape(len(members), WIDTH)
    found = like_pairs(buckets, np.arange(len(members), dtype=np.uint64), sketches, threshold).unique()
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


def test_no_members_make_no_pairs() -> None:
    assert in_buckets([]) == set()


def test_equal_members_of_different_buckets_do_not_meet() -> None:
    assert in_buckets([(1, 7), (2, 7), (3, 7)]) == set()


def test_copies_are_linked_to_the_first_only() -> None:
    assert in_buckets([(1, 7)] * 5) == {(0, 1), (0, 2), (0, 3), (0, 4)}


def test_strangers_in_one_bucket_stay_strangers() -> None:
    assert in_buckets([(1, 1), (1, 2), (1, 1), (1, 2), (1, 3)]) == {(0, 2), (1, 3)}


def test_one_who_is_like_no_leader_is_compared_with_everybody() -> None:
    """The first is like the second, the second like the third, but the first is not like the third."""
    sketches = np.zeros((3, WIDTH), dtype=np.uint8)
    sketches[1, :2] = 1
    sketches[2, :4] = 1
    found = like_pairs(np.zeros(3, np.uint64), np.arange(3, dtype=np.uint64), sketches, 0.8).unique()
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 1), (1, 2)]
    assert found.similarity.round(2).tolist() == [0.87, 0.87]


def test_a_giant_bucket_of_copies_makes_one_link_a_copy() -> None:
    assert len(in_buckets([(1, 7)] * 200_000)) == 199_999


def test_a_giant_bucket_of_strangers_ends() -> None:
    members = [(1, number % 256) for number in range(4 * 256)]
    buckets, places = np.zeros(len(members), np.uint64), np.arange(len(members), dtype=np.uint64)
    random = np.random.default_rng(1)
    found = like_pairs(buckets, places, random.integers(0, 256, (len(members), 64), dtype=np.uint8), 0.5)
    assert len(members) > LEADERS
    assert len(found.left) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_the_equal_members_of_a_bucket_hang_together(members: list[tuple[int, int]]) -> None:
    members.sort(key=lambda member: member[0])
    found = {place: min(group) for group in components(links(in_buckets(members))) for place in group}
    for place, member in enumerate(members):
        assert found.get(place, place) == members.index(member)


def test_no_links_make_no_components() -> None:
    assert list(components(join([]))) == []


def test_a_long_chain_is_one_component() -> None:
    chain = list(range(50_000))
    backwards = links((number + 1, number) for number in reversed(chain))
    assert list(components(backwards)) == [[*chain, 50_000]]


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 20))))
def test_components_are_the_finest_partition_that_no_link_crosses(pairs: list[tuple[int, int]]) -> None:
    groups: list[set[int]] = []
    for pair in pairs:
        touched = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if not group & set(pair)] + [set(pair).union(*touched)]
    assert list(components(links(pairs))) == sorted(sorted(group) for group in groups)
