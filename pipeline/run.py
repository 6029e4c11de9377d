"""The driver: stages one after the other, their units on Ray or inline. The only room that says `ray`.

Units, not documents, travel through Ray, in a bounded window; the driver sees receipts only.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from manifests import Flow, Receipt
from pipeline.isolation import Bounds, UnitError, explain_error, run_isolated
from pipeline.lock import Lock
from pipeline.progress import Reporter
from pipeline.stage import (
    Stage,
    StaleError,
    Unit,
    Unwatched,
    changes,
    execute,
    read_receipts,
    receipt_path,
    recipe_hash,
    recipe_path,
    spell_out,
)
from pipeline.storage import Outside, RunFolder


@dataclass(frozen=True)
class Failure:
    """A unit that failed: the others went on, what stands on its stage did not start."""

    stage: str
    unit: str
    error: str
    trace: str = ""


Outcome = tuple[Unit, Receipt | Failure]
Executor = Callable[[Stage, Iterable[Unit]], Iterator[Outcome]]
"""Does the units of one stage, in any order."""


@dataclass
class Done:
    """What a run came to."""

    receipts: dict[str, tuple[Receipt, ...]] = field(default_factory=dict)
    """By stage, those that stood before included."""
    failures: list[Failure] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    """Stages that stand on a failed one."""


def run_stages(
    stages: Sequence[Stage], run: RunFolder, execute_units: Executor, reporter: Reporter, lock: Lock, only: str = ""
) -> Done:
    """Bring every stage to its receipts. Stages that read the outside world all get their turn, whatever fails; what

    stands on a stage with a failure does not start. Raises StaleError if a receipt stands that was made otherwise.
    """
    done = Done()
    for stage in stages:
        if done.failures and not _reads_outside(stage, done):
            done.not_started.append(stage.name)
            continue
        units = list(stage.units(done.receipts))
        standing = standing_receipts(stage, units, run, lock)
        missing = [unit for unit in units if unit.name not in standing]
        if only and not stage.name.startswith(only):
            _must_stand(stage, missing, only)
        made, failures = _do(stage, missing, len(units), run, execute_units, reporter, lock)
        done.failures += failures
        done.receipts[stage.name] = tuple(
            receipt for unit in units if (receipt := standing.get(unit.name) or made.get(unit.name))
        )
    if not done.failures and not only:
        check_books(done.receipts)
    return done


def _reads_outside(stage: Stage, done: Done) -> bool:
    return any(unit.inputs for unit in stage.units(done.receipts))


def _must_stand(stage: Stage, missing: Sequence[Unit], only: str) -> None:
    if missing:
        raise StaleError(f"--only {only}: {len(missing)} units of {stage.name} have no receipt yet; run it first")


def standing_receipts(stage: Stage, units: Iterable[Unit], run: RunFolder, lock: Lock) -> dict[str, Receipt]:
    """The receipts that may be used, by unit. Raises StaleError naming what changed if one may not."""
    found = read_receipts(run, stage.name)
    standing = {}
    for unit in units:
        receipt = found.pop(receipt_path(stage.name, unit.name), None)
        if receipt is not None:
            _refuse_stale(receipt, changes(receipt, stage, unit, run) or lock.touched(receipt, unit), run)
            standing[unit.name] = receipt
    if found:
        path = min(found)
        raise StaleError(
            f"{path}: this receipt is of a unit that is no longer asked for. "
            f"Use another --out, or remove {run.url}/{path.rpartition('/')[0]}"
        )
    return standing


def _refuse_stale(receipt: Receipt, changed: Sequence[str], run: RunFolder) -> None:
    if changed:
        what = "; ".join(changed[:5]) + (f"; and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise StaleError(
            f"{receipt.stage}/{receipt.unit} was made from something else: {what}. "
            f"Use another --out, or remove {run.url}/{receipt.stage} to make it again"
        )


def _do(
    stage: Stage,
    missing: Sequence[Unit],
    units: int,
    run: RunFolder,
    execute_units: Executor,
    reporter: Reporter,
    lock: Lock,
) -> tuple[dict[str, Receipt], list[Failure]]:
    made: dict[str, Receipt] = {}
    failures = []
    if missing:
        run.write(recipe_path(recipe_hash(stage)), spell_out(stage))
    reporter.start(stage.name, units, units - len(missing))
    for unit, outcome in execute_units(stage, missing) if missing else ():
        if isinstance(outcome, Failure):
            failures.append(outcome)
            reporter.say(f"failed: {outcome.stage}/{outcome.unit}: {outcome.error}")
        else:
            made[unit.name] = outcome
            lock.took(outcome, unit)
        reporter.tell(_documents(outcome), isinstance(outcome, Failure))
    reporter.finish()
    lock.save()
    return made, failures


def _documents(outcome: Receipt | Failure) -> int:
    return 0 if isinstance(outcome, Failure) else sum(flow.read.documents for flow in outcome.flows.values())


def check_books(receipts: Mapping[str, Sequence[Receipt]]) -> None:
    """Across stages, too, nothing is lost: what a stage reads of a source is what the stage before kept of it.

    Raises ArithmeticError otherwise, which would be a defect of proofpile.
    """
    kept: dict[str, int] = {}
    for stage, of_stage in receipts.items():
        for source, flow in sum_flows(of_stage).items():
            if kept.get(source, flow.read.documents) != flow.read.documents:
                raise ArithmeticError(f"{stage} read {flow.read.documents} of {source}, but {kept[source]} were kept")
            kept[source] = flow.kept.documents


def sum_flows(receipts: Iterable[Receipt]) -> dict[str, Flow]:
    """The flows of many receipts, by source."""
    flows: dict[str, Flow] = {}
    for receipt in receipts:
        for source, flow in receipt.flows.items():
            flows[source] = flows.get(source, Flow()) + flow
    return flows


def inline(run: RunFolder, outside: Outside) -> Executor:
    """One unit after the other in this process: for debuggers, and where Ray is not wanted."""

    def units_of(stage: Stage, units: Iterable[Unit]) -> Iterator[Outcome]:
        for unit in units:
            try:
                yield unit, execute(stage, unit, run, outside, Unwatched())
            except Exception as error:  # the boundary: a failed unit does not stop the others, and the run lists it
                yield unit, Failure(stage.name, unit.name, explain_error(error), traceback.format_exc())

    return units_of


def on_ray(run: RunFolder, outside: Outside, bounds: Bounds, workers: int = 0) -> Executor:
    """Units as Ray tasks, at most twice as many under way as there are workers.

    The cluster is the one that RAY_ADDRESS or the job names; without one a local Ray is started, and ends with us.
    """
    import ray

    if not ray.is_initialized():
        _connect(workers)
    slots = workers or int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
    task = ray.remote(num_cpus=1, max_retries=5, scheduling_strategy="SPREAD")(_do_on_worker)

    def units_of(stage: Stage, units: Iterable[Unit]) -> Iterator[Outcome]:
        shared = ray.put((stage, run, outside, bounds))
        waiting = iter(units)
        under_way: dict[Any, Unit] = {}
        while True:
            for unit in islice(waiting, slots + (slots > 1) * slots - len(under_way)):
                under_way[task.remote(shared, unit)] = unit
            if not under_way:
                return
            (reference, *_), _ = ray.wait(list(under_way))
            unit = under_way.pop(reference)
            yield unit, _fetch(stage, unit, reference)

    return units_of


def _connect(workers: int) -> None:
    import ray

    if os.environ.get("RAY_ADDRESS"):
        ray.init(logging_level=logging.WARNING, log_to_driver=False)
    else:
        ray.init(num_cpus=workers or os.cpu_count(), include_dashboard=False, logging_level=logging.WARNING)


def _fetch(stage: Stage, unit: Unit, reference: Any) -> Receipt | Failure:
    import ray

    try:
        outcome: Receipt | Failure = ray.get(reference)
    except ray.exceptions.RayError as error:
        return Failure(stage.name, unit.name, f"Ray gave the unit up: {explain_error(error)}")
    return outcome


def _do_on_worker(shared: tuple[Stage, RunFolder, Outside, Bounds], unit: Unit) -> Receipt | Failure:
    stage, run, outside, bounds = shared
    try:
        return run_isolated(stage, unit, run, outside, bounds)
    except UnitError as error:
        return Failure(stage.name, unit.name, str(error), error.trace)
