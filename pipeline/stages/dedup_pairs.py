"""The second reduce of dedup: candidates are judged by their evidence, so that none chains strangers together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manifests import File, Receipt
from pipeline.shards import parquet_writer
from pipeline.stage import Bench, Unit
from pipeline.stages.clusters import Links, Places, Rows, unique
from pipeline.stages.dedup_candidates import (
    CANDIDATES_FILE,
    CANDIDATES_STAGE,
    COUNTS_FILE,
    PAIRS,
    PAIRS_FILE,
    ROW_BITS,
    keys_stages,
    write_pairs,
)
from pipeline.stages.dedup_keys import EVIDENCE_FILE, KEYS_STAGE
from pipeline.stages.exchange import Range, batch_reader, dealt, passes
from pipeline.stages.signatures import Hashes32, Near, Similarities

PAIRS_STAGE = "dedup/pairs"
LAST_ROW = np.uint64(0xFFFFFFFF)
PAIRS_COST = 8.0
"""Bytes held while a byte of candidates is sorted."""
EVIDENCE_COST = 3
"""Copies of its evidence that a document takes while it is gathered."""


@dataclass(frozen=True)
class DedupPairs:
    """Candidates that are truly alike. A unit is one partition of them, in as many passes as the memory asks for."""

    near: Near = field(default_factory=Near)
    partitions: int = 4
    """Into how many parts the candidates were dealt."""
    memory: int = 256_000_000
    """Bytes that a pass may take."""
    earlier: bool = False
    """Whether documents of an earlier run are among those that are compared."""

    @property
    def name(self) -> str:
        return PAIRS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (*keys_stages(self.earlier), CANDIDATES_STAGE)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        upstream = tuple(receipt for stage in self.stands_on for receipt in done[stage])
        for number in range(self.partitions):
            yield Unit(f"{number:05}-of-{self.partitions:05}", upstream=upstream, number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        files = list(bench.files(unit, f"/{CANDIDATES_FILE}"))
        evidence = list(bench.files(unit, f"/{EVIDENCE_FILE}"))
        judged, alike, folder = 0, 0, f"{self.name}/{unit.name}"
        with parquet_writer(bench.path(f"{folder}/{PAIRS_FILE}"), PAIRS) as writer:
            for part in passes(files, self.partitions, PAIRS_COST, self.memory):
                left, right = _gather(bench, files, unit.number, self.partitions, part)
                for some in _portions(len(left), evidence, unit, self.memory):
                    similarity = _judge(self.near, bench, evidence, left[some], right[some])
                    true = similarity >= self.near.threshold
                    write_pairs(writer, "near", Links(left[some][true], right[some][true], similarity[true]))
                    judged, alike = judged + len(true), alike + int(true.sum())
        counts = {"candidates": judged, "alike": alike}
        bench.path(f"{folder}/{COUNTS_FILE}").write_text(json.dumps(counts, sort_keys=True))


def _gather(bench: Bench, files: Sequence[File], number: int, of: int, part: Range) -> tuple[Places, Places]:
    """The candidates of one range of one partition, each once, in order."""
    lefts, rights = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for _, batch in dealt(bench, files, number, of):
        hashes, left, right = (column.to_numpy() for column in batch.columns)
        chosen = part.slice(hashes)
        lefts.append(left[chosen].copy())
        rights.append(right[chosen].copy())
    return unique(np.concatenate(lefts), np.concatenate(rights))


def _portions(pairs: int, evidence: Sequence[File], unit: Unit, memory: int) -> Iterator[slice]:
    """As many pairs at a time as have their evidence in memory together, if theirs is of the usual size."""
    flows = (flow for receipt in unit.upstream if receipt.stage == KEYS_STAGE for flow in receipt.flows.values())
    usual = sum(file.size for file in evidence) / max(1, sum(flow.read.documents for flow in flows))
    step = max(1, int(memory / (2 * usual * EVIDENCE_COST + 64)))
    return (slice(start, start + step) for start in range(0, pairs, step))


def _judge(near: Near, bench: Bench, files: Sequence[File], left: Places, right: Places) -> Similarities:
    """How alike these pairs are."""
    places, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    values, starts = _read_evidence(bench, files, places)
    ours, theirs = ends.reshape(2, -1)
    return near.method.similarity(values, starts, ours, theirs)


def _read_evidence(bench: Bench, files: Sequence[File], places: Places) -> tuple[Hashes32, Rows]:
    """The evidence of documents, in the order of their places: all numbers, and where each one's begin and end."""
    units, rows = places >> ROW_BITS, (places & LAST_ROW).astype(np.int64)
    taken: list[Any] = []
    for unit in np.unique(units).tolist():
        mine, before = rows[units == unit], 0
        with batch_reader(bench, files[unit]) as reader:
            for index in range(reader.num_record_batches):
                batch = reader.get_batch(index)
                here = mine[(mine >= before) & (mine < before + batch.num_rows)] - before
                before += batch.num_rows
                if len(here):
                    taken.append(batch.column(0).take(here))
    sizes = np.concatenate([np.zeros(1, np.int64), *(some.value_lengths().to_numpy() for some in taken)])
    values = np.concatenate([np.empty(0, np.uint32), *(some.flatten().to_numpy() for some in taken)])
    return values, np.cumsum(sizes, dtype=np.int64)
