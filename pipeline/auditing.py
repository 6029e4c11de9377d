"""`proofpile audit`: where the items of benchmarks stand in a run, in any JSON lines or Parquet, or in generations."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Sequence
from typing import Annotated

import typer

from filters.contamination.audit import index
from filters.contamination.coverage import coverage
from filters.contamination.items import shared
from manifests import ManifestError
from pipeline.benchmarks import BenchmarkFile, load_benchmark, parse
from pipeline.commands import FAILED, TOO_MANY_ERRORS, absolute, err, out, say_failures
from pipeline.driver import PLAN, alone
from pipeline.given import ENDINGS, bring_about, files_of
from pipeline.outside import Outside
from pipeline.report.audit import Audited, as_json, described, from_json, render_audit
from pipeline.report.text import count
from pipeline.sources.texts import Texts
from pipeline.stage import Stage
from pipeline.stages.audit import Audit, AuditSample
from pipeline.stages.audit_inputs import Input, of_run
from pipeline.stages.audit_report import AUDIT_FILE, AuditReport
from pipeline.storage import RunFolder

ERROR_RATE = 0.01
"""Share of records that may be unreadable before the exit code says so."""


def audit_command(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT…", help="Run folders, JSON lines (.gz, .zst), Parquet, or folders.")
    ],
    benchmarks: Annotated[
        list[str],
        typer.Option(
            "--benchmark", metavar="NAME=FILE[:FIELD[,ANSWER]]", help="What to look for; decon's references, too."
        ),
    ],
    out_dir: Annotated[str, typer.Option("--out", metavar="DIR", help="Run folder to write; resumed if it is there.")],
    field: Annotated[str, typer.Option("--text-field", help="Field or column of the text.")] = "text",
    id_field: Annotated[str, typer.Option(help="Field or column of the id; none: file and row.")] = "",
    workers: Annotated[int, typer.Option(min=0, help="Units at a time on Ray; 0: one per core.")] = 0,
    no_ray: Annotated[bool, typer.Option("--inline", help="All in this process.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show coverage and inputs, and read none.")] = False,
    json_wanted: Annotated[bool, typer.Option("--json", help="Print the tables as JSON.")] = False,
) -> None:
    """Look for benchmarks in texts; writes hits.jsonl, unseen.jsonl, audit.json and report.html.

    Example: `proofpile audit runs/quickstart --benchmark math=math_test.jsonl --out audits/quickstart`
    """
    wanted = tuple(map(parse, benchmarks))
    if len({one.name for one in wanted}) < len(wanted):
        raise ManifestError("--benchmark: two have the same name; give each its own")
    found = tuple(inputs_of(inputs))
    if dry_run:
        return _tell(_planned(wanted, found), json_wanted)
    run = RunFolder(absolute(out_dir))
    run.check_writable()
    source = Texts(field=field, id_field=id_field)
    searched: list[Stage] = [AuditSample(wanted, source, inputs=found), Audit(wanted, source, inputs=found)]
    with alone(run):
        done = bring_about(run, [*searched, AuditReport(wanted)], workers, no_ray, _about(wanted, source))
    say_failures(done)
    if done.failures:
        raise typer.Exit(FAILED)
    told = from_json(run.read(AUDIT_FILE))
    _tell(told, json_wanted)
    err.print(f"\nIn {run.url}: hits.jsonl, unseen.jsonl, report.html, audit.json", highlight=False)
    raise typer.Exit(_conclude(told))


def _about(wanted: Sequence[BenchmarkFile], source: Texts) -> dict[str, bytes]:
    """What the folder says of itself, so that `status` and `funnel` know it for a run's."""
    benchmarks = {one.name: one.file.sha256 for one in wanted}
    asked = {"benchmarks": benchmarks, "text_field": source.field, "id_field": source.id_field}
    return {"manifest.json": json.dumps({"audit": asked}, indent=1).encode()}


def inputs_of(given: Sequence[str]) -> list[Input]:
    """What is to be read, each by its path below what all have in common. Raises StorageError."""
    if any("://" in one for one in given):
        return [found for one in given for found in _elsewhere(one)]
    runs = [os.path.abspath(one) for one in given if is_run(one)]
    others = [one for one in given if not is_run(one)]
    folder, files = files_of(others) if others else (runs[0], ())
    top = os.path.commonpath([folder, *runs])
    outside, below = Outside(top), glob.escape(os.path.relpath(folder, top))
    found = [Input(shard) for shard in outside.shards(tuple(os.path.normpath(f"{below}/{file}") for file in files))]
    return found + [one for run in runs for one in of_run(outside, "" if run == top else os.path.relpath(run, top))]


def is_run(given: str) -> bool:
    """Whether this is a run's folder with documents, not just any folder of files."""
    return os.path.isfile(f"{given}/{PLAN}") and os.path.isdir(f"{given}/documents")


def _elsewhere(url: str) -> list[Input]:
    root, _, name = url.rstrip("/").rpartition("/")
    if name.endswith(ENDINGS):
        return [Input(shard) for shard in Outside(root).shards((name,))]
    return of_run(Outside(url))


def _planned(wanted: Sequence[BenchmarkFile], inputs: Sequence[Input]) -> Audited:
    """What can be seen, and how much there is to read."""
    loaded = [load_benchmark(one) for one in wanted]
    found = index([part for one in loaded for part in one.parts])
    err.print(f"{count(len(inputs))} inputs, {count(sum(one.size for one in inputs))} bytes", highlight=False)
    return Audited(described(loaded, wanted), list(shared(loaded)), coverage(found))


def _tell(found: Audited, json_wanted: bool) -> None:
    typer.echo(as_json(found)) if json_wanted else render_audit(found, out)


def _conclude(found: Audited) -> int:
    """The exit code: not 0 if too many records could not be read."""
    records = found.documents + found.refused
    if found.refused > ERROR_RATE * records:
        err.print(
            f"{count(found.refused)} of {count(records)} records are unreadable; drops/ says why", highlight=False
        )
        return TOO_MANY_ERRORS
    return 0
