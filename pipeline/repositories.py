"""Pinned repositories: a list of commits on GitHub, and their tarballs as inputs of a run.

`proofpile github plan` writes such a list: JSON lines, one repository each. A list is an input, its hash is part of the
recipe. A commit never changes, so nobody asks for the tarballs before work begins; the hash of each is taken when it is
read. A tarball that is not there any more, or not to be had, is a Drop: it must not hold up the thousands of others.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import BinaryIO, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from manifests import File
from manifests.sections import below
from pipeline.http import FetchError
from pipeline.http_files import Download
from pipeline.outside import CHUNK, InputStream, Outside, Shard
from pipeline.path_list import is_excluded
from pipeline.sources.unpack import DamageError
from pipeline.storage import StorageError

MOST_BYTES = 4 << 30
"""Bytes of a tarball, as it is sent, from which it is not read on."""
ASSUMED_BYTES = 1_000_000
"""What a tarball is assumed to have where the list tells no size."""


class Repository(BaseModel):
    """One commit of one repository, as a line of a list has it."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    repository: str = Field(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    """`owner/name`, as GitHub spells it."""
    commit: str = Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")
    """The whole hash of the commit."""
    date: str = ""
    """When it was committed, ISO 8601, UTC."""
    language: str = ""
    """The language that the repository was found by, as `languages/` names it."""
    license: str = ""
    """SPDX name, on the day of the plan; empty: none was found; NOASSERTION: one that GitHub does not recognise."""
    stars: int = 0
    fork_of: str = ""
    """The repository at the root of its fork family, if it is a fork."""
    renamed_from: str = ""
    """The name that GitHub's search still knew it by."""
    size: int = 0
    """Bytes that GitHub says it takes, with its history."""
    archived: bool = False
    """Whether its owner has closed it to changes."""

    @property
    def key(self) -> str:
        return f"{self.repository}@{self.commit}"

    def path(self, on_web: bool) -> str:
        """Where its tarball lies: on codeload, or in a folder under the name that GitHub gives to the file."""
        if on_web:
            return f"{self.repository}/tar.gz/{self.commit}"
        return f"{self.repository.replace('/', '-')}-{self.commit[:7]}.tar.gz"


@dataclass(frozen=True)
class RepositoryList:
    """A list of pinned repositories, by its path below the source's root or elsewhere."""

    key: str = field(metadata={"location": True})
    root: str = field(default="", metadata={"location": True})
    sha256: str = ""
    """Hash of the file; empty: not read yet."""

    def pinned(self) -> RepositoryList:
        """The same with the hash that it has now. Raises StorageError."""
        return replace(self, sha256=hashlib.sha256(self._read()).hexdigest())

    def shards(self, archives: Outside, exclude: Sequence[str] = ()) -> list[Shard]:
        """The tarballs, sorted by repository, but for those whose `owner/name@commit` matches `exclude`.

        Raises StorageError if the list cannot be read, is not the pinned one, or has a line that is no repository.
        """
        data = self._read()
        if self.sha256 not in ("", hashlib.sha256(data).hexdigest()):
            raise StorageError(f"the list {self.key} changed while it was planned; start again")
        found = {one.key: one for one in self._parsed(data) if not is_excluded(one.key, exclude)}
        if not found:
            raise StorageError(f"the list {self.key} names no repository")
        return [_tarball(found[key], archives) for key in sorted(found)]

    def _read(self) -> bytes:
        folder, name = posixpath.split(below(self.root, self.key))
        try:
            return Outside(folder).read(name)
        except OSError as error:
            raise StorageError(f"the list of repositories {self.key} cannot be read: {error}") from None

    def _parsed(self, data: bytes) -> Iterator[Repository]:
        for number, line in enumerate(data.splitlines(), 1):
            try:
                if line.strip():
                    yield Repository.model_validate_json(line)
            except ValidationError as error:
                item = error.errors()[0]
                where = ".".join(map(str, item["loc"])) or "line"
                raise StorageError(f"{self.key}, line {number}: {where}: {item['msg']}") from None


@dataclass(frozen=True)
class Tarball(Shard):
    """The tarball of a pinned repository. Its size is a guess until it is read."""

    repository: Repository | None = field(default=None, compare=False)

    def open(self) -> RepositoryStream:
        """A stream that, where there is no tarball, says so when it is read. Raises StorageError for other trouble."""
        assert self.repository is not None
        archives = Outside(self.root)
        path = self.repository.path(archives.is_web)
        if archives.is_web:
            return RepositoryStream(self.key, cast(BinaryIO, Download(archives.full(path))), self.repository)
        try:
            return RepositoryStream(self.key, archives.open(path), self.repository)
        except FileNotFoundError:
            return RepositoryStream(self.key, io.BytesIO(), self.repository, DamageError("missing", path))
        except OSError as error:
            raise StorageError(f"cannot read {path} below {self.root}: {error}") from error


class RepositoryStream(InputStream):
    """A tarball, with what its list knows of it. Why it cannot be had is raised as damage; then the stream is over."""

    def __init__(
        self,
        key: str,
        file: BinaryIO,
        repository: Repository,
        damage: DamageError | None = None,
        most: int = MOST_BYTES,
    ) -> None:
        super().__init__(key, file)
        self.repository = repository
        self._damage, self._most = damage, most
        self._over = False

    def read(self, size: int | None = -1) -> bytes:
        data = b"" if self._over else self._read(size)
        if self._damage and not self._over:
            self._over = True
            raise self._damage
        return data

    def finish(self) -> File:
        """Read what is left, close, and say what was read. Damage that shows only now is none to its reader."""
        with suppress(DamageError):
            while self.read(CHUNK):
                pass
        return super().finish()

    def _read(self, size: int | None) -> bytes:
        try:
            data = super().read(size)
        except StorageError as error:
            self._damage = _lasting(error.__cause__)
            if self._damage is None:
                raise
            return b""
        if self.tell() > self._most:
            self._damage = DamageError("too-large", f"more than {self._most} bytes")
        return data


def _lasting(trouble: BaseException | None) -> DamageError | None:
    """Why nobody will ever get the tarball, if that is so."""
    if isinstance(trouble, FileNotFoundError):
        return DamageError("missing")
    blocked = isinstance(trouble, FetchError) and trouble.status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
    return DamageError("blocked") if blocked else None


def _tarball(repository: Repository, archives: Outside) -> Shard:
    size = repository.size or ASSUMED_BYTES
    return Tarball(repository.key, size, archives.url, listed=True, repository=repository)
