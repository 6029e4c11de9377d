"""Helpers of the tests that run proofpile elsewhere than on a laptop: whole programs, by handle, on loopback only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from s3fs import S3FileSystem

REPOSITORY = Path(__file__).parents[2]
QUICKSTART = "manifests/quickstart.toml"
BIN = Path(sys.executable).parent
PATIENCE = 120.0
"""Seconds after which a program that should have ended fails its test."""


@dataclass(frozen=True)
class Store:
    """An S3 server with one bucket."""

    endpoint: str
    bucket: str = "bucket"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to find it; real credentials and settings of this machine are masked."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @property
    def fs(self) -> S3FileSystem:
        return S3FileSystem(endpoint_url=self.endpoint, key="nobody", secret="nothing", use_listings_cache=False)

    def url(self, name: str) -> str:
        return f"s3://{self.bucket}/{name}"

    def content(self, name: str) -> dict[str, bytes]:
        """All objects below a folder, by path, but for what is private to a run."""
        top = f"{self.bucket}/{name}/"
        found = self.fs.cat(self.fs.find(top))
        return public({path.removeprefix(top): data for path, data in found.items()})

    def upload(self, folder: Path, name: str) -> None:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.fs.pipe_file(f"{self.bucket}/{name}/{path.relative_to(folder).as_posix()}", path.read_bytes())


@dataclass(frozen=True)
class Node:
    """A node of a Ray cluster: the program that holds it, and its folder, whose path is short for Ray's sockets."""

    pid: int
    folder: Path


@dataclass(frozen=True)
class Cluster:
    """A Ray head that does no work itself."""

    address: str
    dashboard: str
    folder: Path
    """The head's own files."""
    environment: Mapping[str, str]


def content(folder: Path) -> dict[str, bytes]:
    """All files below a local folder, by path, but for what is private to a run."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return public({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def public(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if not path.startswith(".run/")}


def start(*command: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a program of the environment's `bin`; standard error comes with standard output, for its reader."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **(env or {})}
    return subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        cwd=REPOSITORY,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def proofpile(*arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and output of `python -m pipeline`."""
    return finish(start("python", "-m", "pipeline", *arguments, env=env))


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a program's end, and give its exit code and the output that nobody has read."""
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()  # does nothing to a program that has ended
    return process.returncode, output


def read_until(process: subprocess.Popen[str], sign: str) -> str:
    """Read a program's output up to and with the first line that holds `sign`, and return what was read."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if sign in line:
            return "".join(lines)
    raise AssertionError(f"{process.args!r} ended without saying {sign!r}:\n{''.join(lines)}")


def stop(process: subprocess.Popen[str]) -> None:
    """End a program and wait until it is gone."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=30)
    process.kill()
    process.communicate()
