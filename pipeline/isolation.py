"""One bad record costs one record, even where native code crashes or hangs and no `try` reaches.

A unit runs in a child process that notes the record in hand in a small shared file. The supervisor watches the child:
when it dies twice on the same record, burns too much CPU on one, or grows too large, the unit starts anew and that
record becomes a Drop of rule `isolation`. The child is kept for the next unit, so models are loaded once.

`python -m pipeline.isolation PIPE POSITION` is the child, given two file descriptors.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe

import psutil

from manifests import Receipt
from pipeline import http, polite
from pipeline.polite import Manners
from pipeline.stage import Stage, Unit, execute
from pipeline.storage import RunFolder

IDLE = -1
ATTEMPTS = 2
"""Deaths on one record after which it is given up: the first may have been somebody's kill."""
MOST_SKIPPED = 1000
"""Records of one unit that may be given up before the unit itself is."""
GLANCE_SECONDS = 0.25
FORMAT = struct.Struct("=q")

Order = tuple[Stage, Unit, RunFolder, dict[int, str], str]
"""Of the web, a child is told whom a webmaster can write to; for its turns it asks."""
Answer = tuple[Receipt | None, str, str]
"""The receipt, or the failure in one line and its traceback."""


class UnitError(Exception):
    """A unit failed; the message is the reason, `trace` the child's traceback."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


@dataclass(frozen=True)
class Bounds:
    """What one record may cost before it is given up: CPU seconds, and bytes of memory of the process."""

    record_seconds: float = 60.0
    worker_bytes: int = 4_000_000_000


class SharedPosition:
    """The record in hand, in a file that outlives the process that writes it, and the records to be skipped."""

    def __init__(self, descriptor: int) -> None:
        self.skip: Mapping[int, str] = {}
        self._memory = mmap.mmap(descriptor, FORMAT.size)

    def enter(self, ordinal: int) -> None:
        FORMAT.pack_into(self._memory, 0, ordinal)

    def leave(self) -> None:
        self.enter(IDLE)

    @property
    def ordinal(self) -> int:
        """The record in hand, or IDLE."""
        return int(FORMAT.unpack_from(self._memory)[0])


@dataclass
class Child:
    """A worker process, the pipe to it, and where it is."""

    process: subprocess.Popen[bytes]
    pipe: Connection
    position: SharedPosition

    @classmethod
    def start(cls) -> Child:
        ours, theirs = Pipe()
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with theirs, tempfile.TemporaryFile() as file:  # it has no name that a kill could leave behind
            file.truncate(FORMAT.size)
            shared = [theirs.fileno(), file.fileno()]
            command = [sys.executable, "-m", "pipeline.isolation", *map(str, shared)]
            process = subprocess.Popen(command, pass_fds=shared, env=environment, stdin=subprocess.DEVNULL)
            return cls(process, ours, SharedPosition(file.fileno()))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.pipe.close()


@dataclass
class Supervisor:
    """Runs units in a child, one after the other, and gives up the records that the child dies of."""

    bounds: Bounds
    manners: Manners = field(default_factory=lambda: Manners(polite.Gate(rate=1.0)))
    """How the child behaves on the web: its turns are asked for here."""
    child: Child | None = None
    deaths: Counter[int] = field(default_factory=Counter)
    skip: dict[int, str] = field(default_factory=dict)
    since: tuple[int, float] = (IDLE, 0.0)
    """The record last seen in hand, and the child's CPU seconds when it was first seen there."""

    def run(self, stage: Stage, unit: Unit, run: RunFolder) -> Receipt:
        """Do one unit. Raises UnitError if it fails by an exception, or dies where no record is in hand."""
        self.deaths, self.skip = Counter(), {}
        while True:
            receipt = self._attempt(stage, unit, run)
            if receipt:
                return receipt

    def _attempt(self, stage: Stage, unit: Unit, run: RunFolder) -> Receipt | None:
        if self.child is None:
            run.sweep()
            self.child = Child.start()
        position = self.child.position
        position.leave()
        order = (stage, unit, run, self.skip, self.manners.contact)
        answer = self._ask(self.child, order)
        if isinstance(answer, str):
            self._give_up(position.ordinal, answer, unit)
            return None
        receipt, message, trace = answer
        if receipt is None:
            raise UnitError(message, trace)
        return receipt

    def _ask(self, child: Child, order: Order) -> Answer | str:
        """The child's answer, or the reason why there will be none."""
        try:
            child.pipe.send(order)
            while True:
                while not child.pipe.poll(GLANCE_SECONDS):
                    reason = self._trespass(psutil.Process(child.process.pid), child.position)
                    if reason:
                        return reason
                said = child.pipe.recv()
                if said is None:
                    child.pipe.send(self.manners.gate.turn())
                elif isinstance(said, polite.Answer):
                    self.manners.gate.tell(said)
                else:
                    return said  # type: ignore[no-any-return]
        except (OSError, EOFError, psutil.NoSuchProcess):
            return "crash"

    def _trespass(self, process: psutil.Process, position: SharedPosition) -> str:
        """Which bound the child has gone over, if any."""
        cpu = sum(process.cpu_times()[:2])
        if position.ordinal != self.since[0]:
            self.since = (position.ordinal, cpu)
        if position.ordinal != IDLE and cpu - self.since[1] > self.bounds.record_seconds:
            return "timeout"
        return "memory" if process.memory_info().rss > self.bounds.worker_bytes else ""

    def _give_up(self, ordinal: int, reason: str, unit: Unit) -> None:
        assert self.child is not None
        self.child.stop()
        self.child = None
        self.deaths[ordinal] += 1
        if ordinal == IDLE and (reason != "crash" or self.deaths[IDLE] >= ATTEMPTS):
            raise UnitError(f"the worker of {unit.name} died ({reason}) between records")
        if reason != "crash" or self.deaths[ordinal] >= ATTEMPTS:
            self.skip[ordinal] = reason
        if len(self.skip) > MOST_SKIPPED:
            raise UnitError(f"more than {MOST_SKIPPED} records of {unit.name} crashed or hung")


