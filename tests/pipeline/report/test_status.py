"""How far a run is, told from its plan, its receipts and what the driver left."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from small_runs import do, ingest, narrow, plan_file, shown, stand

from pipeline.driver import FAILURES
from pipeline.progress import PROGRESS, Now
from pipeline.report.status import QUIET, StageStatus, render_status, status
from pipeline.storage import RunFolder, StorageError


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """One of two units of ingest done, dedup not begun."""
    run = RunFolder(str(tmp_path / "out"))
    do(ingest(tmp_path / "in"), run, units=1)
    plan_file(run, documents__web=2, dedup__keys=None)
    return run


def progress(run: RunFolder, now: Now, age: float = 0.0) -> None:
    run.write(PROGRESS, json.dumps(asdict(now)).encode())
    os.utime(run.full(PROGRESS), (time.time() - age,) * 2)


def failed(run: RunFolder, *units: str) -> None:
    listed = [{"stage": "documents/web", "unit": unit, "error": "disk [full]", "trace": ""} for unit in units]
    run.write(FAILURES, json.dumps(listed).encode())


def states(run: RunFolder) -> dict[str, str]:
    return {stage.stage: stage.state for stage in status(run).stages}


def test_stages_that_nobody_works_on_are_stopped_or_waiting(run: RunFolder) -> None:
    assert status(run).stages == [
        StageStatus("documents/web", 1, 2, 0, "stopped", 3),
        StageStatus("dedup/keys", 0, None, 0, "waiting", 0),
    ]


def test_a_running_stage_has_rate_and_eta(run: RunFolder) -> None:
    plan_file(run, documents__web=11)
    progress(run, Now("documents/web", units=11, stood=0, done=1, failed=1, seconds=2.0))
    [stage] = status(run).stages
    assert stage == StageStatus("documents/web", 1, 11, 1, "running", 3, rate=0.5, eta=18.0)


def test_nothing_is_known_of_the_rate_before_a_unit_has_ended(run: RunFolder) -> None:
    progress(run, Now("documents/web", units=2, stood=1))
    stage = status(run).stages[0]
    assert (stage.state, stage.eta) == ("running", None)
    render_status(status(run), narrow())


def test_a_driver_that_fell_silent_has_stopped(run: RunFolder) -> None:
    progress(run, Now("documents/web", units=2, stood=1), age=QUIET + 60)
    found = status(run)
    assert found.stages[0].state == "stopped"
    assert found.heard is not None
    assert found.heard >= QUIET + 60


def test_all_units_done_is_done(run: RunFolder, tmp_path: Path) -> None:
    do(ingest(tmp_path / "in"), run)
    progress(run, Now("documents/web", units=2, stood=1, done=1, seconds=1.0))
    assert states(run) == {"documents/web": "done", "dedup/keys": "waiting"}


def test_failures_are_listed_until_their_receipt_stands(run: RunFolder, tmp_path: Path) -> None:
    failed(run, "b.txt")
    assert states(run)["documents/web"] == "failed"
    assert [failure.error for failure in status(run).failures] == ["disk [full]"]
    do(ingest(tmp_path / "in"), run)
    assert status(run).failures == []
    assert states(run)["documents/web"] == "done"


def test_a_torn_receipt_is_not_done(run: RunFolder) -> None:
    receipt = Path(run.url, "documents/web/a.txt/receipt.json")
    receipt.write_bytes(receipt.read_bytes()[:-10])
    assert status(run).stages[0].done == 0


def test_without_a_plan_stages_come_in_the_corpuss_order(tmp_path: Path) -> None:
    run = RunFolder(str(tmp_path))
    for stage in ("release/mixture", "tokens/web", "dedup/keys", "documents/web"):
        stand(run, stage)
    assert [stage.stage for stage in status(run).stages] == [
        "documents/web",
        "dedup/keys",
        "tokens/web",
        "release/mixture",
    ]


def test_a_plan_that_is_not_json_is_an_error_that_names_it(run: RunFolder) -> None:
    run.write("plan.json", b"{")
    with pytest.raises(StorageError, match=r"plan\.json is not JSON"):
        status(run)


def test_it_fits_a_terminal(run: RunFolder) -> None:
    failed(run, "b.txt")
    progress(run, Now("dedup/keys", units=1_000_000, stood=0, done=1, seconds=3600.0))
    console = narrow()
    render_status(status(run), console)
    text = shown(console)
    assert "1/2" in text
    assert "failed: documents/web/b.txt: disk [full]" in text
