"""How much there is: documents, bytes and tokens per source, subset and split, beside the papers' figures if wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any

from rich.console import Console
from rich.table import Table

from manifests import Receipt, Total
from pipeline.report.folder import read_json, receipts_by_stage
from pipeline.report.published import Figure, published_figures
from pipeline.report.text import plain, short, size, table
from pipeline.stage import recipe_path
from pipeline.storage import RunFolder

DOCUMENTS, TOKENS = "documents", "tokens"
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class StatsRow:
    """What was written of one group of documents. Bytes are those of the text in UTF-8."""

    stage: str
    """`documents`: the text, before duplicates were marked; `tokens`: what a trainer gets."""
    source: str
    subset: str
    split: str
    """Empty in rows of `documents`, which have not been split."""
    documents: int
    bytes: int
    tokens: int

    @property
    def total(self) -> Total:
        return Total(documents=self.documents, bytes=self.bytes, tokens=self.tokens)


@dataclass(frozen=True)
class Tokenizer:
    """What the tokens are counted in."""

    sha256: str
    """Of its file; empty while it is not known."""
    end: str
    """Token that ends every document, counted with it."""


@dataclass(frozen=True)
class Comparison:
    """One published figure beside the run's."""

    what: str
    measure: str
    published: int
    origin: str
    verified: bool
    ours: int | None
    """None where the run has nothing to put beside it."""


@dataclass(frozen=True)
class Stats:
    """How much there is in a run folder."""

    rows: list[StatsRow]
    tokenizer: Tokenizer | None = None
    """None before anything has been tokenized."""
    published: list[Comparison] = field(default_factory=list)


def stats(run: RunFolder, published: bool = False) -> Stats:
    """How much there is, from the totals of the receipts that stand; with `published`, beside the papers' figures."""
    receipts = receipts_by_stage(run)
    rows = [row for kind in (DOCUMENTS, TOKENS) for row in _rows(kind, _of_kind(kind, receipts))]
    tokenizer = _tokenizer(run, receipts)
    return Stats(rows, tokenizer, [compare(figure, rows) for figure in published_figures()] if published else [])


def _of_kind(kind: str, receipts: Mapping[str, Sequence[Receipt]]) -> Iterator[Receipt]:
    return chain.from_iterable(group for stage, group in receipts.items() if stage.partition("/")[0] == kind)


def _rows(kind: str, receipts: Iterable[Receipt]) -> Iterator[StatsRow]:
    totals: dict[tuple[str, str, str], Total] = {}
    for receipt in receipts:
        for name, total in receipt.totals.items():
            key = _parts(kind, name)
            totals[key] = totals.get(key, Total()) + total
    sources = {source: place for place, (source, _, _) in reversed(list(enumerate(totals)))}
    for source, subset, split in sorted(totals, key=lambda key: (sources[key[0]], key[1], _split_place(key[2]))):
        total = totals[source, subset, split]
        yield StatsRow(kind, source, subset, split, total.documents, total.bytes, total.tokens)


def _parts(kind: str, name: str) -> tuple[str, str, str]:
    """`source/subset` or `source/subset/split` taken apart; the subset `-` is none."""
    source, _, rest = name.partition("/")
    subset, _, split = rest.rpartition("/") if kind == TOKENS else (rest, "", "")
    return source, "" if subset == "-" else subset, split


def _split_place(split: str) -> tuple[int, str]:
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS)), split


def _tokenizer(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]]) -> Tokenizer | None:
    """Named by the recipe of the tokens; one that was trained in the run, by the file that it was written to."""
    tokenized = next(_of_kind(TOKENS, receipts), None)
    if tokenized is None:
        return None
    recipe = (read_json(run, recipe_path(tokenized.recipe)) or {}).get("stage", {})
    trained = (file for receipt in _of_kind("tokenizer", receipts) for file in receipt.files)
    sha256 = next((file.sha256 for file in trained if file.path.endswith("tokenizer.json")), "")
    return Tokenizer(_find(recipe, "sha256") or sha256, _find(recipe, "end_of_document"))


