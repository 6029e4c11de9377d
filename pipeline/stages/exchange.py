"""Files that one stage deals out and the next one gathers: record batches in Arrow IPC, each asked for by its number.

Of P partitions, batch number n belongs to partition n % P. A writer flushes all partitions whenever it holds enough,
so it never holds more, however large its unit; a reader maps the file where it can, and reads no other partition.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from manifests import File
from pipeline.stage import Bench

Numbers = NDArray[np.uint64]


@contextmanager
def batch_writer(path: Path, schema: pa.Schema) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    """A file to write record batches to; the same batches give the same bytes."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        yield writer


@contextmanager
def batch_reader(bench: Bench, file: File) -> Iterator[pa.ipc.RecordBatchFileReader]:
    """The batches of a file that a receipt lists. Raises StorageError if the file is not there, whole.

    What is taken from a batch must be copied before the block ends.
    """
    with bench.open(file) as stream:
        if bench.run.is_local:
            with pa.memory_map(bench.run.full(file.path)) as mapped, pa.ipc.open_file(mapped) as reader:
                yield reader
        else:
            with pa.ipc.open_file(cast(io.IOBase, stream)) as reader:
                yield reader


def dealt(bench: Bench, files: Sequence[File], number: int, of: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batches of one of so many partitions, with the number of the file that each is of."""
    for place, file in enumerate(files):
        with batch_reader(bench, file) as reader:
            for index in range(number, reader.num_record_batches, of):
                yield place, reader.get_batch(index)


@dataclass(frozen=True)
class Range:
    """One of several equal ranges of 64-bit numbers: what is worked on in one pass over a partition."""

    number: int = 0
    of: int = 1

    @property
    def ends(self) -> tuple[int, int]:
        """The first number, and the last."""
        return -(-(self.number << 64) // self.of), -(-((self.number + 1) << 64) // self.of) - 1

    def slice(self, ascending: Numbers) -> slice:
        """Where the range lies in sorted numbers."""
        first, last = (np.uint64(end) for end in self.ends)
        return slice(int(np.searchsorted(ascending, first, "left")), int(np.searchsorted(ascending, last, "right")))


def passes(files: Sequence[File], partitions: int, factor: float, memory: int) -> list[Range]:
    """As many ranges as keep a pass below `memory` bytes, if each byte of a file costs `factor` bytes in it."""
    needed = sum(file.size for file in files) / partitions * factor
    count = max(1, math.ceil(needed / memory))
    return [Range(number, count) for number in range(count)]
