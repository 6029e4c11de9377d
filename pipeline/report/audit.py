"""What an audit has found: coverage, self-test, and counts in the shape of the Llemma paper's Table 6."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table

from filters.contamination.audit import METHODS, OWN
from filters.contamination.coverage import Coverage
from filters.contamination.items import Benchmark
from pipeline.benchmarks import BenchmarkFile
from pipeline.report.text import count, table

COLUMNS = (*METHODS, "own")
HEADS = {method: method.replace("llemma-", "L ").replace("ngram-", "n ") for method in COLUMNS}
"""On a terminal columns must be narrow: `L 30` is the Llemma audit's n = 30, `own` any of our own methods."""
NARROW, FEWER = 120, ("llemma-30", "ngram-13", "fuzzy", "exact", "own")
"""On a terminal of fewer columns only these are shown; `audit.json` and the page have all."""


@dataclass(frozen=True)
class Counts:
    """A row of Table 6, but with every hit counted."""

    benchmark: str
    part: str
    method: str
    items: int
    documents: int
    hits: int


@dataclass(frozen=True)
class Audited:
    """All that is to be told of an audit."""

    benchmarks: dict[str, dict[str, Any]]
    """By name: the file's hash, items, parts, and what was odd about its rows."""
    shared: list[str]
    """Questions that stand in two benchmarks."""
    coverage: list[Coverage]
    documents: int = 0
    """Texts that were searched."""
    bytes: int = 0
    left_out: int = 0
    """Documents of a run that were not, since its dedup or decontamination had dropped them."""
    refused: int = 0
    """Records that could not be read."""
    self_test: dict[str, Any] = field(default_factory=dict)
    counts: list[Counts] = field(default_factory=list)


def described(loaded: Sequence[Benchmark], files: Sequence[BenchmarkFile]) -> dict[str, dict[str, Any]]:
    """What each benchmark is."""
    return {
        one.name: {"sha256": file.file.sha256, "items": one.items, "parts": len(one.parts), "problems": one.problems}
        for one, file in zip(loaded, files, strict=True)
    }


def counted(hits: Iterable[dict[str, Any]]) -> list[Counts]:
    """By benchmark, part and method; `own` is any of our own methods. Hits of a document must stand together."""
    items: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    documents: Counter[tuple[str, str, str]] = Counter()
    number: Counter[tuple[str, str, str]] = Counter()
    for _, of_document in groupby(hits, key=lambda hit: hit["document"]):
        here: Counter[tuple[str, str, str]] = Counter()
        for hit in of_document:
            for method in (hit["method"], "own") if hit["method"] in OWN else (hit["method"],):
                key = hit["benchmark"], hit["part"], method
                items[key].add(hit["item"])
                here[key] += 1
        documents.update(here.keys())
        number.update(here)
    keys = sorted(items, key=lambda key: (key[:2], COLUMNS.index(key[2])))
    return [Counts(*key, len(items[key]), documents[key], number[key]) for key in keys]


def pooled(recall: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A self-test's rows of all benchmarks, one for each kind."""
    kinds: dict[str, dict[str, Any]] = {}
    for row in recall:
        one = kinds.setdefault(row["kind"], {"kind": row["kind"], "planted": 0, "visible": 0, "found": Counter()})
        one["planted"] += row["planted"]
        one["visible"] += row["visible"]
        one["found"].update(row["found"])
    return list(kinds.values())


def render_audit(found: Audited, console: Console) -> None:
    """The tables, coverage first."""
    for name, told in found.benchmarks.items():
        odd = f", {count(len(told['problems']))} oddities (in audit.json)" if told["problems"] else ""
        console.print(f"{name}: {count(told['items'])} items, sha256 {told['sha256'][:16]}…{odd}", highlight=False)
    if found.shared:
        console.print(f"{count(len(found.shared))} questions stand in two benchmarks (in audit.json)", highlight=False)
    console.print("\nWhat each method can see at all (unseen.jsonl has what not):", highlight=False)
    heads = [name for name in HEADS if console.width >= NARROW or name in FEWER]
    console.print(_pivot(found.coverage, heads))
    if found.self_test:
        console.print("\nSelf-test: items planted in copies of these documents, and found again:", highlight=False)
        console.print(_recall(found.self_test, heads))
    console.print(
        f"\n{count(found.documents)} documents, {count(found.bytes)} bytes; {count(found.left_out)} that the run has "
        f"dropped were left out, {count(found.refused)} could not be read",
        highlight=False,
    )
    made = table("benchmark", "part", "method", "items", "documents", "hits", left=3)
    for row in found.counts:
        made.add_row(row.benchmark, row.part, row.method, count(row.items), count(row.documents), count(row.hits))
    console.print(made)


def _pivot(rows: Sequence[Coverage], heads: Sequence[str]) -> Table:
    made = table("benchmark", "part", "items", *(HEADS[name] for name in heads), left=2)
    for (name, part, items), shares in shares_of(rows).items():
        made.add_row(name, part, count(items), *(f"{math.floor(1000 * shares[method]) / 10}%" for method in heads))
    return made


def shares_of(rows: Iterable[Coverage]) -> dict[tuple[str, str, int], dict[str, float]]:
    """By benchmark, part and number of items the share that each method sees."""
    shares: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for row in rows:
        shares[row.benchmark, row.part, row.of][row.method] = row.seen / row.of
    return shares


def _recall(tested: Mapping[str, Any], heads: Sequence[str]) -> Table:
    made = table("kind", "planted", "visible", *(HEADS[name] for name in heads))
    for row in pooled(tested["recall"]):
        found = (count(row["found"].get(method, 0)) for method in heads)
        made.add_row(row["kind"], count(row["planted"]), count(row["visible"]), *found)
    mistakes = (count(tested["mistakes"].get(method, 0)) for method in heads)
    made.add_row("documents with a permuted item", count(tested["documents"]), "", *mistakes)
    return made


def as_json(found: Audited) -> str:
    """All of it, for scripts."""
    return json.dumps(asdict(found), indent=1, ensure_ascii=False)


def from_json(data: bytes) -> Audited:
    """What `as_json` wrote."""
    told = json.loads(data)
    rows = {"coverage": Coverage, "counts": Counts}
    return Audited(**told | {name: [row(**one) for one in told[name]] for name, row in rows.items()})
