"""What a run remembers of its inputs, and when it looks at them again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from manifests import File, Receipt
from pipeline.lock import LOCK, SAVE_EVERY, Lock
from pipeline.outside import Shard
from pipeline.stage import Unit
from pipeline.storage import RunFolder, StorageError


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(str(tmp_path / "run"))


def done(*shards: Shard, content: bytes = b"x") -> tuple[Receipt, Unit]:
    """A unit that has read these, and its receipt."""
    sha256 = hashlib.sha256(content).hexdigest()
    inputs = tuple(File(path=shard.key, size=shard.size, sha256=sha256) for shard in shards)
    return Receipt(stage="s", unit="u", recipe="", upstream="", flows={}, inputs=inputs), Unit("u", shards)


def test_what_is_known_is_written_in_the_middle_of_a_stage(run: RunFolder) -> None:
    lock = Lock(run)
    for number in range(SAVE_EVERY):
        assert not run.exists(LOCK)
        lock.took(*done(Shard(f"{number}", 1)))
    assert run.read(LOCK).count(b"\n") > SAVE_EVERY


def test_only_what_is_not_pinned_is_new(run: RunFolder) -> None:
    receipt, unit = done(Shard("a", 1), Shard("b", 1))
    lock = Lock(run, pins={"a": receipt.inputs[0].sha256})
    lock.took(receipt, unit)
    assert lock.new == 1


@pytest.mark.parametrize(
    ("shard", "looked_at"),
    [
        (Shard("a", 1, version="1"), False),
        (Shard("a", 1, version="2"), True),
        (Shard("a", 1), True),
        (Shard("a", 1, listed=True), False),
    ],
)
def test_an_input_is_read_again_if_it_may_have_been_touched(
    run: RunFolder, tmp_path: Path, shard: Shard, looked_at: bool
) -> None:
    lock = Lock(run)
    lock.took(*done(Shard("a", 1, version="1")))
    here = Shard(shard.key, 1, str(tmp_path), shard.version, shard.listed)
    if looked_at:
        with pytest.raises(StorageError, match="cannot read a"):
            lock.touched(*done(here))
        (tmp_path / "a").write_bytes(b"y")
        assert lock.touched(*done(here)) == ["input a: its content changed"]
        (tmp_path / "a").write_bytes(b"x")
    assert lock.touched(*done(here)) == []


def test_a_touch_that_changed_nothing_is_looked_at_once(run: RunFolder, tmp_path: Path) -> None:
    lock = Lock(run)
    lock.took(*done(Shard("a", 1, version="1")))
    (tmp_path / "a").write_bytes(b"x")
    assert lock.touched(*done(Shard("a", 1, str(tmp_path), "2"))) == []
    (tmp_path / "a").unlink()
    lock.save()
    assert Lock(run).touched(*done(Shard("a", 1, str(tmp_path), "2"))) == []
