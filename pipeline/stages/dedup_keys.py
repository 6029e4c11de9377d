"""The map side of dedup: every document as the keys under which a duplicate of it would be found."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from manifests import Receipt
from pipeline.shards import ParquetShard, parquet_writer, read_documents
from pipeline.stage import Bench, Unit
from pipeline.stages.chunks import CHUNKS_FILE, AsPublished, ChunkRows
from pipeline.stages.ingest import DOCUMENTS_FILE
from pipeline.stages.minhash import Permutations, shingle_hashes, sketch

_MEMBER_TYPES: list[tuple[str, pa.DataType]] = [("id", pa.string()), ("url", pa.string()), ("bytes", pa.uint64())]
_MEMBER_TYPES += [("digest", pa.binary(16)), ("fork", pa.bool_()), ("capped", pa.string())]
MEMBERS = pa.schema(_MEMBER_TYPES)
"""One row a document, in the shard's order: what survivors are chosen by. `digest` is of the text, `fork` says that its
repository is one, `capped` names the language and split of which the published code wrote only so many files."""

KEYS = pa.schema(
    [("key", pa.uint64()), ("row", pa.uint32()), ("order", pa.uint64()), ("evidence", pa.binary())]  # type: ignore[arg-type]
)
"""One row a key of a document. Documents that share a key are candidates; `evidence` tells whether they are alike: the
digest behind the key, or the sketch of the signature. `order` is a hash of the text, on which no shard bears."""

KINDS = ("same-id", "fork", "exact", "near")
"""Kinds of keys; each partition of a keys file has one row group for each, in this order."""

KEYS_STAGE = "dedup/keys"
MEMBERS_FILE = "members.parquet"
KEYS_FILE = "keys.parquet"

_NEWLINES = re.compile(r"\r\n?")


@dataclass(frozen=True)
class DedupKeys:
    """The keys of all documents, dealt into partitions. A unit is one documents unit."""

    sources: tuple[str, ...]
    """Stages whose documents are compared, such as `documents/open-web-math`."""
    near: bool = True
    """Look for near-duplicates, besides exact ones."""
    threshold: float = 0.7
    """Jaccard similarity of shingles that the bands are cut for."""
    permutations: int = 128
    """Length of a MinHash signature."""
    shingle: int = 5
    """Words in a shingle; a document with fewer words is compared exactly only."""
    partitions: int = 4
    """Into how many parts the keys are dealt."""
    published: AsPublished | None = None
    """Whose documents are compared by chunks instead."""

    @property
    def name(self) -> str:
        return KEYS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return self.sources

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        receipts = (receipt for stage in self.sources for receipt in done[stage])
        for number, receipt in enumerate(receipts):
            yield Unit(unit_name(receipt), upstream=(receipt,), number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        source = source_of(unit.name)
        published = self.published if self.published and source in self.published.sources else None
        keys, by_chunk = Keys(source, self.shingle, self._permutations), ChunkRows()
        with ParquetShard(bench.path(f"{self.name}/{unit.name}/{MEMBERS_FILE}"), MEMBERS) as members:
            for number, row in enumerate(_read(unit, bench)):
                size, digest = len(row["text"].encode()), text_digest(row["text"])
                bench.tally.saw(source, size)
                bench.tally.keep(source, size)
                family, fork = family_of(row)
                capped = published.capped(row) if published else ""
                member = {"id": row["id"], "url": row["url"], "bytes": size, "digest": digest}
                members.write(member | {"fork": fork, "capped": capped})
                keys.add_id(number, row["id"], digest)
                if published:
                    by_chunk.add(number, row["text"], published.rules(row["subset"]))
                else:
                    keys.add_text(number, row["text"], family, digest)
        write_keys(bench.path(f"{self.name}/{unit.name}/{KEYS_FILE}"), keys.kinds, self.partitions)
        if self.published:
            by_chunk.write(bench.path(f"{self.name}/{unit.name}/{CHUNKS_FILE}"), self.partitions)

    @property
    def _permutations(self) -> Permutations | None:
        return Permutations(self.permutations, self.threshold) if self.near else None


def unit_name(documents: Receipt) -> str:
    """The name that a documents unit has in dedup: its source and its own name."""
    return f"{documents.stage.removeprefix('documents/')}/{documents.unit}"


def source_of(unit_name: str) -> str:
    return unit_name.partition("/")[0]


def _read(unit: Unit, bench: Bench) -> Iterator[dict[str, Any]]:
    for listed in bench.files(unit, DOCUMENTS_FILE):
        with bench.open(listed) as file:
            yield from read_documents(file, ("id", "subset", "url", "text", "meta"))


def family_of(row: Mapping[str, Any]) -> tuple[str, bool]:
    """The file that a document is a version of, whatever the commit and the fork, and whether it is of a fork.

    Empty if no repository is known. The root of a fork family is its name; tarballs join owner and name by a hyphen.
    """
    meta = json.loads(row["meta"] or "{}")
    root, path = meta.get("fork_of") or meta.get("repo"), meta.get("path")
    if not root or not path:
        return "", False
    return f"{str(root).replace('/', '-').lower()}/{path}", bool(meta.get("fork_of"))


def text_digest(text: str) -> bytes:
    """What makes two texts the same: every character but the style of newlines and white space around the whole."""
    return xxhash.xxh3_128_digest(_NEWLINES.sub("\n", text).strip().encode())


def _first(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "little")


@dataclass
class KeyRows:
    """Keys of one kind while they are gathered: 20 bytes each, and the evidence once a document."""

    keys: array[int] = field(default_factory=lambda: array("Q"))
    rows: array[int] = field(default_factory=lambda: array("I"))
    orders: array[int] = field(default_factory=lambda: array("Q"))
    evidence: dict[int, bytes] = field(default_factory=dict)

    def add(self, row: int, order: int, keys: list[int], evidence: bytes) -> None:
        self.keys.extend(keys)
        self.rows.extend([row] * len(keys))
        self.orders.extend([order] * len(keys))
        self.evidence[row] = evidence

    def table(self, partition: int, partitions: int) -> pa.Table:
        """The rows whose keys belong to a partition."""
        keys = np.frombuffer(self.keys, dtype=np.uint64)
        chosen = np.flatnonzero(keys % np.uint64(partitions) == partition)
        rows = np.frombuffer(self.rows, dtype=np.uint32)[chosen]
        orders = np.frombuffer(self.orders, dtype=np.uint64)[chosen]
        evidence = [self.evidence[row] for row in rows.tolist()]
        return pa.table([keys[chosen], rows, orders, pa.array(evidence, pa.binary())], schema=KEYS)


@dataclass
class Keys:
    """The keys of a unit's documents, by kind."""

    source: str
    shingle: int
    permutations: Permutations | None
    """None: near-duplicates are not looked for."""
    kinds: tuple[KeyRows, ...] = field(default_factory=lambda: tuple(KeyRows() for _ in KINDS))

    def add_id(self, number: int, id: str, digest: bytes) -> None:
        identity = xxhash.xxh3_128_digest(f"{self.source}\0{id}".encode())
        self.kinds[0].add(number, _first(digest), [_first(identity)], identity)

    def add_text(self, number: int, text: str, family: str, digest: bytes) -> None:
        _, forks, texts, bands = self.kinds
        order = _first(digest)
        if family:
            identity = xxhash.xxh3_128_digest(f"fork\0{family}".encode("utf-8", "surrogatepass"))
            forks.add(number, order, [_first(identity)], identity)
        texts.add(number, order, [order], digest)
        if self.permutations and len(shingles := shingle_hashes(text, self.shingle)):
            signature = self.permutations.signature(shingles)
            bands.add(number, order, self.permutations.band_keys(signature), sketch(signature))


def write_keys(path: Path, kinds: tuple[KeyRows, ...], partitions: int) -> None:
    """Write keys so that a reducer reads no more than its partition, one kind at a time."""
    with parquet_writer(path, KEYS, use_dictionary=False) as writer:
        for partition in range(partitions):
            for rows in kinds:
                table = rows.table(partition, partitions)
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
