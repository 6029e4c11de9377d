"""`proofpile audit`: where the items of benchmarks stand in a run, in any JSON lines or Parquet, or in generations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from filters.contamination.audit import index
from manifests import ManifestError
from pipeline.benchmarks import BenchmarkFile, load_benchmark, parse
from pipeline.commands import FAILED, TOO_MANY_ERRORS, absolute, err, out, say_failures
from pipeline.driver import Done, alone
from pipeline.given import ENDINGS, bring_about, files_of
from pipeline.outside import Outside, Shard
from pipeline.report.audit import Audited, as_json, audited, coverage, page, read_hits, render_audit
from pipeline.report.text import count
from pipeline.sources.texts import Texts
from pipeline.stages.audit import Audit, AuditSample
from pipeline.stages.ingest import DOCUMENTS_FILE
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
    """Look for benchmarks in texts; writes hits.jsonl, audit.json and report.html.

    Example: `proofpile audit runs/quickstart --benchmark math=math_test.jsonl --out audits/quickstart`
    """
    wanted = tuple(map(parse, benchmarks))
    if len({one.name for one in wanted}) < len(wanted):
        raise ManifestError("--benchmark: two have the same name; give each its own")
    shards = tuple(shards_of(inputs))
    if dry_run:
        return _tell(_planned(wanted, shards), json_wanted)
    run = RunFolder(absolute(out_dir))
    run.check_writable()
    source = Texts(field=field, id_field=id_field)
    with alone(run):
        done = bring_about(
            run, [AuditSample(wanted, source, shards=shards), Audit(wanted, source, shards=shards)], workers, no_ray
        )
        if not done.failures:
            _tell(_write(run, wanted), json_wanted)
    raise typer.Exit(_conclude(run, done))


def shards_of(inputs: Sequence[str]) -> list[Shard]:
    """What is to be read, each by its path below what all have in common. Raises StorageError."""
    if any("://" in one for one in inputs):
        return [shard for one in inputs for shard in _elsewhere(one)]
    root, files = files_of(inputs)
    return Outside(root).shards(files)


def _elsewhere(url: str) -> list[Shard]:
    root, _, name = url.rstrip("/").rpartition("/")
    if name.endswith(ENDINGS):
        return Outside(root).shards((name,))
    return Outside(url).shards((f"documents/**/{DOCUMENTS_FILE}",))


def _planned(wanted: Sequence[BenchmarkFile], shards: Sequence[Shard]) -> Audited:
    """What can be seen, and how much there is to read."""
    loaded = [load_benchmark(one) for one in wanted]
    told = {
        one.name: {"sha256": file.file.sha256, "items": one.items, "parts": len(one.parts), "problems": one.problems}
        for one, file in zip(loaded, wanted, strict=True)
    }
    found = index([part for one in loaded for part in one.parts])
    err.print(f"{count(len(shards))} inputs, {count(sum(shard.size for shard in shards))} bytes", highlight=False)
    return Audited(told, [], 0, 0, 0, coverage(found))


def _write(run: RunFolder, wanted: Sequence[BenchmarkFile]) -> Audited:
    """Put the evidence of all units together, and the report beside it."""
    loaded = [load_benchmark(one) for one in wanted]
    parts = [part for one in loaded for part in one.parts]
    found = audited(run, loaded, {one.name: one.file.sha256 for one in wanted}, index(parts))
    run.write("audit.json", as_json(found).encode() + b"\n")
    with run.scratch() as folder, (folder / "hits.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(hit, ensure_ascii=False) + "\n" for hit in read_hits(run))
        file.flush()
        run.put(folder / "hits.jsonl", "hits.jsonl")
    run.write("report.html", page(found, read_hits(run), parts).encode())
    return found


def _tell(found: Audited, json_wanted: bool) -> None:
    typer.echo(as_json(found)) if json_wanted else render_audit(found, out)


def _conclude(run: RunFolder, done: Done) -> int:
    say_failures(done)
    if done.failures:
        return FAILED
    err.print(f"\nIn {run.url}: hits.jsonl, report.html, audit.json", highlight=False)
    flows = [flow for receipts in done.receipts.values() for one in receipts for flow in one.flows.values()]
    read, kept = (sum(flow.read.documents for flow in flows), sum(flow.kept.documents for flow in flows))
    if read and (read - kept) / read > ERROR_RATE:
        err.print(f"{count(read - kept)} of {count(read)} records are unreadable; drops/ says why", highlight=False)
        return TOO_MANY_ERRORS
    return 0
