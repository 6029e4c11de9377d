"""What something costs: CPU seconds, wall seconds and memory, of it and of every process it starts.

The machines we have are noisy, so things that are compared run in turns (A B A B), each in a fresh process of its own
after a warm-up there, and a ratio is the median over the rounds, not a ratio of medians.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import psutil

GLANCE_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """What one run cost. `work` is what the subject says that it did, in its own unit."""

    cpu: float
    """User and system seconds, of the process and of all below it."""
    wall: float
    peak: int
    """Bytes of memory: of one process its resident peak, of a command the greatest sum over its processes."""
    work: int = 1


Subject = Callable[[], int]
"""Something to measure: module-level, so that another process can be told; returns how much work it did."""


def take_turns(subjects: Mapping[str, Subject], rounds: int) -> dict[str, list[Cost]]:
    """Measure each subject `rounds` times, in turns, each in a process of its own after one run as a warm-up."""
    costs: dict[str, list[Cost]] = {name: [] for name in subjects}
    with started(subjects) as pipes:
        for _ in range(rounds):
            for name, pipe in pipes.items():
                pipe.send("go")
                costs[name].append(_receive(pipe))
    return costs


@contextmanager
def started(subjects: Mapping[str, Subject]) -> Iterator[dict[str, Connection]]:
    """A warm process for each subject."""
    context = multiprocessing.get_context("spawn")
    processes, pipes = [], {}
    for name, subject in subjects.items():
        pipes[name], theirs = context.Pipe()
        processes.append(context.Process(target=_serve, args=(subject, theirs)))
        processes[-1].start()
        theirs.close()
    try:
        for pipe in pipes.values():
            _receive(pipe)
        yield pipes
    finally:
        for pipe in pipes.values():
            pipe.close()
        for process in processes:
            process.join()


def _receive(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        raise RuntimeError("what was measured failed; its traceback is above") from None


def _serve(subject: Subject, pipe: Connection) -> None:
    subject()
    pipe.send("warm")
    with suppress(EOFError):
        while pipe.recv():
            pipe.send(run_once(subject))


def in_fresh_process(subject: Subject) -> Cost:
    """Measure one run in a process of its own, cold: its memory is all that the subject ever needed."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send_cost, args=(subject, theirs))
    process.start()
    theirs.close()
    try:
        return cast(Cost, _receive(ours))
    finally:
        process.join()


def _send_cost(subject: Subject, pipe: Connection) -> None:
    pipe.send(run_once(subject))


def run_once(subject: Subject) -> Cost:
    """Measure one run in this process."""
    cpu, wall = tree_cpu(psutil.Process()), time.perf_counter()
    work = subject()
    return Cost(tree_cpu(psutil.Process()) - cpu, time.perf_counter() - wall, peak_memory(), work)


def tree_cpu(process: psutil.Process) -> float:
    """CPU seconds so far of a process and all below it, those that have ended included."""
    return sum(_cpu(one) for one in [process, *process.children(recursive=True)])


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def peak_memory() -> int:
    """The greatest resident memory that this process had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with what the parent had when it started us
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def watch(command: Sequence[str]) -> Cost:
    """Run a command to its end; its memory is summed over its processes at glances, shared pages counted once.

    Raises RuntimeError with the command's output if it fails.
    """
    start, peak, cpu = time.perf_counter(), 0, 0.0
    with tempfile.TemporaryFile("w+") as output:  # a pipe that nobody reads would stop a command that says much
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        top = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                below = [top, *top.children(recursive=True)]
                peak = max(peak, sum(map(_memory, below)))
                cpu = max(cpu, sum(map(_cpu, below)))
            with suppress(subprocess.TimeoutExpired):
                process.wait(GLANCE_SECONDS)
        wall = time.perf_counter() - start
        if process.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output.read()}")
    return Cost(cpu, wall, peak)


def _memory(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(memory, "pss", memory.rss))


def ratios(costs: Sequence[Cost], others: Sequence[Cost]) -> list[float]:
    """CPU of the one over CPU of the other, round by round, for equal work."""
    return [one.cpu / one.work / (other.cpu / other.work) for one, other in zip(costs, others, strict=True)]


def median(numbers: Sequence[float], digits: int = 2) -> str:
    """The median and, if there are several numbers, the least and the greatest."""
    middle = f"{statistics.median(numbers):,.{digits}f}"
    return middle if len(numbers) == 1 else f"{middle} ({min(numbers):,.{digits}f} to {max(numbers):,.{digits}f})"


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown, as README.md has them."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def options(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The command line that all benchmarks share."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"measured runs of each subject ({rounds})")
    return parser
