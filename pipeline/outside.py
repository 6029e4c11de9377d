"""The outside world, which is only read: what objects there are, and their bytes, hashed on the way."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from manifests import File
from pipeline import http, http_files, hub
from pipeline.storage import Place, StorageError
from pipeline.streams import ReadStream

CHUNK = 1 << 20
VERSIONS = ("ETag", "mtime", "LastModified")
"""Where filesystems say which version of an object this is, the surest first."""


@dataclass(frozen=True)
class Shard:
    """One object of the outside world: its key below the root, and its size in bytes.

    `root` is where it lies, `version` an ETag or a modification time; it tells cheaply that the object was touched.
    Neither is part of an identity. Of an object that a path list names, the size is a guess until it is read, and what
    was read once is taken for what it is.
    """

    key: str
    size: int
    root: str = field(default="", compare=False)
    version: str = field(default="", compare=False)
    listed: bool = False

    def open(self) -> InputStream:
        """Open the object for reading. Raises StorageError if it is gone or forbidden."""
        try:
            return InputStream(self.key, Outside(self.root).open(self.key))
        except OSError as error:
            raise StorageError(f"cannot read {self.key} below {self.root}: {error}") from error


class Outside(Place):
    """The root under which a manifest's inputs lie. It is only read.

    `hf://datasets/OWNER/NAME@REVISION` is a repository on Hugging Face's hub; of gated ones HF_TOKEN opens the door.
    """

    @property
    def is_web(self) -> bool:
        return self.is_hub or super().is_web

    @property
    def is_hub(self) -> bool:
        return self.url.startswith(hub.SCHEME)

    def full(self, path: str) -> str:
        """The path as the filesystem wants it, or the URL of the file."""
        return hub.folder(self.url).url(path) if self.is_hub else super().full(path)

    def open(self, path: str) -> BinaryIO:
        """Open an object to be read from its beginning to its end. Raises OSError."""
        return cast(BinaryIO, http_files.HttpFile(self.full(path))) if self.is_web else super().open(path)

    def read(self, path: str) -> bytes:
        """A small object as a whole. Raises OSError."""
        if not self.is_web:
            return super().read(path)
        with self.open(path) as file:
            return file.read()

    def read_range(self, path: str, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, fewer where the object ends. Raises FileNotFoundError, StorageError."""
        try:
            if self.is_web:
                return http.read_range(self.full(path), start, end)
            return self.fs.cat_file(self.full(path), start=start, end=end)  # type: ignore[no-any-return]
        except FileNotFoundError:
            raise
        except OSError as error:
            if not self.is_web and start >= self.size(path):  # where a file gives nothing, an object store refuses
                return b""
            raise StorageError(f"cannot read {path} below {self.url}: {error}") from error

    def shards(self, patterns: tuple[str, ...], exclude: tuple[str, ...] = ()) -> list[Shard]:
        """The objects that match, sorted by key. Raises StorageError if a pattern matches nothing."""
        found: dict[str, Shard] = {}
        for pattern in patterns:
            matches = self.match(pattern)
            if not matches:
                raise StorageError(f"no input matches {pattern!r} below {self.url}; check `root` and `paths`")
            found.update(matches)
        for pattern in exclude:
            for key in self.match(pattern):
                found.pop(key, None)
        return [found[key] for key in sorted(found)]

    def match(self, pattern: str) -> dict[str, Shard]:
        """The objects that match, by key; there may be none. Raises StorageError."""
        try:
            details = self._look(pattern)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageError(f"cannot read {pattern!r} below {self.url}: {error}") from error
        files = [info for info in details if info["type"] != "directory"]  # a link counts as what it leads to
        return {shard.key: shard for shard in map(self._shard, files)}

    def _look(self, pattern: str) -> list[dict[str, Any]]:
        """What the filesystem knows of the objects that match."""
        is_pattern = any(sign in pattern for sign in "*?[")
        if self.is_hub:
            found = hub.folder(self.url).glob(pattern)
            return [{"name": file.path, "size": file.size, "type": "file", "ETag": file.version} for file in found]
        if self.is_web:
            if is_pattern:
                raise OSError("web servers list nothing; name each object, or name them in a path list (`lists`)")
            facts = http.stat(self.full(pattern))
            return [{"name": self.full(pattern), "size": facts.size, "type": "file", "ETag": facts.version}]
        if is_pattern:
            return list(self.fs.glob(self.full(pattern), detail=True).values())
        return [self.fs.info(self.full(pattern))]

    def _shard(self, info: dict[str, Any]) -> Shard:
        version = next(filter(None, map(info.get, VERSIONS)), "")
        key = info["name"] if self.is_hub else self.key(info["name"])
        return Shard(key, int(info["size"] or 0), self.url, str(version))


class InputStream(ReadStream):
    """A seekable stream that hashes every byte of the object once, in order, whatever its reader does.

    Raises StorageError where reading fails, which is not the same as bytes that make no sense.
    """

    def __init__(self, key: str, file: BinaryIO) -> None:
        self.key = key
        self._file = file
        self._sha256 = hashlib.sha256()
        self._hashed = 0

    def read(self, size: int | None = -1) -> bytes:
        try:
            data = self._file.read(-1 if size is None else size)
        except OSError as error:
            raise StorageError(f"cannot read on in {self.key}: {error}") from error
        unseen = self._position + len(data) - self._hashed
        if 0 < unseen <= len(data):  # what was jumped over is read when all else has been
            self._sha256.update(data[-unseen:])
            self._hashed += unseen
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = self._file.seek(offset, whence)
        return self._position

    def finish(self) -> File:
        """Read what is left, close, and say what was read."""
        if self._position != self._hashed:  # what is read only forwards cannot be asked to seek
            self._position = self._file.seek(self._hashed)
        while self.read(CHUNK):
            pass
        self._file.close()
        return File(path=self.key, size=self._hashed, sha256=self._sha256.hexdigest())

    def close(self) -> None:
        self._file.close()
        super().close()
