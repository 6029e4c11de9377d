"""What an audit has found: coverage, self-test, counts in the shape of the Llemma paper's Table 6, and the evidence."""

from __future__ import annotations

import difflib
import heapq
import html
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from string import Template
from typing import Any

from rich.console import Console
from rich.table import Table

from filters.contamination.audit import METHODS, OWN, Index
from filters.contamination.items import Benchmark, Part, shared
from manifests import Receipt
from pipeline.report.text import count, table
from pipeline.stage import read_receipts
from pipeline.stages.audit import HITS_FILE, HITS_STAGE, SAMPLE_STAGE, SELF_TEST_FILE
from pipeline.storage import RunFolder

MOST_SHOWN = 2000
"""Hits of the highest score that the page shows; `hits.jsonl` has all."""
EVIDENCE = ("fuzzy", "exact", "ngram-13", "llemma-30", "llemma-20", "llemma-13", "llemma-whole", "llemma-10")
"""Whose span is shown of several that found the same."""


@dataclass(frozen=True)
class Coverage:
    """How many parts of a benchmark a method can see at all."""

    benchmark: str
    part: str
    method: str
    """Or `own`, for what at least one of our own methods sees."""
    seen: int
    of: int


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
    documents: int
    bytes: int
    refused: int
    coverage: list[Coverage]
    self_test: dict[str, Any] = field(default_factory=dict)
    counts: list[Counts] = field(default_factory=list)


def coverage(found: Index) -> list[Coverage]:
    """By benchmark, part and method."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for part in found.parts:
        totals[part.benchmark, part.role] += 1
    seen = {method: set(found.seen(method)) for method in METHODS}
    seen["own"] = set().union(*(seen[method] for method in OWN))
    rows: dict[tuple[str, str, str], int] = defaultdict(int)
    for method, parts in seen.items():
        for number in parts:
            rows[found.parts[number].benchmark, found.parts[number].role, method] += 1
    return [Coverage(*key, method, rows[*key, method], of) for key, of in totals.items() for method in seen]


def unseen(found: Index) -> Iterator[Part]:
    """The parts that none of our own methods can see."""
    seen = {number for method in OWN for number in found.seen(method)}
    return (part for number, part in enumerate(found.parts) if number not in seen)


def read_hits(run: RunFolder) -> Iterator[dict[str, Any]]:
    """All hits, in the order of the inputs."""
    for receipt in _receipts(run, HITS_STAGE):
        for listed in receipt.files:
            if listed.path.endswith(f"/{HITS_FILE}"):
                with run.open(listed.path) as file:
                    yield from map(json.loads, file)


def _receipts(run: RunFolder, stage: str) -> list[Receipt]:
    return list(read_receipts(run, stage).values())


def counted(hits: Iterable[dict[str, Any]]) -> list[Counts]:
    """Items and documents by benchmark, part and method; `own` is any of our own methods."""
    items: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    documents: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    number: dict[tuple[str, str, str], int] = defaultdict(int)
    for hit in hits:
        for method in (hit["method"], "own") if hit["method"] in OWN else (hit["method"],):
            key = hit["benchmark"], hit["part"], method
            items[key].add(hit["item"])
            documents[key].add(hit["document"])
            number[key] += 1
    order = {method: place for place, method in enumerate((*METHODS, "own"))}
    keys = sorted(items, key=lambda key: (key[:2], order[key[2]]))
    return [Counts(*key, len(items[key]), len(documents[key]), number[key]) for key in keys]


def audited(run: RunFolder, benchmarks: Sequence[Benchmark], hashes: dict[str, str], found: Index) -> Audited:
    """What a finished audit says. `found` is the index that it used, or one of the same parts."""
    flows = [flow for receipt in _receipts(run, HITS_STAGE) for flow in receipt.flows.values()]
    told = {
        one.name: {"sha256": hashes[one.name], "items": one.items, "parts": len(one.parts), "problems": one.problems}
        for one in benchmarks
    }
    tested = f"{SAMPLE_STAGE}/all/{SELF_TEST_FILE}"
    return Audited(
        told,
        list(shared(benchmarks)),
        sum(flow.read.documents for flow in flows),
        sum(flow.read.bytes for flow in flows),
        sum(flow.read.documents - flow.kept.documents for flow in flows),
        coverage(found),
        json.loads(run.read(tested)) if run.exists(tested) else {},
        counted(read_hits(run)),
    )


def render_audit(found: Audited, console: Console) -> None:
    """The tables, coverage first."""
    for name, told in found.benchmarks.items():
        odd = f", {count(len(told['problems']))} oddities (in audit.json)" if told["problems"] else ""
        console.print(f"{name}: {count(told['items'])} items, sha256 {told['sha256'][:16]}…{odd}", highlight=False)
    if found.shared:
        console.print(f"{count(len(found.shared))} questions stand in two benchmarks (in audit.json)", highlight=False)
    console.print("\nWhat each method can see at all:", highlight=False)
    heads = [name for name in HEADS if console.width >= NARROW or name in FEWER]
    console.print(_pivot(found.coverage, heads))
    if found.self_test:
        console.print("\nSelf-test: items planted in copies of these documents, and found again:", highlight=False)
        console.print(_recall(found.self_test, heads))
    console.print(
        f"\n{count(found.documents)} documents, {count(found.bytes)} bytes, {count(found.refused)} refused",
        highlight=False,
    )
    made = table("benchmark", "part", "method", "items", "documents", "hits", left=3)
    for row in found.counts:
        made.add_row(row.benchmark, row.part, row.method, count(row.items), count(row.documents), count(row.hits))
    console.print(made)


HEADS = {method: method.replace("llemma-", "L ").replace("ngram-", "n ") for method in METHODS} | {"own": "own"}
"""Columns must be narrow: `L 30` is the Llemma audit's n = 30, `own` any of our own methods."""
NARROW, FEWER = 120, ("llemma-30", "ngram-13", "fuzzy", "exact", "own")
"""On a terminal of fewer columns only these are shown; `audit.json` and the page have all."""


