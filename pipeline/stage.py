"""The law: a unit of work is done if and only if its receipt stands.

A unit runs in a scratch folder; its files are hashed and placed; the receipt, which cannot be built unless every record
is accounted for, is placed last. Resume is the units without a receipt. A receipt made by another recipe, from other
inputs or on top of other receipts is refused, and the refusal names what changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import ValidationError

from filters.document import Document, Drop
from manifests import Count, File, Flow, Receipt, Total
from pipeline.outside import InputStream, Shard
from pipeline.recipe import recipe_hash
from pipeline.storage import RunFolder, StorageError, hash_file

RECEIPT = "receipt.json"
LOCATION: Mapping[str, bool] = {"location": True}
"""Metadata of a dataclass field that says where something lies, and so is no part of the recipe."""


@dataclass(frozen=True)
class Unit:
    """What may be lost, retried and resumed: some outside objects or some earlier receipts to work on."""

    name: str
    inputs: tuple[Shard, ...] = ()
    upstream: tuple[Receipt, ...] = ()
    number: int = 0

    @property
    def standing_on(self) -> str:
        """One hash over the receipts that this unit works on."""
        return hashlib.sha256("".join(receipt.digest for receipt in self.upstream).encode()).hexdigest()


class Stage(Protocol):
    """A frozen dataclass whose fields are its recipe. It cuts its work into units and turns one unit into files."""

    @property
    def name(self) -> str:
        """Folder of its receipts in the run folder, such as `documents/open-web-math`."""

    @property
    def stands_on(self) -> tuple[str, ...]:
        """Names of the stages whose receipts `units` needs; none for a stage that reads the outside world."""

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterable[Unit]:
        """The units, given the receipts of the stages before, by stage name. Deterministic; reads no document."""

    def run(self, unit: Unit, bench: Bench) -> None:
        """Do one unit: read through `bench`, write to `bench.path`, count with `bench.tally`."""


class StaleError(Exception):
    """A receipt stands that was made from something else; the message names what changed."""


@dataclass
class Tally:
    """Counts while a unit runs; at the end they must add up or there is no receipt."""

    read: Counts = field(default_factory=dict)
    kept: Counts = field(default_factory=dict)
    dropped: dict[str, Counts] = field(default_factory=dict)
    totals: Counts = field(default_factory=dict)

    def saw(self, source: str, size: int, documents: int = 1) -> None:
        _add(self.read, source, documents, size)

    def keep(self, source: str, size: int, documents: int = 1) -> None:
        _add(self.kept, source, documents, size)

    def drop(self, source: str, drop: Drop, size: int) -> None:
        _add(self.dropped.setdefault(source, {}), f"{drop.rule}/{drop.reason}", 1, size)

    def wrote(self, group: str, size: int, tokens: int = 0) -> None:
        """Count a document that was written, under `source/subset` or `source/subset/split`."""
        _add(self.totals, group, 1, size, tokens)

    def flows(self) -> dict[str, Flow]:
        return {source: self._flow(source) for source in sorted(self.read)}

    def _flow(self, source: str) -> Flow:
        dropped = sorted(self.dropped.get(source, {}).items())
        return Flow(
            read=_count(self.read[source]),
            kept=_count(self.kept.get(source, (0, 0))),
            dropped={key: _count(numbers) for key, numbers in dropped},
        )

    def written(self) -> dict[str, Total]:
        return {group: _total(numbers) for group, numbers in sorted(self.totals.items())}


Counts = dict[str, list[int]]
"""Plain numbers by name: a receipt's models are too slow to add up once a record."""


def _add(counts: Counts, name: str, *numbers: int) -> None:
    have = counts.setdefault(name, [0] * len(numbers))
    for place, number in enumerate(numbers):
        have[place] += number


def _count(numbers: Sequence[int]) -> Count:
    return Count(documents=numbers[0], bytes=numbers[1])


def _total(numbers: Sequence[int]) -> Total:
    return Total(documents=numbers[0], bytes=numbers[1], tokens=numbers[2])


