"""The map side of dedup: every document as the keys under which a duplicate of it would be found."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from manifests import Receipt
from pipeline.shards import ParquetShard, read_documents
from pipeline.stage import Bench, Unit
from pipeline.stages.chunks import CHUNKS_FILE, AsPublished, ChunkRows
from pipeline.stages.exchange import batch_writer
from pipeline.stages.ingest import DOCUMENTS_FILE
from pipeline.stages.paragraphs import paragraphs_of, span_of
from pipeline.stages.signatures import Hashes32, Near

_MEMBER_TYPES: list[tuple[str, pa.DataType]] = [("id", pa.string()), ("url", pa.string()), ("bytes", pa.uint64())]
_MEMBER_TYPES += [("digest", pa.binary(16)), ("fork", pa.bool_()), ("capped", pa.string())]
_MEMBER_TYPES += [("lines", pa.uint32()), ("quality", pa.list_(pa.float64()))]
MEMBERS = pa.schema(_MEMBER_TYPES)
"""One row a document, in the shard's order: what survivors are chosen by. `digest` is of the text, `fork` says that its
repository is one, `capped` names the language and split of which the published code wrote only so many files, `lines`
is how many are not blank if paragraphs are asked for, `quality` is what the manifest prefers."""

KEYS = pa.schema([("key", pa.uint64()), ("check", pa.uint64()), ("row", pa.uint32())])
"""One row a key of a document. Of identities, `check` is the rest of a 128-bit hash: who shares both is a copy. Of
near-duplicates it is a hash of the text, on which no shard bears, of paragraphs where they are. Sorted by key."""

EVIDENCE = pa.schema([("evidence", pa.list_(pa.uint32()))])
"""One row a document, in the shard's order: what near-duplicates are judged by; none of a short one, or a copy."""

KINDS = ("same-id", "fork", "exact", "near", "paragraph")
"""Kinds of keys; each partition of a keys file has one batch for each, in this order."""

KEYS_STAGE = "dedup/keys"
MEMBERS_FILE = "members.parquet"
KEYS_FILE = "keys.arrow"
EVIDENCE_FILE = "evidence.arrow"

HELD_KEYS = 1 << 20
"""Keys that are gathered before they are dealt out: 20 MB."""
HELD_EVIDENCE = 1 << 22
"""Numbers of evidence that are gathered before they are written: 16 MiB."""

NOTHING: Hashes32 = np.empty(0, np.uint32)

_NEWLINES = re.compile(r"\r\n?")


@dataclass(frozen=True)
class DedupKeys:
    """The keys of all documents, dealt into partitions. A unit is one documents unit, of any size."""

    sources: tuple[str, ...]
    """Stages whose documents are compared, such as `documents/open-web-math`."""
    near: Near | None = field(default_factory=Near)
    """How near-duplicates are looked for; none: only exact ones are."""
    partitions: int = 4
    """Into how many parts the keys are dealt."""
    prefer: tuple[str, ...] = ()
    """Numbers in `meta` by which, larger first, one of several duplicates is kept."""
    paragraphs: int = 0
    """Count paragraphs of at least so many characters that stand elsewhere, too; 0: none."""
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
        by_chunk, folder = ChunkRows(), f"{self.name}/{unit.name}"
        with ExitStack() as files:
            members = files.enter_context(ParquetShard(bench.path(f"{folder}/{MEMBERS_FILE}"), MEMBERS))
            evidence = files.enter_context(batch_writer(bench.path(f"{folder}/{EVIDENCE_FILE}"), EVIDENCE))
            dealt = files.enter_context(batch_writer(bench.path(f"{folder}/{KEYS_FILE}"), KEYS))
            keys = files.enter_context(Keys(source, self.near, self.paragraphs, self.partitions, dealt, evidence))
            for number, row in enumerate(_read(unit, bench)):
                size, digest = len(row["text"].encode()), text_digest(row["text"])
                bench.tally.saw(source, size)
                bench.tally.keep(source, size)
                meta = json.loads(row["meta"] or "{}")
                family, fork = family_of(meta)
                capped = published.capped(row) if published else ""
                member = {"id": row["id"], "url": row["url"], "bytes": size, "digest": digest, "fork": fork}
                lines = 0
                keys.add_id(number, row["id"])
                if published:
                    by_chunk.add(number, row["text"], published.rules(row["subset"]))
                    keys.add_evidence(NOTHING)
                else:
                    keys.add_text(number, row["text"], family, digest)
                    lines = keys.add_paragraphs(number, row["text"]) if self.paragraphs else 0
                preferred = [quality(meta, name) for name in self.prefer]
                members.write(member | {"capped": capped, "lines": lines, "quality": preferred})
        if self.published:
            by_chunk.write(bench.path(f"{folder}/{CHUNKS_FILE}"), self.partitions)


def unit_name(documents: Receipt) -> str:
    """The name that a documents unit has in dedup: its source and its own name."""
    return f"{documents.stage.removeprefix('documents/')}/{documents.unit}"


def source_of(unit_name: str) -> str:
    return unit_name.partition("/")[0]


def _read(unit: Unit, bench: Bench) -> Iterator[dict[str, Any]]:
    for listed in bench.files(unit, DOCUMENTS_FILE):
        with bench.open(listed) as file:
            yield from read_documents(file, ("id", "subset", "url", "text", "meta"))


