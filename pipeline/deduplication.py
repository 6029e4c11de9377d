"""`proofpile dedup`: near- and exact duplicates of any JSON lines or Parquet, without a manifest."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pyarrow.parquet as pq
import typer
from pydantic import ValidationError

from manifests import ManifestError, Receipt
from manifests.load import describe_errors, override
from manifests.sections import Dedup, Section
from pipeline.commands import FAILED, absolute, err, say_failures
from pipeline.driver import Done, alone
from pipeline.given import bring_about, files_of
from pipeline.outside import Outside
from pipeline.report.funnel import funnel, render_funnel
from pipeline.report.text import percent
from pipeline.sources.jsonl import Jsonl
from pipeline.sources.parquet import Parquet
from pipeline.stage import Bench, Unwatched
from pipeline.stages.dedup import SUMMARY, dedup_stages
from pipeline.stages.dedup_candidates import CANDIDATES_STAGE, PAIRS_FILE, ROW_BITS, keys_stages
from pipeline.stages.dedup_keys import MEMBERS_FILE
from pipeline.stages.dedup_pairs import LAST_ROW, PAIRS_STAGE
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder

PARQUET = ".parquet"


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
    run = RunFolder(absolute(out_dir))
    run.check_writable()
    with alone(run):
        stages = [*sources, *dedup_stages(tuple(stage.name for stage in sources), settings)]
        about = {"manifest.json": json.dumps({"dedup": settings.model_dump(exclude={"against"})}, indent=1).encode()}
        done = bring_about(run, stages, workers, no_ray, about)
    say_failures(done)
    if done.failures:
        raise typer.Exit(FAILED)
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
    root, files = files_of(inputs)
    tables = tuple(file for file in files if file.endswith(PARQUET))
    lines = tuple(file for file in files if not file.endswith(PARQUET))
    sources = (
        (Jsonl("jsonl", text_field=fields.text, id_field=fields.id, url_field=fields.url), lines),
        (Parquet("parquet", fields.text, fields.id, fields.url), tables),
    )
    return [Ingest(source, (), outside=Outside(root), paths=some) for source, some in sources if some]


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
        removed = f"{count:,} were" if (count := summary["paragraphs"]["cut"]) else "none was"
        err.print(f"{again:,} of {seen:,} paragraphs ({size:,} bytes) stood elsewhere before; {removed} cut out.")
    if cut["buckets"]:
        err.print(
            f"{cut['buckets']:,} buckets with {cut['members']:,} members were not compared in full, but with their "
            f"first members only (dedup.leaders): {cut['comparisons']:,} comparisons were left out."
        )
