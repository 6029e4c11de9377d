"""`proofpile dedup`: near- and exact duplicates of any JSON lines or Parquet, without a manifest."""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pyarrow.parquet as pq
import typer
from pydantic import ValidationError
from rich.console import Console

from manifests import ManifestError, Receipt
from manifests.load import describe_errors, override
from manifests.sections import Dedup, Section
from pipeline.driver import Done, Driver, alone
from pipeline.isolation import Bounds
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.progress import Reporter
from pipeline.report.funnel import funnel, render_funnel
from pipeline.report.text import percent
from pipeline.run import inline, on_ray
from pipeline.sources.jsonl import Jsonl
from pipeline.sources.parquet import Parquet
from pipeline.stage import Bench, Stage, Unwatched
from pipeline.stages.dedup import SUMMARY, dedup_stages
from pipeline.stages.dedup_candidates import CANDIDATES_STAGE, PAIRS_FILE, ROW_BITS, keys_stages
from pipeline.stages.dedup_keys import MEMBERS_FILE
from pipeline.stages.dedup_pairs import LAST_ROW, PAIRS_STAGE
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder, StorageError

PARQUET = ".parquet"
LINES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json.gz", ".json", ".ndjson")

err = Console(stderr=True)


class Fields(NamedTuple):
    """Where a record has what."""

    text: str
    id: str
    url: str


class _Asked(Section):
    dedup: Dedup = Dedup()


