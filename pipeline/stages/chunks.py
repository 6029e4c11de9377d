"""Copies as the published code looked for them: files of one language that share a chunk of characters, in order.

math-lm cuts a text into chunks from its beginning and goes through the documents in order: one with a chunk that was
seen before is a copy, whether or not that was in a document that is a copy itself. A text shorter than a chunk is one
by itself; what is left at the end of a longer one is not looked at. A text that repeats a chunk of its own is a copy of
itself, so that all copies of it go. Here the order is that of the manifest's sources, of their objects, and of the
documents in an object; shards of another size leave it as it is.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from languages.published import PublishedRules
from manifests.sections import Split
from pipeline.shards import parquet_writer
from pipeline.stages.clusters import Links, unique
from pipeline.stages.split import own_group, split_of

CHUNKS = pa.schema([("key", pa.uint64()), ("check", pa.uint64()), ("row", pa.uint32())])
"""One row a chunk of a document: the first 16 bytes of its SHA-256 and the document's row. A row group a partition."""

CHUNKS_FILE = "chunks.parquet"


@dataclass(frozen=True)
class AsPublished:
    """What the recipe `published` does with copies of code; sources of text are left to near-dedup."""

    sources: tuple[str, ...]
    """Sources of code."""
    languages: tuple[PublishedRules, ...]
    split: Split = field(default_factory=Split)
    seed: int = 0

    def rules(self, subset: str) -> PublishedRules | None:
        return next((rules for rules in self.languages if rules.name == subset), None)

    def capped(self, row: Mapping[str, Any]) -> str:
        """`language/split` if the published code wrote only so many files of it, else nothing."""
        rules = self.rules(row["subset"])
        if not rules or not rules.max_files:
            return ""
        return f"{rules.name}/{split_of(self.seed, own_group(row), self.split.validation, self.split.test)}"

    def beyond_cap(self, group: str, members: Iterable[tuple[str, int]]) -> dict[int, str]:
        """Of members, by id and place, those beyond the first `max_files` in the order of a hash of seed and id."""
        rules = self.rules(group.partition("/")[0])
        if not rules:
            return {}
        ranked = sorted((xxhash.xxh3_64_intdigest(f"files/{self.seed}/{id}".encode()), id, at) for id, at in members)
        return {at: f"{rules.max_files} files of {group}" for _, _, at in ranked[rules.max_files :]}


def chunks(text: str, size: int) -> Iterator[str]:
    """The chunks of a text that are compared."""
    for start in range(0, len(text), size):
        chunk = text[start : start + size]
        if len(chunk) in (size, len(text)):
            yield chunk


@dataclass
class ChunkRows:
    """Chunks of a unit's documents while they are gathered, 20 bytes each."""

    keys: array[int] = field(default_factory=lambda: array("Q"))
    checks: array[int] = field(default_factory=lambda: array("Q"))
    rows: array[int] = field(default_factory=lambda: array("I"))

    def add(self, row: int, text: str, rules: PublishedRules | None) -> None:
        """Note the chunks of a document; only those of one language are compared with each other."""
        if not rules or not rules.chunk:
            return
        for chunk in chunks(text, rules.chunk):
            digest = hashlib.sha256(f"{rules.name}\0{chunk}".encode()).digest()
            self.keys.append(int.from_bytes(digest[:8], "little"))
            self.checks.append(int.from_bytes(digest[8:16], "little"))
            self.rows.append(row)

    def write(self, path: Path, partitions: int) -> None:
        columns = [np.frombuffer(self.keys, np.uint64), np.frombuffer(self.checks, np.uint64)]
        columns.append(np.frombuffer(self.rows, np.uint32))
        with parquet_writer(path, CHUNKS, use_dictionary=False) as writer:
            for partition in range(partitions):
                chosen = np.flatnonzero(columns[0] % np.uint64(partitions) == partition)
                table = pa.table([column[chosen] for column in columns], schema=CHUNKS)
                writer.write_table(table, row_group_size=max(table.num_rows, 1))


def copies_by_chunk(tables: Sequence[pa.Table], row_bits: np.uint64) -> Links:
    """For every chunk of these units that was seen before: the place that had it first, and the place of the copy."""
    units = [np.full(len(table), number, np.uint64) for number, table in enumerate(tables)]
    every = pa.concat_tables([CHUNKS.empty_table(), *tables])
    key, check, row = (every[name].to_numpy() for name in CHUNKS.names)
    place = (np.concatenate([np.empty(0, np.uint64), *units]) << row_bits) + row
    order = np.lexsort((place, check, key))
    key, check, place = key[order], check[order], place[order]
    seen = np.zeros(len(order), dtype=bool)
    seen[1:] = (key[1:] == key[:-1]) & (check[1:] == check[:-1])
    first = np.maximum.accumulate(np.where(seen, 0, np.arange(len(order))))
    left, right = unique(place[first][seen], place[seen])
    return Links(left, right, np.ones(len(left)))
