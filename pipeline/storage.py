"""Where bytes lie: the outside world's objects that are read, and the run folder that is written.

Nothing above this room assumes a rename or a shared disk: on an object store a `put` is atomic by itself, on a local
disk it is made so by a rename inside the run folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from manifests import File
from pipeline.sources import sample

CHUNK = 1 << 20
VERSIONS = ("ETag", "mtime", "LastModified", "Last-Modified")
"""Where filesystems say which version of an object this is, the surest first."""


class StorageError(Exception):
    """Something cannot be read or written; the message says what, where and what to do."""


@dataclass(frozen=True)
class Shard:
    """One object of the outside world: its key below the root, and its size in bytes.

    `root` is where it lies, `version` an ETag or a modification time; it tells cheaply that the object was touched.
    Neither is part of an identity.
    """

    key: str
    size: int
    root: str = field(default="", compare=False)
    version: str = field(default="", compare=False)

    def open(self) -> InputStream:
        """Open the object for reading. Raises StorageError if it is gone or forbidden."""
        try:
            return InputStream(self.key, Outside(self.root).open(self.key))
        except OSError as error:
            raise StorageError(f"cannot read {self.key} below {self.root}: {error}") from error


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


class Outside(Place):
    """The root under which a manifest's inputs lie. It is only read."""

    def shards(self, patterns: tuple[str, ...], exclude: tuple[str, ...] = ()) -> list[Shard]:
        """The objects that match, sorted by key. Raises StorageError if a pattern matches nothing."""
        found: dict[str, Shard] = {}
        for pattern in patterns:
            matches = self._match(pattern)
            if not matches:
                raise StorageError(f"no input matches {pattern!r} below {self.url}; check `root` and `paths`")
            found.update(matches)
        for pattern in exclude:
            for key in self._match(pattern):
                found.pop(key, None)
        return [found[key] for key in sorted(found)]

    def _match(self, pattern: str) -> dict[str, Shard]:
        try:
            if any(sign in pattern for sign in "*?["):
                details = self.fs.glob(self.full(pattern), detail=True).values()
            else:
                details = [self.fs.info(self.full(pattern))]
        except FileNotFoundError as error:
            refusal = error.__cause__  # to fsspec, whatever a web server refuses is not found
            if refusal and getattr(refusal, "status", 0) != 404:
                raise StorageError(f"cannot read {self.full(pattern)}: {refusal}") from error
            return {}
        except (OSError, PermissionError) as error:
            raise StorageError(f"cannot list {pattern!r} below {self.url}: {error}") from error
        files = [info for info in details if info["type"] != "directory"]  # a link counts as what it leads to
        return {shard.key: shard for shard in map(self._shard, files)}

    def _shard(self, info: dict[str, Any]) -> Shard:
        version = next(filter(None, map(info.get, VERSIONS)), "")
        return Shard(self.key(info["name"]), int(info["size"] or 0), self.url, str(version))


class InputStream(io.RawIOBase):
    """A seekable stream that hashes every byte of the object once, in order, whatever its reader does."""

    def __init__(self, key: str, file: BinaryIO) -> None:
        self.key = key
        self._file = file
        self._sha256 = hashlib.sha256()
        self._position = self._hashed = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        data = self._file.read(-1 if size is None else size)
        unseen = self._position + len(data) - self._hashed
        if data and unseen > 0:
            self._sha256.update(data[-unseen:] if unseen < len(data) else data)
            self._hashed += unseen
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = self._file.seek(offset, whence)
        if target > self._hashed:
            self._hash_up_to(target)
        self._position = self._file.seek(target)
        return self._position

    def _hash_up_to(self, target: int) -> None:
        self._position = self._file.seek(self._hashed)
        while self._hashed < target and self.read(min(CHUNK, target - self._hashed)):
            pass

    def finish(self) -> File:
        """Read what is left, close, and say what was read."""
        self._position = self._file.seek(self._hashed)
        while self.read(CHUNK):
            pass
        self._file.close()
        return File(path=self.key, size=self._hashed, sha256=self._sha256.hexdigest())

    def close(self) -> None:
        self._file.close()
        super().close()


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
        home = self._scratch_home
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=f"{os.getpid()}-", dir=home, delete=False) as file:
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
        home = self._scratch_home
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=home))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _scratch_home(self) -> Path:
        if self.is_local:
            return Path(self.full(".run/scratch"))
        name = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"proofpile-{name}"

    def sweep(self) -> None:
        """Remove what killed processes of this machine left in scratch."""
        home = self._scratch_home
        for left in home.iterdir() if home.exists() else ():
            if not _is_running(int(left.name.partition("-")[0])):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def check_writable(self) -> None:
        """Raises StorageError, before any work is done, if nothing can be written here."""
        try:
            self.write(".run/writable", b"")
        except StorageError as error:
            raise StorageError(f"{error}; choose another --out") from error


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
