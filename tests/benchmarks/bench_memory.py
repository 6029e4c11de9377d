"""Peak memory of a worker when an input is ten times as long: it should not grow by more than a tenth.

For every kind of source the documents stage reads one unit of generated records, and again one of `--times` as many.
The texts of the last one then go through dedup's keys and into tokens. Every stage runs in a process of its own.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from generate import write_jsonl, write_papers, write_stack, write_tarball, write_warc
from measure import Cost, in_fresh_process, megabytes, options, show

from manifests import Manifest
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.driver import Driver, sum_flows
from pipeline.lock import Lock
from pipeline.progress import Reporter
from pipeline.run import inline
from pipeline.storage import RunFolder

KINDS: Mapping[str, tuple[Callable[[Path, int], Path], str, int]] = {
    "warc": (partial(write_warc, maths=1.0), "pages.warc.gz", 1000),
    "stack": (write_stack, "data/python/files.parquet", 4000),
    "github": (write_tarball, "files.tar.gz", 4000),
    "arxiv": (write_papers, "papers", 500),
    "jsonl": (write_jsonl, "texts.jsonl.gz", 4500),
}
"""By kind of source: what writes its input, the input's name, and so many records as fill more than a row group."""

STAGES = ("dedup/keys", "dedup/", "tokenizer", "tokens/")
"""What follows the documents, in order, by the beginning of the name."""


def main() -> None:
    parser = options(__doc__, rounds=1)
    parser.add_argument("--times", type=int, default=10, help="how much longer the long input is (10)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of sources (all)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the short input (1.0: over a row group)")
    given = parser.parse_args()
    head = ("records", "stage", "kept", "peak", f"peak, {given.times} times the input", "growth", "CPU s")
    for kind in given.kinds:
        records = int(KINDS[kind][2] * given.scale)
        short, long = peaks(kind, records), peaks(kind, records * given.times)
        rows = [row(records, stage, short[stage], long[stage]) for stage in short]
        show(f"Peak memory of a worker, {kind}", head, rows)


def peaks(kind: str, records: int) -> dict[str, Cost]:
    """What each stage costs, by stage."""
    write, name, _ = KINDS[kind]
    stages = ("documents/", *STAGES) if kind == "jsonl" else ("documents/",)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "in", name)
        place.parent.mkdir(parents=True)
        in_fresh_process(partial(generate, write, place, records))
        return {stage: in_fresh_process(partial(run, folder, kind, stage)) for stage in stages}


def generate(write: Callable[[Path, int], Path], place: Path, records: int) -> int:
    write(place, records)
    return records


def run(folder: str, kind: str, only: str) -> int:
    """Bring about the stages whose names begin with `only`; how many documents they kept."""
    github = {"languages": ["python"]} if kind == "github" else {}
    source = {"name": kind, "kind": kind, "paths": ["**/*.*"], "root": f"{folder}/in", **github}
    tokenizer = {"train_vocabulary": 1024}
    settings = {"limits": {"unit_bytes": 1 << 40}, "dedup": {"accept_any_share": True}}
    manifest = Manifest.model_validate({"name": "memory", "sources": [source], "tokenizer": tokenizer, **settings})
    place = RunFolder(f"{folder}/out")
    driver = Driver(place, inline(place), Reporter(place, io.StringIO()), Lock(place))
    done = driver.bring_about(corpus(ask(manifest)), only)
    if done.failures:
        raise RuntimeError(done.failures[0].error)
    kept = (sum_flows(receipts) for name, receipts in done.receipts.items() if name.startswith(only))
    return max((flow.kept.documents for flows in kept for flow in flows.values()), default=0)


def row(records: int, stage: str, short: Cost, long: Cost) -> tuple[str, ...]:
    growth = f"{100 * (long.peak / short.peak - 1):+.0f} %"
    seconds = f"{short.cpu:.1f}, {long.cpu:.1f}"
    return (f"{records:,}", stage, f"{short.work:,}", megabytes(short.peak), megabytes(long.peak), growth, seconds)


if __name__ == "__main__":
    main()
