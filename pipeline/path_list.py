"""Lists of objects, one key a line, as CommonCrawl publishes them for each crawl (`warc.paths.gz`).

A list is an input: its hash is part of the recipe, so another list makes another run. What it names is trusted to be
immutable, as a crawl's files are: nobody asks 90,000 times for a size or a date before work begins, and what was read
once stands for what it is. The hash of every file is taken when it is read, and a `lock` holds later runs to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO, cast

from fsspec.utils import glob_translate

from manifests import File
from manifests.sections import below
from pipeline.outside import InputStream, Outside, Shard
from pipeline.sources.unpack import DamageError, unpacked
from pipeline.storage import StorageError

ASSUMED_BYTES = 1_000_000_000
"""What an object is assumed to have until it is read: lists do not tell, and CommonCrawl's are about this large."""
MOST_BYTES = 1 << 30
"""Length of a list, unpacked, from which it is not read."""

_KEY = re.compile(r"(?!/)(?!.*(^|/)\.\.?(/|$))(?!\w+:)[^\x00-\x1f\x7f\\]+")


@dataclass(frozen=True)
class PathList:
    """One list, by its key below the root of the objects that it names, or by a path or URL elsewhere."""

    key: str = field(metadata={"location": True})
    slice: str = field(default="", metadata={"location": True})
    """Which lines, as Python slices: `:100`, `::1000`. Units do not depend on it, so that a run can grow."""
    sha256: str = ""
    """Hash of the file, as it is stored; empty: not read yet."""

    def pinned(self, outside: Outside) -> PathList:
        """The same with the hash that it has now. Raises StorageError."""
        return replace(self, sha256=self._read(outside)[0].sha256)

    def shards(self, outside: Outside, exclude: Sequence[str] = ()) -> list[Shard]:
        """The objects of the slice, in the order of the list, but for those that match `exclude`.

        Raises StorageError if the list cannot be read or is not the pinned one.
        """
        file, lines = self._read(outside)
        if self.sha256 not in ("", file.sha256):
            raise StorageError(f"the list {self.key} changed while it was planned; start again")
        keys = [key for key in dict.fromkeys(lines[as_slice(self.slice)]) if not is_excluded(key, exclude)]
        if not keys:
            raise StorageError(f"slice {self.slice!r} leaves nothing of the {len(lines):,} paths of {self.key}")
        return [Shard(key, ASSUMED_BYTES, outside.url, listed=True) for key in keys]

    def _read(self, outside: Outside) -> tuple[File, list[str]]:
        """What the file is, and its lines."""
        folder, _, name = below(outside.url, self.key).rpartition("/")
        try:
            stream = InputStream(name, Outside(folder).open(name))
            text = _whole(unpacked(cast(BinaryIO, stream)))
            return stream.finish(), list(_lines(text))
        except (DamageError, OSError, StorageError) as error:
            hint = "; without a network, name a copy in `lists` by its absolute path" if Outside(folder).is_web else ""
            raise StorageError(f"the path list {self.key} is of no use: {error}{hint}") from None


def as_slice(text: str) -> slice:
    """`start:stop:step` as Python has it; any part may be empty."""
    return slice(*(int(part) if part else None for part in (text or ":").split(":")))


def is_key(text: str) -> bool:
    """Whether a stranger's path stays below the root that it is read from."""
    return _KEY.fullmatch(text) is not None


def is_excluded(key: str, patterns: Sequence[str]) -> bool:
    """Whether a key matches one of these patterns, which are those of a shell."""
    return any(re.match(glob_translate(pattern), key) for pattern in patterns)


def _whole(pieces: Iterator[bytes]) -> bytes:
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise StorageError(f"it is longer than {MOST_BYTES:,} bytes")
    return b"".join(parts)


def _lines(text: bytes) -> Iterator[str]:
    """The keys of a list. Raises StorageError for a line that is none: it could lead out of the root."""
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
        key = line.strip()
        if key and not is_key(key):
            raise StorageError(f"line {number}, {key[:80]!r}, is no path below a root")
        if key:
            yield key
