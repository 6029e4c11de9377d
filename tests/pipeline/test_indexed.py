"""The `.bin/.idx` codec: round trips, the layout byte by byte, and files that are not what they say."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.indexed import IndexedDataset, IndexedWriter, id_type


def write(prefix: Path, documents: list[list[int]], vocabulary: int = 1000) -> Path:
    with IndexedWriter(prefix, id_type(vocabulary)) as writer:
        for ids in documents:
            writer.write(ids)
    return prefix


@given(st.data(), st.sampled_from([1000, 100_000]))
def test_what_is_written_is_read(data: st.DataObject, vocabulary: int) -> None:
    documents = data.draw(st.lists(st.lists(st.integers(0, vocabulary - 1), max_size=20), max_size=20))
    with tempfile.TemporaryDirectory() as folder:
        shard = IndexedDataset(write(Path(folder) / "a.b", documents, vocabulary))
        assert [ids.tolist() for ids in shard] == documents
        assert shard.sizes.tolist() == [len(ids) for ids in documents]
        assert shard.tokens == sum(map(len, documents))
        assert shard.bounds.tolist() == list(range(len(documents) + 1))


def test_the_layout_is_that_of_megatron(tmp_path: Path) -> None:
    prefix = write(tmp_path / "x", [[1, 2, 3], [4]])
    expected = b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, 2, 3) + struct.pack("<2i", 3, 1)
    assert Path(f"{prefix}.idx").read_bytes() == expected + struct.pack("<2q", 0, 6) + struct.pack("<3q", 0, 1, 2)
    assert Path(f"{prefix}.bin").read_bytes() == struct.pack("<4H", 1, 2, 3, 4)


@pytest.mark.parametrize(("vocabulary", "dtype"), [(65_499, np.uint16), (65_500, np.int32), (200_000, np.int32)])
def test_two_bytes_an_id_only_where_trainers_expect_it(vocabulary: int, dtype: type) -> None:
    assert id_type(vocabulary) == dtype


def test_an_id_that_does_not_fit_is_refused_and_leaves_no_index(tmp_path: Path) -> None:
    with pytest.raises(OverflowError):
        write(tmp_path / "x", [[1], [65_536]])
    assert not (tmp_path / "x.idx").exists()


@pytest.mark.parametrize(
    ("ending", "damage", "message"),
    [
        ("idx", lambda data: b"", "MMIDIDX"),
        ("idx", lambda data: b"TNTIDX\0\0\0" + data[9:], "MMIDIDX"),
        ("idx", lambda data: data[:9] + b"\2" + data[10:], "version 2"),
        ("idx", lambda data: data[:17] + b"\5" + data[18:], "type code 5"),
        ("idx", lambda data: data[:-1], "cut short"),
        ("idx", lambda data: data[:34] + b"\1" + data[35:], "bytes one after the other"),
        ("bin", lambda data: data[:-1], "the .bin has 7"),
    ],
)
def test_damage_is_found_when_a_shard_is_opened(tmp_path: Path, ending: str, damage: object, message: str) -> None:
    prefix = write(tmp_path / "x", [[1, 2, 3], [4]])
    path = Path(f"{prefix}.{ending}")
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ValueError, match=message):
        IndexedDataset(prefix)


def test_there_is_no_document_beyond_the_last(tmp_path: Path) -> None:
    shard = IndexedDataset(write(tmp_path / "x", [[1]]))
    for document in (1, -1):
        with pytest.raises(IndexError):
            shard[document]
