"""Exact and near-duplicates across all shards and sources, by file exchange.

`DedupKeys` maps documents to keys, `DedupPairs` joins and verifies one partition of them, `DedupMarks` is one unit that
sees all pairs, clusters them and marks what goes. Text is read once and never written again. A map unit holds the keys
of its shard, under 1 KB a document; a reduce unit holds 16 bytes a key of its partition, and sketches only of texts
that meet another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filters.document import Drop
from manifests import File, Receipt
from manifests.manifest import Dedup
from pipeline.shards import DROPS, ParquetShard, drop_row, parquet_writer
from pipeline.stage import Bench, Stage, Unit
from pipeline.stages.chunks import CHUNKS_FILE, AsPublished, copies
from pipeline.stages.clusters import Links, join, like_pairs
from pipeline.stages.dedup_keys import KEYS, KEYS_FILE, KEYS_STAGE, KINDS, MEMBERS_FILE, DedupKeys, source_of, unit_name
from pipeline.stages.minhash import Hashes64
from pipeline.stages.verdicts import CHUNK, Member, Verdict, judge

PAIRS = pa.schema(
    [("kind", pa.string()), ("left", pa.uint64()), ("right", pa.uint64()), ("similarity", pa.float64())]  # type: ignore[arg-type]
)
"""Verified pairs. A place stands for a document: the number of its unit in `dedup/keys` times 2**32, plus its row."""

PAIRS_STAGE = "dedup/pairs"
MARKS_STAGE = "dedup/marks"
PAIRS_FILE = "pairs.parquet"

MEETING = pa.schema(
    [("key", pa.uint64()), ("order", pa.uint64()), ("place", pa.uint64()), ("evidence", pa.binary())]  # type: ignore[arg-type]
)
"""Keys that several documents have, of all units."""

ROW_BITS = np.uint64(32)
LAST_ROW = np.uint64(0xFFFFFFFF)


def dedup_stages(sources: tuple[str, ...], settings: Dedup, published: AsPublished | None = None) -> list[Stage]:
    """The stages that compare the documents of these stages as a manifest asks."""
    bands = (settings.near, settings.threshold, settings.permutations, settings.shingle)
    return [
        DedupKeys(sources, *bands, settings.partitions, published),
        DedupPairs(settings.threshold, settings.partitions, chunks=published is not None),
        DedupMarks(settings.priority, published),
    ]


@dataclass(frozen=True)
class DedupPairs:
    """Pairs of documents that share a key and are truly alike. A unit is one partition of the keys."""

    threshold: float = 0.7
    """Estimated Jaccard similarity from which candidates are near-duplicates."""
    partitions: int = 4
    """Into how many parts the keys were dealt."""
    chunks: bool = False
    """Whether chunks were dealt, too."""

    @property
    def name(self) -> str:
        return PAIRS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (KEYS_STAGE,)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        for number in range(self.partitions):
            yield Unit(f"{number:05}-of-{self.partitions:05}", upstream=done[KEYS_STAGE], number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        files = list(bench.files(unit, f"/{KEYS_FILE}"))
        with parquet_writer(bench.path(f"{self.name}/{unit.name}/{PAIRS_FILE}"), PAIRS) as writer:
            for number, kind in enumerate(KINDS):
                group = unit.number * len(KINDS) + number
                threshold = self.threshold if kind == "near" else 1.0
                _write_pairs(writer, kind, _join_partition(bench, files, group, kind, threshold))
            if self.chunks:
                tables = [_read_group(bench, file, unit.number) for file in bench.files(unit, f"/{CHUNKS_FILE}")]
                _write_pairs(writer, CHUNK, copies(tables, ROW_BITS))


def _write_pairs(writer: pq.ParquetWriter, kind: str, links: Links) -> None:
    columns = [[kind] * len(links.left), links.left, links.right, links.similarity]
    writer.write_table(pa.table(columns, schema=PAIRS))


def _join_partition(bench: Bench, files: Sequence[File], group: int, kind: str, threshold: float) -> Links:
    """The pairs of one kind in one partition. One copy of a text stands for all among near ones: they pair as exact."""
    prune = _without_copies if kind == "near" else pa.Table.combine_chunks
    keys = [prune(_read_group(bench, file, group, ["key", "order"])) for file in files]
    all_keys = prune(pa.concat_tables([KEYS.empty_table().select(["key", "order"]), *keys]))
    values, counts = np.unique(all_keys["key"].to_numpy(), return_counts=True)
    shared = values[counts > 1]
    meeting = [_meeting(prune(_read_group(bench, file, group)), shared, unit) for unit, file in enumerate(files)]
    rows = prune(pa.concat_tables([MEETING.empty_table(), *meeting]))
    rows = rows.sort_by([(name, "ascending") for name in ("key", "order", "place")])
    evidence = b"".join(rows["evidence"].to_numpy())
    sketches = np.frombuffer(evidence, dtype=np.uint8).reshape(len(rows), len(evidence) // max(len(rows), 1))
    return like_pairs(rows["key"].to_numpy(), rows["place"].to_numpy(), sketches, threshold).unique()


def _without_copies(rows: pa.Table) -> pa.Table:
    """The first row of each text under each key."""
    keys, orders = rows["key"].to_numpy(), rows["order"].to_numpy()
    index = np.lexsort((orders, keys))
    keys, orders = keys[index], orders[index]
    fresh = np.ones(len(index), dtype=bool)
    fresh[1:] = (keys[1:] != keys[:-1]) | (orders[1:] != orders[:-1])
    return rows.take(index[fresh])


def _read_group(bench: Bench, file: File, group: int, columns: list[str] | None = None) -> pa.Table:
    with bench.open(file) as stream:
        return pq.ParquetFile(stream).read_row_group(group, columns=columns)


def _meeting(rows: pa.Table, shared: Hashes64, unit: int) -> pa.Table:
    """The rows of one file whose key occurs elsewhere too, by place."""
    keys = rows["key"].to_numpy()
    at = np.searchsorted(shared, keys)
    met = at < len(shared)
    met[met] = shared[at[met]] == keys[met]
    rows = rows.filter(met)
    places = (np.uint64(unit) << ROW_BITS) + rows["row"].to_numpy()
    return pa.table([rows["key"], rows["order"], places, rows["evidence"]], schema=MEETING)


@dataclass(frozen=True)
class DedupMarks:
    """Which documents go: all of a cluster but one. One unit; it holds the pairs, and the documents that have one."""

    priority: tuple[str, ...] = ()
    """Sources in the order in which they win over a duplicate elsewhere; sources not named follow by name."""
    published: AsPublished | None = None
    """How many files are kept of a language."""

    @property
    def name(self) -> str:
        return MARKS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (KEYS_STAGE, PAIRS_STAGE)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=done[KEYS_STAGE] + done[PAIRS_STAGE])

    def run(self, unit: Unit, bench: Bench) -> None:
        keys = [receipt for receipt in unit.upstream if receipt.stage == KEYS_STAGE]
        pairs = _read_pairs(unit, bench)
        verdicts = judge(pairs, self._members(keys, pairs, bench))
        if self.published:
            verdicts |= _beyond_cap(self.published, keys, verdicts, bench)
        for number, receipt in enumerate(keys):
            self._mark(receipt, number << int(ROW_BITS), verdicts, bench)

    def _members(self, keys: Sequence[Receipt], pairs: Mapping[str, Links], bench: Bench) -> dict[int, Member]:
        """Every document that has a pair, by place."""
        places = np.unique(np.concatenate([end for links in pairs.values() for end in (links.left, links.right)]))
        units = places >> ROW_BITS
        ranks = self._ranks(keys)
        members = {}
        for number, receipt in enumerate(keys):
            mine = places[units == number]
            if len(mine):
                rows = _read_members(receipt, bench).take(mine & LAST_ROW).to_pylist()
                rank = ranks[source_of(receipt.unit)]
                for place, row in zip(mine.tolist(), rows, strict=True):
                    members[place] = Member(rank, row["fork"], -row["bytes"], row["id"], row["digest"], place)
        return members

    def _ranks(self, keys: Sequence[Receipt]) -> dict[str, int]:
        others = sorted({source_of(receipt.unit) for receipt in keys} - set(self.priority))
        return {source: rank for rank, source in enumerate([*self.priority, *others])}

    def _mark(self, receipt: Receipt, start: int, verdicts: Mapping[int, Verdict], bench: Bench) -> None:
        """Count the documents of a unit, and write the ledger of those that go, even if it stays empty."""
        source = source_of(receipt.unit)
        with ParquetShard(bench.path(_ledger(receipt.unit)), DROPS) as drops:
            for place, row in enumerate(_read_members(receipt, bench).to_pylist(), start):
                bench.tally.saw(source, row["bytes"])
                verdict = verdicts.get(place)
                if verdict is None:
                    bench.tally.keep(source, row["bytes"])
                    continue
                drop = Drop(row["id"], "dedup", verdict.reason, verdict.detail, row["url"], row["bytes"])
                bench.tally.drop(source, drop, row["bytes"])
                drops.write(drop_row(drop, source, self.name))


def _beyond_cap(
    published: AsPublished, keys: Sequence[Receipt], verdicts: Mapping[int, Verdict], bench: Bench
) -> dict[int, Verdict]:
    """What is left of a language beyond the files that the published code wrote."""
    groups: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, receipt in enumerate(keys):
        for place, row in enumerate(_read_members(receipt, bench).to_pylist(), number << int(ROW_BITS)):
            if row["capped"] and place not in verdicts:
                groups[row["capped"]].append((row["id"], place))
    found = (published.beyond_cap(group, members) for group, members in groups.items())
    return {place: Verdict("file-cap", "", detail) for one in found for place, detail in one.items()}


def _read_pairs(unit: Unit, bench: Bench) -> dict[str, Links]:
    """All pairs, by kind."""
    kinds = (*KINDS, CHUNK)
    pairs: dict[str, list[Links]] = {kind: [] for kind in kinds}
    for listed in bench.files(unit, f"/{PAIRS_FILE}"):
        with bench.open(listed) as file:
            table = pq.read_table(file)
        for kind in kinds:
            mine = table.filter(pc.equal(table["kind"], pa.scalar(kind)))
            pairs[kind].append(Links(*(mine[name].to_numpy() for name in PAIRS.names[1:])))
    return {kind: join(links) for kind, links in pairs.items()}


def _read_members(receipt: Receipt, bench: Bench) -> pa.Table:
    listed = next(file for file in receipt.files if file.path.endswith(f"/{MEMBERS_FILE}"))
    with bench.open(listed) as file:
        return pq.read_table(file)


def dropped_ids(bench: Bench, marks: Receipt, documents: Receipt) -> frozenset[str]:
    """The ids that dedup refused of one documents unit. Raises KeyError if these marks do not cover the unit."""
    path = _ledger(unit_name(documents))
    listed = next((file for file in marks.files if file.path == path), None)
    if listed is None:
        raise KeyError(f"{marks.stage}/{marks.unit} has no marks for {documents.stage}/{documents.unit}")
    with bench.open(listed) as file:
        return frozenset(pq.read_table(file, columns=["id"])["id"].to_numpy())


def _ledger(unit_name: str) -> str:
    return f"drops/{MARKS_STAGE}/{unit_name}.parquet"
