"""The documents of all keys units in one row: numbers through all of them, and what survivors are chosen by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manifests import File
from pipeline.stage import Bench, Unit
from pipeline.stages.clusters import Places, Rows
from pipeline.stages.dedup_candidates import ROW_BITS
from pipeline.stages.dedup_earlier import EARLIER_STAGE
from pipeline.stages.dedup_keys import KEYS_STAGE, MEMBERS_FILE, source_of
from pipeline.stages.dedup_pairs import LAST_ROW
from pipeline.stages.verdicts import Member

EARLIER_RANK = -1
"""Documents of an earlier run win over all others."""

_COLUMNS = ["fork", "quality", "bytes", "id", "digest"]


@dataclass(frozen=True)
class MemberShard:
    """The documents of one keys unit, numbered from `start` on through all units."""

    unit: str
    source: str
    rank: int
    file: File
    start: int
    end: int

    @property
    def is_earlier(self) -> bool:
        return self.rank == EARLIER_RANK

    def rows(self, numbers: Places) -> Rows:
        """Where documents stand in the unit."""
        return (numbers - np.uint64(self.start)).astype(np.int64)

    def read(self, bench: Bench, columns: list[str] | None = None) -> pa.Table:
        with bench.open(self.file) as file:
            return pq.read_table(file, columns=columns)


class Members:
    """Documents by number, read when they are asked for."""

    def __init__(self, unit: Unit, priority: tuple[str, ...], bench: Bench) -> None:
        self._bench = bench
        self.shards = list(_shards(unit, priority, bench))
        self._starts = np.array([shard.start for shard in self.shards], np.uint64)

    @property
    def count(self) -> int:
        return self.shards[-1].end if self.shards else 0

    @property
    def ours(self) -> list[MemberShard]:
        """Without those of an earlier run."""
        return [shard for shard in self.shards if not shard.is_earlier]

    def numbers(self, places: Places) -> Places:
        """Places as numbers through all units."""
        return self._starts[(places >> ROW_BITS).astype(np.int64)] + (places & LAST_ROW)

    def read(self, numbers: Places) -> Iterator[Member]:
        """The documents of these numbers, which ascend."""
        for shard, some, table in self._tables(numbers):
            for number, row in zip(some.tolist(), table.to_pylist(), strict=True):
                lacks = tuple(-value for value in row["quality"])
                yield Member(shard.rank, row["fork"], lacks, -row["bytes"], row["id"], row["digest"], number)

    def ranked(self, numbers: Places) -> tuple[Places, pa.ChunkedArray[Any]]:
        """The place of each document in the survivor's order of these, whose numbers ascend; and their ids."""
        tables = [_sortable(shard, table) for shard, _, table in self._tables(numbers)]
        every = pa.concat_tables(tables).append_column("number", pa.array(numbers))
        order = pc.sort_indices(every, sort_keys=[(name, "ascending") for name in every.column_names])
        before = np.empty(len(numbers), np.uint64)
        before[order.to_numpy()] = np.arange(len(numbers), dtype=np.uint64)
        return before, every["id"]

    def id_at(self, place: int) -> str:
        shard, row = self.shards[place >> int(ROW_BITS)], place & int(LAST_ROW)
        return str(shard.read(self._bench, ["id"])["id"][row].as_py())

    def _tables(self, numbers: Places) -> Iterator[tuple[MemberShard, Places, pa.Table]]:
        for shard in self.shards:
            first, last = np.searchsorted(numbers, np.array([shard.start, shard.end], np.uint64)).tolist()
            if first < last:
                some = numbers[first:last]
                yield (
                    shard,
                    some,
                    shard.read(self._bench, _COLUMNS).take(shard.rows(some)),
                )


def _shards(unit: Unit, priority: tuple[str, ...], bench: Bench) -> Iterator[MemberShard]:
    keys = [receipt for receipt in unit.upstream if receipt.stage in (KEYS_STAGE, EARLIER_STAGE)]
    others = sorted({source_of(receipt.unit) for receipt in keys} - set(priority))
    ranks = {source: rank for rank, source in enumerate([*priority, *others])}
    start = 0
    for receipt in keys:
        source = source_of(receipt.unit)
        members = next(file for file in receipt.files if file.path.endswith(f"/{MEMBERS_FILE}"))
        with bench.open(members) as file:
            end = start + pq.read_metadata(file).num_rows
        rank = EARLIER_RANK if receipt.stage == EARLIER_STAGE else ranks[source]
        yield MemberShard(receipt.unit, source, rank, members, start, end)
        start = end


def _sortable(shard: MemberShard, members: pa.Table) -> pa.Table:
    """What makes a `Member`, as columns: in their order the smallest document is kept."""
    columns: dict[str, Any] = {"rank": np.full(len(members), shard.rank), "fork": members["fork"]}
    for number in range(len(members["quality"][0])):
        columns[f"lacks {number}"] = pc.negate(pc.list_element(members["quality"], number))
    return pa.table(columns | {"shortness": -members["bytes"].to_numpy().astype(np.int64), "id": members["id"]})
