"""Brings stages to their receipts, one stage after the other. It sees units and receipts only, never a document."""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from manifests import Flow, Receipt
from pipeline.lock import Lock
from pipeline.progress import Reporter
from pipeline.recipe import changes, recipe_changes, recipe_hash, recipe_path, spell_out
from pipeline.stage import Stage, StaleError, Unit, read_receipts, receipt_path
from pipeline.storage import RunFolder, StorageError

PLAN = "plan.json"
FAILURES = ".run/failures.json"


@dataclass(frozen=True)
class Failure:
    """A unit that failed: the others went on, what stands on its stage did not start."""

    stage: str
    unit: str
    error: str
    trace: str = ""


Executor = Callable[[Stage, Iterable[Unit]], Iterator[tuple[Unit, Receipt | Failure]]]
"""Does the units of one stage, in any order."""


@dataclass
class Done:
    """What a run came to."""

    receipts: dict[str, tuple[Receipt, ...]] = field(default_factory=dict)
    """By stage whose units are all done, those that stood before included."""
    failures: list[Failure] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    """Stages that were wanted, but stand on one that is not done."""


@dataclass
class Driver:
    """One run: where it writes, who does the units, who is told, what is known of the outside."""

    run: RunFolder
    execute: Executor
    reporter: Reporter
    lock: Lock
    about: Mapping[str, bytes] = field(default_factory=dict)
    """Files that describe the run, by path. They are written when nothing that stands is in their way."""

    def bring_about(self, stages: Sequence[Stage], only: str = "") -> Done:
        """Do what is missing of the stages whose names begin with `only`.

        Stages that read the outside world are looked at before any work is done, and all get their turn, whatever
        fails; what stands on a stage that is not done does not start. Raises StaleError, and StorageError for missing
        inputs.
        """
        done = Done()
        units = {stage.name: units_of(stage, {}) for stage in stages if not stage.stands_on}
        standing = self._refuse_stale(stages, units)
        for path, content in self.about.items():
            self.run.write(path, content)
        for stage in stages:
            if all(name in done.receipts for name in stage.stands_on):
                if stage.stands_on:
                    units[stage.name] = units_of(stage, done.receipts)
                    standing[stage.name] = self._standing(stage, units[stage.name])
                self._write_plan(stages, units)
                self._bring_about(stage, units[stage.name], standing[stage.name], stage.name.startswith(only), done)
            elif stage.name.startswith(only):
                done.not_started.append(stage.name)
        self.run.write(FAILURES, json.dumps([asdict(failure) for failure in done.failures], indent=1).encode())
        check_books(done.receipts)
        return done

    def _refuse_stale(
        self, stages: Sequence[Stage], units: Mapping[str, Sequence[Unit]]
    ) -> dict[str, dict[str, Receipt]]:
        """What stands of the stages whose units are known.

        Raises StaleError for what can be seen before any work: other inputs, and other recipes of any stage.
        """
        standing = {}
        for stage in stages:
            if stage.name in units:
                standing[stage.name] = self._standing(stage, units[stage.name])
                continue
            recipe = spell_out(stage)
            for receipt in read_receipts(self.run, stage.name).values():
                self._refuse(stage, receipt.unit, recipe_changes(receipt, recipe, self.run))
        return standing

    def _bring_about(
        self, stage: Stage, units: Sequence[Unit], have: dict[str, Receipt], wanted: bool, done: Done
    ) -> None:
        missing = [unit for unit in units if unit.name not in have]
        if wanted:
            self.reporter.start(stage.name, len(units), len(have))
            have |= self._do(stage, missing, done)
            self.reporter.finish()
            self.lock.save()
        if len(have) == len(units):
            done.receipts[stage.name] = tuple(have[unit.name] for unit in units)

    def _do(self, stage: Stage, missing: Sequence[Unit], done: Done) -> dict[str, Receipt]:
        made: dict[str, Receipt] = {}
        if missing:
            self.run.write(recipe_path(recipe_hash(stage)), spell_out(stage))
        for unit, outcome in self.execute(stage, missing) if missing else ():
            if isinstance(outcome, Failure):
                done.failures.append(outcome)
                self.reporter.say(f"failed: {outcome.stage}/{outcome.unit}: {outcome.error}")
                self.reporter.tell(0, failed=True)
            else:
                made[unit.name] = outcome
                self.lock.took(outcome, unit)
                self.reporter.tell(sum(flow.read.documents for flow in outcome.flows.values()), failed=False)
        return made

    def _standing(self, stage: Stage, units: Iterable[Unit]) -> dict[str, Receipt]:
        """The receipts that may be used, by unit. Raises StaleError naming what changed if one may not."""
        found = read_receipts(self.run, stage.name)
        recipe = spell_out(stage)
        standing = {}
        for unit in units:
            receipt = found.pop(receipt_path(stage.name, unit.name), None)
            if receipt is not None:
                changed = changes(receipt, recipe, unit, self.run) or self.lock.touched(receipt, unit)
                self._refuse(stage, unit.name, changed)
                standing[unit.name] = receipt
        for path in sorted(found):
            self._refuse(stage, found[path].unit, ["inputs that are no longer asked for"])
        return standing

    def _refuse(self, stage: Stage, unit: str, changed: Sequence[str]) -> None:
        if changed:
            what = "; ".join(changed[:5]) + (f"; and {len(changed) - 5} more" if len(changed) > 5 else "")
            raise StaleError(
                f"{stage.name}/{unit} was made from something else: {what}. "
                f"Use another --out, or remove {self.run.url}/{stage.name} to make it again"
            )

    def _write_plan(self, stages: Sequence[Stage], units: Mapping[str, Sequence[Unit]]) -> None:
        """How many units there are, for `status`; null while that is not known."""
        counts = [
            {"name": stage.name, "units": len(units[stage.name]) if stage.name in units else None} for stage in stages
        ]
        self.run.write(PLAN, json.dumps({"stages": counts}, indent=1).encode())


def units_of(stage: Stage, done: Mapping[str, tuple[Receipt, ...]]) -> list[Unit]:
    """The units of a stage. Raises StorageError if two would write to one folder."""
    units = list(stage.units(done))
    names = Counter(unit.name for unit in units)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise StorageError(f"two units of {stage.name} are called {twice[0]}; rename one of the inputs")
    return units


@contextmanager
def alone(run: RunFolder) -> Iterator[None]:
    """Hold a local run folder for this driver, and clear up after the last one. Raises StorageError if it is held.

    The lock goes with the process. An object store has no such lock; there two drivers would do work twice, with equal
    bytes, and harm nothing.
    """
    if not run.is_local:
        run.sweep()
        yield
        return
    path = Path(run.full(".run/driver"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(f"another proofpile run is writing to {run.url}; wait for it, or stop it") from None
        run.sweep(others=True)
        yield


def sum_flows(receipts: Iterable[Receipt]) -> dict[str, Flow]:
    """The flows of many receipts, by source."""
    flows: dict[str, Flow] = {}
    for receipt in receipts:
        for source, flow in receipt.flows.items():
            flows[source] = flows.get(source, Flow()) + flow
    return flows


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
