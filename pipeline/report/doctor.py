"""Is everything here that proofpile needs, and if not, how to get it?"""

from __future__ import annotations

import importlib
import locale
import os
import platform
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from filters import lmplz, models
from pipeline.report.text import plain, size

OK, WARN, MISSING = "ok", "warn", "missing"
LEAST_MEMORY = 4_000_000_000
"""Bytes under which a worker meets `limits.worker_bytes` only by swapping."""
LEAST_DISK = 5_000_000_000
TOKENS = {
    "HF_TOKEN": "https://huggingface.co/settings/tokens; only gated data sets there need it, such as The Stack",
    "GITHUB_TOKEN or GH_TOKEN": "https://github.com/settings/tokens; only `proofpile github plan` asks for it",
}
"""Environment variables that hold tokens, and where to get one, for what."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: str
    """`ok`; `warn`: some of proofpile works without it; `missing`: a run needs it."""
    found: str
    get: str = ""
    """What to do about it."""


def doctor() -> list[Check]:
    """Look at everything; takes about two seconds, most of them to import Ray."""
    return [_python(), *_packages(), _ray(), *_models(), *_machine(), *_disk(), _lmplz(), *_tokens(), _encoding()]


def _python() -> Check:
    good = sys.version_info >= (3, 11)
    return Check("Python", OK if good else MISSING, platform.python_version(), "" if good else "install Python 3.11")


def _packages() -> Iterator[Check]:
    for requirement in requirements():
        yield package(requirement)


def requirements() -> list[str]:
    """What the project asks for: as installed, or by its `pyproject.toml` where the working directory was shipped."""
    try:
        return [line for line in requires("proofpile") or [] if "extra ==" not in line]
    except PackageNotFoundError:
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
        return list(project["project"]["dependencies"])


def package(requirement: str) -> Check:
    """Whether an installed package is the version asked for: `name` or `name[extra]==version`."""
    name, pinned, asked = requirement.partition("==")
    name = name.partition("[")[0].partition(">")[0].strip()
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(name, MISSING, "not installed", f"pip install '{requirement}'")
    if pinned and found != asked:
        return Check(name, WARN, found, f"proofpile is tested with {asked}: pip install '{requirement}'")
    return Check(name, OK, found)


def _ray() -> Check:
    try:
        importlib.import_module("ray")
    except ImportError as error:
        return Check("Ray starts", WARN, str(error), "pip install 'ray[default]', or use --inline")
    address = os.environ.get("RAY_ADDRESS")
    return Check("Ray starts", OK, f"cluster {address}" if address else "here: RAY_ADDRESS is not set")


def _models() -> Iterator[Check]:
    for name in models.BUILTIN:
        path = f"builtin:{name}"
        try:
            yield Check(path, OK, f"sha256 {models.pin(models.Model(path)).sha256}")
        except models.ModelError as error:
            get = "install proofpile whole: pip install ." if name == "language" else f"proofpile train {name}"
            yield Check(path, MISSING, str(error), get)


def _machine() -> Iterator[Check]:
    yield Check("cores", OK, f"{len(os.sched_getaffinity(0))} of {os.cpu_count()}")
    memory = psutil.virtual_memory()
    enough = memory.available >= LEAST_MEMORY
    get = "" if enough else "lower limits.worker_bytes, or run with --workers 1"
    yield Check("memory", OK if enough else WARN, f"{size(memory.available)} of {size(memory.total)} free", get)


def _disk() -> Iterator[Check]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for name, folder in (("disk of this folder", Path.cwd()), (f"disk of the cache {cache}", cache)):
        yield disk(name, folder)


def disk(name: str, folder: Path) -> Check:
    """Room on the disk of a folder that may not exist yet."""
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(standing, os.W_OK):
        return Check(name, WARN, f"{standing} cannot be written", "set XDG_CACHE_HOME, or work elsewhere")
    free = shutil.disk_usage(standing).free
    state, get = (OK, "") if free >= LEAST_DISK else (WARN, f"make room: a corpus needs more than {size(LEAST_DISK)}")
    return Check(name, state, f"{size(free)} free", get)


def _lmplz() -> Check:
    """KenLM's training programs; only `train perplexity` needs them."""
    folder = lmplz.DEFAULT / "bin"
    if all((folder / program).is_file() for program in lmplz.PROGRAMS):
        return Check("lmplz", OK, str(folder))
    absent = lmplz.missing()
    first = f"apt-get install {' '.join(absent)}; " if absent else ""
    return Check("lmplz", WARN, "not built; only training needs it", f"{first}python -m filters.lmplz")


def _tokens() -> Iterator[Check]:
    """Whether there are tokens; what they are is nobody's business."""
    for names, get in TOKENS.items():
        there = [name for name in names.split(" or ") if os.environ.get(name, "").strip()]
        yield Check(names, OK, f"{there[0]} is set") if there else Check(names, WARN, "not set", get)


def _encoding() -> Check:
    file, out = locale.getpreferredencoding(False), getattr(sys.stdout, "encoding", None) or "none"
    good = all(name.lower().replace("-", "") == "utf8" for name in (file, out))
    return Check("encoding", OK if good else WARN, f"files {file}, output {out}", "" if good else "set PYTHONUTF8=1")


def render_doctor(checks: list[Check], console: Console) -> None:
    """A line per check, and under it what to do."""
    made = Table.grid(padding=(0, 1))
    made.add_column(overflow="fold")
    made.add_column(overflow="fold")
    for check in checks:
        made.add_row(plain(f"{check.state:<8}{check.name}", _STYLES[check.state]), plain(check.found))
        if check.get:
            made.add_row("", plain(f"get: {check.get}", "bold"))
    console.print(made)


_STYLES = {OK: "green", WARN: "yellow", MISSING: "red"}
