"""Look for pages on which the extractor breaks a promise, crashes or hangs.

    python tests/fuzz/fuzz_extract.py --seconds 600 --first 0 --real DIR --finds DIR

Pages come of numbers (`pages.py`) and are judged by `invariants.py`, a batch at a time, under the pipeline's own
supervisor: a page that kills or hangs its child becomes a refusal like any other, and the rest goes on. What is found
is made small and written to the folder of finds; once it is mended it becomes a fixture in tests/fuzz/finds/.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import psutil
import pyarrow.parquet as pq
from invariants import Judge, broken
from pages import Pages, page

from pipeline.isolation import Bounds, Supervisor
from pipeline.outside import Outside
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder

BATCH = 500
"""Pages of a unit."""
BOUNDS = Bounds(record_seconds=10.0, worker_bytes=2_000_000_000)
TRIALS = 2000
"""Attempts at making one find small."""
FEW = 3
"""Finds of one kind that are kept."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="CPU seconds to spend (60)")
    parser.add_argument("--first", type=int, default=0, help="number of the first page (0)")
    parser.add_argument("--real", default="", help="a folder of real pages (*.html), half of the pages come of them")
    parser.add_argument("--finds", type=Path, default=Path("finds"), help="folder for what is found (finds)")
    given = parser.parse_args()
    given.finds.mkdir(parents=True, exist_ok=True)
    kinds: Counter[str] = Counter()
    seed, spent = given.first, 0.0
    supervisor = Supervisor(BOUNDS)
    while spent < given.seconds:
        for number, what in fuzz(supervisor, seed, given.real):
            keep(number, what, kinds, given.real, given.finds)
        seed += BATCH
        spent += cpu_of(supervisor)
        print(f"{seed - given.first} pages, {spent:.0f} s, {sum(kinds.values())} finds: {dict(kinds)}", flush=True)


def fuzz(supervisor: Supervisor, seed: int, real: str) -> list[tuple[int, str]]:
    """The pages of one batch on which a promise is broken, and which."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "seed.txt").write_text(str(seed))
        stage = Ingest(Pages("fuzz", BATCH, real), (Judge(),), outside=Outside(folder), paths=("seed.txt",))
        (unit,) = stage.units({})
        supervisor.run(stage, unit, RunFolder(f"{folder}/out"))
        ledger = pq.read_table(f"{folder}/out/drops/{stage.name}/{unit.name}.parquet").to_pylist()
    return [(int(row["id"]), row["detail"] or row["reason"]) for row in ledger]


def cpu_of(supervisor: Supervisor) -> float:
    """CPU seconds of the child, which is then dismissed: the next batch runs the code as it is by then."""
    if supervisor.child is None:
        return 0.0
    spent = sum(psutil.Process(supervisor.child.process.pid).cpu_times()[:2])
    supervisor.child.stop()
    supervisor.child = None
    return float(spent)


def keep(number: int, what: str, kinds: Counter[str], real: str, folder: Path) -> None:
    """Write a find as a file, small if it can be made small in this very process."""
    kind = what.partition(":")[0]
    kinds[kind] += 1
    if kinds[kind] > FEW:
        return
    html = page(number, real)
    if kind not in ("crash", "timeout", "memory", "slow"):
        html = smallest(html, kind)
    (folder / f"{kind.replace(' ', '-')}-{number}.html").write_bytes(html)
    print(f"{number}: {what}\n    {html[:300]!r}", flush=True)


def smallest(html: bytes, kind: str) -> bytes:
    """What is left of a page when everything is cut out without which it still breaks the same promise."""
    trials, size = 0, max(1, len(html) // 2)
    while trials < TRIALS:
        start = 0
        while start < len(html) and trials < TRIALS:
            shorter = html[:start] + html[start + size :]
            trials += 1
            if any(words.startswith(kind) for words in broken(shorter)):
                html = shorter
            else:
                start += size
        if size == 1:
            break
        size //= 2
    return html


if __name__ == "__main__":
    main()
