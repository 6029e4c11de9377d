"""Dedup with a worker killed in any phase, and with files cut short."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from test_dedup import LONG, LONG_TOO, dedup

from manifests import Receipt
from manifests.sections import Dedup
from pipeline import stage as law
from pipeline.stage import Bench, Stage, Unit

SHARDS = {"web": [{"a": LONG, "b": f"{LONG_TOO}\na line of its own"}, {"c": LONG, "d": "short\na line of its own"}]}
ASKED = Dedup(partitions=1, paragraphs=10, remove_paragraphs=True)
PHASES = ["documents/web", "dedup/keys", "dedup/candidates", "dedup/pairs", "dedup/marks"]


def run_and_die(folder: Path, phase: str) -> int:
    """Run in another process that dies as a unit of a phase is done but for its receipt; its exit status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    write = law._write_receipt

    def die(stage: Stage, unit: Unit, bench: Bench, outputs: dict[str, Path]) -> Receipt:
        if stage.name == phase:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(stage, unit, bench, outputs)

    law._write_receipt = die  # type: ignore[assignment]
    try:
        dedup(folder, SHARDS, ASKED)
    finally:
        os._exit(1)


@pytest.mark.parametrize("phase", PHASES)
def test_a_worker_killed_in_any_phase_leaves_nothing_that_shows(tmp_path: Path, phase: str) -> None:
    assert os.WTERMSIG(run_and_die(tmp_path / "killed", phase)) == signal.SIGKILL
    assert list((tmp_path / "killed/out").rglob("receipt.json")) or phase == PHASES[0]
    whole = dedup(tmp_path / "whole", SHARDS, ASKED)
    assert whole.dropped
    assert whole.cuts
    assert dedup(tmp_path / "killed", SHARDS, ASKED).files == whole.files


@pytest.mark.parametrize(
    ("file", "phase"),
    [
        ("documents/web/web/1.json/documents.parquet", "dedup/keys"),
        ("dedup/keys/web/web/1.json/keys.arrow", "dedup/candidates"),
        ("dedup/candidates/00000-of-00001/candidates.arrow", "dedup/pairs"),
        ("dedup/keys/web/web/0.json/evidence.arrow", "dedup/pairs"),
        ("dedup/keys/web/web/1.json/members.parquet", "dedup/marks"),
        ("dedup/candidates/00000-of-00001/pairs.parquet", "dedup/marks"),
        ("dedup/candidates/00000-of-00001/paragraphs.arrow", "dedup/marks"),
        ("dedup/pairs/00000-of-00001/pairs.parquet", "dedup/marks"),
    ],
)
def test_a_file_cut_short_is_refused_by_its_receipt(tmp_path: Path, file: str, phase: str) -> None:
    run_and_die(tmp_path, phase)
    path = tmp_path / "out" / file
    for receipt in (tmp_path / "out" / phase).rglob("receipt.json"):
        receipt.unlink()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AssertionError, match=f"{file} has .* bytes, but its receipt says"):
        dedup(tmp_path, SHARDS, ASKED)
