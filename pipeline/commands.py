"""The verbs that tell what there is: of a run, of this machine, of manifests; and what all verbs share."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.driver import Done
from pipeline.report.doctor import doctor, render_doctor
from pipeline.report.explain import explain, render_fates
from pipeline.report.funnel import funnel, render_funnel
from pipeline.report.stats import draw_stats, render_stats, stats, write_shapes
from pipeline.report.status import render_status, status
from pipeline.schema import schema
from pipeline.storage import RunFolder, StorageError

FAILED, BAD_MANIFEST, TOO_MANY_ERRORS = 1, 2, 3
"""Exit codes besides 0."""

RunPath = Annotated[str, typer.Argument(metavar="DIR", help="A run folder: a path or a URL.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
PlotPath = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it, too, as SVG.")]

out = Console()
err = Console(stderr=True)


def status_command(run: RunPath, as_json: AsJson = False) -> None:
    """How far a run is, stage by stage; works while it is going on, and after its cluster is gone.

    Example: `proofpile status runs/quickstart`
    """
    found = status(existing(run))
    print_json(found) if as_json else render_status(found, out)


def funnel_command(run: RunPath, as_json: AsJson = False) -> None:
    """What was read, kept and dropped, by source, stage, rule and reason.

    Example: `proofpile funnel runs/quickstart`
    """
    found = funnel(existing(run))
    print_json(found) if as_json else render_funnel(found, out)


def stats_command(
    run: RunPath,
    published: Annotated[bool, typer.Option("--published", help="Beside the papers' figures.")] = False,
    write: Annotated[
        str,
        typer.Option(metavar="FOLDER", help="Also write stack-stats.json and github-stats.json as math-lm has them."),
    ] = "",
    plot: PlotPath = None,
    as_json: AsJson = False,
) -> None:
    """Documents, bytes and tokens by source, subset and split.

    Example: `proofpile stats runs/quickstart --published`
    """
    found = stats(existing(run), published=published or bool(write))
    print_json(found) if as_json else render_stats(found, out)
    if write:
        write_shapes(found, Path(write), err)
    if plot:
        plot.write_text(draw_stats(found), "utf-8")


def explain_command(
    run: RunPath,
    wanted: Annotated[str, typer.Argument(metavar="ID_OR_URL", help="A document's id, or its URL.")],
    as_json: AsJson = False,
) -> None:
    """What became of one document: kept where, or dropped at which rule, with the values; exit code 1 if none is known.

    Example: `proofpile explain runs/quickstart https://probability.example/bayes`
    """
    found = explain(existing(run), wanted)
    print_json(found) if as_json else render_fates(found, out)
    if not found.fates:
        raise typer.Exit(FAILED)


def doctor_command(as_json: AsJson = False) -> None:
    """Versions, models with their hashes, what is missing and how to get it.

    Example: `proofpile doctor`
    """
    found = doctor()
    print_json(found) if as_json else render_doctor(found, out)


def schema_command() -> None:
    """The manifest's JSON schema: every key, its meaning, its default.

    Example: `proofpile schema > manifest.schema.json`
    """
    typer.echo(json.dumps(schema(), indent=1))


def existing(run: str) -> RunFolder:
    """A run folder that is one. Raises StorageError."""
    folder = RunFolder(absolute(run))
    if not folder.exists("manifest.json"):
        raise StorageError(f"{run} is no run folder: it has no manifest.json")
    return folder


def print_json(found: Any) -> None:
    """A dataclass, or a list of them, on standard output."""
    plain = [asdict(item) for item in found] if isinstance(found, Sequence) else asdict(found)
    typer.echo(json.dumps(plain, indent=1, ensure_ascii=False))


def absolute(location: str) -> str:
    """Workers elsewhere have another working directory."""
    return location if "://" in location else os.path.abspath(location)


def say_failures(done: Done) -> None:
    """Name the units that failed, with their errors."""
    for failure in done.failures:
        err.print(f"failed: {failure.stage}/{failure.unit}: {failure.error}", markup=False, highlight=False)
