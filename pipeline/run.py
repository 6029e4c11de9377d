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

from manifests import Fetch, Receipt
from pipeline import polite
from pipeline.driver import Executor, Failure
from pipeline.isolation import Bounds, UnitError, explain_error, run_isolated
from pipeline.polite import Manners
from pipeline.stage import Stage, Unit, Unwatched, execute
from pipeline.storage import RunFolder, StorageError

GLANCE_SECONDS = 5.0
"""How often the size of the cluster is looked at while no unit ends."""

Outcome = tuple[Unit, Receipt | Failure]


def inline(run: RunFolder, gate: polite.Gate | None = None) -> Executor:
    """One unit after the other in this process: for debuggers, and where Ray is not wanted.

    `gate` is the one that this process asks for its turns on the web, if anything lies there.
    """

    def units_of(stage: Stage, units: Iterable[Unit]) -> Iterator[Outcome]:
        for unit in units:
            try:
                yield unit, execute(stage, unit, run, Unwatched())
            except Exception as error:  # the boundary: a failed unit does not stop the others, and the run lists it
                yield unit, Failure(stage.name, unit.name, explain_error(error), traceback.format_exc())
                _stop_if(gate)

    return units_of


def _stop_if(gate: polite.Gate | RayGate | None) -> None:
    """Raises StorageError if no request is let through any more: the units to come would fail of it one by one."""
    shut = gate.why_shut() if gate else ""
    if shut:
        raise StorageError(f"stopped: {shut}")


class RayGate:
    """The run's gate, in an actor of all nodes."""

    def __init__(self, rate: float) -> None:
        import ray

        # it takes no CPU, so that it finds room on a busy cluster; a lost one begins anew elsewhere
        actor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(polite.Gate)
        self._actor: Any = actor.remote(rate)

    def turn(self) -> float:
        import ray

        return float(ray.get(self._actor.turn.remote()))

    def tell(self, answer: polite.Answer) -> None:
        self._actor.tell.remote(answer)

    def why_shut(self) -> str:
        import ray

        return str(ray.get(self._actor.why_shut.remote()))


def on_ray(run: RunFolder, bounds: Bounds, workers: int = 0, fetch: Fetch | None = None) -> Executor:
    """Units as Ray tasks, at most twice as many under way as there are workers.

    `fetch` says how the web is read, if anything lies there.
    The cluster is the one that RAY_ADDRESS or the job names; without one a local Ray is started, and ends with us.
    """

    gate: RayGate | None = None

    def units_of(stage: Stage, units: Iterable[Unit]) -> Iterator[Outcome]:
        nonlocal gate
        import ray

        if not ray.is_initialized():  # only now: a run that is done needs no cluster to say so
            _connect(workers)
        task = ray.remote(num_cpus=1, max_retries=5)(_do_on_worker)
        if fetch:
            gate = gate or RayGate(fetch.requests_per_second)
        manners = Manners(gate, fetch.contact) if gate and fetch else None
        shared = ray.put((stage, run, bounds, manners))
        waiting = iter(units)
        under_way: dict[Any, Unit] = {}
        while True:
            for unit in islice(waiting, max(0, 2 * (workers or _cpus()) - len(under_way))):
                under_way[task.remote(shared, unit)] = unit
            if not under_way:
                return
            ended, _ = ray.wait(list(under_way), timeout=GLANCE_SECONDS)
            for reference in ended:
                unit = under_way.pop(reference)
                outcome = _fetch(stage, unit, reference)
                yield unit, outcome
                if isinstance(outcome, Failure):
                    _stop_if(gate)

    return units_of


def _cpus() -> int:
    """What the cluster has now, but at least 1: nodes come and go, and some come only when work waits for them."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 0)))  # type: ignore[no-untyped-call]


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


def _do_on_worker(shared: tuple[Stage, RunFolder, Bounds, Manners | None], unit: Unit) -> Receipt | Failure:
    stage, run, bounds, manners = shared
    try:
        return run_isolated(stage, unit, run, bounds, manners)
    except UnitError as error:
        return Failure(stage.name, unit.name, str(error), error.trace)
