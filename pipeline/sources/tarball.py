"""Tar archives of strangers, read member by member and never extracted."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, cast

from pipeline.sources.unpack import DamageError

HEADER_BYTES = 1 << 15
"""Most bytes from the end of one member to the content of the next: tarfile reads long names and pax records whole."""
PADDING_BYTES = 1 << 20
"""Most bytes after the end mark."""

BROKEN = (tarfile.TarError, ValueError, OverflowError, RecursionError)
"""What tarfile raises on headers that are not what they say."""


class _Pieces:
    """What tarfile needs of a file: `read`. Ends quietly where the pieces break, and remembers the damage."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._position = 0
        self.limit = HEADER_BYTES
        self.damage: DamageError | None = None

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._rest = self._next()
        data, self._rest = self._rest[:size], self._rest[size:]
        self._position += len(data)
        if self._position > self.limit:
            raise DamageError("bomb", f"more than {self.limit} bytes")
        return data

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except DamageError as damage:
            self.damage = damage
            return b""


class _Header(tarfile.TarInfo):
    """tarfile takes a damaged header in the middle of an archive for the archive's end; here it is damage."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        try:
            header = super().frombuf(buf, encoding, errors)
        except (tarfile.EmptyHeaderError, tarfile.EOFHeaderError):  # type: ignore[attr-defined]
            raise
        except tarfile.TruncatedHeaderError as error:  # type: ignore[attr-defined]
            raise DamageError("truncated", "tar header") from error
        except tarfile.HeaderError as error:
            raise DamageError("corrupt", f"tar header: {error}") from error
        if header.size < 0:
            raise DamageError("corrupt", "negative size")
        return header


class Member:
    """One member that is not a directory; its content can be read until the next member is asked for."""

    def __init__(self, archive: tarfile.TarFile, info: tarfile.TarInfo, pieces: _Pieces) -> None:
        self._archive = archive
        self._info = info
        self._pieces = pieces
        self.name = info.name
        self.size = info.size
        self.comment = str(info.pax_headers.get("comment", ""))

    def refusal(self, max_bytes: int) -> str:
        """Why the content must not be read (`link`, `unsafe-name`, `too-large`), or nothing."""
        if not self._info.isreg() or self._info.issparse():
            return "link"
        if not is_safe(self.name):
            return "unsafe-name"
        return "too-large" if self.size > max_bytes else ""

    def content(self) -> bytes:
        """The bytes of a regular file; raises DamageError where the archive is cut."""
        try:
            opened: IO[bytes] | None = self._archive.extractfile(self._info)
            return opened.read() if opened else b""
        except BROKEN as error:
            raise _damage(self._pieces, error) from error


def read_members(pieces: Iterator[bytes], *, max_members: int, max_total_bytes: int) -> Iterator[Member]:
    """The members of an unpacked tar in order, without its directories; DamageError where it breaks or is a bomb."""
    first = next(pieces, b"")
    if not first:
        return
    source = _Pieces(chain((first,), pieces))
    try:
        archive = _open(source)
        for _ in range(max_members):
            info = archive.next()
            if info is None:
                break
            archive.members = []  # type: ignore[attr-defined]  # tarfile remembers every member it has seen
            if archive.offset > max_total_bytes:
                raise DamageError("bomb", f"more than {max_total_bytes} bytes")
            source.limit = archive.offset + HEADER_BYTES
            if not info.isdir():
                yield Member(archive, info, source)
        else:
            raise DamageError("bomb", f"more than {max_members} members")
        _check_end(archive, source)
    except BROKEN as error:
        raise _damage(source, error) from error


def _open(source: _Pieces) -> tarfile.TarFile:
    return tarfile.open(
        fileobj=cast(IO[bytes], source), mode="r|", tarinfo=_Header, encoding="utf-8", errors="backslashreplace"
    )


def _check_end(archive: tarfile.TarFile, source: _Pieces) -> None:
    """Read what follows the end mark: a checksum that fails there, or content after it, is damage too."""
    source.limit += PADDING_BYTES
    while rest := cast(IO[bytes], archive.fileobj).read(tarfile.RECORDSIZE):
        if rest.strip(b"\0"):
            raise DamageError("corrupt", "content after the end mark")
    if source.damage:
        raise source.damage


def _damage(source: _Pieces, error: Exception) -> DamageError:
    """The damage below the tar, if there is some, explains more than the error that followed from it."""
    cut = "unexpected end of data" in str(error)
    return source.damage or DamageError("truncated" if cut else "corrupt", str(error))


def is_safe(name: str) -> bool:
    """Does a member's name stay inside the archive's own folder?"""
    return bool(name) and not name.startswith("/") and ".." not in PurePosixPath(name).parts


def is_tar(block: bytes) -> bool:
    """Are these 512 bytes a tar header? The checksum decides, since the oldest tars have no magic."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "backslashreplace")
    except tarfile.HeaderError:
        return False
    return True