def dedup_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT…", help="JSON lines (.gz, .zst), Parquet, or folders.")],
    out_dir: Annotated[str, typer.Option("--out", metavar="DIR", help="Run folder to write; resumed if it is there.")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A key of a manifest's [dedup].")
    ] = None,
    text_field: Annotated[str, typer.Option(help="Field or column of the text.")] = "text",
    id_field: Annotated[str, typer.Option(help="Field or column of the id; none: file and line.")] = "",
    url_field: Annotated[str, typer.Option(help="Field or column of the URL.")] = "",
    against: Annotated[str, typer.Option(metavar="DIR", help="Earlier run: what is like its documents goes.")] = "",
    pairs: Annotated[str, typer.Option("--list", metavar="FILE", help="Write all pairs as JSON lines; - prints.")] = "",
    workers: Annotated[int, typer.Option(min=0, help="Units at a time on Ray; 0: one per core.")] = 0,
    no_ray: Annotated[bool, typer.Option("--inline", help="All in this process.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Find near- and exact duplicates; drops/ says what goes, for which document, and how alike they are.

    Example: `proofpile dedup crawl/*.jsonl.zst --out runs/dedup --set threshold=0.8 --list pairs.jsonl`
    """
    settings = _settings([*(overrides or ()), *([f"against={against}"] if against else [])])
    sources = ingests(inputs, Fields(text_field, id_field, url_field))
    run = RunFolder(out_dir if "://" in out_dir else os.path.abspath(out_dir))
    run.check_writable()
    with alone(run):
        stages = [*sources, *dedup_stages(tuple(stage.name for stage in sources), settings)]
        about = {"manifest.json": json.dumps({"dedup": settings.model_dump(exclude={"against"})}, indent=1).encode()}
        done = _bring_about(run, stages, about, workers, no_ray)
    for failure in done.failures:
        err.print(f"failed: {failure.stage}/{failure.unit}: {failure.error}", markup=False, highlight=False)
    if done.failures:
        raise typer.Exit(1)
    summary = json.loads(run.read(SUMMARY))
    if pairs:
        _write_pairs(pairs, listed_pairs(run, done, bool(settings.against)))
    typer.echo(json.dumps(summary, indent=1)) if as_json else _render(run, summary)


def _settings(overrides: Iterable[str]) -> Dedup:
    given: dict[str, Any] = {"dedup": {}}
    for one in overrides:
        override(given, f"dedup.{one}")
    try:
        return _Asked.model_validate(given).dedup
    except ValidationError as error:
        raise ManifestError("\n".join(describe_errors(error, given))) from None


def ingests(inputs: Sequence[str], fields: Fields) -> list[Ingest]:
    """A stage for the JSON lines and one for the Parquet files among these. Raises StorageError."""
    paths = sorted({os.path.abspath(path) for one in inputs for path in _files(one)})
    root = os.path.commonpath([os.path.dirname(path) for path in paths])
    tables = [path for path in paths if path.endswith(PARQUET)]
    lines = [path for path in paths if path not in set(tables)]
    stages = []
    for source, some in (
        (Jsonl("jsonl", text_field=fields.text, id_field=fields.id, url_field=fields.url), lines),
        (Parquet("parquet", fields.text, fields.id, fields.url), tables),
    ):
        keys = tuple(glob.escape(os.path.relpath(path, root)) for path in some)
        if keys:
            stages.append(Ingest(source, (), outside=Outside(root), paths=keys))
    return stages


def _files(given: str) -> list[str]:
    """A file itself, and of a folder all files that end as data does."""
    if os.path.isfile(given):
        return [given]
    found = [str(path) for path in Path(given).rglob("*") if path.is_file() and path.name.endswith((PARQUET, *LINES))]
    if not found:
        raise StorageError(f"{given} is no file, and no folder with files that end in {PARQUET}, {', '.join(LINES)}")
    return found


def _bring_about(
    run: RunFolder, stages: Sequence[Stage], about: Mapping[str, bytes], workers: int, no_ray: bool
) -> Done:
    run.sweep()
    with Reporter(run) as reporter:
        execute = inline(run) if no_ray else on_ray(run, Bounds(), workers)
        return Driver(run, execute, reporter, Lock(run), about).bring_about(stages)


def listed_pairs(run: RunFolder, done: Done, earlier: bool) -> Iterator[dict[str, Any]]:
    """Every pair that was found, with its kind and similarity; ids are read anew for each batch of pairs."""
    bench = Bench(Path(), run, Unwatched())
    keys = [receipt for stage in keys_stages(earlier) for receipt in done.receipts[stage]]
    found = [*done.receipts[CANDIDATES_STAGE], *done.receipts.get(PAIRS_STAGE, ())]
    for listed in (file for receipt in found for file in receipt.files if file.path.endswith(f"/{PAIRS_FILE}")):
        with bench.open(listed) as file:
            for batch in pq.ParquetFile(file).iter_batches():
                rows = batch.to_pylist()
                ids = _ids(bench, keys, {row[end] for row in rows for end in ("left", "right")})
                for row in rows:
                    yield row | {"left": ids[row["left"]], "right": ids[row["right"]]}


def _ids(bench: Bench, keys: Sequence[Receipt], places: set[int]) -> dict[int, str]:
    """The ids of documents, by place."""
    ids: dict[int, str] = {}
    by_unit: dict[int, list[int]] = {}
    for place in sorted(places):
        by_unit.setdefault(place >> int(ROW_BITS), []).append(place)
    for unit, some in by_unit.items():
        listed = next(file for file in keys[unit].files if file.path.endswith(f"/{MEMBERS_FILE}"))
        with bench.open(listed) as file:
            names = pq.read_table(file, columns=["id"])["id"].to_numpy()
        ids |= {place: str(names[place & int(LAST_ROW)]) for place in some}
    return ids


def _write_pairs(target: str, pairs: Iterable[dict[str, Any]]) -> None:
    with ExitStack() as stack:
        file = sys.stdout if target == "-" else stack.enter_context(open(target, "w", encoding="utf-8"))
        for pair in pairs:
            file.write(json.dumps(pair, ensure_ascii=False) + "\n")


def _render(run: RunFolder, summary: dict[str, Any]) -> None:
    """What was found, in a table and a line or two."""
    render_funnel(funnel(run), err)
    near, cut = summary["near"], summary["cut"]
    false = near["candidates"] - near["alike"]
    share = percent(false / near["candidates"]) if near["candidates"] else "none"
    err.print(f"{near['candidates']:,} candidates were judged; {share} of them were not alike.")
    if seen := summary["paragraphs"]["seen"]:
        again, size = summary["paragraphs"]["repeated"], summary["paragraphs"]["bytes"]
        err.print(f"{again:,} of {seen:,} paragraphs ({size:,} bytes) have stood somewhere before; none was removed.")
    if cut["buckets"]:
        err.print(
            f"{cut['buckets']:,} buckets with {cut['members']:,} members were not compared in full, but with their "
            f"first members only (dedup.leaders): {cut['comparisons']:,} comparisons were left out."
        )
