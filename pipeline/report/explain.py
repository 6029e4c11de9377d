"""What became of one document: where it was kept, or which rule of which stage refused it, with the values."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from rich.console import Console

from manifests import Receipt
from pipeline.report.folder import receipts_by_stage
from pipeline.report.text import plain, table
from pipeline.shards import DOCUMENTS, DROPS
from pipeline.stages.marks import CUTS_FILE
from pipeline.storage import RunFolder, StorageError

KEPT, DROPPED, CUT = "kept", "dropped", "cut"
LOOKED_AT = 5_000
"""Documents, and refusals, among which something near is looked for when nothing was found."""


@dataclass(frozen=True)
class Fate:
    """What one stage did with one document."""

    id: str
    url: str
    source: str
    stage: str
    outcome: str
    """`kept`, `dropped`, or `cut`: kept but for some stretches of its text."""
    rule: str = ""
    reason: str = ""
    detail: str = ""
    """The values that the rule decided on; of a duplicate, the id of the document that was kept instead. Of a
    kept document: what was cut out of it."""
    subset: str = ""
    file: str = ""
    """Below the run folder: of a kept document the shard that holds its text, of a cut one the list of its cuts."""


@dataclass(frozen=True)
class Explanation:
    """All that a run folder knows of an id or URL."""

    asked: str
    fates: list[Fate]
    """Documents by id, of each its stages in the order of the corpus."""
    unlisted: dict[str, int] = field(default_factory=dict)
    """If nothing was found: refusals by `stage: rule/reason` that were counted, but are not in the ledger."""
    near: list[str] = field(default_factory=list)
    """If nothing was found: ids or URLs that read alike."""


def explain(run: RunFolder, id_or_url: str) -> Explanation:
    """Look a document up by its id or URL; of a URL, scheme and last slash may be left out."""
    receipts = receipts_by_stage(run)
    fates = _fates(run, receipts, id_or_url)
    if fates:
        return Explanation(id_or_url, fates)
    return Explanation(id_or_url, [], unlisted(run, receipts), _near(run, receipts, id_or_url))


def _fates(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]], wanted: str) -> list[Fate]:
    match = (ds.field("id") == wanted) | ds.field("url").isin(pa.array(spellings(wanted), pa.string()))
    columns = ["id", "url", "source", "subset", "meta", "__filename"]
    kept = (_kept(run, row) for row in shard_rows(run, receipts, DOCUMENTS, columns=columns, filter=match))
    dropped = (Fate(outcome=DROPPED, **row) for row in shard_rows(run, receipts, DROPS, filter=match))
    fates = [*kept, *dropped, *_cut_fates(run, receipts, match)]
    places = {stage: place for place, stage in enumerate(receipts)}
    return sorted(fates, key=lambda fate: (fate.id, places.get(fate.stage, len(places)), fate.outcome, fate.file))


def _cut_fates(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]], match: ds.Expression) -> Iterator[Fate]:
    """What stages after ingest cut out of documents that stay."""
    for stage, group in receipts.items():
        files = (file.path for receipt in group for file in receipt.files)
        paths = [run.full(path) for path in files if path.endswith(f"/{CUTS_FILE}")]
        sizes: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for row in _cut_rows(run, paths, match) if paths else ():
            sizes[row["id"], row["url"], run.key(row["__filename"])].append(row["end"] - row["start"])
        for (id, url, file), cut in sizes.items():
            source = file.removeprefix("dedup/marks/").removeprefix("decontaminate/").partition("/")[0]
            detail = f"cut out: {len(cut)} stretches, {sum(cut):,} bytes"
            yield Fate(id, url, source, stage, CUT, detail=detail, file=file)


def _cut_rows(run: RunFolder, paths: list[str], match: ds.Expression) -> list[dict[str, Any]]:
    columns = ["id", "url", "start", "end", "__filename"]
    listed = ds.dataset(paths, format="parquet", filesystem=run.fs)
    return listed.to_table(columns=columns, filter=match).to_pylist()


def _kept(run: RunFolder, row: dict[str, Any]) -> Fate:
    file = run.key(row.pop("__filename"))
    detail = _cut(json.loads(row.pop("meta")).get("heldout"))
    return Fate(stage="/".join(file.split("/")[:2]), outcome=KEPT, detail=detail, file=file, **row)


def _cut(heldout: Any) -> str:
    """What `filters.heldout` cut out of a document, of which it left a note."""
    if not isinstance(heldout, dict):
        return ""
    items = json.dumps(heldout.get("items"), ensure_ascii=False)
    return f"held-out theorems cut out: {heldout.get('cut')}, {items}"


def spellings(url: str) -> list[str]:
    """The ways in which a URL may be recorded: either scheme, with and without a last slash."""
    bare = re.sub(r"^[a-z]+://", "", url.strip(), flags=re.IGNORECASE).rstrip("/")
    written = [f"{scheme}{bare}{end}" for scheme in ("http://", "https://", "") for end in ("", "/")]
    return sorted({url, *written}) if bare else []


def shard_rows(
    run: RunFolder, receipts: Mapping[str, Sequence[Receipt]], schema: pa.Schema, **scan: Any
) -> Iterator[dict[str, Any]]:
    """Rows of all documents shards, or of all of the ledger, that the receipts list; other files do not count.

    One batch is in memory at a time. Raises StorageError if a file is not what its receipt says.
    """
    folder = "drops/" if schema is DROPS else "documents/"
    files = (file for group in receipts.values() for receipt in group for file in receipt.files)
    paths = [run.full(file.path) for file in files if file.path.startswith(folder) and file.path.endswith(".parquet")]
    shards = ds.dataset(paths, schema=schema, format="parquet", filesystem=run.fs)
    try:
        for batch in shards.scanner(**scan).to_batches():
            yield from batch.to_pylist()
    except pa.ArrowInvalid as error:
        raise StorageError(f"{run.url} is damaged: {error}; remove the unit's receipt and run again") from error


def unlisted(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]]) -> dict[str, int]:
    """Refusals that the receipts count and the ledger does not list, by `stage: rule/reason`."""
    missing: Counter[str] = Counter()
    for stage, group in receipts.items():
        for flow in (flow for receipt in group for flow in receipt.flows.values()):
            missing.update({f"{stage}: {reason}": count.documents for reason, count in flow.dropped.items()})
    listed = shard_rows(run, receipts, DROPS, columns=["stage", "rule", "reason"])
    missing.subtract(f"{row['stage']}: {row['rule']}/{row['reason']}" for row in listed)
    return {reason: number for reason, number in missing.items() if number > 0}


def _near(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]], wanted: str) -> list[str]:
    known: dict[str, None] = {}
    for schema in (DOCUMENTS, DROPS):
        rows = shard_rows(run, receipts, schema, columns=["id", "url"])
        known.update((name, None) for row in islice(rows, LOOKED_AT) for name in row.values() if name)
    return difflib.get_close_matches(wanted, known, n=3, cutoff=0.8)


def render_fates(found: Explanation, console: Console) -> None:
    """Every document that was found, and what each stage did with it; or why nothing may have been found.

    Ids, addresses and files are never broken over lines, so that they can be copied and searched.
    """
    if not found.fates:
        _render_nothing(found, console)
    for name in dict.fromkeys(fate.id for fate in found.fates):
        fates = [fate for fate in found.fates if fate.id == name]
        console.print(plain(name, "bold"), soft_wrap=True)
        if fates[0].url:
            console.print(plain(f"  {fates[0].url}"), soft_wrap=True)
        for fate in fates:
            for line in _lines(fate):
                console.print(plain(f"  {line}", "red" if fate.outcome == DROPPED else "green"), soft_wrap=True)


def _lines(fate: Fate) -> Iterable[str]:
    if fate.outcome == KEPT:
        yield f"{fate.stage}: kept" + (f", subset {fate.subset}" if fate.subset else "")
        yield f"    in {fate.file}"
        if fate.detail:
            yield f"    {fate.detail}"
    elif fate.outcome == CUT:
        yield f"{fate.stage}: {fate.detail}"
        yield f"    listed in {fate.file}"
    else:
        yield f"{fate.stage}: dropped by {fate.rule}/{fate.reason}"
        if fate.detail:
            yield f"    {fate.detail}"


def _render_nothing(found: Explanation, console: Console) -> None:
    console.print(plain(f"No document that was kept or listed as dropped has the id or URL {found.asked!r}."))
    for near in found.near:
        console.print(plain(f"  near: {near}"), soft_wrap=True)
    if found.unlisted:
        console.print("It may be among the refusals that were counted, but not listed:")
        made = table("stage: rule/reason", "documents")
        for reason, number in found.unlisted.items():
            made.add_row(plain(reason), f"{number:,}")
        console.print(made)
        console.print(plain("To list them: list_early_drops = true in the manifest, or --set list_early_drops=true."))
