"""How far a run is, from its plan, its receipts, and what the driver last left in `.run/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.console import Console

from manifests import Receipt
from pipeline.driver import FAILURES
from pipeline.progress import PROGRESS, Now, duration
from pipeline.report.folder import in_order, planned_units, read_json, receipts_by_stage
from pipeline.report.text import plain, table
from pipeline.stage import receipt_path
from pipeline.storage import RunFolder

QUIET = 900.0
"""Seconds without a word from the driver after which a stage is taken to have stopped; a unit is minutes of work."""


@dataclass(frozen=True)
class StageStatus:
    """How far one stage is."""

    stage: str
    done: int
    total: int | None
    """None while the stages before are not done, and in a run folder without a plan."""
    failed: int
    state: str
    """`done`, `running`, `failed`, `stopped` (some units done, nobody at work), or `waiting` (none yet)."""
    documents: int
    """Read by the units that are done."""
    rate: float | None = None
    """Units per second, while running."""
    eta: float | None = None
    """Seconds to go, while running and once a unit has ended."""


@dataclass(frozen=True)
class FailedUnit:
    """A unit that failed in the last run and has no receipt yet."""

    stage: str
    unit: str
    error: str


@dataclass(frozen=True)
class Status:
    """How far a run is."""

    stages: list[StageStatus] = field(default_factory=list)
    failures: list[FailedUnit] = field(default_factory=list)
    heard: float | None = None
    """Seconds since the driver last said how far it is."""


def status(run: RunFolder) -> Status:
    """How far a run is; also of one that is over, or that nobody has started yet."""
    receipts = receipts_by_stage(run)
    planned = planned_units(run)
    failures = _failures(run, receipts)
    heard = _heard(run)
    now = Now(**read_json(run, PROGRESS)) if heard is not None and heard <= QUIET else None
    stages = [
        _stage(
            stage, receipts.get(stage, ()), planned.get(stage), failures, now if now and now.stage == stage else None
        )
        for stage in in_order({**planned, **receipts}, planned)
    ]
    return Status(stages, failures, heard)


def _heard(run: RunFolder) -> float | None:
    if not run.exists(PROGRESS):
        return None
    then: datetime = run.fs.modified(run.full(PROGRESS))
    return max(0.0, (datetime.now(UTC) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds())


def _failures(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]]) -> list[FailedUnit]:
    standing = {receipt_path(receipt.stage, receipt.unit) for group in receipts.values() for receipt in group}
    listed = [FailedUnit(item["stage"], item["unit"], item["error"]) for item in read_json(run, FAILURES) or []]
    return [item for item in listed if receipt_path(item.stage, item.unit) not in standing]


def _stage(
    stage: str, receipts: Sequence[Receipt], total: int | None, failures: Sequence[FailedUnit], now: Now | None
) -> StageStatus:
    done = len(receipts)
    documents = sum(flow.read.documents for receipt in receipts for flow in receipt.flows.values())
    failed = now.failed if now else sum(failure.stage == stage for failure in failures)
    total = now.units if now and total is None else total
    if now and total is not None and done + failed < total:
        left = total - done - failed
        return StageStatus(
            stage, done, total, failed, "running", documents, now.rate, left / now.rate if now.rate else None
        )
    return StageStatus(stage, done, total, failed, _state(done, total, failed), documents)


def _state(done: int, total: int | None, failed: int) -> str:
    if failed:
        return "failed"
    if total is not None and done >= total:
        return "done"
    return "stopped" if done else "waiting"


def render_status(found: Status, console: Console) -> None:
    """A line per stage, then the units that failed."""
    if not found.stages:
        console.print("No run has been started here: there is neither a plan nor a receipt.")
        return
    made = table("stage", "units", "failed", "documents", "units/s", "to go", "state")
    for stage in found.stages:
        units = f"{stage.done:,}/{'?' if stage.total is None else f'{stage.total:,}'}"
        rate = "" if stage.rate is None else f"{stage.rate:.3g}"
        eta = "" if stage.eta is None else duration(stage.eta)
        row = units, str(stage.failed or ""), f"{stage.documents:,}", rate, eta, stage.state
        made.add_row(plain(stage.stage), *row, style=_STYLES[stage.state])
    console.print(made)
    for failure in found.failures:
        console.print(plain(f"failed: {failure.stage}/{failure.unit}: {failure.error}", "red"))
    if found.heard is not None and any(stage.state != "done" for stage in found.stages):
        console.print(f"The driver last spoke {duration(found.heard)} ago.")


_STYLES = {"done": "green", "running": "cyan", "failed": "red", "stopped": "yellow", "waiting": "dim"}
