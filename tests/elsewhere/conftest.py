"""A cloud on one machine: an object store, a web server and a Ray cluster, all on loopback, ended with the tests."""

from __future__ import annotations

import logging
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from cloud import QUICKSTART, Cluster, Node, Store, content, proofpile, read_until, start, stop
from moto.server import ThreadedMotoServer

from pipeline.sources import sample

QUICK_TO_MISS_A_NODE = {"RAY_health_check_period_ms": "1000", "RAY_health_check_failure_threshold": "3"}


@pytest.fixture(scope="session")
def inline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the quickstart gives in one process on a local disk."""
    folder = tmp_path_factory.mktemp("inline") / "run"
    code, output = proofpile("run", QUICKSTART, "--out", str(folder), "--inline")
    assert code == 0, output
    return content(folder)


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's archives in a local folder."""
    folder = tmp_path_factory.mktemp("packed")
    sample.pack(folder)
    return folder


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """An S3 server in this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request would bury a failure
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    store = Store("http://{}:{}".format(*server.get_host_and_port()))
    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
    client.create_bucket(Bucket=store.bucket)
    yield store
    server.stop()


@pytest.fixture(scope="session")
def cluster(store: Store) -> Iterator[Cluster]:
    """A head without CPUs, that asks for a token; its programs find the store."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a-token-of-these-tests-only"}
    environment = store.environment | token | QUICK_TO_MISS_A_NODE
    port, dashboard, client = free_ports(3)
    options = f"--head --port {port} --dashboard-port {dashboard} --ray-client-server-port {client}"
    with ray_node(environment, f"{options} --dashboard-host 127.0.0.1 --num-cpus 0") as head:
        yield Cluster(f"127.0.0.1:{port}", f"http://127.0.0.1:{dashboard}", head.folder, environment)


@contextmanager
def ray_node(environment: Mapping[str, str], options: str) -> Iterator[Node]:
    """A node of a cluster, with a folder of its own as on a machine of its own; it ends with the block."""
    (agent,) = free_ports(1)  # nodes of one machine would fight for the usual one, and jobs go through it
    with tempfile.TemporaryDirectory(prefix="pp", dir="/tmp", ignore_cleanup_errors=True) as folder:
        command = f"ray start --block --disable-usage-stats --temp-dir {folder} --dashboard-agent-listen-port {agent}"
        node = start(*command.split(), *options.split(), env=environment)
        try:
            read_until(node, "will now block forever")
            yield Node(node.pid, Path(folder))
        finally:
            stop(node)


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
