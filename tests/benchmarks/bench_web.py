"""The chain of web filters on pages: how many a CPU second, and where the time goes.

Pages are read into memory first. Every filter is timed on the pages that reach it, with the clock of this process.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from generate import write_warc
from measure import Cost, median, megabytes, options, show, take_turns

from filters.document import Document, Drop
from filters.filter import Filter
from manifests import Manifest
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.outside import Outside
from pipeline.sources.warc import Warc
from pipeline.stage import Unwatched, execute
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder


@dataclass
class Timed:
    """A filter, and what it took."""

    then: Filter
    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    def __call__(self, document: Document) -> Document | Drop:
        start = time.process_time_ns()
        outcome = self.then(document)
        self.seconds.append((time.process_time_ns() - start) / 1e9)
        self.refused += isinstance(outcome, Drop)
        return outcome


def main() -> None:
    parser = options(__doc__, rounds=3)
    parser.add_argument("--data", type=Path, help="a folder of *.warc.gz (default: a generated archive)")
    parser.add_argument("--pages", type=int, default=1000, help="pages of the generated archive (1000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.data is None:
            write_warc(Path(folder, "pages.warc.gz"), given.pages)
        report(str(given.data or folder), given.rounds)


def report(folder: str, rounds: int) -> None:
    costs = take_turns({"chain": partial(chain, folder), "stage": partial(whole_stage, folder)}, rounds)
    show(
        "Web pages: the chain reads, filters, asks models; the stage writes documents, ledger and receipt as well",
        ("what", "pages", "pages/CPU s", "CPU ms/page", "peak memory"),
        [_whole(name, of) for name, of in costs.items()],
    )
    timed = [Timed(step) for step in filters()]
    chain_of(folder, timed)  # a warm-up: models are loaded at the first call
    timed = [Timed(step) for step in filters()]
    chain_of(folder, timed)
    whole = sum(sum(step.seconds) for step in timed)
    show(
        "By filter",
        ("filter", "pages in", "refused", "ms a page", "slowest ms", "share"),
        [_row(step, whole) for step in timed],
    )


def _whole(name: str, costs: Sequence[Cost]) -> tuple[str, ...]:
    rates = [cost.work / cost.cpu for cost in costs]
    figures = median(rates, 0), median([1000 / rate for rate in rates])
    return name, str(costs[0].work), *figures, megabytes(max(cost.peak for cost in costs))


def _row(step: Timed, whole: float) -> tuple[str, ...]:
    if not step.seconds:
        return (step.then.rule, "0", "0", "", "", "")
    mean, slowest = 1000 * statistics.mean(step.seconds), 1000 * max(step.seconds)
    share = f"{100 * sum(step.seconds) / whole:.1f} %"
    return (step.then.rule, f"{len(step.seconds):,}", f"{step.refused:,}", f"{mean:.3f}", f"{slowest:.1f}", share)


def stage(folder: str = "") -> Ingest:
    """What a manifest makes of web archives when it says nothing else."""
    source = {"name": "web", "kind": "warc", "paths": ["*.warc.gz"], "root": folder}
    manifest = Manifest.model_validate({"name": "web", "sources": [source]})
    return cast(Ingest, corpus(ask(manifest))[0])


def filters() -> tuple[Filter, ...]:
    return stage().filters


def records(folder: str) -> Iterator[Document | Drop]:
    for shard in Outside(folder).shards(("*.warc.gz",)):
        stream = shard.open()
        yield from Warc("web").read(shard.key, cast(BinaryIO, stream))
        stream.finish()


def whole_stage(folder: str) -> int:
    """Pages that the stage read."""
    ingest = stage(folder)
    with tempfile.TemporaryDirectory() as run:
        receipts = [execute(ingest, unit, RunFolder(run), Unwatched()) for unit in ingest.units({})]
    return sum(flow.read.documents for receipt in receipts for flow in receipt.flows.values())


def chain(folder: str) -> int:
    """Pages that were read and put through the chain."""
    return chain_of(folder, filters())


def chain_of(folder: str, steps: tuple[Filter, ...] | list[Timed]) -> int:
    pages = 0
    for record in records(folder):
        pages += 1
        for step in steps:
            if isinstance(record, Drop):
                break
            record = step(record)
    return pages


if __name__ == "__main__":
    main()
