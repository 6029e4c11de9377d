"""The order of a mixture: exact counts, even spread, every sequence once an epoch, the same however it is asked for."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.blend import Blend, apportion, permute

SIZES = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 120)), min_size=1, max_size=5)


def blend_of(sources: list[tuple[int, int]], seed: int = 0) -> Blend:
    counts, sizes = zip(*sources, strict=True)
    return Blend(tuple(f"source {number}" for number in range(len(sources))), counts, sizes, seed)


@given(SIZES, st.integers(0, 3))
def test_each_source_is_drawn_as_often_as_asked_and_goes_through_all_it_has(
    sources: list[tuple[int, int]], seed: int
) -> None:
    blend = blend_of(sources, seed)
    draws = blend.draws(0, len(blend))
    assert len(draws) == len(blend)
    for source, (count, size) in enumerate(sources):
        mine = draws[draws["source"] == source]
        assert len(mine) == count
        assert mine["epoch"].tolist() == sorted(number // size for number in range(count))
        for epoch in range(count // size):
            assert sorted(mine["sequence"][mine["epoch"] == epoch]) == list(range(size))
        assert len(np.unique(mine[["epoch", "sequence"]])) == count


@given(SIZES, st.data())
def test_any_stretch_is_that_of_the_whole(sources: list[tuple[int, int]], data: st.DataObject) -> None:
    blend = blend_of(sources)
    start = data.draw(st.integers(0, len(blend)))
    stop = data.draw(st.integers(start, len(blend)))
    assert blend.draws(start, stop).tolist() == blend.draws(0, len(blend))[start:stop].tolist()


def test_a_stretch_far_inside_a_large_order_costs_no_more_than_itself() -> None:
    blend = Blend(("arxiv", "web", "code"), (13_000_000, 26_000_000, 6_500_001), (7_000_000, 3_700_000, 2_700_000))
    middle = blend.draws(40_000_000, 40_000_512)
    assert middle.tolist() == np.concatenate([blend.draws(at, at + 1) for at in range(40_000_000, 40_000_512)]).tolist()
    assert set(middle["epoch"][middle["source"] == 1]) == {40_000_000 * 26 // 45 // 3_700_000}


def test_no_stretch_is_without_its_share() -> None:
    blend = Blend(("arxiv", "web", "code"), (2_000, 4_000, 1_000), (500, 500, 500))
    draws = blend.draws(0, len(blend))
    for start in range(0, len(blend), 70):
        counts = Counter(draws["source"][start : start + 70].tolist())
        assert counts == pytest.approx({0: 20, 1: 40, 2: 10}, abs=3)


def test_the_order_is_shuffled_and_another_with_another_seed_or_epoch() -> None:
    blend = blend_of([(2_000, 1_000)])
    first, second = np.split(blend.draws(0, 2_000)["sequence"], 2)
    other = blend_of([(2_000, 1_000)], seed=1).draws(0, 1_000)["sequence"]
    for one, two in ((first, second), (first, other), (first, np.arange(1_000))):
        assert np.count_nonzero(one == two) < 10
        assert abs(np.corrcoef(one, two)[0, 1]) < 0.15


def test_what_is_drawn_of_a_source_does_not_change_with_the_others() -> None:
    alone = Blend(("web",), (700,), (300,)).draws(0, 700)
    among = Blend(("arxiv", "web"), (300, 700), (100, 300)).draws(0, 1_000)
    assert among["sequence"][among["source"] == 1].tolist() == alone["sequence"].tolist()


@given(st.integers(1, 2_000), st.integers(0, 2**64 - 1))
def test_a_permutation_is_one(size: int, key: int) -> None:
    numbers = np.arange(size, dtype=np.uint64)
    assert sorted(permute(numbers, np.full(size, key, np.uint64), size)) == numbers.tolist()


@given(st.lists(st.floats(0, 100), min_size=1).filter(any), st.integers(0, 10**9))
def test_apportioned_numbers_add_up_and_are_nearly_exact(shares: list[float], total: int) -> None:
    counts = apportion(shares, total)
    assert sum(counts) == total
    for share, count in zip(shares, counts, strict=True):
        assert count == pytest.approx(share / sum(shares) * total, abs=1.001, rel=1e-9)


def test_nothing_is_apportioned_to_nobody() -> None:
    assert apportion([0.0, 0.0], 7) == (0, 0)
