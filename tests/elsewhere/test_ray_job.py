"""`ray job submit` to a cluster that asks for a token, with the checkout as the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloud import QUICKSTART, Cluster, Store, content, finish, start
from conftest import ray_node

pytestmark = pytest.mark.slow

UPLOAD_BYTES = 10_000_000
"""What a job may ship, unpacked: the code, the models and the sample, but no history, environment or corpus."""


def submit(cluster: Cluster, *entrypoint: str, **environment: str) -> tuple[int, str]:
    job = ("ray", "job", "submit", "--address", cluster.dashboard, "--working-dir", ".", "--", *entrypoint)
    return finish(start(*job, env={**cluster.environment, **environment}))


def test_jobs_give_the_bytes_of_inline(
    cluster: Cluster, store: Store, inline: dict[str, bytes], tmp_path: Path
) -> None:
    """The head has no CPU and does not hold the driver back; the node comes when the cluster is up already."""
    with ray_node(cluster.environment, f"--address {cluster.address} --num-cpus 2"):
        code, log = submit(cluster, "proofpile", "run", QUICKSTART, "--out", str(tmp_path / "run"))
        assert code == 0, log
        assert content(tmp_path / "run") == inline
        assert_plain(log)
        code, log = submit(cluster, "python", "-m", "pipeline", "run", QUICKSTART, "--out", store.url("job"))
        assert code == 0, log
        assert store.content("job") == inline
    assert_small(cluster.folder / "session_latest/runtime_resources/working_dir_files")


def assert_plain(log: str) -> None:
    """Progress of a job is lines, not a bar that redraws itself."""
    assert "\r" not in log
    assert "documents/stack: 5/5 units" in log
    assert "release/mixture: 1/1 units" in log


def assert_small(uploads: Path) -> None:
    """Ray heeds .gitignore, and leaves .git and .venv out by itself."""
    packages = [path for path in uploads.iterdir() if path.is_dir()]
    assert packages
    for package in packages:
        assert {".git", ".venv", "build", "runs"}.isdisjoint(path.name for path in package.iterdir())
        sent = (path for path in package.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
        assert sum(path.stat().st_size for path in sent) < UPLOAD_BYTES


def test_who_has_no_token_may_not_submit(cluster: Cluster) -> None:
    code, output = submit(cluster, "true", RAY_AUTH_TOKEN="a guess")
    assert code != 0
    assert "Invalid authentication token" in output
