"""What a run would take: units, bytes to read, core-hours, objects to write; found out without reading a document."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO, cast

from rich.console import Console

from filters.models import Model, resolve
from manifests import File, Receipt, Total
from pipeline.path_list import PathList
from pipeline.report.curve import Curve, curve, render_curve
from pipeline.report.text import plain, size, table
from pipeline.sources.cc_index import CcIndex
from pipeline.stage import Stage, Unit
from pipeline.stages.ingest import Ingest
from pipeline.stages.split import TEST, TRAIN, VALIDATION
from pipeline.stages.tokens import Tokens
from pipeline.tokenization import load_tokenizer

OBJECTS = 2
"""Written by a unit of a stage that nothing else is known of: a file and a receipt."""


@dataclass(frozen=True)
class PlanRow:
    """What one stage would take."""

    stage: str
    units: int
    inputs: int
    """Objects of the outside world."""
    bytes: int
    """To read: inputs as they are stored, or the text that is expected to be kept of them."""
    core_hours: float | None
    """None where nothing was measured: stages that read keys and counts, not text."""
    objects: int
    """To write, at most."""
    records: int = 0
    """To be fetched by their place, where tables tell it."""


@dataclass(frozen=True)
class Plan:
    """What a run would take. Inputs and units are exact, but for units that pack tokens; all else is expected."""

    rows: list[PlanRow]
    units: int
    input_bytes: int
    core_hours: float
    """Of the stages that were measured."""
    objects: int
    near: Curve | None = None
    """How likely near-duplicates are to be found."""


def plan(stages: Sequence[Stage]) -> Plan:
    """Walk the stages as a run would, with receipts of what is expected. Raises StorageError if inputs are missing."""
    known = throughput()
    bytes_per_token = known["stages"]["tokens"]["bytes_per_token"]
    done: dict[str, tuple[Receipt, ...]] = {}
    text: dict[tuple[str, str], float] = {}
    rows = []
    for stage in stages:
        units = list(stage.units(done))
        done[stage.name] = tuple(_expected(stage, unit, _read(unit, text) / bytes_per_token) for unit in units)
        measured, records = _of_stage(stage, known), 0
        read = sum(_read(unit, text) for unit in units)
        if isinstance(stage, Ingest):
            measured = measured | known["sources"].get(_kind(stage), {})
            weights = {unit.name: _weigh(stage, unit) for unit in units}
            text |= {(stage.name, name): size * measured.get("text", 1.0) for name, (_, size) in weights.items()}
            records, read = (sum(weight[part] for weight in weights.values()) for part in (0, 1))
        rows.append(_row(stage, units, round(read), measured, records))
    return replace(_sum(rows), near=curve(stages))


def throughput() -> dict[str, Any]:
    """What one core does, as it was measured; by kind of source and by stage."""
    return tomllib.loads(files(__package__).joinpath("throughput.toml").read_text("utf-8"))


def _expected(stage: Stage, unit: Unit, tokens: float) -> Receipt:
    """A receipt that holds nothing, or where a stage writes tokens so many of them."""
    receipt = Receipt(stage=stage.name, unit=unit.name, recipe="", upstream="")
    if not isinstance(stage, Tokens):
        return receipt
    held_out = {VALIDATION: stage.split.validation, TEST: stage.split.test}
    shares = {TRAIN: 1 - sum(held_out.values()), **held_out}
    width = _width(stage.tokenizer, stage.end_of_document) if stage.tokenizer else 2
    counts = {split: round(tokens * share) for split, share in shares.items()}
    files = [File(path=f"{stage.name}/{split}/x.bin", size=width * count, sha256="") for split, count in counts.items()]
    totals = {f"{stage.source}/-/{split}": Total(tokens=count) for split, count in counts.items()}
    return receipt.model_copy(update={"files": tuple(files), "totals": totals})


@cache
def _width(tokenizer: Model, end: str) -> int:
    """Bytes of an id."""
    return load_tokenizer(resolve(tokenizer), end).dtype.itemsize


def _read(unit: Unit, text: Mapping[tuple[str, str], float]) -> float:
    """Bytes of text that a unit is likely to read."""
    return sum(text.get((receipt.stage, receipt.unit), 0.0) for receipt in unit.upstream)


def _kind(stage: Ingest) -> str:
    """What its input is most like: a crawl, which lists name, has little of what is sought; a table names just that."""
    if any(isinstance(one, PathList) for one in stage.lists):
        return "crawl"
    return "warc" if isinstance(stage.source, CcIndex) else type(stage.source).__name__.lower()


def _weigh(stage: Ingest, unit: Unit) -> tuple[int, int]:
    """Records that are known to be read one by one, and bytes to read."""
    if not isinstance(stage.source, CcIndex):
        return 0, sum(shard.size for shard in unit.inputs)
    found = [stage.source.weigh(cast(BinaryIO, shard.open())) for shard in unit.inputs]
    return sum(records for records, _ in found), sum(size for _, size in found)


def _of_stage(stage: Stage, known: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = known["stages"].get(stage.name) or known["stages"].get(stage.name.partition("/")[0], {})
    return found


def _row(stage: Stage, units: Sequence[Unit], read: int, measured: Mapping[str, Any], records: int) -> PlanRow:
    rate = measured.get("bytes_per_second")
    inputs = sum(len(unit.inputs) for unit in units)
    objects = measured.get("objects", OBJECTS) * len(units)
    return PlanRow(stage.name, len(units), inputs, read, read / rate / 3600 if rate else None, objects, records)


def _sum(rows: list[PlanRow]) -> Plan:
    return Plan(
        rows,
        units=sum(row.units for row in rows),
        input_bytes=sum(row.bytes for row in rows if row.inputs),
        core_hours=sum(row.core_hours or 0.0 for row in rows),
        objects=sum(row.objects for row in rows),
    )


def render_plan(found: Plan, console: Console) -> None:
    """A line per stage and a total; what is expected and not counted is marked."""
    made = table("stage", "units", "inputs", "to read", "core-hours", "objects")
    for row in found.rows:
        read = size(row.bytes) if row.inputs else f"~{size(row.bytes)}" if row.bytes else "-"
        hours = "-" if row.core_hours is None else _hours(row.core_hours)
        made.add_row(plain(row.stage), f"{row.units:,}", f"{row.inputs or '-'}", read, hours, f"{row.objects:,}")
    inputs, read = f"{sum(row.inputs for row in found.rows):,}", size(found.input_bytes)
    hours, objects = _hours(found.core_hours), f"{found.objects:,}"
    made.add_row("all", f"{found.units:,}", inputs, read, hours, objects, style="bold")
    console.print(made)
    for row in found.rows:
        if row.records:
            console.print(f"{plain(row.stage)}: {row.records:,} records, one by one.")
    console.print("~ is expected of what one core did on a sample; - was not measured. No document was read.")
    if found.near:
        render_curve(found.near, console)


def _hours(number: float) -> str:
    return f"~{number:,.0f}" if number >= 10 else f"~{number:.2f}" if number >= 0.01 else "<0.01"
