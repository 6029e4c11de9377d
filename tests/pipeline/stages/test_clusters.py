"""Who meets whom in buckets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.clusters import Buckets, Cut, copies

Pairs = set[tuple[int, int]]


def numbers(values: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(list(values), dtype=np.uint64)


def in_buckets(members: list[tuple[int, int]], leaders: int = 8) -> tuple[Pairs, Cut]:
    """Candidates among places 0, 1, …; a member is its key and the hash of its text."""
    keys, orders = (numbers(member[part] for member in members) for part in (0, 1))
    buckets, found = Buckets(keys, orders, numbers(range(len(members)))), set()
    for leader in range(leaders):
        left, right = buckets.pairs(leader)
        assert (left < right).all()
        led = set(zip(left.tolist(), right.tolist(), strict=True))
        assert len(led) == len(left)
        found |= led
    return found, buckets.cut(leaders)


def test_no_members_make_no_pairs() -> None:
    assert in_buckets([]) == (set(), Cut())


def test_members_of_different_buckets_do_not_meet() -> None:
    assert in_buckets([(1, 7), (2, 8), (3, 9)])[0] == set()


def test_all_members_of_a_small_bucket_meet_in_any_order() -> None:
    assert in_buckets([(1, 9), (2, 5), (1, 7), (1, 8)])[0] == {(0, 2), (0, 3), (2, 3)}


def test_one_copy_of_a_text_stands_for_all() -> None:
    assert in_buckets([(1, 7), (1, 7), (1, 8), (1, 8), (1, 8)])[0] == {(0, 2)}


def test_a_pair_that_meets_twice_is_one() -> None:
    assert in_buckets([(1, 7), (1, 8), (2, 7), (2, 8)])[0] == {(0, 1), (2, 3)}
    left, right = Buckets(numbers([1, 1, 2, 2]), numbers([7, 8, 7, 8]), numbers([0, 1, 0, 1])).pairs(0)
    assert (left.tolist(), right.tolist()) == ([0], [1])


def test_a_large_bucket_is_compared_with_its_leaders_and_what_is_left_out_is_said() -> None:
    found, cut = in_buckets([(1, order) for order in range(100)], leaders=2)
    assert found == {(leader, other) for leader in (0, 1) for other in range(leader + 1, 100)}
    assert cut == Cut(1, 100, 98 * 97 // 2, [(100, 0)])
    assert len(found) + cut.comparisons == 100 * 99 // 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), max_size=40, unique=True), st.integers(1, 5))
def test_pairs_and_what_is_left_out_add_up(members: list[tuple[int, int]], leaders: int) -> None:
    found, cut = in_buckets(members, leaders)
    sizes = [sum(key == bucket for key, _ in members) for bucket in range(4)]
    assert len(found) + cut.comparisons == sum(size * (size - 1) // 2 for size in sizes)
    assert (cut.buckets, cut.members) == (
        sum(size > leaders + 1 for size in sizes),
        sum(size for size in sizes if size > leaders + 1),
    )


def test_a_bucket_of_a_million_ends() -> None:
    count = 1_000_000
    buckets = Buckets(np.zeros(count, np.uint64), numbers(range(count)), numbers(range(count)))
    assert len(buckets.pairs(0)[0]) == count - 1
    assert buckets.cut(1).largest == [(count, 0)]


def test_of_several_reports_the_largest_buckets_are_named() -> None:
    total = Cut()
    for size in range(30):
        total += Cut(1, size, 1, [(size, 100 + size)])
    assert (total.buckets, total.comparisons) == (30, 30)
    assert total.largest == [(size, 100 + size) for size in range(29, 19, -1)]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=30))
def test_copies_are_linked_to_the_first_that_has_key_and_check(members: list[tuple[int, int]]) -> None:
    keys, checks = (numbers(member[part] for member in members) for part in (0, 1))
    links = copies(keys, checks, numbers(range(len(members))))
    found = dict(zip(links.right.tolist(), links.left.tolist(), strict=True))
    assert found == {at: members.index(one) for at, one in enumerate(members) if members.index(one) != at}
