"""What all reports read: the receipts of a run folder in the order of the corpus, and the driver's small JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from manifests import Receipt
from pipeline.driver import PLAN
from pipeline.stage import read_receipts
from pipeline.storage import RunFolder, StorageError

ORDER = ("documents", "dedup", "decontaminate", "split", "tokenizer", "tokens", "release", "packed", "audit")
"""Folders of stages in the order of the corpus, for a run folder without a plan."""


def receipts_by_stage(run: RunFolder) -> dict[str, tuple[Receipt, ...]]:
    """All receipts that stand, by stage, stages in the order of the corpus; also of a run that is not finished."""
    found: dict[str, list[Receipt]] = {}
    for receipt in read_receipts(run).values():
        found.setdefault(receipt.stage, []).append(receipt)
    return {stage: tuple(found[stage]) for stage in in_order(found, planned_units(run))}


def planned_units(run: RunFolder) -> dict[str, int | None]:
    """How many units each stage of the last run has, in order; None while the stages before it are not done."""
    plan = read_json(run, PLAN) or {}
    return {stage["name"]: stage["units"] for stage in plan.get("stages", [])}


def in_order(stages: Mapping[str, object], planned: Mapping[str, object]) -> list[str]:
    """Stage names in the order of the plan; those it does not name follow in the corpus's usual order."""
    places = {name: place for place, name in enumerate(planned)}

    def place(stage: str) -> tuple[int, int, str]:
        folder = stage.partition("/")[0]
        rank = ORDER.index(folder) if folder in ORDER else len(ORDER)
        return places.get(stage, len(places)), rank, stage

    return sorted(stages, key=place)


def read_json(run: RunFolder, path: str) -> Any:
    """A small JSON file of the run folder; None if there is none. Raises StorageError if it is not JSON."""
    if not run.exists(path):
        return None
    try:
        return json.loads(run.read(path))
    except ValueError as error:
        raise StorageError(f"{run.url}/{path} is not JSON ({error}); remove it and start the run again") from error
