"""Reading the outside and placing files, on a local disk and on fsspec's memory filesystem."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import platform
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outside import InputStream, Outside, Shard
from pipeline.storage import RunFolder, StorageError

reads = st.tuples(st.just("read"), st.integers(-1, 300))
seeks = st.tuples(st.just("seek"), st.integers(0, 300))


@given(st.binary(max_size=256), st.lists(reads | seeks, max_size=12))
def test_every_byte_is_hashed_once_whatever_the_reader_does(data: bytes, moves: list[tuple[str, int]]) -> None:
    stream, plain = InputStream("key", io.BytesIO(data)), io.BytesIO(data)
    for move, number in moves:
        assert getattr(stream, move)(number) == getattr(plain, move)(number)
        assert stream.tell() == plain.tell()
    read = stream.finish()
    assert (read.size, read.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_readers_of_any_kind_can_use_the_stream() -> None:
    stream = InputStream("key", io.BytesIO(b"one\ntwo\n"))
    reader = io.BufferedReader(stream)
    assert reader.readlines() == [b"one\n", b"two\n"]
    reader.detach()
    assert stream.seek(-3, io.SEEK_END) == 5
    assert cast(BinaryIO, stream).read() == b"wo\n"


@pytest.fixture(params=["local", "memory"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> RunFolder:
    return RunFolder(str(tmp_path / "run") if request.param == "local" else f"memory://{tmp_path}/run")


def test_what_is_placed_is_found(run: RunFolder) -> None:
    assert run.find("documents", "receipt.json") == []
    run.write("documents/a/b.warc/receipt.json", b"{}")
    run.write("documents/a/receipt.json", b"[]")
    run.write("documents/a/other.json", b"")
    assert run.find("documents", "receipt.json") == ["documents/a/b.warc/receipt.json", "documents/a/receipt.json"]
    assert run.read("documents/a/receipt.json") == b"[]"
    with run.open("documents/a/receipt.json") as file:
        assert file.read() == b"[]"


def test_a_name_is_no_pattern(run: RunFolder) -> None:
    run.write("a/x[1]*.gz/receipt.json", b"{}")
    run.write("a/x1.gz/receipt.json", b"[]")
    assert list(run.read_all(run.find("a", "receipt.json")).items()) == [
        ("a/x1.gz/receipt.json", b"[]"),
        ("a/x[1]*.gz/receipt.json", b"{}"),
    ]


def test_placing_again_replaces(run: RunFolder) -> None:
    run.write("a", b"one")
    run.write("a", b"two")
    assert run.read("a") == b"two"


def left(beside: Path, process: str) -> Path:
    """What a killed process leaves beside the scratch of this one."""
    folder = beside.with_name(beside.name.replace(f"{os.getpid()}@{platform.node()}", process))
    folder.mkdir()
    (folder / "half").write_bytes(b"x")
    return folder


def test_scratch_goes_with_its_block_and_is_swept_after_a_kill(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with run.scratch() as folder:
        dead = left(folder, f"999999999@{platform.node()}")
        elsewhere = left(folder, f"{os.getpid()}@another-machine")
        folder.with_name("somebody's").mkdir()
        run.sweep()
        assert [path.exists() for path in (folder, dead, elsewhere)] == [True, False, True]
        run.sweep(others=True)
        assert [path.exists() for path in (folder, elsewhere)] == [True, False]
    assert [path.name for path in folder.parent.iterdir() if path.name != "run"] == ["somebody's"]


def test_of_a_run_elsewhere_nothing_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = RunFolder("memory://there")
    run.write("a", b"one")
    with run.scratch() as folder:
        (folder / "b").write_bytes(b"two")
        run.put(folder / "b", "b")
    assert (run.read("a"), run.read("b")) == (b"one", b"two")
    assert not list(tmp_path.iterdir())


def test_places_travel_by_their_url(run: RunFolder) -> None:
    assert pickle.loads(pickle.dumps(run)) == run


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write to .*choose another --out"):
        RunFolder(str(tmp_path / "file" / "run")).check_writable()


def make(folder: Path, *names: str) -> Outside:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return Outside(str(folder))


def test_keys_are_below_the_root_and_sorted(tmp_path: Path) -> None:
    root = make(tmp_path, "b/2.gz", "a/1.gz", "a/deep/3.gz", "a/x.txt")
    assert [shard.key for shard in root.shards(("**/*.gz",))] == ["a/1.gz", "a/deep/3.gz", "b/2.gz"]
    assert [shard.key for shard in root.shards(("**/*.gz", "a/1.gz"), ("b/*",))] == ["a/1.gz", "a/deep/3.gz"]
    assert root.shards(("a/x.txt",))[0].size == len("a/x.txt")


@pytest.mark.parametrize("pattern", ["none/*.gz", "none.gz"])
def test_a_pattern_without_a_match_is_an_error(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(StorageError, match="no input matches"):
        make(tmp_path, "a.gz").shards((pattern,))


def test_an_input_that_went_away_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read gone\.gz"):
        Shard("gone.gz", 1, str(tmp_path)).open()


def test_a_link_out_of_the_root_reads_as_a_file(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "a.gz")
    (tmp_path / "elsewhere").write_text("x")
    (tmp_path / "root/link.gz").symlink_to(tmp_path / "elsewhere")
    assert [shard.key for shard in root.shards(("*.gz",))] == ["a.gz", "link.gz"]
