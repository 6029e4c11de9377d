"""A packed mixture on a web server: what is read is the same, and no more than what is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from web_server import Fault, serving

from pipeline.blend import DRAW
from pipeline.packed import HELD, INDEX, PackedMixture
from pipeline.stages.pack import save

LENGTH, ROWS, SEQUENCES = 512, 3, 3 * (HELD + 2) - 1


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of three sequences, the last one of two."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "train").mkdir()
    index = {"sequence": LENGTH, "rows": ROWS, "sources": ["web"], "splits": {"train": SEQUENCES}}
    (folder / INDEX).write_text(json.dumps(index))
    ids = np.random.default_rng(0).integers(0, 50, (SEQUENCES, LENGTH)).astype("<u2")
    for shard, first in enumerate(range(0, SEQUENCES, ROWS)):
        rows = ids[first : first + ROWS]
        save(str(folder / f"train/{shard:05d}"), rows, np.zeros(len(rows), DRAW), end=0)
    return folder


def objects(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_it_is_read_as_from_a_disk_and_only_what_is_asked_for(packed: Path) -> None:
    here = PackedMixture(packed)
    with serving(objects(packed)) as server:
        there = PackedMixture(server.url)
        for number in [*range(SEQUENCES), 0]:
            expected, found = here[number], there[number]
            assert {name: np.asarray(part).tolist() for name, part in found.items()} == {
                name: np.asarray(part).tolist() for name, part in expected.items()
            }
        ranges = [wanted for path, wanted in server.asked if path == "train/00001.ids.npy"]
        assert ranges == ["bytes=0-255", *(f"bytes={128 + 1024 * n}-{127 + 1024 * (n + 1)}" for n in range(ROWS))]


def test_a_batch_is_its_items(packed: Path) -> None:
    mixture = PackedMixture(packed)
    numbers = [4, 5, 6, 1]
    batch = mixture.__getitems__(numbers)
    assert [item["input_ids"].tolist() for item in batch] == [mixture.ids(number).tolist() for number in numbers]


def test_a_server_that_fails_or_knows_no_ranges_is_an_error(packed: Path) -> None:
    with serving(objects(packed)) as server:
        mixture = PackedMixture(server.url)
        mixture.ids(0)
        server.faults = [Fault(status=403)]
        with pytest.raises(Exception, match="403"):
            mixture.ids(1)
        server.ranges = False
        with pytest.raises(ValueError, match="gives no ranges"):
            mixture.ids(1)


def test_what_is_not_there_is_said(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PackedMixture(tmp_path)
    with serving(objects(packed) | {"train/00000.rows.npy": b""}) as server, pytest.raises(ValueError, match="magic"):
        PackedMixture(server.url).ids(0)
