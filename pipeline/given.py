"""What the verbs without a manifest share: files that somebody names, and a run of nothing but their stages."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.driver import Done, Driver
from pipeline.isolation import Bounds
from pipeline.lock import Lock
from pipeline.progress import Reporter
from pipeline.run import inline, on_ray
from pipeline.stage import Stage
from pipeline.storage import RunFolder, StorageError

ENDINGS = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".json.zst", ".ndjson")


def files_of(inputs: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The folder that all files have in common, and a pattern below it for each of them. Raises StorageError."""
    paths = sorted({os.path.abspath(path) for one in inputs for path in _files(one)})
    root = os.path.commonpath([os.path.dirname(path) for path in paths])
    return root, tuple(glob.escape(os.path.relpath(path, root)) for path in paths)


def _files(given: str) -> list[str]:
    """A file, the documents of a run folder, or whatever holds texts in any other folder."""
    if os.path.isfile(given):
        return [given]
    folder = Path(given)
    if (folder / "manifest.json").is_file():
        folder = folder / "documents"
    found = [str(path) for path in folder.rglob("*") if path.is_file() and path.name.endswith(ENDINGS)]
    found = [path for path in found if os.path.basename(path) != "receipt.json"]
    if not found:
        raise StorageError(f"{given} is no file, no run, and no folder with files that end in {', '.join(ENDINGS)}")
    return found


def bring_about(
    run: RunFolder, stages: Sequence[Stage], workers: int, no_ray: bool, about: Mapping[str, bytes] | None = None
) -> Done:
    """Do what is not done yet, here or on Ray; `about` are files that say what the run is, by path."""
    with Reporter(run) as reporter:
        execute = inline(run) if no_ray else on_ray(run, Bounds(), workers)
        return Driver(run, execute, reporter, Lock(run), about or {}).bring_about(stages)