class Position(Protocol):
    """Where the record in hand is noted, so that somebody outside can tell it if this process dies."""

    skip: Mapping[int, str]
    """Records that an earlier attempt died of: ordinal in the unit, and the reason (crash, timeout, memory)."""

    def enter(self, ordinal: int) -> None:
        """The record of this ordinal is being worked on."""

    def leave(self) -> None:
        """No record is in hand: reading, or writing."""


class Unwatched:
    """The position of a unit that runs in this very process, under a debugger."""

    skip: Mapping[int, str] = {}

    def enter(self, ordinal: int) -> None: ...

    def leave(self) -> None: ...


@dataclass
class Bench:
    """What a unit works with: its scratch folder, the places it may read, its tally, its position."""

    folder: Path
    run: RunFolder
    position: Position
    tally: Tally = field(default_factory=Tally)
    inputs: list[File] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """A local path to write an output to; `name` is its path in the run folder.

        An ending may be added to it, such as `.bin`. Scratch is flat: folders would be most of what a small unit costs.
        """
        self.names.append(name)
        return self.folder / str(len(self.names) - 1)

    def outputs(self) -> dict[str, Path]:
        """What has been written, by its path in the run folder, sorted."""
        written = {}
        for path in self.folder.iterdir():
            number, dot, ending = path.name.partition(".")
            written[self.names[int(number)] + dot + ending] = path
        return dict(sorted(written.items()))

    def open(self, file: File) -> BinaryIO:
        """Open a file that an upstream receipt lists. Raises StorageError if it is not there, whole."""
        size = self.run.size(file.path)
        if size != file.size:
            raise StorageError(
                f"{file.path} has {size} bytes, but its receipt says {file.size}; remove its folder to make it again"
            )
        return self.run.open(file.path)

    def files(self, unit: Unit, ending: str) -> Iterator[File]:
        """The upstream files whose path ends so, in the order of the receipts."""
        return (file for receipt in unit.upstream for file in receipt.files if file.path.endswith(ending))

    def took(self, stream: InputStream) -> None:
        """Read an outside object to its end and note what it was."""
        self.inputs.append(stream.finish())


def execute(stage: Stage, unit: Unit, run: RunFolder, position: Position) -> Receipt:
    """Do one unit under the law and return its receipt, which then stands in the run folder."""
    with run.scratch() as folder:
        bench = Bench(folder, run, position)
        stage.run(unit, bench)
        outputs = bench.outputs()
        receipt = _write_receipt(stage, unit, bench, outputs)
        for path, local in outputs.items():
            run.put(local, path)
        run.write(receipt_path(stage.name, unit.name), receipt.to_bytes())
    return receipt


def _write_receipt(stage: Stage, unit: Unit, bench: Bench, outputs: Mapping[str, Path]) -> Receipt:
    return Receipt(
        stage=stage.name,
        unit=unit.name,
        recipe=recipe_hash(stage),
        upstream=unit.standing_on,
        inputs=tuple(bench.inputs),
        flows=bench.tally.flows(),
        totals=bench.tally.written(),
        files=tuple(_file(path, local) for path, local in outputs.items()),
    )


def _file(path: str, local: Path) -> File:
    size, sha256 = hash_file(local)
    return File(path=path, size=size, sha256=sha256)


def receipt_path(stage: str, unit: str) -> str:
    return f"{stage}/{unit}/{RECEIPT}"


def read_receipts(run: RunFolder, stage: str = "") -> dict[str, Receipt]:
    """The receipts that stand below a folder, by path. A torn receipt is none."""
    receipts = {}
    for path, data in sorted(run.read_all(run.find(stage, RECEIPT)).items()):
        with suppress(ValidationError):
            receipts[path] = Receipt.model_validate_json(data)
    return receipts


def records(items: Iterable[Document | Drop], position: Position) -> Iterator[tuple[Document | Drop, Drop | None]]:
    """Number the records of a unit, noting the one in hand; one that killed an earlier attempt comes with its Drop."""
    for ordinal, item in enumerate(items):
        reason = position.skip.get(ordinal)
        if reason and isinstance(item, Document):
            yield item, Drop(item.id, "isolation", reason, "", item.url, item.size)
        else:
            position.enter(ordinal)
            yield item, None
        position.leave()