def _pivot(rows: Sequence[Coverage], heads: Sequence[str]) -> Table:
    made = table("benchmark", "part", "items", *(HEADS[name] for name in heads), left=2)
    cells: dict[tuple[str, str, int], dict[str, str]] = defaultdict(dict)
    for row in rows:
        cells[row.benchmark, row.part, row.of][row.method] = f"{row.seen / row.of:.1%}"
    for (name, part, items), shares in cells.items():
        made.add_row(name, part, count(items), *(shares[method] for method in heads))
    return made


def _recall(tested: dict[str, Any], heads: Sequence[str]) -> Table:
    made = table("kind", "planted", *(HEADS[name] for name in heads))
    for row in tested["recall"]:
        made.add_row(row["kind"], count(row["planted"]), *(count(row["found"].get(method, 0)) for method in heads))
    mistakes = (count(tested["mistakes"].get(method, 0)) for method in heads)
    made.add_row("documents with a permuted item", count(tested["documents"]), *mistakes)
    return made


def page(found: Audited, hits: Iterable[dict[str, Any]], parts: Sequence[Part]) -> str:
    """The report as one HTML file that needs nothing else."""
    texts = {(part.benchmark, part.item, part.role): part.text for part in parts}
    shown = _best(hits)
    rows = "\n".join(_card(hit, texts[hit["benchmark"], hit["item"], hit["part"]]) for hit in shown)
    console = Console(record=True, width=160, file=io.StringIO())
    render_audit(found, console)
    template = Template((resources.files("pipeline.report") / "audit.html").read_text("utf-8"))
    names = "".join(f"<option>{html.escape(name)}</option>" for name in found.benchmarks)
    return template.substitute(
        tables=html.escape(console.export_text()), benchmarks=names, hits=rows, shown=count(len(shown))
    )


def _best(hits: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One hit for each document and part, with all methods that found it, the surest first."""
    merged: dict[tuple[str, ...], dict[str, Any]] = {}
    for hit in hits:
        key = tuple(hit[name] for name in ("benchmark", "item", "part", "document"))
        have = merged.setdefault(key, hit | {"methods": {}})
        have["methods"][hit["method"]] = hit["score"]
        if EVIDENCE.index(hit["method"]) < EVIDENCE.index(have["method"]):
            merged[key] = hit | {"methods": have["methods"]}
    return heapq.nsmallest(MOST_SHOWN, merged.values(), key=lambda hit: (EVIDENCE.index(hit["method"]), -hit["score"]))


def _card(hit: dict[str, Any], text: str) -> str:
    left, right = marked(text, hit["span"])
    before, after = (html.escape(side) for side in hit["context"])
    methods = ", ".join(f"{name} {score:.2f}" for name, score in sorted(hit["methods"].items()))
    url = html.escape(hit["url"], quote=True)
    link = f'<a rel="noreferrer" href="{url}">{url}</a>' if re.match(r"https?://", hit["url"]) else url
    return (
        f'<article data-benchmark="{html.escape(hit["benchmark"], quote=True)}">'
        f"<h2>{html.escape(hit['benchmark'])} {html.escape(hit['item'])} ({hit['part']}) <b>{hit['score']:.2f}</b></h2>"
        f"<p>{html.escape(methods)}<br>{html.escape(hit['document'])} {link}</p>"
        f"<div><pre>{left}</pre><pre>{before}<span>{right}</span>{after}</pre></div></article>"
    )


def marked(left: str, right: str) -> tuple[str, str]:
    """Two texts as HTML, the words that they share in their order marked."""
    pieces = [re.split(r"(\s+)", text) for text in (left, right)]
    mine, theirs = ([word.lower() for word in side[::2]] for side in pieces)
    blocks = difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    sides = []
    for side, piece in enumerate(pieces):
        same = {block[side] + step for block in blocks for step in range(block.size)}
        escaped = [html.escape(part) for part in piece]
        sides.append(
            "".join(
                f"<mark>{part}</mark>" if place % 2 == 0 and place // 2 in same and part else part
                for place, part in enumerate(escaped)
            ).replace("</mark> <mark>", " ")
        )
    return sides[0], sides[1]


def as_json(found: Audited) -> str:
    """All of it, for scripts."""
    return json.dumps(asdict(found), indent=1, ensure_ascii=False)
