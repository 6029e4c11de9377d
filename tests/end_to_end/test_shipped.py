"""The checkout as a job ships it: the dependencies are there, but proofpile is not installed."""

from __future__ import annotations

import subprocess
import sys

from cli import PATIENCE, ROOT

NOT_INSTALLED = """
import importlib.metadata, runpy, sys
find = importlib.metadata.Distribution.from_name
def from_name(name):
    if name == "proofpile":
        raise importlib.metadata.PackageNotFoundError(name)
    return find(name)
importlib.metadata.Distribution.from_name = from_name
sys.argv = ["proofpile", "doctor", "--json"]
runpy.run_module("pipeline", run_name="__main__")
"""


def test_it_runs_without_being_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOT_INSTALLED], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    assert '"name": "pyarrow"' in done.stdout