_supervisors: dict[Bounds, Supervisor] = {}


def run_isolated(stage: Stage, unit: Unit, run: RunFolder, bounds: Bounds, manners: Manners | None = None) -> Receipt:
    """Do one unit in this process's child, which is started at the first call and kept."""
    supervisor = _supervisors.setdefault(bounds, Supervisor(bounds))
    supervisor.manners = manners or supervisor.manners
    return supervisor.run(stage, unit, run)


@dataclass(frozen=True)
class PipedTurns:
    """The run's gate, as a child has it: asked by None up the pipe, and told what servers answered."""

    pipe: Connection

    def turn(self) -> float:
        self.pipe.send(None)
        return float(self.pipe.recv())

    def tell(self, answer: polite.Answer) -> None:
        self.pipe.send(answer)


def serve(pipe: Connection, position: SharedPosition) -> None:
    """The child's loop: do the units that come down the pipe until it closes."""
    while True:
        try:
            stage, unit, run, position.skip, contact = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        http.behave(Manners(PipedTurns(pipe), contact))
        pipe.send(_answer_to(stage, unit, run, position))


def _answer_to(stage: Stage, unit: Unit, run: RunFolder, position: SharedPosition) -> Answer:
    try:
        return execute(stage, unit, run, position), "", ""
    except Exception as error:  # the boundary: whatever a unit raises is an answer, and the run lists it
        return None, explain_error(error), traceback.format_exc()


def explain_error(error: Exception) -> str:
    """One line for people."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _die_with_parent() -> None:
    """On Linux, ask the kernel; elsewhere the closed pipe ends the child after the unit in hand."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


if __name__ == "__main__":
    _die_with_parent()
    serve(Connection(int(sys.argv[1])), SharedPosition(int(sys.argv[2])))
