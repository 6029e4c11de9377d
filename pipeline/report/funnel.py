"""The funnel: per source and stage what was read, what was kept, and what was dropped by which rule and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table

from manifests import Count, Flow
from pipeline.driver import sum_flows
from pipeline.report.folder import receipts_by_stage
from pipeline.report.text import BAR, bar, count, percent, plain, size, table
from pipeline.storage import RunFolder

TOTAL = "total"
"""In place of a stage: from the source's first stage to the last that has read all it was given."""
READ, KEPT, DROPPED = "read", "kept", "dropped"
NAME, SIZE = 30, 9


@dataclass(frozen=True)
class FunnelRow:
    """One count. Bytes are those of the records as that stage read them: raw ones at first, text later."""

    source: str
    stage: str
    outcome: str
    """`read`, `kept`, or the `rule/reason` of a refusal; in a total `dropped` is all refusals together."""
    documents: int
    bytes: int
    share: float
    """Of the documents that the stage read."""


@dataclass(frozen=True)
class Gap:
    """A stage that has not read of a source what the stage before kept: unfinished, or a defect of proofpile."""

    source: str
    stage: str
    read: int
    before: str
    kept: int

    def __str__(self) -> str:
        return f"{self.stage} has read {self.read:,} documents of {self.source}, but {self.before} kept {self.kept:,}"


def funnel(run: RunFolder) -> list[FunnelRow]:
    """The funnel of a run folder: sources and stages in the order of the corpus, then a total per source."""
    flows: dict[str, dict[str, Flow]] = {}
    for stage, receipts in receipts_by_stage(run).items():
        for source, flow in sum_flows(receipts).items():
            flows.setdefault(source, {})[stage] = flow
    return [row for source in flows for row in _rows(source, flows[source])]


def _rows(source: str, flows: Mapping[str, Flow]) -> Iterator[FunnelRow]:
    for stage, flow in flows.items():
        yield _row(source, stage, READ, flow.read, flow.read)
        yield _row(source, stage, KEPT, flow.kept, flow.read)
        most_first = sorted(flow.dropped.items(), key=lambda item: (-item[1].documents, item[0]))
        yield from (_row(source, stage, reason, dropped, flow.read) for reason, dropped in most_first)
    yield from _total(source, list(flows.values()))


def _total(source: str, flows: Sequence[Flow]) -> Iterator[FunnelRow]:
    first = last = flows[0]
    dropped = Count()
    for flow in flows:
        if flow is not first and flow.read.documents != last.kept.documents:
            break
        dropped = sum(flow.dropped.values(), dropped)
        last = flow
    yield _row(source, TOTAL, READ, first.read, first.read)
    yield _row(source, TOTAL, KEPT, last.kept, first.read)
    yield _row(source, TOTAL, DROPPED, dropped, first.read)


def _row(source: str, stage: str, outcome: str, counted: Count, read: Count) -> FunnelRow:
    share = counted.documents / read.documents if read.documents else 0.0
    return FunnelRow(source, stage, outcome, counted.documents, counted.bytes, share)


def gaps(rows: Sequence[FunnelRow]) -> list[Gap]:
    """Where the books do not balance across stages, as `pipeline.driver.check_books` demands of a finished run."""
    found = []
    before: dict[str, FunnelRow] = {}
    for row in rows:
        if row.stage != TOTAL and row.outcome == KEPT:
            before[row.source] = row
        elif row.stage != TOTAL and row.outcome == READ and row.source in before:
            last = before[row.source]
            if last.documents != row.documents:
                found.append(Gap(row.source, row.stage, row.documents, last.stage, last.documents))
    return found


def render_funnel(rows: Sequence[FunnelRow], console: Console) -> None:
    """One table per source, then whether the books balance."""
    if not rows:
        console.print("No receipt stands here yet, so nothing has been counted.")
        return
    for source in dict.fromkeys(row.source for row in rows):
        console.print(_table([row for row in rows if row.source == source], console))
        console.print()
    wrong = gaps(rows)
    for gap in wrong:
        console.print(plain(str(gap), "yellow"))
    if not wrong:
        console.print("The books balance: each stage has read what the stage before it kept.")
    console.print("Bytes are those of records as a stage reads them: raw pages and files at first, text later.")


def _table(rows: Sequence[FunnelRow], console: Console) -> Table:
    """What was read, every refusal under the stage that made it, what was kept; shares are of all that was read."""
    made = table(rows[0].source, "documents", "bytes", "share")
    made.columns[0].min_width, made.columns[2].min_width = NAME, SIZE  # so that the tables of all sources line up
    made.add_column("", min_width=BAR)
    read, kept, dropped = (row for row in rows if row.stage == TOTAL)
    if not dropped.documents:
        made.add_row("read, all kept", *_cells(kept, read, console), style="green")
        return made
    made.add_row("read", *_cells(read, read, console))
    refusals = (row for row in rows if row.stage != TOTAL and row.outcome not in (READ, KEPT))
    for stage, of_stage in groupby(refusals, lambda row: row.stage):
        made.add_row(plain(f"  {stage}", "bold"))
        for row in of_stage:
            made.add_row(plain(f"    {row.outcome}"), *_cells(row, read, console), style="red")
    made.add_row("kept", *_cells(kept, read, console), style="green")
    return made


def _cells(row: FunnelRow, of: FunnelRow, console: Console) -> tuple[str, ...]:
    share = row.documents / of.documents if of.documents else 0.0
    return count(row.documents), size(row.bytes), percent(share), bar(share, console)
