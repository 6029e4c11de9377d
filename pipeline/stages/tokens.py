"""From documents to what a trainer reads: token shards by source and split, every document ended by one token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from filters.document import Drop
from filters.models import Model, resolve
from manifests import Receipt
from manifests.sections import Split
from pipeline.fast_tokenizer import Ids
from pipeline.indexed import IndexedDataset, IndexedWriter
from pipeline.shards import DROPS, ParquetShard, drop_row, parquet_writer
from pipeline.stage import Bench, Position, Unit
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.ingest import group
from pipeline.stages.kept import kept_documents
from pipeline.stages.published_split import read_held_out
from pipeline.stages.split import TRAIN, group_of, own_group, split_of
from pipeline.stages.tokenizer import TOKENIZER_FILE, TOKENIZER_STAGE
from pipeline.tokenization import TextEncoder, TokenizerError, load_tokenizer, parse_tokenizer

_SIDECAR_TYPES: list[tuple[str, pa.DataType]] = [("document", pa.int64()), ("id", pa.string()), ("tokens", pa.int32())]
SIDECAR = pa.schema(_SIDECAR_TYPES)
"""One row a document of a token shard: its index there, its id, its tokens with the end."""
INPUT_IDS = pa.field("input_ids", pa.list_(pa.int32()))
"""One more column if it is asked for: the ids, the end among them."""

COLUMNS = ("id", "subset", "text", "url", "meta")

SAMPLE_TOKENS = 20_000
"""A longer document is not read back: the library whose ids count would take too long over it."""
SIDECAR_ROWS, SIDECAR_TOKENS = 10_000, 1 << 20
"""So many documents, or if their ids are asked for tokens, make a row group of the sidecar."""


@dataclass(frozen=True)
class Tokens:
    """The token shards of one source. A unit is one documents unit."""

    source: str
    end_of_document: str = "</s>"
    """Token that is appended once to every document."""
    split: Split = field(default_factory=Split)
    by_document: bool = False
    """Split documents one by one, not by group, as the published code did."""
    parted: str = ""
    """The stage that has split the documents; none: they are split here."""
    seed: int = 0
    tokenizer: Model | None = None
    """A `tokenizers` file; none: the one that the stage `tokenizer` trains."""
    cleaned: str = ""
    """The stage that has decontaminated the documents; none: they are as dedup left them."""
    shard_bytes: int = 1_000_000_000
    """Bytes of a `.bin` after which another is begun."""
    input_ids: bool = False
    """Write the ids into the sidecar, too, as Hugging Face's trainers read them."""

    @property
    def name(self) -> str:
        return f"tokens/{self.source}"

    @property
    def stands_on(self) -> tuple[str, ...]:
        tokenizer = "" if self.tokenizer else TOKENIZER_STAGE
        others = filter(None, (self.parted, tokenizer, self.cleaned))
        return (f"documents/{self.source}", MARKS_STAGE, *others)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        stage, *others = self.stands_on
        shared = tuple(receipt for name in others if name != self.cleaned for receipt in done[name])
        for number, documents in enumerate(done[stage]):
            cleaned = done[self.cleaned][number : number + 1] if self.cleaned else ()
            yield Unit(documents.unit, upstream=(documents, *shared, *cleaned), number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        encoder = self._encoder(unit, bench)
        documents, marks, *_ = unit.upstream
        cleaned = next((receipt for receipt in unit.upstream if receipt.stage == self.cleaned), None)
        rows = kept_documents(documents, marks, bench, COLUMNS, cleaned)
        parted = next((receipt for receipt in unit.upstream if receipt.stage == self.parted), None)
        held_out = read_held_out(parted, unit.name, bench) if parted else None
        with ExitStack() as stack:
            shards: dict[str, TokenShards] = {}
            drops = stack.enter_context(ParquetShard(bench.path(f"drops/{self.name}/{unit.name}.parquet"), DROPS))
            for record, outcome in encoded(rows, encoder, bench.position):
                bench.tally.saw(self.source, record.size)
                if isinstance(outcome, Drop):
                    bench.tally.drop(self.source, outcome, record.size)
                    drops.write(drop_row(outcome, self.source, self.name))
                    continue
                split = self._split(record, held_out)
                if split not in shards:
                    prefix = shard_prefix(self.name, split, unit.name)
                    shards[split] = stack.enter_context(
                        TokenShards(bench, prefix, encoder, self.shard_bytes, self.input_ids)
                    )
                shards[split].write(record, outcome)
                bench.tally.keep(self.source, record.size)
                name = f"{group(self.source, record.row['subset'])}/{split}"
                bench.tally.wrote(name, record.size, len(outcome) + 1)

    def _encoder(self, unit: Unit, bench: Bench) -> TextEncoder:
        if self.tokenizer:
            return load_tokenizer(resolve(self.tokenizer), self.end_of_document)
        with bench.open(next(bench.files(unit, TOKENIZER_FILE))) as file:
            return parse_tokenizer(file.read(), self.end_of_document)

    def _split(self, record: Record, held_out: Mapping[str, str] | None) -> str:
        if held_out is not None:
            return held_out.get(record.row["id"], TRAIN)
        apart = own_group(record.row) if self.by_document else group_of(record.row)
        return split_of(self.seed, apart, self.split.validation, self.split.test)


def shard_prefix(stage: str, split: str, unit: str) -> str:
    """Path of a unit's first token shard in the run folder, without `.bin`; those after it append `~` and a number.

    A unit's slashes stay folders; what a trainer's command line or YAML could trip over is percent-encoded.
    """
    return f"{stage}/{split}/{quote(unit, safe='/+=@,').replace('~', '%7E')}"


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a documents shard that is to be tokenized."""

    row: Mapping[str, Any]
    size: int
    """Bytes of the text in UTF-8."""

    def refuse(self, rule: str, reason: str) -> Drop:
        return Drop(self.row["id"], rule, reason, "", self.row["url"], self.size)


def encoded(
    rows: Iterable[Mapping[str, Any]], encoder: TextEncoder, position: Position
) -> Iterator[tuple[Record, Ids | Drop]]:
    """Every row in order with its ids, without the end-of-document token, or with the reason why it has none."""
    for ordinal, row in enumerate(rows):
        record = Record(row, len(row["text"].encode()))
        if reason := position.skip.get(ordinal):
            yield record, record.refuse("isolation", reason)
            continue
        position.enter(ordinal)
        ids = encoder.encode(row["text"])
        position.leave()
        yield record, ids if len(ids) else record.refuse("tokens", "empty")


class TokenShards:
    """The token shards of one split of a unit: another is begun where a document would make the last too large.

    A document is never cut, so one that is larger than a shard is a shard by itself.
    """

    def __init__(self, bench: Bench, prefix: str, encoder: TextEncoder, limit: int, input_ids: bool) -> None:
        self._bench, self._prefix, self._encoder, self._input_ids = bench, prefix, encoder, input_ids
        self._limit = limit // encoder.dtype.itemsize
        self._number, self._tokens = 0, 0
        self._last = ExitStack()
        self._shard = self._begin()

    def _begin(self) -> TokenShard:
        ending = f"~{self._number:05}" if self._number else ""
        path = self._bench.path(self._prefix + ending)
        return self._last.enter_context(TokenShard(path, self._encoder, self._input_ids))

    def write(self, record: Record, ids: Ids) -> None:
        """Add a document. Raises OSError, and TokenizerError as a shard does that is finished."""
        tokens = len(ids) + 1
        if self._tokens and self._tokens + tokens > self._limit:
            self._last.close()
            self._number, self._tokens = self._number + 1, 0
            self._shard = self._begin()
        self._tokens += tokens
        self._shard.write(record, ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._last.__exit__(kind, error, at)


class Sidecar:
    """The Parquet file beside a `.bin`: `SIDECAR`, and `INPUT_IDS` if they are asked for."""

    def __init__(self, path: Path, end: int, input_ids: bool) -> None:
        self._schema = SIDECAR.append(INPUT_IDS) if input_ids else SIDECAR
        self._end, self._input_ids = np.array([end], np.uint32), input_ids
        self._file = ExitStack()
        self._writer = self._file.enter_context(parquet_writer(path, self._schema))
        self._written = 0
        self._names: list[str] = []
        self._sizes: list[int] = []
        self._ids: list[Ids] = []
        self._tokens = 0

    def write(self, name: str, ids: Ids) -> None:
        """Add the document of this id."""
        self._names.append(name)
        self._sizes.append(len(ids) + 1)
        if self._input_ids:
            self._ids += (ids, self._end)
            self._tokens += self._sizes[-1]
        if len(self._names) >= SIDECAR_ROWS or self._tokens >= SIDECAR_TOKENS:
            self._flush()

    def _flush(self) -> None:
        numbers = range(self._written, self._written + len(self._names))
        columns: list[pa.Array[Any]] = [pa.array(numbers), pa.array(self._names), pa.array(self._sizes, pa.int32())]
        if self._input_ids:
            bounds = pa.array(np.cumsum([0, *self._sizes]), pa.int32())
            columns.append(pa.ListArray.from_arrays(bounds, pa.array(np.concatenate(self._ids), pa.int32())))
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self._written += len(self._names)
        self._names, self._sizes, self._ids, self._tokens = [], [], [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._file:
            if kind is None and self._names:
                self._flush()


class TokenShard:
    """One `.bin/.idx` pair with its sidecar. When the block ends, a document is read back, decoded and compared.

    Raises TokenizerError if what stands on disk is not the text that was tokenized.
    """

    def __init__(self, prefix: Path, encoder: TextEncoder, input_ids: bool) -> None:
        self._prefix, self._encoder = prefix, encoder
        self._files = ExitStack()
        self._shard = self._files.enter_context(IndexedWriter(prefix, encoder.dtype, encoder.end))
        self._sidecar = self._files.enter_context(Sidecar(Path(f"{prefix}.parquet"), encoder.end, input_ids))
        self._sample: tuple[int, str] | None = None

    def write(self, record: Record, ids: Ids) -> None:
        """Add a document; the end-of-document token is appended to its ids."""
        if self._sample is None and len(ids) <= SAMPLE_TOKENS:
            self._sample = len(self._shard), record.row["text"]
        self._shard.write(ids)
        self._sidecar.write(record.row["id"], ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.__exit__(kind, error, at)
        if kind is None and self._sample:
            self._check(*self._sample)

    def _check(self, document: int, text: str) -> None:
        """The library whose ids count is asked, so that its faster stand-in is held to its word here, too."""
        encoder = self._encoder
        *ids, end = IndexedDataset(self._prefix)[document].tolist()
        if end != encoder.end or ids != encoder.vocabulary.encode(text).tolist():
            raise TokenizerError(
                f"{encoder.engine} gave a document other ids than the tokenizer's own library; please report it, and"
                " uninstall gigatoken to go on"
            )
        # Normalisation (NFC, a leading space) may rightly have changed the text: then its ids must be the same.
        decoded = encoder.decode(ids)
        if decoded != text and ids != encoder.vocabulary.encode(decoded).tolist():
            raise TokenizerError(
                f"document {document} of a token shard does not decode to a text with the same ids; "
                "this tokenizer loses text, choose one that does not"
            )
