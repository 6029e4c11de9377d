"""Which files are meant by what stands on a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.given import files_of
from pipeline.storage import StorageError


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_is_whatever_in_it_holds_texts(tmp_path: Path) -> None:
    made(tmp_path, "a.jsonl", "deep/b.parquet", "deep/c.jsonl.zst", "readme.md")
    assert files_of([str(tmp_path)]) == (str(tmp_path), ("a.jsonl", "deep/b.parquet", "deep/c.jsonl.zst"))


def test_a_run_is_its_documents(tmp_path: Path) -> None:
    made(tmp_path, "manifest.json", "plan.json", "drops/a.parquet", "documents/a/a.parquet", "documents/a/receipt.json")
    assert files_of([str(tmp_path)]) == (str(tmp_path / "documents/a"), ("a.parquet",))


def test_what_is_named_twice_is_read_once_and_a_name_is_no_pattern(tmp_path: Path) -> None:
    made(tmp_path, "x/[1].txt", "y/2.jsonl")
    named = [str(tmp_path / "x/[1].txt"), str(tmp_path / "y"), str(tmp_path / "y/../y/2.jsonl")]
    assert files_of(named) == (str(tmp_path), ("x/[[]1].txt", "y/2.jsonl"))


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    made(tmp_path, "empty/readme.md")
    for given in ("empty", "missing"):
        with pytest.raises(StorageError, match=f"{given} is no file, no run"):
            files_of([str(tmp_path / given)])
