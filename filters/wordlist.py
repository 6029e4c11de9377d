"""Word lists are data: one entry a line, `#` opens a comment line."""

from __future__ import annotations

from importlib import resources


def load(package: str, name: str) -> tuple[str, ...]:
    """The entries of the file `name` in `package`, in their order."""
    lines = (resources.files(package) / name).read_text("utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
