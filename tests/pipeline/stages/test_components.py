"""What hangs together through pairs, in memory and by rounds over files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages import components
from pipeline.stages.components import PAIR_COST, STAR_COST, Pairs

AMPLE = 1 << 30


def centres(left: list[int], right: list[int], memory: int = AMPLE, at_once: int = 1000) -> tuple[dict[int, int], int]:
    """The centre of every number that is not one itself, and the parts that this took."""
    ends = [np.array(numbers, np.uint64) for numbers in (left, right)]

    def pairs() -> Iterator[Pairs]:
        for start in range(0, len(left), at_once):
            yield ends[0][start : start + at_once], ends[1][start : start + at_once]

    found: dict[int, int] = {}
    with TemporaryDirectory() as folder:
        dealt = components.components(pairs(), Path(folder, "of"), memory)
        for part in range(dealt.parts):
            for centre, member in dealt.read(part):
                assert not found.keys() & member.tolist()
                found |= zip(member.tolist(), centre.tolist(), strict=True)
    return found, dealt.parts


def test_without_pairs_nothing_hangs_together() -> None:
    assert centres([], []) == ({}, 1)


@pytest.mark.parametrize(("ascends", "portions"), [(True, 1), (True, 8), (False, 8)])
def test_a_long_chain_hangs_together(ascends: bool, portions: int) -> None:
    """Its pairs come in any order, in eight portions of which none fits beside another."""
    links, random = 100_000, np.random.default_rng(74)
    chain = np.arange(links + 1) if ascends else random.permutation(links + 1)
    shuffled = random.permutation(links)
    memory = AMPLE if portions == 1 else PAIR_COST * links // portions
    found, parts = centres(chain[:-1][shuffled].tolist(), chain[1:][shuffled].tolist(), memory)
    assert set(found.values()) == {0}
    assert len(found) == links
    assert (parts > 1) == (portions > 1)


def test_a_number_with_many_centres_joins_them_all() -> None:
    """The last number is paired with all others, which fill a hundred portions."""
    count = 20_000
    found, parts = centres(list(range(count)), [count] * count, PAIR_COST * count // 100)
    assert found == dict.fromkeys(range(1, count + 1), 0)
    assert parts > 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))), st.integers(1, 9), st.integers(1, 5))
def test_rounds_find_the_finest_partition_that_no_pair_crosses(
    pairs: list[tuple[int, int]], portion: int, at_once: int
) -> None:
    groups: list[set[int]] = [{number} for number in range(31)]
    for pair in pairs:
        touched = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if not group & set(pair)] + [set(pair).union(*touched)]
    least = {number: min(group) for group in groups for number in group if number != min(group)}
    left, right = [one for one, _ in pairs], [other for _, other in pairs]
    assert centres(left, right)[0] == least
    assert centres(left, right, PAIR_COST * portion, at_once)[0] == least


def test_the_memory_says_into_how_many_parts_stars_are_dealt() -> None:
    left, right = list(range(0, 2000, 2)), list(range(1, 2000, 2))
    assert centres(left, right, 1000 * STAR_COST)[1] == 1
    assert centres(left, right, 1000 * STAR_COST // 7 + 1)[1] == 7
