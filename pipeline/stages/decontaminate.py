"""Documents that hold items of benchmarks go, or what they hold is cut out: off unless a manifest names benchmarks.

The text stays where ingest wrote it. `drop` writes a ledger as every stage that refuses documents does; `cut` keeps the
documents and lists, one row a removal, what the stages after it leave out when they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from filters.contamination.audit import Index
from filters.contamination.rarity import measure
from filters.contamination.scene import Match
from filters.document import Document, Drop
from manifests import Receipt
from pipeline.benchmarks import BenchmarkFile
from pipeline.shards import DROPS, ParquetShard, drop_row
from pipeline.stage import Bench, Stage, Unit
from pipeline.stages.audit import (
    BATCH_BYTES,
    SAMPLE_BYTES,
    SAMPLE_INPUTS,
    parts_of,
    read_rarity,
    the_index,
    write_rarity,
)
from pipeline.stages.batches import batches
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.kept import kept_documents
from pipeline.stages.marks import CUTS_FILE

SAMPLE_STAGE = "decontaminate/sample"
RULE, REASON = "decontaminate", "benchmark"
DROP, CUT = "drop", "cut"

_CUTS: list[tuple[str, pa.DataType]] = [
    *((name, pa.string()) for name in ("id", "url", "benchmark", "item", "part", "method")),
    ("score", pa.float64()),
    ("start", pa.int64()),
    ("end", pa.int64()),
]
CUTS = pa.schema(_CUTS)
"""One row a removal: what was found by which method, and its place in the document's UTF-8."""


@dataclass(frozen=True)
class DecontaminateSample:
    """How common n-grams of the benchmarks are, by the beginnings of some units of all sources."""

    benchmarks: tuple[BenchmarkFile, ...]
    sources: tuple[str, ...]
    """Stages whose documents are read, such as `documents/open-web-math`."""

    @property
    def name(self) -> str:
        return SAMPLE_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (MARKS_STAGE, *self.sources)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        documents = [receipt for name in self.sources for receipt in done[name]]
        step = max(1, -(-len(documents) // SAMPLE_INPUTS))
        yield Unit("all", upstream=(*done[MARKS_STAGE], *documents[::step]))

    def run(self, unit: Unit, bench: Bench) -> None:
        marks, *units = unit.upstream
        texts = [text for documents in units for text in _beginning(documents, marks, bench)]
        write_rarity(measure(parts_of(self.benchmarks), texts), bench.path, f"{self.name}/{unit.name}")


def _beginning(documents: Receipt, marks: Receipt, bench: Bench) -> Iterator[str]:
    left = SAMPLE_BYTES
    for row in kept_documents(documents, marks, bench, ("id", "text")):
        yield row["text"][:left]
        left -= len(row["text"])
        if left <= 0:
            return


@dataclass(frozen=True)
class Decontaminate:
    """The documents of one source in which an item stands. A unit is one documents unit."""

    source: str
    benchmarks: tuple[BenchmarkFile, ...]
    action: str = DROP
    """What goes: the document, or what was found in it (`cut`)."""
    methods: tuple[str, ...] = ("fuzzy", "exact")
    """Whose hits count."""

    @property
    def name(self) -> str:
        return decontaminate_stage(self.source)

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (f"documents/{self.source}", MARKS_STAGE, SAMPLE_STAGE)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        stage, *others = self.stands_on
        shared = tuple(receipt for name in others for receipt in done[name])
        for number, documents in enumerate(done[stage]):
            yield Unit(documents.unit, upstream=(documents, *shared), number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        found = the_index(self.benchmarks, read_rarity(unit, bench))
        documents, marks, *_ = unit.upstream
        rows = (_document(row) for row in kept_documents(documents, marks, bench, ("id", "url", "text")))
        cuts = bench.path(f"{self.name}/{unit.name}/{CUTS_FILE}")
        drops = bench.path(f"drops/{self.name}/{unit.name}.parquet")
        with ParquetShard(cuts, CUTS) as removed, ParquetShard(drops, DROPS) as ledger:
            for batch in batches(rows, BATCH_BYTES):
                hits = self._hits(found, batch)
                for number, document in enumerate(batch):
                    self._settle(document, hits.get(number, []), found, bench, removed, ledger)

    def _hits(self, found: Index, batch: Sequence[Document]) -> dict[int, list[Match]]:
        hits: dict[int, list[Match]] = {}
        for match in found.find([document.text for document in batch]):
            if match.method in self.methods:
                hits.setdefault(match.text, []).append(match)
        return hits

    def _settle(
        self,
        document: Document,
        hits: Sequence[Match],
        found: Index,
        bench: Bench,
        removed: ParquetShard,
        ledger: ParquetShard,
    ) -> None:
        """Keep a document, or refuse it, and list what was found in it."""
        bench.tally.saw(self.source, document.size)
        if self.action == CUT or not hits:
            bench.tally.keep(self.source, document.size)
            for hit in hits:
                removed.write(_cut_row(document, hit, found))
            return
        row = _cut_row(document, max(hits, key=lambda hit: hit.score), found)
        detail = "{benchmark} {item} {part}: {method} {score} at {start} to {end}".format(**row)
        drop = Drop(document.id, RULE, REASON, detail, document.url, document.size)
        bench.tally.drop(self.source, drop, document.size)
        ledger.write(drop_row(drop, self.source, self.name))


def decontaminate_stage(source: str) -> str:
    """The stage that cleans a source, by its name."""
    return f"decontaminate/{source}"


def decontaminate_stages(
    sources: Sequence[str], benchmarks: tuple[BenchmarkFile, ...], action: str, methods: Iterable[str]
) -> list[Stage]:
    """The stages that clean these sources; none without benchmarks."""
    if not benchmarks:
        return []
    documents = tuple(f"documents/{source}" for source in sources)
    cleaning = (Decontaminate(source, benchmarks, action, tuple(methods)) for source in sources)
    return [DecontaminateSample(benchmarks, documents), *cleaning]


def _document(row: Mapping[str, Any]) -> Document:
    return Document(row["id"], "", text=row["text"], url=row["url"] or "")


def _cut_row(document: Document, hit: Match, found: Index) -> dict[str, Any]:
    part = found.parts[hit.part]
    row = {"id": document.id, "url": document.url, "benchmark": part.benchmark, "item": part.item, "part": part.role}
    return row | {"method": hit.method, "score": hit.score, "start": hit.start, "end": hit.end}
