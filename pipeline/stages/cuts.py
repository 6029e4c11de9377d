"""Paragraphs that are cut out of documents, so that each stays once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from manifests import File
from pipeline.stage import Bench
from pipeline.stages.clusters import Flags, grouped, repeats
from pipeline.stages.dedup_members import Members, MemberShard
from pipeline.stages.exchange import Numbers, batch_reader
from pipeline.stages.paragraphs import LENGTH, LENGTH_BITS
from pipeline.stages.sorted_files import SortedFiles
from pipeline.stages.verdicts import Verdict

_COLUMNS: list[tuple[str, pa.DataType]] = [("number", pa.uint64()), ("start", pa.int64()), ("end", pa.int64())]
CUT_PARAGRAPHS = pa.schema([*_COLUMNS, ("kept", pa.string())])
"""What is cut out of a document's UTF-8, and the id of the document where it stays."""


class Cuts:
    """All but one of each paragraph in several documents that stay; it stays in the one that would survive."""

    def __init__(self, folder: Path, members: Members) -> None:
        self._members, self._files = members, SortedFiles(folder, CUT_PARAGRAPHS)

    def add(self, file: File, gone: Flags, bench: Bench) -> None:
        """Choose among the paragraphs of a file; those of documents that go do not count."""
        with batch_reader(bench, file) as reader:
            for index in range(reader.num_record_batches):
                key, span, place = (column.to_numpy() for column in reader.get_batch(index).columns)
                numbers = self._members.numbers(place)
                stay = ~gone[numbers]
                if stay.any():
                    self._files.add(self._choose(key[stay], span[stay], numbers[stay]))

    def _choose(self, keys: Numbers, spans: Numbers, numbers: Numbers) -> pa.Table:
        some, at = np.unique(numbers, return_inverse=True)
        before, ids = self._members.ranked(some)
        lengths = spans & LENGTH
        order = np.lexsort((spans, before[at], lengths, keys))
        again = repeats(keys[order], lengths[order])
        cut, kept = order[again], order[grouped(again)[0][again]]
        starts = (spans[cut] >> LENGTH_BITS).astype(np.int64)
        ends = starts + lengths[cut].astype(np.int64)
        return pa.table([numbers[cut], starts, ends, ids.take(at[kept])], schema=CUT_PARAGRAPHS)

    def of(self, shard: MemberShard) -> pa.Table:
        """What is cut out of the documents of a unit, in order."""
        return self._files.between(shard.start, shard.end).sort_by([("number", "ascending"), ("start", "ascending")])


def emptied(cuts: pa.Table, shard: MemberShard, members: pa.Table) -> dict[int, Verdict]:
    """The documents of a unit all of whose lines are cut."""
    numbers, counts = np.unique(cuts["number"].to_numpy(), return_counts=True)
    empty = members["lines"].to_numpy()[shard.rows(numbers)] == counts
    return dict.fromkeys(numbers[empty].tolist(), Verdict("paragraphs", "all of its lines stand elsewhere, too"))
