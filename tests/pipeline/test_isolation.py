"""Real crashes, hangs and memory hogs in real child processes."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from lines import Longest, Tidy, Trap, Unguarded, ingest, outside

from filters.filter import Filter
from manifests import Receipt
from pipeline.isolation import Bounds, Supervisor, UnitError
from pipeline.stage import Unwatched, execute
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor(Bounds(record_seconds=1.0, worker_bytes=400_000_000))
    yield supervisor
    if supervisor.child:
        supervisor.child.stop()


def run_lines(supervisor: Supervisor, folder: Path, text: str, *filters: Filter) -> tuple[Receipt, Ingest]:
    root = outside(folder / "in", {"a.txt": text})
    stage = ingest(root, *filters)
    (unit,) = stage.units({})
    return supervisor.run(stage, unit, RunFolder(str(folder / "out"))), stage


def dropped(receipt: Receipt) -> dict[str, int]:
    return {key: count.documents for key, count in receipt.flows["lines"].dropped.items()}


def test_the_same_bytes_as_without_isolation(supervisor: Supervisor, tmp_path: Path) -> None:
    receipt, stage = run_lines(supervisor, tmp_path / "one", "a\nb\n?\n" + "x" * 101, Longest())
    (unit,) = stage.units({})
    assert execute(stage, unit, RunFolder(str(tmp_path / "two")), Unwatched()) == receipt


@pytest.mark.parametrize(("evil", "reason"), [("crash", "crash"), ("hang", "timeout"), ("grow", "memory")])
def test_a_bad_record_costs_one_record(supervisor: Supervisor, tmp_path: Path, evil: str, reason: str) -> None:
    receipt, _ = run_lines(supervisor, tmp_path, f"one\n{evil}\nthree\n", Trap())
    assert receipt.flows["lines"].kept.documents == 2
    assert dropped(receipt) == {f"isolation/{reason}": 1}


def test_many_bad_records_in_one_unit(supervisor: Supervisor, tmp_path: Path) -> None:
    receipt, _ = run_lines(supervisor, tmp_path, "crash\na\ncrash\nhang\nb\n?\ncrash\n", Trap())
    assert dropped(receipt) == {"isolation/crash": 3, "isolation/timeout": 1, "read/broken": 1}
    assert receipt.flows["lines"].kept.documents == 2


def test_a_page_that_kills_the_parser_costs_one_page(supervisor: Supervisor, tmp_path: Path) -> None:
    """lexbor writes past its buffer where character references are shorter than what they stand for."""
    fatal = "<p>xxx" + "&nGt;" * 100_000
    receipt, _ = run_lines(supervisor, tmp_path, f"<p>one\n{fatal}\n<p>three\n{fatal}\n<p>five", Unguarded())
    assert receipt.flows["lines"].kept.documents == 3
    assert dropped(receipt) == {"isolation/crash": 2}


def test_the_child_is_kept_for_the_next_unit(supervisor: Supervisor, tmp_path: Path) -> None:
    run_lines(supervisor, tmp_path / "one", "a")
    first = supervisor.child
    run_lines(supervisor, tmp_path / "two", "b")
    assert supervisor.child is first


def test_one_kill_from_outside_costs_no_record(supervisor: Supervisor, tmp_path: Path) -> None:
    run_lines(supervisor, tmp_path / "one", "a")
    assert supervisor.child
    os.kill(supervisor.child.process.pid, signal.SIGKILL)
    supervisor.child.process.wait()
    receipt, _ = run_lines(supervisor, tmp_path / "two", "a\nb")
    assert receipt.flows["lines"].kept.documents == 2


def test_an_exception_fails_the_unit_with_its_traceback(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(UnitError, match="RuntimeError: a defect of ours") as failure:
        run_lines(supervisor, tmp_path, "one\nraise\n", Trap())
    assert "in __call__" in failure.value.trace


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    supervisor = Supervisor(Bounds())
    run_lines(supervisor, tmp_path, "a")
    assert supervisor.child
    child = psutil.Process(supervisor.child.process.pid)
    supervisor.child.pipe.close()
    assert child.wait(timeout=10) == 0


def test_a_kill_leaves_no_temporary_file_since_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    supervisor = Supervisor(Bounds())
    receipt, _ = run_lines(supervisor, tmp_path, "a", Tidy())
    assert supervisor.child
    supervisor.child.stop()
    assert receipt.flows["lines"].kept.documents == 1


def test_a_child_that_was_killed_leaves_no_scratch(supervisor: Supervisor, tmp_path: Path) -> None:
    run_lines(supervisor, tmp_path, "one\ncrash\nthree\n", Trap())
    assert not list((tmp_path / "out/.run/scratch").iterdir())
