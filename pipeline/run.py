"""Who does the units: this process, or Ray. The only room that says `ray`.

Units, not documents, travel through Ray, in a bounded window; the driver sees receipts only.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from manifests import Receipt
from pipeline.driver import Executor, Failure
from pipeline.isolation import Bounds, UnitError, explain_error, run_isolated
from pipeline.stage import Stage, Unit, Unwatched, execute
from pipeline.storage import RunFolder

Outcome = tuple[Unit, Receipt | Failure]


def inline(run: RunFolder) -> Executor:
    """One unit after the other in this process: for debuggers, and where Ray is not wanted."""

    def units_of(stage: Stage, units: Iterable[Unit]) -> Iterator[Outcome]:
        for unit in units:
            try:
                yield unit, execute(stage, unit, run, Unwatched())
            except Exception as error:  # the boundary: a failed unit does not stop the others, and the run lists it
                yield unit, Failure(stage.name, unit.name, explain_error(error), traceback.format_exc())

    return units_of


def on_ray(run: RunFolder, bounds: Bounds, workers: int = 0) -> Executor:
    """Units as Ray tasks, at most twice as many under way as there are workers.

    The cluster is the one that RAY_ADDRESS or the job names; without one a local Ray is started, and ends with us.
    """
    import ray

    if not ray.is_initialized():
        _connect(workers)
    slots = workers or int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
    task = ray.remote(num_cpus=1, max_retries=5, scheduling_strategy="SPREAD")(_do_on_worker)

    def units_of(stage: Stage, units: Iterable[Unit]) -> Iterator[Outcome]:
        shared = ray.put((stage, run, bounds))
        waiting = iter(units)
        under_way: dict[Any, Unit] = {}
        while True:
            for unit in islice(waiting, 2 * slots - len(under_way)):
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
        ray.init(logging_level=logging.ERROR, log_to_driver=False)
    else:
        ray.init(num_cpus=workers or os.cpu_count(), include_dashboard=False, logging_level=logging.ERROR)


def _fetch(stage: Stage, unit: Unit, reference: Any) -> Receipt | Failure:
    import ray

    try:
        outcome: Receipt | Failure = ray.get(reference)
    except ray.exceptions.RayError as error:
        return Failure(stage.name, unit.name, f"Ray gave the unit up: {explain_error(error)}")
    return outcome


def _do_on_worker(shared: tuple[Stage, RunFolder, Bounds], unit: Unit) -> Receipt | Failure:
    stage, run, bounds = shared
    try:
        return run_isolated(stage, unit, run, bounds)
    except UnitError as error:
        return Failure(stage.name, unit.name, str(error), error.trace)
