"""Exact and near-duplicates across all shards and sources, by file exchange.

`DedupKeys` maps documents to keys, `DedupPairs` joins and verifies one partition of them, `DedupMarks` is one unit that
sees all pairs, clusters them and marks what goes. Text is read once and never written again. A map unit holds the keys
of its shard, under 1 KB a document; a reduce unit holds 16 bytes a key of its partition, and sketches only of texts
that meet another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filters.document import Drop
from manifests import File, Receipt
from manifests.manifest import Dedup
from pipeline.shards import DROPS, ParquetShard, drop_row, parquet_writer
from pipeline.stage import Bench, Stage, Unit
from pipeline.stages.clusters import Links, components, join, like_pairs
from pipeline.stages.dedup_keys import KEYS, KEYS_FILE, KEYS_STAGE, KINDS, MEMBERS_FILE, DedupKeys, source_of, unit_name
from pipeline.stages.minhash import Hashes64

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


def dedup_stages(sources: tuple[str, ...], settings: Dedup) -> list[Stage]:
    """The stages that compare the documents of these stages as a manifest asks."""
    return [
        DedupKeys(
            sources, settings.near, settings.threshold, settings.permutations, settings.shingle, settings.partitions
        ),
        DedupPairs(settings.threshold, settings.partitions),
        DedupMarks(settings.priority),
    ]


@dataclass(frozen=True)
class DedupPairs:
    """Pairs of documents that share a key and are truly alike. A unit is one partition of the keys."""

    threshold: float = 0.7
    """Estimated Jaccard similarity from which candidates are near-duplicates."""
    partitions: int = 4
    """Into how many parts the keys were dealt."""

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
                links = _join_partition(bench, files, group, kind, threshold)
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


class Member(NamedTuple):
    """A document that has a duplicate. Of two, the smaller one is kept: this is the survivor's total order."""

    rank: int
    """Of its source."""
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


@dataclass(frozen=True)
class DedupMarks:
    """Which documents go: all of a cluster but one. One unit; it holds the pairs, and the documents that have one."""

    priority: tuple[str, ...] = ()
    """Sources in the order in which they win over a duplicate elsewhere; sources not named follow by name."""

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
                    members[place] = Member(rank, -row["bytes"], row["id"], row["digest"], place)
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


def _read_pairs(unit: Unit, bench: Bench) -> dict[str, Links]:
    """All pairs, by kind."""
    pairs: dict[str, list[Links]] = {kind: [] for kind in KINDS}
    for listed in bench.files(unit, f"/{PAIRS_FILE}"):
        with bench.open(listed) as file:
            table = pq.read_table(file)
        for kind in KINDS:
            mine = table.filter(pc.equal(table["kind"], pa.scalar(kind)))
            pairs[kind].append(Links(*(mine[name].to_numpy() for name in PAIRS.names[1:])))
    return {kind: join(links) for kind, links in pairs.items()}


def _read_members(receipt: Receipt, bench: Bench) -> pa.Table:
    listed = next(file for file in receipt.files if file.path.endswith(f"/{MEMBERS_FILE}"))
    with bench.open(listed) as file:
        return pq.read_table(file)


def judge(pairs: Mapping[str, Links], members: Mapping[int, Member]) -> dict[int, Verdict]:
    """The documents that go, by place.

    Of documents that share an id one is kept, whatever their texts. The others still link what is like them, but they
    never survive a cluster, so that no text is lost to a document that goes itself.
    """
    winners = _winners(pairs["same-id"], members)
    verdicts = _judge_texts(join([pairs["exact"], pairs["near"]]), members, winners.keys())
    for place, winner in winners.items():
        kept = verdicts[winner.place].kept if winner.place in verdicts else winner.id
        verdicts[place] = Verdict("same-id", kept, f"kept {kept}; another document has this id")
    return verdicts


def _winners(same_id: Links, members: Mapping[int, Member]) -> dict[int, Member]:
    """For every document that loses its id to another one, which that is."""
    winners = {}
    for places in components(same_id):
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
