"""Totals by source, subset and split, from the receipts that stand: no text is read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from manifests import Receipt, Total

DOCUMENTS, TOKENS = "documents", "tokens"
SPLITS = ("train", "validation", "test")

Receipts = Mapping[str, Sequence[Receipt]]
"""Receipts by stage."""


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


def stats_rows(receipts: Receipts) -> list[StatsRow]:
    """The rows of documents, then those of tokens."""
    return [row for kind in (DOCUMENTS, TOKENS) for row in _rows(kind, of_kind(kind, receipts))]


def of_kind(kind: str, receipts: Receipts) -> Iterator[Receipt]:
    """The receipts of all stages of a kind."""
    return chain.from_iterable(group for stage, group in receipts.items() if stage.partition("/")[0] == kind)


def furthest(rows: Sequence[StatsRow], receipts: Receipts) -> list[StatsRow]:
    """Of each source what a trainer gets, or what was ingested as long as nothing of it is tokenized."""
    tokenized = {stage.partition("/")[2] for stage in receipts if stage.startswith(f"{TOKENS}/")}
    return [row for row in rows if (row.stage == TOKENS) == (row.source in tokenized)]


def added(rows: Iterable[StatsRow]) -> Total:
    return sum((row.total for row in rows), Total())


def split_place(split: str) -> tuple[int, str]:
    """Where a split stands in a row of them: train first."""
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS)), split


def _rows(kind: str, receipts: Iterable[Receipt]) -> Iterator[StatsRow]:
    totals: dict[tuple[str, str, str], Total] = {}
    for receipt in receipts:
        for name, total in receipt.totals.items():
            key = _parts(kind, name)
            totals[key] = totals.get(key, Total()) + total
    sources = {source: place for place, (source, _, _) in reversed(list(enumerate(totals)))}
    for source, subset, split in sorted(totals, key=lambda key: (sources[key[0]], key[1], split_place(key[2]))):
        total = totals[source, subset, split]
        yield StatsRow(kind, source, subset, split, total.documents, total.bytes, total.tokens)


def _parts(kind: str, name: str) -> tuple[str, str, str]:
    """`source/subset` or `source/subset/split` taken apart; the subset `-` is none."""
    source, _, rest = name.partition("/")
    subset, _, split = rest.rpartition("/") if kind == TOKENS else (rest, "", "")
    return source, "" if subset == "-" else subset, split