def family_of(meta: Mapping[str, Any]) -> tuple[str, bool]:
    """The file that a document is a version of, whatever the commit and the fork, and whether it is of a fork.

    Empty if no repository is known. The root of a fork family is its name; tarballs join owner and name by a hyphen.
    """
    root, path = meta.get("fork_of") or meta.get("repo"), meta.get("path")
    if not root or not path:
        return "", False
    return f"{str(root).replace('/', '-').lower()}/{path}", bool(meta.get("fork_of"))


def quality(meta: Mapping[str, Any], name: str) -> float:
    """A number of a document's `meta`; what is missing, or no number, comes after all that is one."""
    value = meta.get(name)
    return float(value) if isinstance(value, (int, float)) and value == value else -np.inf


def text_digest(text: str) -> bytes:
    """What makes two texts the same: every character but the style of newlines and white space around the whole."""
    if "\r" in text:
        text = _NEWLINES.sub("\n", text)
    return xxhash.xxh3_128_digest(text.strip().encode())


@dataclass
class KeyRows:
    """Keys of one kind while they are gathered, 20 bytes each."""

    keys: array[int] = field(default_factory=lambda: array("Q"))
    checks: array[int] = field(default_factory=lambda: array("Q"))
    rows: array[int] = field(default_factory=lambda: array("I"))

    def add(self, row: int, keys: bytes, check: bytes) -> None:
        """Add the keys of a document, 8 bytes each."""
        count = len(keys) // 8
        self.keys.frombytes(keys)
        self.checks.frombytes(check * count)
        self.rows.extend([row] * count)

    def batches(self, partitions: int) -> Iterator[pa.RecordBatch]:
        """The rows of each partition, sorted by key."""
        keys = np.frombuffer(self.keys, np.uint64)
        order = np.argsort(keys, kind="stable")
        columns: list[Any] = [keys, np.frombuffer(self.checks, np.uint64), np.frombuffer(self.rows, np.uint32)]
        part = keys[order] % np.uint64(partitions)
        for partition in range(partitions):
            chosen = order[part == partition]
            yield pa.record_batch([column[chosen] for column in columns], schema=KEYS)


@dataclass
class Keys:
    """The keys and the evidence of a unit's documents; they are written whenever enough of them are held."""

    source: str
    near: Near | None
    paragraphs: int
    partitions: int
    dealt: pa.ipc.RecordBatchFileWriter
    evidence: pa.ipc.RecordBatchFileWriter
    kinds: tuple[KeyRows, ...] = ()
    held: list[Hashes32] = field(default_factory=list)
    numbers: int = 0
    """How many numbers are held as evidence."""
    seen: set[bytes] = field(default_factory=set)
    """Texts that have keys in this round: of their copies, identity is enough."""

    def __enter__(self) -> Keys:
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._deal()
            self._write_evidence()

    def add_id(self, number: int, id: str) -> None:
        identity = xxhash.xxh3_128_digest(f"{self.source}\0{id}".encode())
        self.kinds[0].add(number, identity[:8], identity[8:])

    def add_text(self, number: int, text: str, family: str, digest: bytes) -> None:
        _, forks, texts, bands, _ = self.kinds
        if family:
            identity = xxhash.xxh3_128_digest(f"fork\0{family}".encode("utf-8", "surrogatepass"))
            forks.add(number, identity[:8], identity[8:])
        texts.add(number, digest[:8], digest[8:])
        shingles = self.near.shingles(text) if self.near and digest not in self.seen else NOTHING
        evidence = NOTHING
        if self.near and len(shingles):
            self.seen.add(digest)
            bands.add(number, self.near.method.keys(shingles).tobytes(), digest[:8])
            evidence = self.near.method.evidence(shingles)
        self.add_evidence(evidence)

    def add_paragraphs(self, number: int, text: str) -> int:
        """Add the paragraphs that are long enough; returns how many lines are not blank."""
        count = 0
        for start, line in paragraphs_of(text):
            count += 1
            if len(line) >= self.paragraphs:
                data = line.encode()
                self.kinds[-1].add(number, xxhash.xxh3_64_digest(data), span_of(start, len(data)))
        return count

    def add_evidence(self, evidence: Hashes32) -> None:
        """Add what the next document is judged by."""
        self.held.append(evidence)
        self.numbers += len(evidence)
        if self.numbers + len(self.held) > HELD_EVIDENCE:
            self._write_evidence()
        if sum(len(rows.keys) for rows in self.kinds) > HELD_KEYS:
            self._deal()

    def _begin(self) -> None:
        self.kinds = tuple(KeyRows() for _ in KINDS)
        self.seen = set()

    def _deal(self) -> None:
        by_kind = [list(rows.batches(self.partitions)) for rows in self.kinds]
        for partition in range(self.partitions):
            for batches in by_kind:
                self.dealt.write_batch(batches[partition])
        self._begin()

    def _write_evidence(self) -> None:
        starts = np.cumsum([0, *map(len, self.held)], dtype=np.int32)
        values = np.concatenate([np.empty(0, np.uint32), *self.held])
        column = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(values, pa.uint32()))
        self.evidence.write_batch(pa.record_batch([column], schema=EVIDENCE))
        self.held, self.numbers = [], 0
