"""The verbs that take a manifest: run, plan, heldout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from manifests import Manifest, ManifestError, load_manifest
from pipeline import http
from pipeline.asked import Asked, ask
from pipeline.commands import (
    FAILED,
    TOO_MANY_ERRORS,
    AsJson,
    RunPath,
    absolute,
    err,
    existing,
    out,
    print_json,
    say_failures,
)
from pipeline.corpus import corpus, reads_web
from pipeline.driver import Done, Driver, alone, sum_flows
from pipeline.isolation import Bounds
from pipeline.lock import Lock
from pipeline.polite import Gate, Manners
from pipeline.progress import Reporter
from pipeline.report.curve import draw_curve
from pipeline.report.funnel import funnel, render_funnel
from pipeline.report.heldout import coverage, render_coverage
from pipeline.report.plan import plan, render_plan
from pipeline.report.stats import render_stats, stats
from pipeline.run import inline, on_ray
from pipeline.stage import Stage
from pipeline.storage import RunFolder

PLANNING_ATTEMPTS = 3
"""Tries of one request while somebody waits for a plan."""
ERRORS = ("read/", "isolation/", "extract/", "id/")
"""Rules that refuse a record for being broken, not for what it says."""

ManifestPath = Annotated[Path, typer.Argument(metavar="MANIFEST", help="A TOML file; see `manifests/` for examples.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, dotted.")]
Sample = Annotated[str, typer.Option(help="Read a share of the inputs only, such as 1/1000.")]


def run_command(
    manifest: ManifestPath,
    out_dir: Annotated[str, typer.Option("--out", metavar="DIR", help="Run folder to write: a path or a URL.")],
    overrides: Overrides = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Units at a time; 0: one per core of the machine or cluster.")
    ] = 0,
    no_ray: Annotated[bool, typer.Option("--inline", help="All in this process, for a debugger.")] = False,
    only: Annotated[str, typer.Option(metavar="STAGE", help="Only the stages whose name begins so.")] = "",
    sample: Sample = "1",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and do nothing.")] = False,
) -> None:
    """Build a corpus; started again, it goes on where it stopped.

    Example: `proofpile run manifests/quickstart.toml --out runs/quickstart --workers 2`
    """
    asked, stages = _ask(manifest, overrides, sample)
    if dry_run:
        return render_plan(plan(stages), out)
    _check_only(stages, only)
    folder = RunFolder(absolute(out_dir))
    folder.check_writable()
    with alone(folder):
        done, lock = _run(asked, stages, folder, workers, no_ray, only)
    raise typer.Exit(_conclude(asked, folder, done, lock))


def _ask(path: Path, overrides: list[str] | None, sample: str) -> tuple[Asked, list[Stage]]:
    """What a manifest asks for, and the stages that bring it about. Raises ManifestError with the file, ModelError."""
    manifest = load_manifest(path, overrides or ())
    http.behave(Manners(Gate(manifest.fetch.requests_per_second), manifest.fetch.contact, PLANNING_ATTEMPTS))
    try:
        asked = ask(manifest, share(sample))
        return asked, corpus(asked)
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from None


def _run(
    asked: Asked, stages: list[Stage], folder: RunFolder, workers: int, no_ray: bool, only: str
) -> tuple[Done, Lock]:
    limits = asked.manifest.limits
    hashes = {rule: model.sha256 for rule, model in asked.models.items()}
    lock = Lock(folder, hashes, asked.pins, asked.list_hashes)
    bounds = Bounds(limits.record_seconds, limits.worker_bytes)
    fetch = asked.manifest.fetch
    gate = Gate(fetch.requests_per_second)
    http.behave(Manners(gate, fetch.contact))
    with Reporter(folder) as reporter:
        on_web = fetch if reads_web(asked.manifest) else None
        execute = inline(folder, gate) if no_ray else on_ray(folder, bounds, workers, on_web)
        driver = Driver(folder, execute, reporter, lock, {"manifest.json": _resolved(asked.manifest)})
        return driver.bring_about(stages, only), lock


def _check_only(stages: list[Stage], only: str) -> None:
    """Raises BadParameter if no stage's name begins so: the run would do nothing and call it done."""
    names = [stage.name for stage in stages]
    if not any(name.startswith(only) for name in names):
        raise typer.BadParameter(f"no stage begins with {only!r}; there are: {', '.join(names)}", param_hint="--only")


