"""proofpile as people start it: a process of its own, so that signals, exit codes and streams are the real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "manifests" / "quickstart.toml"
PATIENCE = 120.0
"""Seconds after which a process that should have ended fails its test."""

Result = subprocess.CompletedProcess[str]
Row = dict[str, Any]


def start(*arguments: object, env: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[str]:
    """The program, started; whoever starts it waits for it."""
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | dict(env or {})
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **streams)


def proofpile(*arguments: object, **how: Any) -> Result:
    """The program, run to its end."""
    with start(*arguments, **how) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return Result(process.args, process.returncode, out, err)


def run(manifest: Path, out: Path, *options: object, **how: Any) -> Result:
    """`proofpile run MANIFEST --out OUT --inline`."""
    return proofpile("run", manifest, "--out", out, "--inline", *options, **how)


def as_json(*arguments: object, code: int = 0) -> Any:
    """What a verb prints for scripts, ending with that exit code."""
    done = proofpile(*arguments, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def complaint(done: Result) -> str:
    """The one line that a failure says; a traceback, or a second line, fails the test."""
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def content(folder: Path) -> dict[str, bytes]:
    """Every file that a run promises, by path: all but what lies in `.run`."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".run" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def rows(folder: Path) -> list[Row]:
    """The rows of all Parquet files below `documents/` or `drops/` of a run folder."""
    files = (path for path in sorted(folder.rglob("*.parquet")) if path.is_file())
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def receipts(out: Path) -> Iterator[Row]:
    """All receipts of a run folder."""
    return (json.loads(path.read_bytes()) for path in sorted(out.rglob("receipt.json")))


def dropped(out: Path, source: str) -> Counter[str]:
    """Refusals of a source in all stages, by `rule/reason`, as the receipts count them."""
    found: Counter[str] = Counter()
    for receipt in receipts(out):
        flow = receipt["flows"].get(source, {"dropped": {}})
        found.update({reason: count["documents"] for reason, count in flow["dropped"].items()})
    return found


def manifest_of(folder: Path, *sources: str, head: str = "", tail: str = "") -> Path:
    """A manifest beside its inputs; each source is the lines of its table."""
    tables = [f"[[sources]]\n{source.strip()}\n" for source in sources]
    path = folder / "manifest.toml"
    path.write_text("\n".join(['name = "small"', head, *tables, "[tokenizer]\ntrain_vocabulary = 300", tail]))
    return path
