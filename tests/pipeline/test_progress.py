"""Plain lines with rate and time to go where there is no terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pipeline.progress import PROGRESS, Reporter, duration
from pipeline.storage import RunFolder


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (3600, "1 h 0 min"), (19_000, "5 h 16 min")],
)
def test_durations_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_line_every_ten_seconds_and_one_at_the_end(tmp_path: Path) -> None:
    run, out, clock = RunFolder(str(tmp_path)), io.StringIO(), Clock()
    with Reporter(run, out, clock) as reporter:
        reporter.start("documents/web", units=12, stood=2)
        for _ in range(4):
            clock.now += 5
            reporter.tell(documents=100, failed=False)
        reporter.tell(0, failed=True)
        reporter.finish()
    assert out.getvalue().splitlines() == [
        "documents/web: 4/12 units, 20 documents/s, 40 s to go",
        "documents/web: 6/12 units, 20 documents/s, 30 s to go",
        "documents/web: 6/12 units, 1 failed, 20 documents/s, 25 s to go",
    ]
    assert "\r" not in out.getvalue()


def test_what_status_reads_is_left_in_the_run_folder(tmp_path: Path) -> None:
    run, clock = RunFolder(str(tmp_path)), Clock()
    reporter = Reporter(run, io.StringIO(), clock)
    reporter.start("documents/web", units=3, stood=0)
    clock.now = 20
    reporter.tell(documents=7, failed=False)
    left = json.loads(run.read(PROGRESS))
    assert (left["stage"], left["units"], left["done"], left["documents"], left["seconds"]) == (
        "documents/web",
        3,
        1,
        7,
        20,
    )


def test_a_stage_with_nothing_to_do_says_so(tmp_path: Path) -> None:
    out = io.StringIO()
    reporter = Reporter(RunFolder(str(tmp_path)), out, Clock())
    reporter.start("dedup/pairs", units=4, stood=4)
    reporter.finish()
    assert out.getvalue() == "dedup/pairs: 4/4 units, all stood already\n"


def test_the_last_unit_is_told_once(tmp_path: Path) -> None:
    out, clock = io.StringIO(), Clock()
    reporter = Reporter(RunFolder(str(tmp_path)), out, clock)
    reporter.start("documents/web", units=1, stood=0)
    clock.now = 20
    reporter.tell(documents=100, failed=False)
    reporter.finish()
    assert out.getvalue() == "documents/web: 1/1 units, 5 documents/s\n"