def _resolved(manifest: Manifest) -> bytes:
    """The manifest as it was understood, but for locations."""
    places: dict[str, Any] = {"root": True, "lock": True, "sources": {"__all__": {"root", "archives"}}}
    places |= {"decontaminate": {"benchmarks": {"__all__": {"path"}}}}
    places |= {"models": {"__all__": {"path"}}, "tokenizer": {"path"}, "dedup": {"against"}}
    places |= {"heldout": {name: {"lists"} for name in manifest.heldout}}
    return manifest.model_dump_json(indent=1, exclude=places).encode() + b"\n"


def _conclude(asked: Asked, folder: RunFolder, done: Done, lock: Lock) -> int:
    """Say what came of a run, and return its exit code."""
    render_funnel(funnel(folder), err)
    render_stats(stats(folder), err)
    if asked.engine:
        err.print(f"tokens by {asked.engine}", highlight=False)
    _say_where(folder, lock)
    say_failures(done)
    if done.not_started:
        err.print(f"not started, since they stand on what failed: {', '.join(done.not_started)}", highlight=False)
    if done.failures:
        return FAILED
    share_of_errors = error_rate(done)
    if share_of_errors > asked.manifest.limits.error_rate:
        limit = asked.manifest.limits.error_rate
        err.print(f"{share_of_errors:.2%} of the records are broken; limits.error_rate allows {limit:.2%}")
        return TOO_MANY_ERRORS
    return 0


def _say_where(folder: RunFolder, lock: Lock) -> None:
    if lock.new:
        err.print(f"{lock.new} inputs were not pinned; their hashes are now in lock.toml", highlight=False)
    places = (
        ("documents/", "the text, as Parquet, written once"),
        ("drops/", "every refusal with rule, reason and values"),
        ("tokens/", "what a trainer reads: .bin and .idx by source and split"),
        ("release/", "mixture weights and totals"),
        ("litdata/", "the tokens as LitData data sets"),
        ("packed/", "the mixture as sequences of equal length, in the order of training"),
        ("lock.toml", "hashes of all inputs and models"),
    )
    err.print(f"\nIn {folder.url}:", highlight=False)
    for place, meaning in places:
        if folder.exists(place.rstrip("/")):
            err.print(f"  {place:<12}{meaning}", highlight=False)


def error_rate(done: Done) -> float:
    """Share of all records read that were refused for being broken."""
    read = broken = 0
    for name, receipts in done.receipts.items():
        for flow in sum_flows(receipts).values() if name.startswith("documents/") else ():
            read += flow.read.documents
            broken += sum(count.documents for key, count in flow.dropped.items() if key.startswith(ERRORS))
    return broken / read if read else 0.0


def share(text: str) -> float:
    """`1/1000` or `0.001` as a number between 0 and 1. Raises typer.BadParameter."""
    part, _, whole = text.partition("/")
    try:
        number = float(part) / float(whole or 1)
    except (ValueError, ZeroDivisionError):
        number = -1.0
    if not 0 < number <= 1:
        raise typer.BadParameter(f"--sample {text}: give a share above 0, at most 1, such as 1/1000")
    return number


def plan_command(
    manifest: ManifestPath,
    overrides: Overrides = None,
    sample: Sample = "1",
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw how likely near-duplicates are found, as SVG.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Units, bytes to read, expected core-hours and objects to write; reads no document.

    Example: `proofpile plan manifests/proof-pile-2.toml --sample 1/1000`
    """
    found = plan(_ask(manifest, overrides, sample)[1])
    print_json(found) if as_json else render_plan(found, out)
    if plot and found.near:
        plot.write_text(draw_curve(found.near), "utf-8")
    elif plot:
        err.print(f"{plot} was not written: this manifest does not look for near-duplicates by MinHash.", markup=False)


def heldout_command(
    manifest: ManifestPath,
    run: RunPath,
    overrides: Overrides = None,
    missing: Annotated[bool, typer.Option("--missing", help="Also name the theorems that were not found.")] = False,
    as_json: AsJson = False,
) -> None:
    """How many theorems of each held-out benchmark were found in the sources of a run and cut out of them.

    Example: `proofpile heldout manifests/algebraic-stack.toml runs/algebraic-stack --missing`
    """
    asked, _ = _ask(manifest, overrides, "1")
    found = coverage(existing(run), asked.heldout)
    print_json(found) if as_json else render_coverage(found, out, missing)
