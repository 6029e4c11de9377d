"""From outside objects to documents: read every record, pass it through the filters, write it once, or its Drop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import xxhash

from filters.document import Document, Drop
from filters.filter import Filter, apply
from manifests import Receipt
from pipeline.lock import check_pin
from pipeline.outside import Outside, Shard
from pipeline.path_list import PathList
from pipeline.repositories import RepositoryList
from pipeline.shards import DOCUMENTS, DROPS, ParquetShard, document_row, drop_row
from pipeline.sources.source import Source
from pipeline.stage import LOCATION, Bench, Unit, records
from pipeline.stages.batches import batches

DOCUMENTS_FILE = "documents.parquet"


@dataclass(frozen=True)
class Ingest:
    """The documents of one source. A unit is one outside object, or several small ones together."""

    source: Source
    filters: tuple[Filter, ...]
    unlisted: frozenset[str] = frozenset()
    """Rules whose refusals are counted but not listed in the ledger."""
    unit_bytes: int = 32_000_000
    sample: float = 1.0
    """Share of the objects to read, chosen by a hash of seed and key; at least one is read."""
    seed: int = 0
    outside: Outside = field(default=Outside(""), metadata=LOCATION)
    paths: tuple[str, ...] = field(default=(), metadata=LOCATION)
    lists: tuple[PathList | RepositoryList, ...] = ()
    exclude: tuple[str, ...] = field(default=(), metadata=LOCATION)
    pins: Mapping[str, str] = field(default_factory=dict, metadata=LOCATION)
    """Hashes that inputs must have, by key. They are checked, so they need not be part of the recipe."""

    @property
    def name(self) -> str:
        return f"documents/{self.source.name}"

    @property
    def stands_on(self) -> tuple[str, ...]:
        return ()

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        shards = {shard.key: shard for shard in self._shards()}
        for number, group in enumerate(batches(chosen([*shards.values()], self.sample, self.seed), self.unit_bytes)):
            yield Unit(unit_name(group), inputs=tuple(group), number=number)

    def _shards(self) -> Iterator[Shard]:
        """What the lists name in their order, and what the patterns find."""
        for one in self.lists:
            yield from one.shards(self.outside, self.exclude)
        if self.paths:
            yield from self.outside.shards(self.paths, self.exclude)

    def run(self, unit: Unit, bench: Bench) -> None:
        seen: set[bytes] = set()
        with ExitStack() as stack:
            documents = stack.enter_context(
                ParquetShard(bench.path(f"{self.name}/{unit.name}/{DOCUMENTS_FILE}"), DOCUMENTS)
            )
            drops = stack.enter_context(ParquetShard(bench.path(f"drops/{self.name}/{unit.name}.parquet"), DROPS))
            for record, lost in records(self._read(unit, bench), bench.position):
                outcome = lost or self._judge(record, seen)
                bench.tally.saw(self.source.name, record.size)
                if isinstance(outcome, Drop):
                    bench.tally.drop(self.source.name, outcome, record.size)
                    if outcome.rule not in self.unlisted:
                        drops.write(drop_row(outcome, self.source.name, self.name))
                else:
                    bench.tally.keep(self.source.name, record.size)
                    bench.tally.wrote(group(outcome.source, outcome.subset), outcome.size)
                    documents.write(document_row(outcome), outcome.size)

    def _read(self, unit: Unit, bench: Bench) -> Iterator[Document | Drop]:
        for shard in unit.inputs:
            stream = shard.open()
            yield from self.source.read(shard.key, cast(BinaryIO, stream))
            bench.took(stream)
            check_pin(shard.key, bench.inputs[-1].sha256, self.pins)

    def _judge(self, record: Document | Drop, seen: set[bytes]) -> Document | Drop:
        if isinstance(record, Drop):
            return record
        outcome = apply(self.filters, record)
        if isinstance(outcome, Drop):
            return outcome
        key = xxhash.xxh3_128_digest(outcome.id.encode("utf-8", "surrogatepass"))
        if key in seen:
            return Drop(outcome.id, "id", "duplicate", "an earlier document has this id", outcome.url, outcome.size)
        seen.add(key)
        return outcome


def unit_name(shards: Sequence[Shard]) -> str:
    """The first key, and how many follow. Without `.parquet`: a folder of that name is taken for a file by globs.

    With a hyphen before names that begin with `.` or `_`: pyarrow, Spark and shells take those for hidden.
    """
    more = f"+{len(shards) - 1}" if len(shards) > 1 else ""
    return re.sub(r"(?<![^/])(?=[._])", "-", shards[0].key.removesuffix(".parquet")) + more


def group(source: str, subset: str) -> str:
    """The name under which a document is counted."""
    return f"{source}/{subset or '-'}"


def chosen(shards: list[Shard], share: float, seed: int) -> list[Shard]:
    """The objects of a pilot run: those whose hash falls below `share`, at least the one that falls lowest."""
    if share >= 1:
        return shards
    ranks = {shard.key: xxhash.xxh3_64_intdigest(f"{seed}/{shard.key}".encode()) / 2**64 for shard in shards}
    lowest = min(shards, key=lambda shard: ranks[shard.key])
    return [shard for shard in shards if ranks[shard.key] < share or shard is lowest]
