"""Ranges cover all numbers once; files that were cut short are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests import File
from pipeline.stage import Bench, Unwatched
from pipeline.stages.exchange import Range, batch_reader, batch_writer, dealt, passes
from pipeline.storage import RunFolder, StorageError, hash_file

SCHEMA = pa.schema([("number", pa.uint64())])
EDGES = [0, 1, 2**63 - 1, 2**63, 2**64 - 1]


@given(st.lists(st.one_of(st.integers(0, 2**64 - 1), st.sampled_from(EDGES))), st.integers(1, 9))
def test_ranges_part_sorted_numbers(numbers: list[int], of: int) -> None:
    ascending = np.array(sorted(numbers), dtype=np.uint64)
    parts = [ascending[Range(number, of).slice(ascending)] for number in range(of)]
    assert np.concatenate(parts).tolist() == ascending.tolist()


def test_there_are_as_many_passes_as_the_memory_asks_for() -> None:
    files = [File(path="", size=500, sha256=""), File(path="", size=700, sha256="")]
    assert len(passes(files, partitions=2, factor=2.0, memory=100)) == 12
    assert passes(files, partitions=2, factor=2.0, memory=1200) == [Range(0, 1)]
    assert len(passes([], 1, 1.0, 100)) == 1


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "scratch", RunFolder(str(tmp_path)), Unwatched())


def written(folder: Path, name: str, batches: list[list[int]]) -> File:
    with batch_writer(folder / name, SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(pa.record_batch([pa.array(batch, pa.uint64())], schema=SCHEMA))
    size, sha256 = hash_file(folder / name)
    return File(path=name, size=size, sha256=sha256)


def test_a_reader_gets_the_batches_of_its_partition_from_every_file(tmp_path: Path, bench: Bench) -> None:
    files = [
        written(tmp_path, "a", [[1], [2], [3], [4]]),
        written(tmp_path, "b", []),
        written(tmp_path, "c", [[5], []]),
    ]
    found = [(file, batch["number"].to_pylist()) for file, batch in dealt(bench, files, 0, 2)]
    assert found == [(0, [1]), (0, [3]), (2, [5])]
    assert [batch["number"].to_pylist() for _, batch in dealt(bench, files, 1, 2)] == [[2], [4], []]


def test_equal_batches_give_equal_bytes(tmp_path: Path) -> None:
    assert written(tmp_path, "a", [[1, 2], [3]]).sha256 == written(tmp_path, "b", [[1, 2], [3]]).sha256


def test_a_file_cut_short_is_refused(tmp_path: Path, bench: Bench) -> None:
    file = written(tmp_path, "a", [[1, 2, 3]])
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-1])
    with pytest.raises(StorageError, match="its receipt says"), batch_reader(bench, file):
        pass
