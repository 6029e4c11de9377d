"""How much there is: documents, bytes and tokens per source, subset and split, beside the papers' figures if wanted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from manifests import Receipt
from pipeline.recipe import recipe_path
from pipeline.report.code import SHAPES, CodeRow, by_language, code_groups, published_shapes, render_code
from pipeline.report.folder import read_json, receipts_by_stage
from pipeline.report.plots import bars
from pipeline.report.published import TABLE_9, Figure, published_figures
from pipeline.report.text import plain, short, size, table
from pipeline.report.totals import DOCUMENTS, TOKENS, StatsRow, added, of_kind, split_place, stats_rows
from pipeline.storage import RunFolder


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
    code: list[CodeRow] = field(default_factory=list)
    """Languages, beside the published figures; empty unless they are asked for."""
    shapes: dict[str, Any] = field(default_factory=dict)
    """The same as math-lm writes it, by file name."""
    missing: list[str] = field(default_factory=list)
    """Sources of the manifest of which nothing was written."""


def stats(run: RunFolder, published: bool = False) -> Stats:
    """How much there is, from the totals of the receipts that stand; with `published`, beside the papers' figures."""
    receipts = receipts_by_stage(run)
    rows = stats_rows(receipts)
    found = Stats(rows, _tokenizer(run, receipts), missing=_missing(run, rows))
    if not published:
        return found
    groups = code_groups(run, receipts, rows)
    beside = [compare(figure, rows) for figure in published_figures()]
    return replace(found, published=beside, code=by_language(groups), shapes=published_shapes(groups))


def _missing(run: RunFolder, rows: Sequence[StatsRow]) -> list[str]:
    written = {row.source for row in rows}
    named = (section["name"] for section in (read_json(run, "manifest.json") or {}).get("sources", ()))
    return [name for name in named if name not in written]


def _tokenizer(run: RunFolder, receipts: Mapping[str, Sequence[Receipt]]) -> Tokenizer | None:
    """Named by the recipe of the tokens; one that was trained in the run, by the file that it was written to."""
    tokenized = next(of_kind(TOKENS, receipts), None)
    if tokenized is None:
        return None
    recipe = (read_json(run, recipe_path(tokenized.recipe)) or {}).get("stage", {})
    trained = (file for receipt in of_kind("tokenizer", receipts) for file in receipt.files)
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
    if found.missing:
        console.print(plain(f"Nothing was written of: {', '.join(found.missing)}.", "yellow"))
    if found.tokenizer:
        end = f", every document ended by {found.tokenizer.end}" if found.tokenizer.end else ""
        console.print(plain(f"Tokens of the tokenizer {found.tokenizer.sha256 or 'unknown'}{end}."))
    if found.published:
        render_code(found.code, console)
        _render_comparisons([item for item in found.published if not item.origin.startswith(TABLE_9)], console)


def draw_stats(found: Stats) -> str:
    """A picture, as SVG: languages beside table 9 if the papers' figures were asked for, else sources and subsets."""
    if found.code:
        ours = {row.language: row.tokens or 0 for row in found.code}
        published = {row.language: row.published for row in found.code}
        cited = TABLE_9 if all(row.verified for row in found.code) else f"{TABLE_9}; not verified"
        return bars({"this run": ours, cited: published}, "tokens", logarithmic=True)
    kind, measure = (TOKENS, "tokens") if found.tokenizer else (DOCUMENTS, "bytes")
    sizes: Counter[str] = Counter()
    for row in found.rows:
        label = row.source if row.subset in ("", row.source) else f"{row.source}/{row.subset}"
        sizes[label] += getattr(row, measure) if row.stage == kind else 0
    return bars({"this run": sizes}, measure)


def write_shapes(found: Stats, folder: Path, console: Console) -> None:
    """Write the statistics as math-lm has them, and say what is not written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in SHAPES.items():
        if name in found.shapes:
            (folder / name).write_text(json.dumps(found.shapes[name], indent=2) + "\n", "utf-8")
        else:
            console.print(plain(f"{name} is not written: this run has nothing of a source of kind {kind}"))


def _table(rows: Sequence[StatsRow]) -> Table:
    tokenized = any(row.stage == TOKENS for row in rows)
    split = sorted({row.split for row in rows if row.stage == TOKENS}, key=split_place)
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
    text, tokens = (added(row for row in rows if row.stage == kind) for kind in (DOCUMENTS, TOKENS))
    cells = [short(text.documents), size(text.bytes)]
    if tokenized:
        by_split = [added(row for row in rows if row.split == split and row.stage == TOKENS) for split in splits]
        cells += [short(tokens.documents), short(tokens.tokens), *(short(part.tokens) for part in by_split)]
    return cells


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
