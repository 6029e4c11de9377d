"""From documents to what a trainer reads: token shards by source and split, every document ended by one token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import pyarrow as pa

from filters.document import Drop
from filters.models import Model, resolve
from manifests import Receipt
from manifests.manifest import Split
from pipeline.indexed import IndexedDataset, IndexedWriter
from pipeline.shards import DROPS, ParquetShard, drop_row
from pipeline.stage import Bench, Position, Unit
from pipeline.stages.batches import batches
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.ingest import group
from pipeline.stages.kept import kept_documents
from pipeline.stages.split import group_of, split_of
from pipeline.stages.tokenizer import TOKENIZER_FILE, TOKENIZER_STAGE
from pipeline.tokenization import BATCH_BYTES, TextEncoder, TokenizerError, load_tokenizer, parse_tokenizer

_SIDECAR_TYPES: list[tuple[str, pa.DataType]] = [("document", pa.int64()), ("id", pa.string()), ("tokens", pa.int32())]
SIDECAR = pa.schema(_SIDECAR_TYPES)
"""One row a document of a token shard: its index there, its id, its tokens with the end."""

COLUMNS = ("id", "subset", "text", "url", "meta")


@dataclass(frozen=True)
class Tokens:
    """The token shards of one source. A unit is one documents unit."""

    source: str
    end_of_document: str = "</s>"
    """Token that is appended once to every document."""
    split: Split = field(default_factory=Split)
    seed: int = 0
    tokenizer: Model | None = None
    """A `tokenizers` file; none: the one that the stage `tokenizer` trains."""

    @property
    def name(self) -> str:
        return f"tokens/{self.source}"

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (f"documents/{self.source}", MARKS_STAGE, *(() if self.tokenizer else (TOKENIZER_STAGE,)))

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        stage, *others = self.stands_on
        shared = tuple(receipt for name in others for receipt in done[name])
        for number, documents in enumerate(done[stage]):
            yield Unit(documents.unit, upstream=(documents, *shared), number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        encoder = self._encoder(unit, bench)
        documents, marks, *_ = unit.upstream
        rows = kept_documents(documents, marks, bench, COLUMNS)
        with ExitStack() as stack:
            shards: dict[str, TokenShard] = {}
            drops = stack.enter_context(ParquetShard(bench.path(f"drops/{self.name}/{unit.name}.parquet"), DROPS))
            for record, outcome in encoded(rows, encoder, bench.position):
                bench.tally.saw(self.source, record.size)
                if isinstance(outcome, Drop):
                    bench.tally.drop(self.source, outcome, record.size)
                    drops.write(drop_row(outcome, self.source, self.name))
                    continue
                split = self._split(record)
                if split not in shards:
                    prefix = bench.path(shard_prefix(self.name, split, unit.name))
                    shards[split] = stack.enter_context(TokenShard(prefix, encoder))
                shards[split].write(record.row["id"], outcome)
                bench.tally.keep(self.source, record.size)
                name = f"{group(self.source, record.row['subset'])}/{split}"
                bench.tally.wrote(name, record.size, len(outcome))

    def _encoder(self, unit: Unit, bench: Bench) -> TextEncoder:
        if self.tokenizer:
            return load_tokenizer(resolve(self.tokenizer), self.end_of_document)
        with bench.open(next(bench.files(unit, TOKENIZER_FILE))) as file:
            return parse_tokenizer(file.read(), self.end_of_document)

    def _split(self, record: Record) -> str:
        return split_of(self.seed, group_of(record.row), self.split.validation, self.split.test)


def shard_prefix(stage: str, split: str, unit: str) -> str:
    """Path of a token shard in the run folder, without `.bin`.

    A unit's slashes stay folders; what a trainer's command line or YAML could trip over is percent-encoded.
    """
    return f"{stage}/{split}/{quote(unit, safe='/+=@,')}"


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a documents shard that is to be tokenized."""

    ordinal: int
    row: Mapping[str, Any]
    size: int
    """Bytes of the text in UTF-8."""

    def refuse(self, rule: str, reason: str) -> Drop:
        return Drop(self.row["id"], rule, reason, "", self.row["url"], self.size)


def encoded(
    rows: Iterable[Mapping[str, Any]], encoder: TextEncoder, position: Position
) -> Iterator[tuple[Record, list[int] | Drop]]:
    """Every row in order with its ids, the end-of-document token last, or with the reason why it has none."""
    records = (Record(ordinal, row, len(row["text"].encode())) for ordinal, row in enumerate(rows))
    for batch in batches(records, BATCH_BYTES):
        for record, ids in zip(batch, _encode(batch, encoder, position), strict=True):
            if isinstance(ids, Drop):
                yield record, ids
            else:
                yield record, [*ids, encoder.end] if ids else record.refuse("tokens", "empty")


def _encode(batch: list[Record], encoder: TextEncoder, position: Position) -> Sequence[list[int] | Drop]:
    """The ids of a batch. Only a document that is alone, as every long one is, can be blamed for a crash."""
    if len(batch) == 1:
        [record] = batch
        if reason := position.skip.get(record.ordinal):
            return [record.refuse("isolation", reason)]
        position.enter(record.ordinal)
    ids = encoder.encode([record.row["text"] for record in batch])
    position.leave()
    return ids


class TokenShard:
    """One `.bin/.idx` pair with its sidecar. When the block ends, the first document is read back and decoded.

    Raises TokenizerError if what stands on disk is not the text that was tokenized.
    """

    def __init__(self, prefix: Path, encoder: TextEncoder) -> None:
        self._prefix, self._encoder = prefix, encoder
        self._files = ExitStack()
        self._shard = self._files.enter_context(IndexedWriter(prefix, encoder.dtype))
        self._sidecar = self._files.enter_context(ParquetShard(Path(f"{prefix}.parquet"), SIDECAR))
        self._first: list[int] = []

    def write(self, document: str, ids: list[int]) -> None:
        """Add a document by its id; the end-of-document token is its last."""
        self._first = self._first or ids
        self._sidecar.write({"document": len(self._shard), "id": document, "tokens": len(ids)})
        self._shard.write(ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.__exit__(kind, error, at)
        if kind is None:
            self._check()

    def _check(self) -> None:
        read = IndexedDataset(self._prefix)[0].tolist()
        # Not compared with the text itself: normalisation (NFC, a leading space) may rightly have changed that.
        again = self._encoder.encode([self._encoder.decode(read[:-1])])[0]
        if read != self._first or [*again, self._encoder.end] != read:
            raise TokenizerError(
                "the first document of a token shard does not decode to a text with the same ids; "
                "this tokenizer loses text, choose one that does not"
            )
