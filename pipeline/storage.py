"""Where bytes lie: folders, local and remote, and the run folder that is written.

Nothing above this room assumes a rename or a shared disk: on an object store a `put` is atomic by itself, on a local
disk it is made so by a rename inside the run folder.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from pipeline.sources import sample


class StorageError(Exception):
    """Something cannot be read or written; the message says what, where and what to do."""


@dataclass(frozen=True)
class Place:
    """A folder, local or remote, by its fsspec URL; `sample:` is the embedded sample, packed where it is asked for."""

    url: str

    @cached_property
    def _located(self) -> tuple[Any, str]:
        url = str(sample.location()) if self.url.startswith("sample:") else self.url
        remote = "://" in url
        # a listing kept from before is a lie while others write
        fs, path = fsspec.core.url_to_fs(url, **({"use_listings_cache": False} if remote else {}))
        return fs, str(path).rstrip("/")

    def __reduce__(self) -> tuple[type[Place], tuple[str]]:
        return type(self), (self.url,)  # a filesystem is found again, not sent along

    @property
    def fs(self) -> Any:
        return self._located[0]

    @property
    def is_local(self) -> bool:
        return isinstance(self.fs, LocalFileSystem)

    @property
    def is_web(self) -> bool:
        return self.url.startswith(("http://", "https://"))

    def full(self, path: str) -> str:
        """The path as the filesystem wants it."""
        root = self._located[1]
        return f"{root}/{path}" if path else root

    def key(self, full: str) -> str:
        """The path below this place, as it is recorded."""
        return str(full).removeprefix(self._located[1]).lstrip("/")

    def exists(self, path: str) -> bool:
        return bool(self.fs.exists(self.full(path)))

    def size(self, path: str) -> int:
        """Bytes of a file, -1 if there is none."""
        try:
            return int(self.fs.size(self.full(path)))
        except FileNotFoundError:
            return -1

    def open(self, path: str) -> BinaryIO:
        if self.is_local:
            return open(self.full(path), "rb")
        return self.fs.open(self.full(path), "rb")  # type: ignore[no-any-return]

    def read(self, path: str) -> bytes:
        return self.fs.cat_file(self.full(path))  # type: ignore[no-any-return]


class RunFolder(Place):
    """The folder of one run: data files, and the receipts that make them count."""

    def find(self, folder: str, name: str) -> list[str]:
        """All paths below `folder` whose last part is `name`, sorted."""
        if not self.exists(folder):
            return []
        return sorted(self.key(path) for path in self.fs.find(self.full(folder)) if path.endswith(f"/{name}"))

    def read_all(self, paths: list[str]) -> dict[str, bytes]:
        """The content of many small files by path, at once where the filesystem can."""
        if not paths:
            return {}
        full = [self.full(path) for path in paths]
        # not `cat`: it takes a [ in a name for a pattern, and asks an object store for each size first
        return dict(zip(paths, self.fs.cat_ranges(full, 0, None, on_error="raise"), strict=True))

    def put(self, local: Path, path: str) -> None:
        """Place a finished local file, whole or not at all."""
        target = self.full(path)
        if self.is_local:
            try:
                os.replace(local, target)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.replace(local, target)
        else:
            self.fs.put_file(str(local), target)

    def write(self, path: str, data: bytes) -> None:
        """Place a small file, whole or not at all. Raises StorageError."""
        try:
            if self.is_local:
                self.put(self._written(data), path)
            else:
                self.fs.pipe_file(self.full(path), data)
        except OSError as error:
            raise StorageError(f"cannot write to {self.url}/{path}: {error.strerror or error}") from error

    def _written(self, data: bytes) -> Path:
        """A file in scratch, which is left there only if this process is killed."""
        home, name = self._scratch_home()
        with tempfile.NamedTemporaryFile(prefix=f"{name}{_process()}", dir=home, delete=False) as file:
            try:
                file.write(data)
                file.flush()
            except OSError:
                os.unlink(file.name)
                raise
        return Path(file.name)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A local folder to work in, on the run folder's own disk if that is local; it goes with the block."""
        home, name = self._scratch_home()
        folder = Path(tempfile.mkdtemp(prefix=f"{name}{_process()}", dir=home))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _scratch_home(self) -> tuple[Path, str]:
        """Where scratch is, and what its names begin with."""
        if self.is_local:
            home = Path(self.full(".run/scratch"))
            home.mkdir(parents=True, exist_ok=True)
            return home, ""
        return Path(tempfile.gettempdir()), f"proofpile-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}-"

    def sweep(self, others: bool = False) -> None:
        """Remove what killed processes of this machine left in scratch.

        On a shared disk other machines may be at work, and their processes are not to be seen from here: what they
        left goes if `others` says that no run is going on.
        """
        home, name = self._scratch_home()
        for left in home.glob(f"{name}*@*@*"):
            pid, machine, _ = left.name.removeprefix(name).split("@")
            if others if machine != platform.node() else not _is_running(int(pid)):
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Raises StorageError, before any work is done, if nothing can be written here."""
        try:
            self.write(".run/writable", b"")
        except StorageError as error:
            raise StorageError(f"{error}; choose another --out") from error


def _process() -> str:
    """This process among all that share a disk."""
    return f"{os.getpid()}@{platform.node()}@"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def hash_file(path: Path) -> tuple[int, str]:
    """Size and sha256 of a local file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()
