"""Splits of code as in the published corpus: the files of a language shuffled as a whole, and cut in three.

For The Stack math-lm calls `Dataset.shuffle(seed=74)`, which is the permutation of numpy's `default_rng(74)`, and takes
the last files for test and as many before them for validation: of each the share of all files, rounded down, at least
one. It had kept the order of The Stack's own files, and so do we: the same rows are split as they were.

Its other code comes from GitHub, in the order of a file system, which nobody knows. Of those languages it wrote only so
many files (`max_files`); they are split by a hash of seed and id. So are proof steps: Lean's were drawn one by one, in
the order in which programs ended. arXiv was cut by place in each of RedPajama's files, which are not read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from manifests import Receipt
from pipeline.shards import ParquetShard
from pipeline.stage import Bench, Unit
from pipeline.stages.chunks import AsPublished
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.kept import kept_documents
from pipeline.stages.split import TEST, TRAIN, VALIDATION, own_group, split_of

HELD_OUT = pa.schema([("id", pa.string()), ("split", pa.string())])
"""One row a document of a unit that is not in train."""


def split_stage(source: str) -> str:
    """Name of the stage that splits a source."""
    return f"split/{source}"


@dataclass(frozen=True)
class PublishedSplit:
    """The split of every document of one source that dedup has left. There is one unit."""

    source: str
    published: AsPublished

    @property
    def name(self) -> str:
        return split_stage(self.source)

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (f"documents/{self.source}", MARKS_STAGE)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for stage in self.stands_on for receipt in done[stage]))

    def run(self, unit: Unit, bench: Bench) -> None:
        *documents, marks = unit.upstream
        sizes = Counter(row["subset"] for each in documents for row in _rows(each, marks, bench))
        splits = Splits(self.published, sizes)
        for each in documents:
            with ParquetShard(bench.path(_path(self.name, each.unit)), HELD_OUT) as held_out:
                for row in _rows(each, marks, bench):
                    if (split := splits.next(row)) != TRAIN:
                        held_out.write({"id": row["id"], "split": split})


def _rows(documents: Receipt, marks: Receipt, bench: Bench) -> Iterator[dict[str, Any]]:
    return kept_documents(documents, marks, bench, ("id", "subset"))


def _path(stage: str, unit: str) -> str:
    return f"{stage}/{unit}/held_out.parquet"


def read_held_out(receipt: Receipt, unit: str, bench: Bench) -> dict[str, str]:
    """The split of each document of a unit that is not in train, by id."""
    file = next(file for file in receipt.files if file.path == _path(receipt.stage, unit))
    with bench.open(file) as stream:
        return {row["id"]: row["split"] for row in pq.read_table(stream).to_pylist()}


class Splits:
    """The splits of documents that come in the order of the corpus; `sizes` says how many each subset has."""

    def __init__(self, published: AsPublished, sizes: Mapping[str, int]) -> None:
        self._published = published
        self._shuffled = {subset: self._shuffle(size) for subset, size in sizes.items() if self._is_shuffled(subset)}
        self._seen = Counter[str]()

    def next(self, row: Mapping[str, Any]) -> str:
        """The split of the next document."""
        subset, asked = row["subset"], self._published
        if subset not in self._shuffled:
            return split_of(asked.seed, own_group(row), asked.split.validation, asked.split.test)
        self._seen[subset] += 1
        return self._shuffled[subset].get(self._seen[subset] - 1, TRAIN)

    def _is_shuffled(self, subset: str) -> bool:
        rules = self._published.rules(subset)
        return bool(rules and not rules.max_files)

    def _shuffle(self, size: int) -> dict[int, str]:
        """The places of a subset that are not in train."""
        order = np.random.default_rng(self._published.seed).permutation(size)
        shares = self._published.split.validation, self._published.split.test
        validation, test = (max(int(share * size), 1) if share else 0 for share in shares)
        first, second = max(size - validation - test, 0), max(size - test, 0)
        return dict.fromkeys(order[first:second].tolist(), VALIDATION) | dict.fromkeys(order[second:].tolist(), TEST)
