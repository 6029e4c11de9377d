"""AlgebraicStack by language: documents, repositories, bytes and tokens beside the Llemma paper's Table 9."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console

import languages
from languages import Language
from manifests import Receipt, Total
from pipeline.report.folder import read_json
from pipeline.report.text import count, plain, short, size, table
from pipeline.report.totals import DOCUMENTS, TOKENS, Receipts, StatsRow, added, furthest
from pipeline.stages.ingest import DOCUMENTS_FILE
from pipeline.storage import RunFolder

PROOFSTEPS = "-proofsteps"
"""Ending of the subsets that hold a language's proof steps; Table 9 counts them with the language."""
REPOSITORY = r'"repo(?:_name)?": "(?P<name>[^"\\]+)"'
"""Where `meta` names the repository: it is JSON as `shards.py` writes it, and within a string quotes are escaped."""
SHAPES = {"stack-stats.json": "stack", "github-stats.json": "github"}
"""The files that math-lm's process_stack.py and process_github.py write, each with our kind of source."""
PUBLISHED_NAMES = {"matlab": "MATLAB"}
"""Languages that github-stats.json names otherwise than we do."""
ALL = "all"


@dataclass(frozen=True)
class Group:
    """The documents of one subset in one source."""

    kind: str
    """Of source: `stack`, `github`, `jsonl` …"""
    source: str
    subset: str
    total: Total
    repositories: frozenset[str]
    tokenized: bool

    @property
    def language(self) -> str:
        return self.subset.removesuffix(PROOFSTEPS)


@dataclass(frozen=True)
class CodeRow:
    """One language of the run beside the paper's. Proof steps count with their language."""

    language: str
    """`all` in the last row."""
    documents: int
    repositories: int
    """Of documents whose repository is known; proof steps have none."""
    bytes: int
    """Of the text in UTF-8."""
    tokens: int | None
    """None before anything of the language is tokenized."""
    published: int
    """Tokens of Table 9; its tokenizer is not known."""
    verified: bool
    """Whether the published figure was compared with the paper, or only recalled."""
    remark: str
    """What is known of the published figure."""
    ratio: float | None
    """Our tokens by the published ones."""


def code_groups(run: RunFolder, receipts: Receipts, rows: Sequence[StatsRow]) -> list[Group]:
    """The documents of every language by source, as far as they got: tokenized, or at least ingested.

    Counts come from the receipts; repositories from the documents' metadata columns. Texts are not read.
    """
    known = {name + ending for name in languages.names() for ending in ("", PROOFSTEPS)}
    wanted = [row for row in furthest(rows, receipts) if row.subset in known]
    kinds = {section["name"]: section["kind"] for section in (read_json(run, "manifest.json") or {}).get("sources", ())}
    repositories = _repositories(run, receipts, {row.source for row in wanted})
    groups: dict[tuple[str, str], list[StatsRow]] = {}
    for row in wanted:
        groups.setdefault((row.source, row.subset), []).append(row)
    return [
        Group(
            kinds.get(source, ""),
            source,
            subset,
            added(mine),
            frozenset(repositories.get((source, subset), ())),
            mine[0].stage == TOKENS,
        )
        for (source, subset), mine in groups.items()
    ]


def _repositories(run: RunFolder, receipts: Receipts, sources: set[str]) -> dict[tuple[str, str], set[str]]:
    """The repositories of the documents that got furthest, by source and subset."""
    found: dict[tuple[str, str], set[str]] = {}
    for source in sources:
        tokenized = {receipt.unit: receipt for receipt in receipts.get(f"{TOKENS}/{source}", ())}
        for documents in receipts.get(f"{DOCUMENTS}/{source}", ()):
            if not tokenized or documents.unit in tokenized:
                for subset, repository in _named(run, documents, tokenized.get(documents.unit)):
                    found.setdefault((source, subset), set()).add(repository)
    return found


def _named(run: RunFolder, documents: Receipt, tokens: Receipt | None) -> Iterator[tuple[str, str]]:
    """Subsets and repositories of a unit's documents, each pair about once.

    GitHub's tarballs join owner and name by a hyphen; the same repository may come from The Stack, too.
    """
    for rows in _reached(run, documents, tokens):
        names = pc.struct_field(pc.extract_regex(rows["meta"], REPOSITORY), "name")
        named = pa.table({"subset": rows["subset"], "name": pc.replace_substring(pc.utf8_lower(names), "/", "-")})
        for pair in named.group_by(["subset", "name"]).aggregate([]).to_pylist():
            if pair["name"]:
                yield pair["subset"], pair["name"]


