"""Run folders small enough to count by hand: real ones, made by ingest under the law, and receipts written by hand."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from rich.console import Console

from filters.document import Document, Drop
from filters.filter import refuse
from manifests import Count, Flow, Receipt, Total
from pipeline.outside import Outside
from pipeline.recipe import recipe_hash, recipe_path, spell_out
from pipeline.shards import DROPS, ParquetShard, drop_row
from pipeline.stage import Unwatched, execute, receipt_path
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder


@dataclass(frozen=True)
class Lines:
    """One document a line: `subset url text`; a line of one word cannot be read."""

    name: str = "web"

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        for number, line in enumerate(stream.read().decode().splitlines()):
            subset, url, *text = line.split(" ", 2) if " " in line else (line, "")
            place = f"{key}:{number}"
            if text:
                yield Document(place, self.name, subset, text[0], url)
            else:
                yield Drop(place, "read", "broken", "one word", size=len(line))


@dataclass(frozen=True)
class Short:
    """Refuses what is shorter than `least` characters."""

    least: int = 5
    rule: ClassVar[str] = "length"
    reasons: ClassVar[frozenset[str]] = frozenset({"short"})

    def __call__(self, document: Document) -> Document | Drop:
        if len(document.text) >= self.least:
            return document
        return refuse(self, document, "short", f"{len(document.text)} characters")


@dataclass(frozen=True)
class Dull:
    """Refuses what never mentions a number."""

    rule: ClassVar[str] = "dull"
    reasons: ClassVar[frozenset[str]] = frozenset({"no-number"})

    def __call__(self, document: Document) -> Document | Drop:
        return document if any(sign.isdigit() for sign in document.text) else refuse(self, document, "no-number")


FILES = {
    "a.txt": "en https://example.org/one one plus 1 is 2\nen http://example.org/two/ 7\nbroken\n",
    "b.txt": "de https://example.org/three drei mal 3 ist 9\nde https://example.org/four no digits here\n",
}
"""Five records: two kept (en 15 bytes, de 16), one too short (1), one unreadable (6), one without a number (14)."""


def ingest(root: Path, name: str = "web", unlisted: frozenset[str] = frozenset({"dull"})) -> Ingest:
    """A stage over `FILES`, which are written below `root`; a unit a file."""
    root.mkdir(parents=True, exist_ok=True)
    for key, text in FILES.items():
        (root / key).write_text(text)
    return Ingest(Lines(name), (Short(), Dull()), unlisted, unit_bytes=1, outside=Outside(str(root)), paths=("*.txt",))


def do(stage: Ingest, run: RunFolder, units: int = 2) -> list[Receipt]:
    """Do the first units of a stage."""
    run.write(recipe_path(recipe_hash(stage)), spell_out(stage))
    return [execute(stage, unit, run, Unwatched()) for unit in list(stage.units({}))[:units]]


def flow(read: tuple[int, int], kept: tuple[int, int], **dropped: tuple[int, int]) -> Flow:
    """A flow of (documents, bytes); the rule of every refusal is `dedup`."""
    counts = {f"dedup/{reason}": _count(numbers) for reason, numbers in dropped.items()}
    return Flow(read=_count(read), kept=_count(kept), dropped=counts)


def _count(numbers: tuple[int, int]) -> Count:
    return Count(documents=numbers[0], bytes=numbers[1])


def stand(run: RunFolder, stage: str, flows: dict[str, Flow] | None = None, **more: object) -> Receipt:
    """A receipt written by hand, of a stage that does not matter here."""
    settled = {"unit": "all", "recipe": "0" * 64, "upstream": "", **more}
    receipt = Receipt.model_validate({"stage": stage, "flows": flows or {}, **settled})
    run.write(receipt_path(receipt.stage, receipt.unit), receipt.to_bytes())
    return receipt


def stand_marks(run: RunFolder) -> Receipt:
    """Deduplication that refused `b.txt:0` for `a.txt:0`."""
    drop = Drop("b.txt:0", "dedup", "near", "kept a.txt:0, similarity 0.91", "https://example.org/three", 16)
    with run.scratch() as folder:
        with ParquetShard(folder / "drops.parquet", DROPS) as shard:
            shard.write(drop_row(drop, "web", "dedup/marks"))
        run.put(folder / "drops.parquet", "drops/dedup/marks/web/b.txt.parquet")
    listed = {"path": "drops/dedup/marks/web/b.txt.parquet", "size": 1, "sha256": ""}
    return stand(run, "dedup/marks", {"web": flow((2, 31), (1, 15), near=(1, 16))}, files=[listed])


def total(documents: int, size: int, tokens: int) -> Total:
    return Total(documents=documents, bytes=size, tokens=tokens)


def plan_file(run: RunFolder, **units: int | None) -> None:
    """The plan that the driver leaves; `__` in a name stands for a slash."""
    stages = [{"name": name.replace("__", "/"), "units": number} for name, number in units.items()]
    run.write("plan.json", json.dumps({"stages": stages}).encode())


def narrow() -> Console:
    """A terminal of 80 columns that is not there; `shown` says what it shows."""
    return Console(file=io.StringIO(), width=80)


def shown(console: Console) -> str:
    """What was printed; fails if a line is too long for the terminal."""
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    return text
