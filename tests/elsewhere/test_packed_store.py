"""The quickstart's packed mixture in an object store, as trainers on other machines read it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from cloud import QUICKSTART, Store, proofpile

from pipeline.packed import PackedMixture, Steps

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart, packed, on the disk."""
    folder = tmp_path_factory.mktemp("packed") / "run"
    code, output = proofpile("run", QUICKSTART, "--set", "packed.sequence=256", "--out", str(folder), "--inline")
    assert code == 0, output
    return folder / "packed"


@pytest.fixture
def there(here: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same in the store, for this very process."""
    store.upload(here, "packed")
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    return store.url("packed")


def batches(mixture: PackedMixture, rank: int, world: int, step: int = 0) -> Iterator[list[list[int]]]:
    for numbers in Steps(len(mixture), 4, rank, world, step):
        yield [item["input_ids"].tolist() for item in mixture.__getitems__(numbers)]


def test_trainers_read_from_the_store_what_lies_on_the_disk(here: Path, there: str) -> None:
    expected = list(batches(PackedMixture(here), 0, 1))
    assert len(expected) > 20
    ranks = zip(*(batches(PackedMixture(there), rank, 2) for rank in range(2)), strict=True)
    found = [part for step in ranks for part in step]
    assert found == expected[: len(found)]
    assert list(batches(PackedMixture(there), 1, 2, step=5)) == expected[11 : len(found) : 2]


def send(mixture: PackedMixture, end: Connection) -> None:
    end.send(mixture.ids(7).tolist())


def test_a_worker_that_was_forked_has_connections_of_its_own(here: Path, there: str) -> None:
    mixture = PackedMixture(there)
    expected = PackedMixture(here).ids(7).tolist()
    assert mixture.ids(7).tolist() == expected
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe()
    worker = fork.Process(target=send, args=(mixture, theirs))
    worker.start()
    assert ours.poll(60)
    assert ours.recv() == expected
    worker.join()
    assert mixture.ids(7).tolist() == expected
