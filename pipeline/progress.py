"""Tells people how far a run is: a live bar on a terminal, one plain line now and then elsewhere."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from pipeline.storage import RunFolder, StorageError

PROGRESS = ".run/progress.json"
LINE_SECONDS = 10.0


@dataclass
class Now:
    """How far a stage is; what `proofpile status` reads while a run is going on."""

    stage: str
    units: int
    stood: int
    """Units whose receipts stood before this run."""
    done: int = 0
    failed: int = 0
    documents: int = 0
    seconds: float = 0.0
    """Since this run began with the stage."""

    @property
    def rate(self) -> float:
        """Units per second in this run."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def left(self) -> int:
        """Units that have not ended yet."""
        return self.units - self.stood - self.done - self.failed

    @property
    def eta(self) -> float:
        """Seconds to go, or NaN while nothing is known."""
        return self.left / self.rate if self.rate else float("nan")

    def line(self) -> str:
        """`documents/web: 4/12 units, 20 documents/s, 40 s to go`"""
        parts = [f"{self.stage}: {self.stood + self.done}/{self.units} units"]
        if self.stood == self.units:
            parts.append("all stood already")
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.documents and self.seconds:
            parts.append(f"{self.documents / self.seconds:,.0f} documents/s")
        if self.eta > 0:  # false while it is not known
            parts.append(f"{duration(self.eta)} to go")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them: `45 s`, `3 min 20 s`, `5 h 10 min`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


class Bar(AbstractContextManager["Bar"]):
    """A bar on a terminal, nothing elsewhere; and plain lines in both cases."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out)
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
            self._bar = Progress(*columns, console=self._console)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, line: str) -> None:
        """A plain line, above the bar if there is one."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class Reporter(Bar):
    """Receives what the driver knows and shows it; also leaves it in the run folder for `status`."""

    def __init__(self, run: RunFolder, out: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(out)
        self._run = run
        self._clock = clock
        self._began = self._told = clock()
        self.now: Now | None = None

    def start(self, stage: str, units: int, stood: int) -> None:
        self.now = Now(stage, units, stood)
        self._began = self._told = self._clock()
        if self._bar:
            self._task = self._bar.add_task(stage, total=units, completed=stood)
        self._leave()

    def tell(self, documents: int, failed: bool) -> None:
        """One more unit has ended."""
        now = self.now
        assert now is not None
        now.failed += failed
        now.done += not failed
        now.documents += documents
        now.seconds = self._clock() - self._began
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=now.stood + now.done)
        if now.left and self._clock() - self._told >= LINE_SECONDS:
            self._tell_line()

    def finish(self) -> None:
        """The stage has ended."""
        if self.now is not None:
            self.now.seconds = self._clock() - self._began
            self._tell_line()

    def _tell_line(self) -> None:
        self._told = self._clock()
        if not self._bar and self.now is not None:
            self.say(self.now.line())
        self._leave()

    def _leave(self) -> None:
        """For `status`; a disk too full to say how far we are is not what should end a run."""
        if self.now is not None:
            with suppress(OSError, StorageError):
                self._run.write(PROGRESS, json.dumps(asdict(self.now)).encode())
