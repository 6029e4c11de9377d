"""Batches lose nothing, keep the order and stay within bounds."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pipeline.outside import Shard
from pipeline.stages.batches import batches

shards = st.lists(st.builds(Shard, key=st.text(max_size=3), size=st.integers(0, 50)), max_size=30)


@given(shards, st.integers(1, 60))
def test_batches_partition_their_items_within_bounds(items: list[Shard], limit: int) -> None:
    found = list(batches(items, limit))
    assert [item for batch in found for item in batch] == items
    for batch in found:
        assert batch
        assert len(batch) == 1 or sum(item.size for item in batch) <= limit


@given(shards, st.integers(1, 60))
def test_no_two_neighbours_could_have_been_one(items: list[Shard], limit: int) -> None:
    found = list(batches(items, limit))
    for batch, following in itertools.pairwise(found):
        assert sum(item.size for item in batch) + following[0].size > limit
