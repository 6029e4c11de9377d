"""Where benchmarks stand in texts: a sample that says what is rare and what the audit can do, then all hits.

`AuditSample` is one unit; `Audit` has a unit for each input, or for several small ones; `AuditReport` puts together
what they have found. The index is built once a process. What is read is accounted for as everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from filters.contamination.audit import Index, index
from filters.contamination.coverage import coverage, unseen
from filters.contamination.items import Part
from filters.contamination.planted import self_test
from filters.contamination.rarity import Rarity, measure
from filters.contamination.scene import Match
from filters.document import Document, Drop
from manifests import Receipt
from pipeline.benchmarks import BenchmarkFile, load_benchmark
from pipeline.shards import DROPS, ParquetShard, clean, drop_row, parquet_writer
from pipeline.sources.texts import Texts
from pipeline.stage import LOCATION, Bench, Unit, records
from pipeline.stages.audit_inputs import RULE, Input
from pipeline.stages.batches import batches
from pipeline.stages.ingest import unit_name

SAMPLE_STAGE = "audit/sample"
RARITY_FILE = "rarity.parquet"
SELF_TEST_FILE = "self-test.json"
COVERAGE_FILE = "coverage.json"
UNSEEN_FILE = "unseen.jsonl"
"""Parts that some method cannot see, at the top of the run folder."""
HITS_STAGE = "audit/hits"
HITS_FILE = "hits.jsonl"

BATCH_BYTES = 4 << 20
"""Text that is held against the index together."""
SAMPLE_INPUTS = 16
SAMPLE_BYTES = 2 << 20
"""At most this much text is sampled from each of at most so many inputs."""
SPAN, CONTEXT = 2000, 200
"""Characters of a match that are kept as evidence, and before and after it."""

RARITY = pa.schema([("hash", pa.uint64()), ("documents", pa.int64())])


@dataclass(frozen=True)
class AuditSample:
    """Reads the beginnings of some inputs: how common n-grams are there, and how well items planted there are found."""

    benchmarks: tuple[BenchmarkFile, ...]
    source: Texts = field(default_factory=Texts)
    planted: int = 30
    """Items of each benchmark that are planted of each kind."""
    inputs: tuple[Input, ...] = field(default=(), metadata=LOCATION)

    @property
    def name(self) -> str:
        return SAMPLE_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return ()

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        step = max(1, -(-len(self.inputs) // SAMPLE_INPUTS))
        yield Unit("all", inputs=tuple(shard for one in self.inputs[::step] for shard in one.shards))

    def run(self, unit: Unit, bench: Bench) -> None:
        texts = [text for one in _inputs(self.inputs, unit) for text in self._beginning(one, bench)]
        items = parts_of(self.benchmarks)
        rarity = measure(items, texts)
        write_rarity(rarity, bench.path, f"{self.name}/{unit.name}")
        found = index(items, rarity)
        tested = self_test(items, found, rarity, texts, self.planted)
        for name, told in ((SELF_TEST_FILE, asdict(tested)), (COVERAGE_FILE, list(map(asdict, coverage(found))))):
            bench.path(f"{self.name}/{unit.name}/{name}").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
        with bench.path(UNSEEN_FILE).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(part, ensure_ascii=False) + "\n" for part in unseen(found))

    def _beginning(self, one: Input, bench: Bench) -> Iterator[str]:
        left = SAMPLE_BYTES
        with closing(one.read(self.source, bench)) as found:
            for record in found:
                if isinstance(record, Document):
                    yield record.text[:left]
                    left -= record.size
                    if left <= 0:
                        break


@dataclass(frozen=True)
class Audit:
    """Every hit with its evidence, a JSON object a line."""

    benchmarks: tuple[BenchmarkFile, ...]
    source: Texts = field(default_factory=Texts)
    unit_bytes: int = 32_000_000
    inputs: tuple[Input, ...] = field(default=(), metadata=LOCATION)

    @property
    def name(self) -> str:
        return HITS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (SAMPLE_STAGE,)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        for number, group in enumerate(batches(self.inputs, self.unit_bytes)):
            name = unit_name([one.shard for one in group])
            shards = tuple(shard for one in group for shard in one.shards)
            yield Unit(name, inputs=shards, upstream=done[SAMPLE_STAGE], number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        found = the_index(self.benchmarks, read_rarity(unit, bench))
        hits = bench.path(f"{self.name}/{unit.name}/{HITS_FILE}")
        drops = bench.path(f"drops/{self.name}/{unit.name}.parquet")
        with hits.open("wb") as file, ParquetShard(drops, DROPS) as ledger:
            for batch in batches(self._documents(unit, bench, ledger), BATCH_BYTES):
                for hit in evidence(found, batch):
                    file.write(json.dumps(hit, ensure_ascii=False).encode() + b"\n")

    def _documents(self, unit: Unit, bench: Bench, ledger: ParquetShard) -> Iterator[Document]:
        read = (record for one in _inputs(self.inputs, unit) for record in one.read(self.source, bench))
        for record, lost in records(read, bench.position):
            outcome = lost or record
            bench.tally.saw(self.source.name, record.size)
            if isinstance(outcome, Drop):
                bench.tally.drop(self.source.name, outcome, record.size)
                if outcome.rule != RULE:
                    ledger.write(drop_row(outcome, self.source.name, self.name))
            else:
                bench.tally.keep(self.source.name, record.size)
                yield outcome


def _inputs(inputs: Iterable[Input], unit: Unit) -> list[Input]:
    """Those that a unit reads."""
    keys = {shard.key for shard in unit.inputs}
    return [one for one in inputs if one.shard.key in keys]


def parts_of(benchmarks: Iterable[BenchmarkFile]) -> tuple[Part, ...]:
    """All that is looked for. Raises ManifestError, ModelError."""
    return tuple(part for one in benchmarks for part in load_benchmark(one).parts)


def write_rarity(rarity: Rarity, path: Callable[[str], Path], folder: str) -> None:
    """Write what a sample has found for the units that stand on it."""
    with parquet_writer(path(f"{folder}/{RARITY_FILE}"), RARITY) as writer:
        writer.add_key_value_metadata({"documents": str(rarity.documents)})
        writer.write_table(pa.table([rarity.hashes, rarity.counts], schema=RARITY))


def read_rarity(unit: Unit, bench: Bench) -> bytes:
    """What the sample has found, as it was written."""
    with bench.open(next(bench.files(unit, f"/{RARITY_FILE}"))) as file:
        return file.read()


@lru_cache(maxsize=1)
def the_index(benchmarks: tuple[BenchmarkFile, ...], rarity: bytes) -> Index:
    """The index of these benchmarks in a corpus of this rarity; a worker builds it once."""
    file = pq.ParquetFile(pa.BufferReader(rarity))
    documents = int((file.metadata.metadata or {}).get(b"documents", b"0"))
    rows = file.read()
    hashes, counts = rows["hash"].to_numpy(), rows["documents"].to_numpy()
    return index(parts_of(benchmarks), Rarity(documents, np.asarray(hashes), np.asarray(counts)))


def evidence(found: Index, documents: Sequence[Document]) -> Iterator[dict[str, Any]]:
    """The hits in documents, as rows of `hits.jsonl`, in the order of the documents."""
    texts: dict[int, bytes] = {}
    for match in found.find([document.text for document in documents]):
        document, part = documents[match.text], found.parts[match.part]
        data = texts.get(match.text) or document.text.encode("utf-8", "surrogatepass")
        texts = {match.text: data}
        row = {"benchmark": part.benchmark, "item": part.item, "part": part.role}
        row |= {"document": clean(document.id), "url": clean(document.url)}
        yield row | {"method": match.method, "score": match.score, **_shown(data, match)}


def _shown(data: bytes, match: Match) -> dict[str, Any]:
    """The matched text with what stands around it, and where it stands in the document's UTF-8."""
    sides = (data[max(0, match.start - 4 * CONTEXT) : match.start], data[match.end : match.end + 4 * CONTEXT])
    before, after = (side.decode("utf-8", "ignore") for side in sides)
    return {
        "span": data[match.start : match.end].decode("utf-8", "ignore")[:SPAN],
        "context": [before[-CONTEXT:], after[:CONTEXT]],
        "place": [match.start, match.end],
    }
