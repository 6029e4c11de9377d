"""Of each held-out benchmark: which of its theorems were found in the documents of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from rich.console import Console

from filters.heldout import Heldout, load
from filters.heldout_lists import Benchmark
from pipeline.report.explain import shard_rows
from pipeline.report.folder import receipts_by_stage
from pipeline.report.text import count, percent, plain, table
from pipeline.shards import DOCUMENTS, DROPS
from pipeline.storage import RunFolder

Found = Mapping[str, Sequence[str]]
"""Labels of theorems by benchmark, as the filter leaves them."""


@dataclass(frozen=True)
class Coverage:
    """What was found of one benchmark."""

    benchmark: str
    theorems: int
    found: int
    documents: int
    """Documents in which some were found, kept or refused."""
    missing: list[str]
    """Theorems that stood in no document."""


def coverage(run: RunFolder, benchmarks: tuple[Benchmark, ...]) -> list[Coverage]:
    """What the run's documents and ledger tell, beside the benchmarks' lists. Raises ModelError, StorageError."""
    labels: dict[str, dict[str, None]] = {benchmark.name: {} for benchmark in benchmarks}
    for item in load(benchmarks).items:
        labels[item.benchmark][item.label] = None
    found: dict[str, set[str]] = {name: set() for name in labels}
    documents = dict.fromkeys(labels, 0)
    for cut in _found(run):
        for name in cut.keys() & labels.keys():
            found[name].update(cut[name])
            documents[name] += 1
    return [_coverage(name, list(known), found[name], documents[name]) for name, known in labels.items()]


def _coverage(name: str, known: list[str], found: set[str], documents: int) -> Coverage:
    missing = [label for label in known if label not in found]
    return Coverage(name, len(known), len(known) - len(missing), documents, missing)


def _found(run: RunFolder) -> Iterator[Found]:
    """What was found in each document, kept or refused."""
    receipts = receipts_by_stage(run)
    noted = pc.match_substring(pc.field("meta"), '"heldout"')
    for row in shard_rows(run, receipts, DOCUMENTS, columns=["meta"], filter=noted):
        note = json.loads(row["meta"]).get("heldout")
        if isinstance(note, dict) and isinstance(note.get("items"), dict):
            yield note["items"]
    refused = pc.field("rule") == Heldout.rule
    for row in shard_rows(run, receipts, DROPS, columns=["detail"], filter=refused):
        if row["detail"].startswith("{"):
            yield json.loads(row["detail"])


def render_coverage(found: Iterable[Coverage], console: Console, missing: bool = False) -> None:
    """A line a benchmark; then, if asked for, the theorems that were not found, one a line."""
    made = table("benchmark", "theorems", "found", "", "documents")
    for one in found:
        share = percent(one.found / one.theorems) if one.theorems else ""
        made.add_row(plain(one.benchmark), count(one.theorems), count(one.found), share, count(one.documents))
    console.print(made)
    for one in found if missing else ():
        for label in one.missing:
            console.print(plain(f"not found: {one.benchmark}: {label}"), soft_wrap=True)
