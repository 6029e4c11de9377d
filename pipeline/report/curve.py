"""The S-curve: how likely dedup is to find two documents, by how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from pipeline.report.plots import curves
from pipeline.report.text import bar, percent, table
from pipeline.stage import Stage
from pipeline.stages.dedup_pairs import DedupPairs
from pipeline.stages.signatures import MinHash

SIMILARITIES = (0.3, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True)
class Point:
    """What becomes of a pair of documents of one similarity."""

    similarity: float
    candidate: float
    """How likely they are to be compared."""
    found: float
    """How likely they are to be taken for duplicates."""


@dataclass(frozen=True)
class Curve:
    """What the settings of MinHash mean."""

    threshold: float
    bands: int
    rows: int
    verified: bool
    """Whether those below the threshold that are compared are found out."""
    points: list[Point]


def curve(stages: Sequence[Stage]) -> Curve | None:
    """The S-curve of a run that looks for near-duplicates by MinHash, else nothing."""
    for stage in stages:
        if isinstance(stage, DedupPairs) and isinstance(stage.near.method, MinHash):
            near, method = stage.near, stage.near.method
            chances = [(alike, method.chance(alike)) for alike in SIMILARITIES]
            points = [Point(alike, chance, chance if alike >= near.threshold else 0.0) for alike, chance in chances]
            return Curve(method.threshold, *method.cut, near.verify, points)
    return None


def render_curve(found: Curve, console: Console) -> None:
    """A line a similarity, with a bar."""
    console.print(
        f"Near-duplicates from {found.threshold:g} on, by {found.bands} bands of {found.rows} rows; "
        "how likely two documents are to be compared, and to be found:"
    )
    made = table("similarity", "compared", "found", "", left=0)
    for point in found.points:
        columns = (percent(point.candidate), percent(point.found), bar(point.found, console))
        made.add_row(f"{point.similarity:g}", *columns)
    made.columns[-1].justify = "left"
    console.print(made)


def draw_curve(found: Curve) -> str:
    """The curve as SVG, with the threshold."""
    chance = MinHash(bands=found.bands, rows=found.rows).chance
    points = [(step / 200, chance(step / 200)) for step in range(201)]
    truly = [point for point in points if point[0] >= found.threshold or not found.verified]
    lines = {"compared": points, "found": truly}
    return curves(lines, "Jaccard similarity of two documents", "chance", ("threshold", found.threshold))
