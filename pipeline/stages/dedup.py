"""Exact and near-duplicates across all shards and sources, by file exchange.

`DedupKeys` maps documents to keys, `DedupCandidates` joins one partition of the keys, `DedupPairs` judges one
partition of the candidates, `DedupMarks` is one unit that sees all pairs, clusters them and marks what goes. Text is
read once and never written again. Map and reduce hold what the manifest's `dedup.memory` allows, whatever the corpus;
the last unit holds some 24 bytes a document.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from filters.document import Drop
from manifests import File, Receipt
from manifests.sections import Dedup
from pipeline.shards import DROPS, ParquetShard, drop_row
from pipeline.stage import Bench, Stage, Unit
from pipeline.stages.chunks import AsPublished
from pipeline.stages.clusters import Cut, Links, Places, Rows
from pipeline.stages.dedup_candidates import (
    CANDIDATES_STAGE,
    COUNTS_FILE,
    PAIRS_FILE,
    ROW_BITS,
    DedupCandidates,
    keys_stages,
)
from pipeline.stages.dedup_earlier import EARLIER_STAGE, DedupEarlier
from pipeline.stages.dedup_keys import KEYS_STAGE, MEMBERS_FILE, DedupKeys, source_of, unit_name
from pipeline.stages.dedup_pairs import LAST_ROW, PAIRS_STAGE, DedupPairs
from pipeline.stages.signatures import MinHash, Near, Shingles, SimHash
from pipeline.stages.verdicts import Member, Verdict, Verdicts

MARKS_STAGE = "dedup/marks"
SUMMARY = f"{MARKS_STAGE}/all/summary.json"

EARLIER_RANK = -1
"""Documents of an earlier run win over all others."""

JUDGED_FROM, MOST_REMOVED = 1000, 0.9
"""From so many documents on, none or more than this share removed looks like a mistake."""


class DedupError(Exception):
    """What dedup found looks like a mistake; the message says what to do if it is none."""


def near_of(settings: Dedup) -> Near | None:
    """How a manifest wants near-duplicates to be looked for."""
    if not settings.near:
        return None
    shingles = Shingles(settings.shingles, settings.shingle, settings.lowercase)
    if settings.method == "simhash":
        return Near(shingles, SimHash(settings.hamming), settings.verify)
    minhash = MinHash(settings.threshold, settings.permutations, settings.bands, settings.rows)
    return Near(shingles, minhash, settings.verify)


def dedup_stages(sources: tuple[str, ...], settings: Dedup, published: AsPublished | None = None) -> list[Stage]:
    """The stages that compare the documents of these stages as a manifest asks."""
    near, partitions, memory = near_of(settings), settings.partitions, settings.memory
    earlier = bool(settings.against)
    return [
        *([DedupEarlier(near, partitions, settings.against)] if earlier else []),
        DedupKeys(sources, near, partitions, settings.prefer, settings.paragraphs, published),
        DedupCandidates(partitions, settings.leaders, memory, published is not None, earlier),
        *([DedupPairs(near, partitions, memory, earlier)] if near else []),
        DedupMarks(settings.priority, near is not None, settings.accept_any_share, published, earlier),
    ]


@dataclass(frozen=True)
class DedupMarks:
    """Which documents go: all of a cluster but one. One unit; its memory is that of `Verdicts`."""

    priority: tuple[str, ...] = ()
    """Sources in the order in which they win over a duplicate elsewhere; sources not named follow by name."""
    near: bool = True
    """Whether near-duplicates were looked for."""
    accept_any_share: bool = False
    """Whether it may be that no document goes, or nearly all do."""
    published: AsPublished | None = None
    """How many files are kept of a language."""
    earlier: bool = False
    """Whether documents of an earlier run were among those that were compared: they win, and are not marked."""

    @property
    def name(self) -> str:
        return MARKS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (*keys_stages(self.earlier), CANDIDATES_STAGE, *([PAIRS_STAGE] if self.near else []))

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for stage in self.stands_on for receipt in done[stage]))

    def run(self, unit: Unit, bench: Bench) -> None:
        shards = _shards(unit, self.priority, bench)
        verdicts = _verdicts(shards, unit, bench)
        ours = [shard for shard in shards if not shard.is_earlier]
        beyond = _beyond_cap(self.published, ours, verdicts, bench) if self.published else {}
        gone: Counter[str] = Counter()
        for shard in ours:
            gone += _mark(shard, verdicts, beyond, bench)
        documents = ours[-1].end if ours else 0
        if not self.accept_any_share and not self.published:  # of The Stack's files that recipe compares none
            check_share(documents, gone.total())
        summary = {"documents": documents, "removed": dict(sorted(gone.items()))} | _counts(unit, shards, bench)
        bench.path(SUMMARY).write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n")


def check_share(documents: int, removed: int) -> None:
    """Raises DedupError if none of many documents go, or nearly all."""
    if documents >= JUDGED_FROM and not 0 < removed <= MOST_REMOVED * documents:
        raise DedupError(
            f"dedup would remove {removed:,} of {documents:,} documents, which looks like a mistake; "
            "if it is none, set dedup.accept_any_share = true"
        )


@dataclass(frozen=True)
class _Shard:
    """The documents of one keys unit, numbered from `start` on through all units."""

    unit: str
    source: str
    rank: int
    members: File
    start: int
    end: int

    @property
    def is_earlier(self) -> bool:
        return self.rank == EARLIER_RANK


def _shards(unit: Unit, priority: tuple[str, ...], bench: Bench) -> list[_Shard]:
    keys = [receipt for receipt in unit.upstream if receipt.stage in (KEYS_STAGE, EARLIER_STAGE)]
    others = sorted({source_of(receipt.unit) for receipt in keys} - set(priority))
    ranks = {source: rank for rank, source in enumerate([*priority, *others])}
    shards, start = [], 0
    for receipt in keys:
        source = source_of(receipt.unit)
        members = next(file for file in receipt.files if file.path.endswith(f"/{MEMBERS_FILE}"))
        with bench.open(members) as file:
            end = start + pq.read_metadata(file).num_rows
        rank = EARLIER_RANK if receipt.stage == EARLIER_STAGE else ranks[source]
        shards.append(_Shard(receipt.unit, source, rank, members, start, end))
        start = end
    return shards


def _verdicts(shards: Sequence[_Shard], unit: Unit, bench: Bench) -> Verdicts:
    verdicts = Verdicts(shards[-1].end if shards else 0)
    starts = np.array([shard.start for shard in shards], np.int64)
    for file in bench.files(unit, f"/{PAIRS_FILE}"):
        for kind, links in _read_pairs(bench, file):
            numbered = Links(_numbers(links.left, starts), _numbers(links.right, starts), links.similarity)
            verdicts.tell(kind, numbered)
    verdicts.settle()
    verdicts.choose_winners(_members(bench, shards, verdicts.shared_identity))
    verdicts.choose_survivors(_members(bench, shards, verdicts.shared_text))
    return verdicts


def _read_pairs(bench: Bench, listed: File) -> Iterator[tuple[str, Links]]:
    """The pairs of a file, a row group at a time: each is of one kind."""
    with bench.open(listed) as file:
        reader = pq.ParquetFile(file)
        for group in range(reader.num_row_groups):
            table = reader.read_row_group(group)
            if len(table):
                columns = (table[name].to_numpy() for name in ("left", "right", "similarity"))
                yield table["kind"][0].as_py(), Links(*columns)


def _numbers(places: Places, starts: Rows) -> Places:
    """Places as numbers through all units."""
    return (starts[(places >> ROW_BITS).astype(np.int64)] + (places & LAST_ROW).astype(np.int64)).astype(np.uint64)


def _members(bench: Bench, shards: Sequence[_Shard], wanted: Any) -> Iterator[Member]:
    for shard in shards:
        numbers = wanted(shard.start, shard.end)
        if len(numbers):
            rows = _read_members(bench, shard).take(numbers - shard.start).to_pylist()
            for number, row in zip(numbers.tolist(), rows, strict=True):
                lacks = tuple(-value for value in row["quality"])
                yield Member(shard.rank, row["fork"], lacks, -row["bytes"], row["id"], row["digest"], number)


def _read_members(bench: Bench, shard: _Shard, columns: list[str] | None = None) -> pa.Table:
    with bench.open(shard.members) as file:
        return pq.read_table(file, columns=columns)


def _mark(shard: _Shard, verdicts: Verdicts, beyond: Mapping[int, str], bench: Bench) -> Counter[str]:
    """Count the documents of a unit, and write the ledger of those that go, even if it stays empty."""
    members = _read_members(bench, shard)
    capped = [number for number in range(shard.start, shard.end) if number in beyond] if beyond else []
    numbers = np.union1d(verdicts.marked(shard.start, shard.end), np.array(capped, np.int64))
    gone: Counter[str] = Counter()
    stay, size = len(members), int(members["bytes"].to_numpy().sum())
    if stay:
        bench.tally.saw(shard.source, size, stay)
    with ParquetShard(bench.path(_ledger(shard.unit)), DROPS) as drops:
        rows = members.take(numbers - shard.start).to_pylist()
        for number, row in zip(numbers.tolist(), rows, strict=True):
            verdict = verdicts.of(number, row["digest"])
            if verdict is None and number in beyond:
                verdict = Verdict("file-cap", "", beyond[number])
            if verdict:
                drop = Drop(row["id"], "dedup", verdict.reason, verdict.detail, row["url"], row["bytes"])
                bench.tally.drop(shard.source, drop, row["bytes"])
                drops.write(drop_row(drop, shard.source, MARKS_STAGE))
                gone[verdict.reason] += 1
                stay, size = stay - 1, size - row["bytes"]
    bench.tally.keep(shard.source, size, stay)
    return gone


def _beyond_cap(published: AsPublished, shards: Sequence[_Shard], verdicts: Verdicts, bench: Bench) -> dict[int, str]:
    """What is left of a language beyond the files that the published code wrote."""
    groups: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for shard in shards:
        rows = _read_members(bench, shard, ["id", "digest", "capped"]).to_pylist()
        for number, row in enumerate(rows, shard.start):
            if row["capped"] and verdicts.of(number, row["digest"]) is None:
                groups[row["capped"]].append((row["id"], number))
    found = (published.beyond_cap(group, members) for group, members in groups.items())
    return {number: detail for one in found for number, detail in one.items()}


def _counts(unit: Unit, shards: Sequence[_Shard], bench: Bench) -> dict[str, Any]:
    """How many candidates there were, how many of them were false, and what was left out of large buckets."""
    cut, judged = Cut(), Counter({"candidates": 0, "alike": 0})
    paragraphs = Counter({"seen": 0, "repeated": 0, "bytes": 0})
    for file in bench.files(unit, f"/{COUNTS_FILE}"):
        with bench.open(file) as stream:
            counts = json.load(stream)
        if "alike" in counts:
            judged.update(counts)
        else:
            cut += Cut(**counts["cut"] | {"largest": [tuple(one) for one in counts["cut"]["largest"]]})
            paragraphs.update(counts["paragraphs"])
    largest = [{"members": size, "one": _id_at(place, shards, bench)} for size, place in cut.largest]
    buckets = {"buckets": cut.buckets, "members": cut.members, "comparisons": cut.comparisons, "largest": largest}
    return {"near": dict(judged), "cut": buckets, "paragraphs": dict(paragraphs)}


def _id_at(place: int, shards: Sequence[_Shard], bench: Bench) -> str:
    shard, row = shards[place >> int(ROW_BITS)], place & int(LAST_ROW)
    return str(_read_members(bench, shard, ["id"])["id"][row].as_py())


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
