"""A run that is killed, and killed again, ends with the bytes of one that nobody touched; inline and on Ray."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from cli import PATIENCE, ROOT, content, manifest_of, proofpile, run, start

Process = subprocess.Popen[bytes] | subprocess.Popen[str]

KILLS = 20
SEED = 74
WORKERS = ("ray::IDLE", "ray::_do_on_worker", "pipeline.isolation")
"""Names of what may be killed; a Ray node does not outlive its own agents."""
GLANCE = 0.02
"""Seconds that a wait for a process may last before the world is looked at again."""

SILENT: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody touched: what was asked for, what it wrote, and how many seconds it took."""

    manifest: Path
    content: dict[str, bytes]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    manifest = manifest_of(
        folder,
        'name = "web"\nkind = "warc"\npaths = ["web/sample-00001.warc.gz"]',
        'name = "github"\nkind = "github"\npaths = ["github/*.tar.gz"]\nlanguages = ["coq", "lean"]',
        'name = "arxiv"\nkind = "arxiv"\npaths = ["arxiv/*.gz"]',
        'name = "steps"\nkind = "jsonl"\npaths = ["proofsteps/*"]',
        head='root = "sample:"\n[limits]\nunit_bytes = 5_000\nerror_rate = 0.05',
    )
    run(manifest, folder / "warm")  # packs the sample
    began = time.monotonic()
    assert run(manifest, folder / "out").returncode == 0
    seconds = time.monotonic() - began
    assert content(folder / "out") == content(folder / "warm")
    return Undisturbed(manifest, content(folder / "out"), seconds)


def test_twenty_kills_at_any_moment_change_no_byte(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Each start goes on where the one before died; a twentieth of the units later it dies, too, in mid-unit."""
    out = tmp_path / "out"
    for units, linger in moments(undisturbed):
        while not killed(undisturbed.manifest, out, units, linger):
            assert content(out) == undisturbed.content
            shutil.rmtree(out)
    assert run(undisturbed.manifest, out).returncode == 0
    assert content(out) == undisturbed.content


def moments(undisturbed: Undisturbed) -> list[tuple[int, float]]:
    """When to kill: once so many units are done, and so many seconds later, while some next unit is under way."""
    chance = random.Random(SEED)
    units = sum(path.endswith("receipt.json") for path in undisturbed.content)
    seconds_a_unit = undisturbed.seconds / units
    return [
        (int(units * (number + chance.random()) / KILLS), chance.uniform(0, 2 * seconds_a_unit))
        for number in range(KILLS)
    ]


def killed(manifest: Path, out: Path, units: int, linger: float) -> bool:
    """Start the run, or go on with it; whether it had to be killed, or ended well by itself."""
    before = begun(out)
    with start("run", manifest, "--out", out, "--inline", **SILENT) as process:
        try:
            while begun(out) == before or units_done(out) < units:
                if ended(process, GLANCE):
                    return False
            return not ended(process, linger)
        finally:
            process.kill()


def begun(out: Path) -> int:
    """When a run last began to write here; what goes before is Python's imports."""
    mark = out / ".run" / "writable"
    return mark.stat().st_mtime_ns if mark.exists() else 0


def units_done(out: Path) -> int:
    """How many receipts stand, in folders that come and go."""
    return sum("receipt.json" in files for _, _, files in os.walk(out))


def ended(process: Process, within: float) -> bool:
    """Wait so many seconds for a process to end; one that fails, fails the test."""
    try:
        assert process.wait(timeout=within) == 0, f"the process ended with {process.returncode}"
    except subprocess.TimeoutExpired:
        return False
    return True


@dataclass(frozen=True)
class Head:
    """A Ray head of our own: its process, and what a driver's environment needs to find it."""

    process: psutil.Process
    env: dict[str, str]

    def kill_workers(self) -> int:
        """Kill all Ray workers and the children in which they do units; how many there were."""
        killed = 0
        for process in self.process.children(recursive=True):
            try:
                command = " ".join(process.cmdline())
                if any(name in command for name in WORKERS):
                    process.kill()
                    killed += 1
            except psutil.NoSuchProcess:
                continue
        return killed


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """Ray's sockets need a short path, so its folder is not pytest's."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 2, "RAY_TMPDIR": folder}
        command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--port=0", "--num-cpus=2"]
        command += ["--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"]
        environment = os.environ | secret | {"PYTHONPATH": str(ROOT)}
        environment.pop("RAY_ADDRESS", None)
        with Path(folder, "head.log").open("w") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        ours = psutil.Process(process.pid)
        try:
            yield Head(ours, secret | {"RAY_ADDRESS": f"127.0.0.1:{port_of(Path(folder), process)}"})
        finally:
            everyone = [*ours.children(recursive=True), ours]
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE)
            for other in everyone:
                if other.is_running():
                    other.kill()


def port_of(folder: Path, head: subprocess.Popen[bytes]) -> int:
    """The port that the head has chosen, once it can be used."""
    await_that(head, folder, "session_latest/sockets/raylet*")
    return int(await_that(head, folder, "session_latest/gcs_server_port_*").read_text())


def await_that(process: Process, folder: Path, pattern: str) -> Path:
    """Wait until a process has written such a file, or fail when it ends or our patience does."""
    until = time.monotonic() + PATIENCE
    while not (found := next(folder.glob(pattern), None)):
        assert time.monotonic() < until, "nothing happened"
        assert not ended(process, GLANCE), "the process ended before that"
    return found


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ray_gives_the_bytes_that_inline_gives(
    undisturbed: Undisturbed, head: Head, tmp_path: Path, workers: int
) -> None:
    done = proofpile("run", undisturbed.manifest, "--out", tmp_path / "out", "--workers", workers, env=head.env)
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "out") == undisturbed.content


@pytest.mark.slow
def test_killed_drivers_and_workers_on_ray_change_no_byte(undisturbed: Undisturbed, head: Head, tmp_path: Path) -> None:
    out, killed = tmp_path / "out", 0
    for stage in ("documents", "dedup", "tokens"):
        with start("run", undisturbed.manifest, "--out", out, env=head.env, **SILENT) as driver:
            await_that(driver, out / stage, "**/receipt.json")
            killed += head.kill_workers()
            driver.kill()
    with start("run", undisturbed.manifest, "--out", out, env=head.env, **SILENT) as driver:
        await_that(driver, out / "release", "**/receipt.json")
        assert driver.wait(timeout=PATIENCE) == 0
    assert killed
    assert content(out) == undisturbed.content


@pytest.mark.slow
def test_workers_that_are_killed_under_a_driver_are_replaced(
    undisturbed: Undisturbed, head: Head, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with start("run", undisturbed.manifest, "--out", out, env=head.env, **SILENT) as driver:
        for stage in ("documents", "dedup"):
            await_that(driver, out / stage, "**/receipt.json")
            assert head.kill_workers()
        assert driver.wait(timeout=PATIENCE) == 0
    assert content(out) == undisturbed.content
