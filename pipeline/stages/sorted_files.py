"""More rows than memory holds, in files that are each sorted by a number: read back by that number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.stages.clusters import Flags, Places
from pipeline.stages.exchange import batch_writer


class SortedFiles:
    """Rows of a schema whose first column is a number."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        folder.mkdir()
        self._folder, self._schema, self._count = folder, schema, 0

    def add(self, rows: pa.Table) -> None:
        """Write rows to a file of their own."""
        if not len(rows):
            return
        with batch_writer(self._path(self._count), self._schema) as writer:
            for batch in rows.sort_by(self._schema.names[0]).combine_chunks().to_batches():
                writer.write_batch(batch)
        self._count += 1

    def between(self, start: int, end: int) -> pa.Table:
        """The rows of a range of numbers, file by file."""
        ends = np.array([start, end], np.uint64)

        def slice_of(batch: pa.RecordBatch) -> pa.RecordBatch:
            first, last = np.searchsorted(batch.column(0).to_numpy(), ends).tolist()
            return batch.slice(first, last - first)

        return self._gather(slice_of)

    def among(self, choose: Callable[[Places], Flags]) -> pa.Table:
        """The rows of the numbers that are chosen, file by file."""
        return self._gather(lambda batch: batch.filter(pa.array(choose(batch.column(0).to_numpy()))))

    def _gather(self, part: Callable[[pa.RecordBatch], pa.RecordBatch]) -> pa.Table:
        found = []
        for number in range(self._count):
            with pa.memory_map(str(self._path(number))) as file, pa.ipc.open_file(file) as reader:
                found += [part(reader.get_batch(index)) for index in range(reader.num_record_batches)]
        return pa.Table.from_batches(found, self._schema)

    def _path(self, number: int) -> Path:
        return self._folder / str(number)
