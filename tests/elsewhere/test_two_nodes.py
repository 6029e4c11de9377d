"""Two nodes without a shared disk; one of them dies in the middle of the run."""

from __future__ import annotations

import psutil
import pytest
from cloud import QUICKSTART, Cluster, Store, finish, read_until, start
from conftest import ray_node

pytestmark = pytest.mark.slow


def test_a_run_outlives_a_node(cluster: Cluster, store: Store, inline: dict[str, bytes]) -> None:
    join = f"--address {cluster.address} --num-cpus 1"
    environment = {**cluster.environment, "RAY_ADDRESS": cluster.address}
    with ray_node(cluster.environment, join), ray_node(cluster.environment, join) as doomed:
        run = start("proofpile", "run", QUICKSTART, "--out", store.url("nodes"), env=environment)
        try:
            read_until(run, "documents/stack: 5/5 units")
            kill_raylet(doomed.pid)
            code, output = finish(run)
        finally:
            run.kill()
    assert code == 0, output
    assert store.content("nodes") == inline


def kill_raylet(node: int) -> None:
    """Kill what holds a node together, while its worker is at work."""
    children = psutil.Process(node).children(recursive=True)
    assert any("pipeline.isolation" in " ".join(process.cmdline()) for process in children)
    (raylet,) = (process for process in children if process.name() == "raylet")
    raylet.kill()
