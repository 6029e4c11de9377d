"""The embedded sample, packed as the outside world serves it: WARC, Parquet, tarballs, e-prints, JSON lines.

Its sources lie readable in `manifests/sample`. Packing is deterministic byte for byte, so every machine of a cluster
may pack for itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import zstandard

from pipeline.sources.sample_code import code_archives, eprints
from pipeline.sources.sample_packing import files_below, gzip, read_toml
from pipeline.sources.sample_web import read_pages, warc

VERSION = 1
"""Raised when the same sources are to be packed into other bytes."""


def location() -> Path:
    """The packed sample's folder in the user's cache; packs it there if it is not there yet.

    Processes that race pack the same bytes, so whoever renames first wins and nobody loses.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proofpile"
    packed = cache / f"sample-{_fingerprint()}"
    if not packed.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{packed.name}-", dir=cache))
        try:
            pack(fresh)
            _move(fresh, packed)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return packed


def pack(into: Path) -> None:
    """Write the whole sample below the folder `into`."""
    for name, content in _archives(sources()):
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def sources() -> Path:
    """The folder of the sample's human-readable sources."""
    return Path(str(files("manifests"))) / "sample"


def _fingerprint() -> str:
    digest = hashlib.sha256(str(VERSION).encode())
    for path in files_below(sources()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sources()).as_posix()}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _move(fresh: Path, packed: Path) -> None:
    try:
        os.replace(fresh, packed)
    except OSError:
        if not packed.is_dir():
            raise


def _archives(sample: Path) -> Iterator[tuple[str, bytes]]:
    """Name below the packed folder and content of everything that is served."""
    pages = list(read_pages(sample / "web"))
    for number in range(2):
        name = f"sample-{number:05}.warc.gz"
        yield f"web/{name}", warc(name, pages[number::2])
    yield from code_archives(sample / "code")
    yield from eprints(sample / "arxiv")
    steps = sample / "proofsteps"
    yield "proofsteps/lean.jsonl.zst", zstandard.compress(_json_lines(steps / "lean.toml"))
    yield "proofsteps/isabelle.jsonl.gz", gzip(_json_lines(steps / "isabelle.toml"))
    yield "redpajama/arxiv.jsonl.gz", gzip(_json_lines(sample / "redpajama" / "arxiv.toml"))
    for path in sorted((sample / "benchmarks").glob("*.jsonl")):
        yield f"benchmarks/{path.name}", path.read_bytes()


def _json_lines(path: Path) -> bytes:
    rows = read_toml(path)["row"]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
