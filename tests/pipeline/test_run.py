"""The same units inline and on a real Ray give the same bytes, and Ray's workers may die."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from lines import Longest, Trap, ingest, outside
from test_driver import content
from web_server import Clock, Fault, serving, visiting

from manifests import Fetch
from manifests.sections import Dedup
from pipeline.driver import Driver, Executor
from pipeline.isolation import Bounds
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.polite import FORBIDDEN_IN_A_ROW
from pipeline.progress import Reporter
from pipeline.run import inline, on_ray
from pipeline.stages.dedup import SUMMARY, dedup_stages
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder, StorageError

pytestmark = pytest.mark.slow

FILES = {f"{number:02}.txt": "\n".join(f"line {line} of {number}" for line in range(50)) for number in range(12)}
BOUNDS = Bounds(record_seconds=1.0, worker_bytes=400_000_000)


@pytest.fixture(scope="module", autouse=True)
def ray_ends() -> Iterator[None]:
    """Ray's workers must find `lines` as this process does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        yield
    import ray

    ray.shutdown()


def bring_about(run: RunFolder, root: Outside, stage: Ingest, execute: Executor) -> dict[str, bytes]:
    done = Driver(run, execute, Reporter(run, io.StringIO()), Lock(run)).bring_about([stage])
    assert done.failures == []
    return content(Path(run.url))


@pytest.mark.parametrize("workers", [1, 2])
def test_ray_gives_the_bytes_that_inline_gives(tmp_path: Path, workers: int) -> None:
    root = outside(tmp_path / "in", FILES)
    here, there = RunFolder(str(tmp_path / "inline")), RunFolder(str(tmp_path / "ray"))
    stage = ingest(root, Longest(16))
    plain = bring_about(here, root, stage, inline(here))
    assert bring_about(there, root, stage, on_ray(there, BOUNDS, workers)) == plain


def test_dedup_gives_the_same_bytes_on_ray(tmp_path: Path) -> None:
    """Six families of lines, in each of which neighbours are alike; the last line of a file stands in all of them."""
    texts = [
        " ".join(f"w{number % 6}-{word}" for word in range(number // 6, number // 6 + 100)) for number in range(36)
    ]
    files = {f"{number}.txt": "\n".join([*texts[number::6], texts[0]]) for number in range(6)}
    stage = ingest(outside(tmp_path / "in", files), Longest(10_000))
    stages = [stage, *dedup_stages((stage.name,), Dedup(partitions=3, memory=1_000_000))]
    written = []
    for name, execute in (("inline", inline), ("ray", lambda run: on_ray(run, Bounds(), 2))):
        run = RunFolder(str(tmp_path / name))
        done = Driver(run, execute(run), Reporter(run, io.StringIO()), Lock(run)).bring_about(stages)
        assert done.failures == []
        written.append(content(tmp_path / name))
    assert json.loads(written[0][SUMMARY])["removed"] == {"near": 36}
    assert written[0] == written[1]


def test_bad_records_cost_themselves_on_ray(tmp_path: Path) -> None:
    root = outside(tmp_path / "in", {"a.txt": "one\ncrash\n", "b.txt": "hang\ntwo\n", "c.txt": "three"})
    run = RunFolder(str(tmp_path / "out"))
    bring_about(run, root, ingest(root, Trap()), on_ray(run, BOUNDS))
    receipts = sorted(Path(run.url).rglob("receipt.json"))
    assert [("crash" in path.read_text(), "timeout" in path.read_text()) for path in receipts] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_a_defect_is_a_failure_that_the_driver_lists(tmp_path: Path) -> None:
    root = outside(tmp_path / "in", {"a.txt": "one\nraise\n", "b.txt": "two"})
    run = RunFolder(str(tmp_path / "out"))
    reporter = Reporter(run, io.StringIO())
    done = Driver(run, on_ray(run, BOUNDS), reporter, Lock(run)).bring_about([ingest(root, Trap())])
    assert [failure.error for failure in done.failures] == ["RuntimeError: a defect of ours"]
    assert "in __call__" in done.failures[0].trace


def test_a_killed_worker_changes_nothing(tmp_path: Path) -> None:
    """Every Ray worker and every child is killed after each of the first units."""
    root = outside(tmp_path / "in", FILES)
    here, there = RunFolder(str(tmp_path / "inline")), RunFolder(str(tmp_path / "ray"))
    stage = ingest(root)
    plain = bring_about(here, root, stage, inline(here))
    execute = on_ray(there, BOUNDS, 2)
    assert bring_about(there, root, stage, killing(execute, after=3)) == plain


def killing(execute: Executor, after: int) -> Executor:
    def units_of(stage: object, units: object) -> object:
        for number, outcome in enumerate(execute(stage, units)):  # type: ignore[arg-type]
            if number < after:
                kill_workers()
            yield outcome

    return units_of  # type: ignore[return-value]


def kill_workers() -> None:
    for process in psutil.Process(os.getpid()).children(recursive=True):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if any(name in command for name in ("ray::IDLE", "ray::_do_on_worker", "pipeline.isolation")):
            os.kill(process.pid, signal.SIGKILL)


def test_workers_on_ray_share_one_rate(tmp_path: Path) -> None:
    """Two workers, a file a unit: requests come no faster than the run may ask."""
    rate = 10.0
    with serving({f"{name}.txt": b"a line\n" for name in "abcdefgh"}) as server:
        root, run = Outside(server.url), RunFolder(str(tmp_path / "out"))
        stage = replace(ingest(root), paths=tuple(server.objects))
        with visiting(Clock()):  # this process, which plans
            bring_about(run, root, stage, on_ray(run, Bounds(), 2, Fetch(requests_per_second=rate, contact="us")))
    asked = server.times[len(server.objects) :]
    assert len(asked) == len(server.objects)
    assert asked[-1] - asked[0] > 0.9 * (len(asked) - 1) / rate
    assert any("(+us)" in agent for agent in server.agents)


def test_a_block_ends_the_run_on_ray(tmp_path: Path) -> None:
    with serving({f"{name}.txt": b"a line\n" for name in "abcdefgh"}) as server:
        run = RunFolder(str(tmp_path / "out"))
        with visiting(Clock()):
            stage = replace(ingest(Outside(server.url)), paths=tuple(server.objects))
            server.faults = [*[None] * len(server.objects), *[Fault(403)] * 100]
            with pytest.raises(StorageError, match=r"stopped: 127\.0\.0\.1 answered 403"):
                bring_about(run, stage.outside, stage, on_ray(run, Bounds(), 2, Fetch(requests_per_second=100)))
    assert len(server.asked) - len(server.objects) <= FORBIDDEN_IN_A_ROW + 1  # one may be on its way
