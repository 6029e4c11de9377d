"""The second reduce of dedup: candidates are judged by their evidence, so that none chains strangers together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow.compute as pc

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
from pipeline.stages.dedup_keys import EVIDENCE_FILE
from pipeline.stages.exchange import Range, batch_reader, dealt, passes
from pipeline.stages.signatures import Near, Similarities

Lists = Any
"""A column of evidence: a list of numbers for each document."""

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
                similarity = _similarities(self.near, bench, evidence, left, right, self.memory)
                true = similarity >= self.near.threshold
                write_pairs(writer, "near", Links(left[true], right[true], similarity[true]))
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


def _similarities(
    near: Near, bench: Bench, files: Sequence[File], left: Places, right: Places, memory: int
) -> Similarities:
    """How alike these pairs are; as many at a time as have their evidence in memory together."""
    places, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    ours, theirs = ends.reshape(2, -1)
    sizes = np.concatenate([np.empty(0, np.int64), *_of_places(bench, files, places, _lengths)])
    found = [np.empty(0)]
    for some in _portions(sizes[ours] + sizes[theirs], memory):
        needed, at = np.unique(np.concatenate([ours[some], theirs[some]]), return_inverse=True)
        evidence = list(_of_places(bench, files, places[needed], _numbers))
        values = np.concatenate([np.empty(0, np.uint32), *evidence])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[needed])])
        found.append(near.method.similarity(values, starts, *at.reshape(2, -1)))
    return np.concatenate(found)


def _portions(numbers: Rows, memory: int) -> Iterator[slice]:
    """Pairs in a row that have, by the numbers of their evidence, enough memory; a pair that has not is by itself."""
    portion = np.cumsum(numbers * 4 * EVIDENCE_COST + 64) // memory
    starts = np.flatnonzero(np.diff(portion, prepend=-1)).tolist()
    return (slice(start, end) for start, end in pairwise([*starts, len(numbers)]))


def _lengths(evidence: Lists, rows: Rows) -> Any:
    return pc.list_value_length(evidence).take(rows)


def _numbers(evidence: Lists, rows: Rows) -> Any:
    return pc.list_flatten(evidence.take(rows))


def _of_places(
    bench: Bench, files: Sequence[File], places: Places, what: Callable[[Lists, Rows], Any]
) -> Iterator[Any]:
    """Something of the evidence of documents, in the order of their places, batch by batch."""
    units, rows = places >> ROW_BITS, (places & LAST_ROW).astype(np.int64)
    for unit in np.unique(units).tolist():
        mine, before = rows[units == unit], 0
        with batch_reader(bench, files[unit]) as reader:
            for index in range(reader.num_record_batches):
                batch = reader.get_batch(index)
                first, last = np.searchsorted(mine, [before, before + batch.num_rows])
                if first < last:
                    yield what(batch.column(0), mine[first:last] - before).to_numpy()
                before += batch.num_rows
