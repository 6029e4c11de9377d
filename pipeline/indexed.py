"""Token shards as GPT-NeoX and Megatron-LM read them: `.bin` holds the ids, `.idx` says where each document lies.

The layout is that of `MMapIndexedDataset` in Megatron-LM's `indexed_dataset.py`, one sequence a document:
magic, version (u64), code of the ids' type (u8), number of sequences (u64), number of document bounds (u64), then the
sizes in ids (i32), the offsets in bytes (i64) and the document bounds (i64) of all. Everything is little-endian.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

MAGIC = b"MMIDIDX\0\0"
VERSION = 1
HEADER = struct.Struct("<9sQBQQ")
DTYPES: dict[int, np.dtype[Any]] = {4: np.dtype("<i4"), 8: np.dtype("<u2")}
"""The id types that are written, by the code that stands in the header."""
CODES = {dtype: code for code, dtype in DTYPES.items()}
NARROW_BELOW = 65_500
"""GPT-NeoX and Megatron-LM take two bytes an id for vocabularies smaller than this."""
GATHERED_IDS = 1 << 17
"""Ids that are written in one go: a short document by itself would cost more than its tokens do."""


def id_type(vocabulary: int) -> np.dtype[Any]:
    """The type of the ids of a vocabulary of this many entries."""
    return DTYPES[8 if vocabulary < NARROW_BELOW else 4]


def bin_path(prefix: str | Path) -> Path:
    """The file that holds the ids; readers are given the prefix, which may hold dots."""
    return Path(f"{prefix}.bin")


def idx_path(prefix: str | Path) -> Path:
    """The file that holds sizes and offsets."""
    return Path(f"{prefix}.idx")


class IndexedWriter:
    """Writes documents of ids one after the other; the index is written when the block ends without an error.

    Only the sizes of what is written are held in memory, four bytes a document.
    """

    def __init__(self, prefix: Path, dtype: np.dtype[Any], end: npt.ArrayLike = ()) -> None:
        self._prefix = prefix
        self._dtype = dtype
        self._end = np.asarray(end, np.uint32).reshape(-1)
        """The ids that every document is ended by."""
        self._sizes = array("i")
        self._gathered: list[npt.NDArray[Any]] = []
        self._room = GATHERED_IDS
        self._bin = bin_path(prefix).open("wb")

    def __len__(self) -> int:
        return len(self._sizes)

    def write(self, ids: npt.ArrayLike) -> None:
        """Add a document. Raises OverflowError if an id does not fit the type, OSError if the disk is full."""
        document = np.asarray(ids, np.uint32)
        self._gathered += (document, self._end)
        self._sizes.append(len(document) + len(self._end))
        self._room -= self._sizes[-1]
        if self._room <= 0:
            self._flush()

    def _flush(self) -> None:
        ids = np.concatenate(self._gathered or [self._end[:0]])
        self._gathered, self._room = [], GATHERED_IDS
        if ids.size and ids.max() > np.iinfo(self._dtype).max:
            raise OverflowError(f"id {ids.max()} does not fit {self._dtype}")
        self._bin.write(ids.astype(self._dtype).data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._bin:
            if kind is None:
                self._flush()
        if kind is None:
            self._write_index()

    def _write_index(self) -> None:
        sizes = np.array(self._sizes, dtype="<i4")
        with idx_path(self._prefix).open("wb") as file:
            file.write(HEADER.pack(MAGIC, VERSION, CODES[self._dtype], len(sizes), len(sizes) + 1))
            file.write(sizes.tobytes())
            file.write(_offsets(sizes, self._dtype)[:-1].tobytes())
            file.write(np.arange(len(sizes) + 1, dtype="<i8").tobytes())


def _offsets(sizes: npt.NDArray[np.int32], dtype: np.dtype[Any]) -> npt.NDArray[np.int64]:
    """Where each document begins, in bytes, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(sizes, dtype="<i8") * dtype.itemsize]).astype("<i8")


class IndexedDataset:
    """A shard, memory-mapped: `len(shard)` documents, `shard[n]` the ids of one.

    Raises ValueError if the index is not one, or does not fit its `.bin`.
    """

    def __init__(self, prefix: Path) -> None:
        self._index = idx_path(prefix)
        header = self._header()
        self.dtype = DTYPES[header[2]]
        self.sizes, offsets, self.bounds = self._arrays(*header[3:])
        size = bin_path(prefix).stat().st_size
        expected = _offsets(self.sizes, self.dtype)
        if size != expected[-1] or not np.array_equal(offsets, expected[:-1]):
            raise ValueError(f"{self._index} speaks of {expected[-1]} bytes one after the other; the .bin has {size}")
        self._offsets = expected // self.dtype.itemsize
        # An empty file cannot be mapped.
        self._ids = np.memmap(bin_path(prefix), self.dtype, "r") if size else np.empty(0, self.dtype)

    def _header(self) -> tuple[Any, ...]:
        with self._index.open("rb") as file:
            data = file.read(HEADER.size)
        if not data.startswith(MAGIC) or len(data) < HEADER.size:
            raise ValueError(f"{self._index} is no index of token shards: it does not begin with MMIDIDX")
        header = HEADER.unpack(data)
        if header[1] != VERSION or header[2] not in DTYPES:
            raise ValueError(
                f"{self._index} has version {header[1]} and type code {header[2]}, which are not read here"
            )
        return header

    def _arrays(self, count: int, bounds: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        end = HEADER.size + 12 * count + 8 * bounds
        if self._index.stat().st_size != end:
            raise ValueError(
                f"{self._index} should have {end} bytes for {count} documents; it is cut short or too long"
            )
        data = np.memmap(self._index, np.uint8, "r", HEADER.size)
        sizes, offsets, rest = np.split(data, [4 * count, 12 * count])
        return sizes.view("<i4"), offsets.view("<i8"), rest.view("<i8")

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, document: int) -> npt.NDArray[Any]:
        if not 0 <= document < len(self):
            raise IndexError(f"{self._index} has no document {document}")
        return self._ids[self._offsets[document] : self._offsets[document + 1]]

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        return (self[document] for document in range(len(self)))

    @property
    def tokens(self) -> int:
        """How many ids there are, end-of-document tokens included."""
        return len(self._ids)
