"""The first reduce of dedup: one partition of the keys, joined. Copies are sure; near-duplicates are candidates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from manifests import File, Receipt
from pipeline.shards import parquet_writer
from pipeline.stage import Bench, Unit
from pipeline.stages.chunks import CHUNKS_FILE, copies_by_chunk
from pipeline.stages.clusters import Buckets, Cut, Links, Places, copies
from pipeline.stages.dedup_earlier import EARLIER_STAGE
from pipeline.stages.dedup_keys import KEYS_FILE, KEYS_STAGE, KINDS
from pipeline.stages.exchange import Range, batch_writer, dealt, passes
from pipeline.stages.paragraphs import REPEATED, count_repeats, repeated

PAIRS = pa.schema(
    [("kind", pa.string()), ("left", pa.uint64()), ("right", pa.uint64()), ("similarity", pa.float64())]  # type: ignore[arg-type]
)
"""Pairs that are sure. A place stands for a document: the number of its unit in `dedup/keys` * 2**32, plus its row."""

CANDIDATES = pa.schema([("dealt", pa.uint64()), ("left", pa.uint64()), ("right", pa.uint64())])
"""Pairs that are to be judged, sorted by a hash of the pair, by which they are dealt out again."""

CANDIDATES_STAGE = "dedup/candidates"
PAIRS_FILE = "pairs.parquet"
CANDIDATES_FILE = "candidates.arrow"
PARAGRAPHS_FILE = "paragraphs.arrow"
COUNTS_FILE = "counts.json"
CHUNK = "chunk"
"""Kind of the pairs that are copies by a chunk, the one that had it first on the left: under the recipe `published`."""

ROW_BITS = np.uint64(32)
ROWS_COST = 12.0
"""Bytes held while a byte of keys is joined: sorting copies the columns, and each leader has its candidates."""


@dataclass(frozen=True)
class DedupCandidates:
    """Who shares a key with whom. A unit is one partition of the keys, in as many passes as the memory asks for."""

    partitions: int = 4
    """Into how many parts the keys were dealt, and the candidates are."""
    leaders: int = 8
    """Members of a bucket that are compared with all the others."""
    memory: int = 256_000_000
    """Bytes that a pass may take."""
    chunks: bool = False
    """Whether chunks were dealt, too."""
    earlier: bool = False
    """Whether documents of an earlier run are among those that are compared."""
    remove_paragraphs: bool = False
    """Whether to list the paragraphs that stand somewhere else, too."""

    @property
    def name(self) -> str:
        return CANDIDATES_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return keys_stages(self.earlier)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        upstream = tuple(receipt for stage in self.stands_on for receipt in done[stage])
        for number in range(self.partitions):
            yield Unit(f"{number:05}-of-{self.partitions:05}", upstream=upstream, number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        ours = sum(receipt.stage == KEYS_STAGE for receipt in unit.upstream)
        paragraphs = {"seen": 0, "repeated": 0, "bytes": 0}
        files, cut, folder = list(bench.files(unit, f"/{KEYS_FILE}")), Cut(), f"{self.name}/{unit.name}"
        with ExitStack() as stack:
            pairs = stack.enter_context(parquet_writer(bench.path(f"{folder}/{PAIRS_FILE}"), PAIRS))
            found = stack.enter_context(batch_writer(bench.path(f"{folder}/{CANDIDATES_FILE}"), CANDIDATES))
            if self.remove_paragraphs:
                listed = stack.enter_context(batch_writer(bench.path(f"{folder}/{PARAGRAPHS_FILE}"), REPEATED))
            for part in passes(files, self.partitions, ROWS_COST, self.memory):
                for number, kind in enumerate(KINDS):
                    index = unit.number * len(KINDS) + number
                    # an id that is told by a file's name and a line means nothing in another run
                    told = files[:ours] if kind == "same-id" else files
                    columns = gather(bench, told, index, self.partitions * len(KINDS), part)
                    if kind == "near":
                        buckets = Buckets(*columns)
                        cut += buckets.cut(self.leaders)
                        for leader in range(self.leaders):
                            deal(found, *buckets.pairs(leader), self.partitions)
                    elif kind == "paragraph":
                        count_repeats(paragraphs, *columns[:2])
                        if self.remove_paragraphs:
                            listed.write_batch(repeated(*columns))
                    else:
                        write_pairs(pairs, kind, copies(*columns))
            if self.chunks:
                tables = [_read_group(bench, file, unit.number) for file in bench.files(unit, f"/{CHUNKS_FILE}")]
                write_pairs(pairs, CHUNK, copies_by_chunk(tables, ROW_BITS))
        bench.path(f"{folder}/{COUNTS_FILE}").write_text(
            json.dumps({"cut": asdict(cut), "paragraphs": paragraphs}, sort_keys=True)
        )


def keys_stages(earlier: bool) -> tuple[str, ...]:
    """The stages whose receipts say what is compared; places count their units in this order."""
    return (KEYS_STAGE, EARLIER_STAGE) if earlier else (KEYS_STAGE,)


def gather(bench: Bench, files: Sequence[File], index: int, of: int, part: Range) -> tuple[Places, Places, Places]:
    """The keys of one kind in one range of one partition, their checks, and the places that have them."""
    gathered: list[list[Places]] = [[np.empty(0, np.uint64)] for _ in range(3)]
    for unit, batch in dealt(bench, files, index, of):
        keys, checks, rows = (column.to_numpy() for column in batch.columns)
        chosen = part.slice(keys)
        places = (np.uint64(unit) << ROW_BITS) + rows[chosen]
        for column, values in zip(gathered, (keys[chosen], checks[chosen], places), strict=True):
            column.append(values.copy())
    keys, checks, places = map(np.concatenate, gathered)
    return keys, checks, places


def deal(writer: pa.ipc.RecordBatchFileWriter, left: Places, right: Places, partitions: int) -> None:
    """Write candidates, a batch for each partition; nothing if there are none."""
    if not len(left):
        return
    hashes = (left * np.uint64(0x9E3779B97F4A7C15) + right) * np.uint64(0xC4CEB9FE1A85EC53)
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    order = np.argsort(hashes)
    columns = [hashes[order], left[order], right[order]]
    part = columns[0] % np.uint64(partitions)
    for partition in range(partitions):
        writer.write_batch(pa.record_batch([column[part == partition] for column in columns], schema=CANDIDATES))


def write_pairs(writer: pq.ParquetWriter, kind: str, links: Links) -> None:
    """Add pairs of one kind."""
    kinds = pa.array([kind]).take(np.zeros(len(links.left), np.int64))
    writer.write_table(pa.table([kinds, links.left, links.right, links.similarity], schema=PAIRS))


def _read_group(bench: Bench, file: File, group: int) -> pa.Table:
    with bench.open(file) as stream:
        return pq.ParquetFile(stream).read_row_group(group)
