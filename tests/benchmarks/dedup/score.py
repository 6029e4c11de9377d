"""What a deduplication found of the planted pairs, and whom it removed without a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.dataset as ds

LEVELS = {"copies": 1.0, ">= 0.9": 0.9, ">= 0.8": 0.8, ">= 0.7": 0.7, ">= 0.5": 0.5}


@dataclass
class Score:
    """Pairs found and planted, by the level of their similarity."""

    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    planted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    removed: int = 0
    strangers: int = 0
    """Removed documents that are like no other one: every planted document has one partner."""

    def recall(self) -> list[str]:
        return [f"{self.found[level] / max(1, self.planted[level]):.4f}" for level in LEVELS]


def score(folder: Path, kept_for: Mapping[str, str]) -> Score:
    """Compare what was dropped, and for which document, with the truth."""
    found, partners = Score(removed=len(kept_for)), set()
    for line in (folder / "truth.jsonl").open():
        pair = json.loads(line)
        original, copy = pair["original"], pair["copy"]
        level = next((name for name, least in LEVELS.items() if pair["jaccard"] >= least), None)
        if level:
            found.planted[level] += 1
            found.found[level] += original in kept_for or copy in kept_for
            partners |= {original, copy}
    found.strangers = sum(name not in partners for name in kept_for)
    return found


def of_run(out: Path) -> dict[str, str]:
    """What a run dropped, and for which document."""
    ledgers = [str(path) for path in (out / "drops/dedup").rglob("*.parquet")]
    kept = {}
    for batch in ds.dataset(ledgers, format="parquet").to_batches(columns=["id", "detail"]):
        for row in batch.to_pylist():
            match = re.match(r"kept (.*?);", row["detail"])
            kept[row["id"]] = match[1] if match else ""
    return kept


def of_lines(path: Path) -> dict[str, str]:
    """The same from a peer's lines."""
    rows = map(json.loads, path.open())
    return {row["dropped"]: row["kept"] for row in rows}
