"""From documents to what a trainer reads: token shards by source and split, every document ended by one token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from filters.document import Drop
from filters.models import Model, resolve
from manifests import Receipt
from manifests.sections import Split
from pipeline.fast_tokenizer import Ids
from pipeline.shards import DROPS, ParquetShard, drop_row
from pipeline.stage import Bench, Position, Unit
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.ingest import group
from pipeline.stages.kept import kept_documents
from pipeline.stages.published_split import read_held_out
from pipeline.stages.split import TRAIN, group_of, own_group, split_of
from pipeline.stages.token_shards import TokenShards
from pipeline.stages.tokenizer import TOKENIZER_FILE, TOKENIZER_STAGE
from pipeline.tokenization import TextEncoder, load_tokenizer, parse_tokenizer

COLUMNS = ("id", "subset", "text", "url", "meta")


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
                shards[split].write(record.row["id"], record.row["text"], outcome)
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