def _find(recipe: Any, name: str) -> str:
    """The first string under a key of this name, at any depth; empty if there is none."""
    if isinstance(recipe, dict):
        here = recipe.get(name)
        return here if isinstance(here, str) and here else _find(list(recipe.values()), name)
    if isinstance(recipe, list):
        return next((found for item in recipe if (found := _find(item, name))), "")
    return ""


def compare(figure: Figure, rows: Sequence[StatsRow]) -> Comparison:
    """A published figure beside what a trainer gets of the same documents; before tokens exist, beside the text."""
    mine = [row for row in rows if figure.counts(row.source, row.subset, row.split)]
    kind = TOKENS if figure.measure == "tokens" or any(row.stage == TOKENS for row in mine) else DOCUMENTS
    ours = [figure.measured(row.total) for row in mine if row.stage == kind]
    return Comparison(
        figure.what, figure.measure, figure.value, figure.origin, figure.verified, sum(ours) if ours else None
    )


def render_stats(found: Stats, console: Console) -> None:
    """A line per source and subset, a total per source and over all; then the papers' figures."""
    if not found.rows:
        console.print("Nothing has been written yet: no receipt with totals stands here.")
        return
    console.print(_table(found.rows))
    if found.tokenizer:
        end = f", every document ended by {found.tokenizer.end}" if found.tokenizer.end else ""
        console.print(plain(f"Tokens of the tokenizer {found.tokenizer.sha256 or 'unknown'}{end}."))
    if found.published:
        _render_comparisons(found.published, console)


def _table(rows: Sequence[StatsRow]) -> Table:
    tokenized = any(row.stage == TOKENS for row in rows)
    split = sorted({row.split for row in rows if row.stage == TOKENS}, key=_split_place)
    columns = ("ingested", "size", *(("kept", "tokens", *(name[:5] for name in split)) if tokenized else ()))
    made = table("documents", *columns)
    for source in dict.fromkeys(row.source for row in rows):
        of_source = [row for row in rows if row.source == source]
        made.add_row(plain(source, "bold"), *_cells(of_source, tokenized, split))
        for subset in dict.fromkeys(row.subset for row in of_source):
            if subset not in ("", source):
                cells = _cells([row for row in of_source if row.subset == subset], tokenized, split)
                made.add_row(plain(f"  {subset}"), *cells)
    made.add_row("all", *_cells(rows, tokenized, split), style="bold")
    return made


def _cells(rows: Sequence[StatsRow], tokenized: bool, splits: Sequence[str]) -> list[str]:
    text, tokens = (_sum(row for row in rows if row.stage == kind) for kind in (DOCUMENTS, TOKENS))
    cells = [short(text.documents), size(text.bytes)]
    if tokenized:
        by_split = [_sum(row for row in rows if row.split == split and row.stage == TOKENS) for split in splits]
        cells += [short(tokens.documents), short(tokens.tokens), *(short(part.tokens) for part in by_split)]
    return cells


def _sum(rows: Iterable[StatsRow]) -> Total:
    return sum((row.total for row in rows), Total())


def _render_comparisons(found: Sequence[Comparison], console: Console) -> None:
    for (cited, verified), items in groupby(found, lambda item: (_cited(item), item.verified)):
        console.print()
        console.print(plain(cited, "bold" if verified else "bold yellow"))
        made = table("", "published", "ours", "ratio", "")
        made.columns[0].min_width = 36
        for item in items:
            ours, ratio = ("-", "") if item.ours is None else (short(item.ours), f"{item.ours / item.published:.3g}")
            made.add_row(f"  {item.what}", short(item.published), ours, ratio, item.measure)
        console.print(made)


def _cited(item: Comparison) -> str:
    return item.origin if item.verified or "not verified" in item.origin else f"{item.origin}; not verified"
