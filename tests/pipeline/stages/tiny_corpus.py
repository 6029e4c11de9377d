"""A corpus of a few given documents, brought about stage by stage under the law."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from filters.document import Document, Drop
from filters.models import Model, pin
from manifests import Receipt
from pipeline.outside import Outside
from pipeline.shards import DROPS, ParquetShard, drop_row
from pipeline.stage import Bench, Stage, Unit, Unwatched, execute
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.ingest import Ingest
from pipeline.stages.tokenizer import train_tokenizer
from pipeline.storage import RunFolder

TEXT = "Let $x \\in \\mathbb{R}$ be given. The proof is by induction on the number of steps, and so is this one. " * 20


@dataclass(frozen=True)
class Given:
    """Every line is the JSON of a document."""

    name: str

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        for number, line in enumerate(stream.read().splitlines()):
            yield Document(**{"id": f"{key}:{number}", "source": self.name} | json.loads(line))


@dataclass(frozen=True)
class Marks:
    """Stands in for dedup: drops the ids that it is told to, by `source/unit`."""

    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = MARKS_STAGE
    stands_on: tuple[str, ...] = ()

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for receipts in done.values() for receipt in receipts))

    def run(self, unit: Unit, bench: Bench) -> None:
        for documents in unit.upstream:
            place = f"{documents.stage.removeprefix('documents/')}/{documents.unit}"
            with ParquetShard(bench.path(f"drops/{MARKS_STAGE}/{place}.parquet"), DROPS) as drops:
                for name in self.dropped.get(place, ()):
                    drops.write(drop_row(Drop(name, "dedup", "exact"), place, MARKS_STAGE))


class TinyCorpus:
    """A run folder, and the receipts that stand in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "out"
        self.inputs = folder / "in"
        self.run = RunFolder(str(self.folder))
        self.done: dict[str, tuple[Receipt, ...]] = {}

    def do(self, stage: Stage) -> tuple[Receipt, ...]:
        receipts = [execute(stage, unit, self.run, Unwatched()) for unit in stage.units(self.done)]
        self.done[stage.name] = tuple(receipts)
        return self.done[stage.name]

    def ingest(self, source: str, shards: Mapping[str, Sequence[Mapping[str, Any] | str]]) -> tuple[Receipt, ...]:
        """Make documents shards, one unit a file; a document is its fields, or just its text."""
        for key, documents in shards.items():
            path = self.inputs / source / key
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [{"text": each} if isinstance(each, str) else dict(each) for each in documents]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return self.do(
            Ingest(Given(source), (), outside=Outside(str(self.inputs / source)), paths=("**/*",), unit_bytes=1)
        )


def tokenizer_file(folder: Path, vocabulary: int = 300, end: str = "</s>") -> Model:
    """A small tokenizer, pinned."""
    path = folder / "tokenizer.json"
    path.write_bytes(train_tokenizer(iter([TEXT]), vocabulary, end))
    return pin(Model(str(path)))