def _reached(run: RunFolder, documents: Receipt, tokens: Receipt | None) -> Iterator[pa.Table]:
    """The rows of a unit, less what is not in its token shards, if there are some."""
    shards = [file.path for file in tokens.files if re.fullmatch(f"{TOKENS}/.*[.]parquet", file.path)] if tokens else []
    ids = [chunk for path in shards for chunk in _columns(run, path, ("id",))["id"].chunks]
    for file in documents.files:
        if file.path.endswith(f"/{DOCUMENTS_FILE}"):
            rows = _columns(run, file.path, ("id", "subset", "meta"))
            yield rows.filter(pc.is_in(rows["id"], pa.chunked_array(ids, pa.string()))) if tokens else rows


def _columns(run: RunFolder, path: str, columns: Sequence[str]) -> pa.Table:
    """Some columns of a Parquet file; the bytes of the others are not even fetched."""
    with run.open(path) as file:
        return pq.read_table(file, columns=list(columns))


def by_language(groups: Sequence[Group]) -> list[CodeRow]:
    """A row for each language, whether there is anything of it or not, and one for all."""
    rows = [_row(language, [group for group in groups if group.language == language.name]) for language in _all()]
    published = sum(row.published for row in rows)
    return [*rows, _sum(ALL, groups, published, all(row.verified for row in rows))]


def _all() -> Iterator[Language]:
    return map(languages.load, languages.names())


def _row(language: Language, groups: Sequence[Group]) -> CodeRow:
    published = language.published
    return _sum(language.name, groups, published.tokens, published.verified, published.remark)


def _sum(name: str, groups: Sequence[Group], published: int, verified: bool, remark: str = "") -> CodeRow:
    total = sum((group.total for group in groups), Total())
    repositories = frozenset[str]().union(*(group.repositories for group in groups))
    tokens = total.tokens if any(group.tokenized for group in groups) else None
    ratio = None if tokens is None else tokens / published
    return CodeRow(name, total.documents, len(repositories), total.bytes, tokens, published, verified, remark, ratio)


def published_shapes(groups: Sequence[Group]) -> dict[str, dict[str, dict[str, int | None]]]:
    """By file name, what math-lm writes of each language; a file without any language is left out.

    Sizes are bytes of the text as it is kept, so of a notebook those of its Markdown, where math-lm adds up the files.
    Tokens include the one that ends each document. They are null before anything is tokenized.
    """
    shapes = {name: dict(_shape(kind, row) for row in _of_kind(kind, groups)) for name, kind in SHAPES.items()}
    return {name: shape for name, shape in shapes.items() if shape}


def _shape(kind: str, row: CodeRow) -> tuple[str, dict[str, int | None]]:
    if kind == "stack":
        return row.language, {"files": row.documents, "size": row.bytes, "num_tokens": row.tokens}
    sizes = {"num_repos": row.repositories, "num_examples": row.documents, "num_tokens": row.tokens}
    return PUBLISHED_NAMES.get(row.language, row.language), sizes


def _of_kind(kind: str, groups: Sequence[Group]) -> Iterator[CodeRow]:
    for language in _all():
        mine = [group for group in groups if group.kind == kind and group.subset == language.name]
        if mine:
            yield _row(language, mine)


def render_code(rows: Sequence[CodeRow], console: Console) -> None:
    """A line per language; a published figure that nobody compared with the paper is marked."""
    verified = all(row.verified for row in rows)
    made = table("language", "documents", "repos", "size", "tokens", "table 9", "ratio")
    for row in rows:
        made.add_row(plain(row.language), *_cells(row), style="bold" if row.language == ALL else "")
    console.print()
    console.print(plain("AlgebraicStack beside Llemma (arXiv 2310.10631), table 9", "bold"))
    console.print(made)
    if not verified:
        console.print(plain("? recalled, not verified against the paper.", "yellow"))
    for remark in _remarks(rows):
        console.print(plain(remark))


def _cells(row: CodeRow) -> Iterator[str]:
    yield count(row.documents) if row.documents else "none"
    yield count(row.repositories) if row.repositories else ""
    yield size(row.bytes) if row.documents else ""
    yield "" if row.tokens is None else short(row.tokens)
    yield short(row.published) + ("" if row.verified else "?")
    yield "" if row.ratio is None else f"{row.ratio:.2g}"


def _remarks(rows: Iterable[CodeRow]) -> Iterator[str]:
    """What is known of figures, each remark once, with its languages."""
    by_remark: dict[str, list[str]] = {}
    for row in rows:
        if row.remark:
            by_remark.setdefault(row.remark, []).append(row.language)
    return (f"{' and '.join(names)}: {remark}" for remark, names in by_remark.items())
