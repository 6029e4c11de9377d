"""What the law and Ray cost a unit: many units of one line each, by every way that a unit can be done.

`work` runs the stage alone (read and hash the input, write two Parquet files), without receipts, lock or plan; what
the others take beyond it is overhead. `inline` adds the law, `isolated` a child process, `ray` Ray's tasks.
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from generate import OneLine
from measure import Cost, Subject, median, options, show, take_turns

from manifests import Receipt
from pipeline.driver import Driver, Executor, Failure
from pipeline.isolation import Bounds, run_isolated
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.progress import Reporter
from pipeline.run import inline, on_ray
from pipeline.stage import Bench, Stage, Unit, Unwatched
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder

WAYS = ("inline", "isolated", "ray, 1 worker", "ray, 2 workers")


def main() -> None:
    parser = options(__doc__, rounds=3)
    parser.add_argument("--units", type=int, nargs="+", default=[500, 2000], help="numbers of units (500 2000)")
    given = parser.parse_args()
    # Ray's workers and their children must find `generate` as this process does
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))
    for units in given.units:
        with tempfile.TemporaryDirectory() as folder:
            write_lines(Path(folder), units)
            ways: dict[str, Subject] = {"work": partial(work, folder)}
            ways |= {way: partial(run, folder, way) for way in WAYS}
            report(units, {name: take_turns({name: way}, given.rounds)[name] for name, way in ways.items()})


def write_lines(folder: Path, units: int) -> None:
    for number in range(units):
        (folder / f"{number:05}.txt").write_text(f"line {number}")


def stage_on(folder: str) -> Ingest:
    return Ingest(OneLine(), (), outside=Outside(folder), paths=("*.txt",), unit_bytes=1)


def work(folder: str) -> int:
    """The stage's own work, unit by unit."""
    stage = stage_on(folder)
    units = list(stage.units({}))
    with tempfile.TemporaryDirectory() as out:
        run = RunFolder(out)
        for unit in units:
            stage.run(unit, Bench(Path(out), run, Unwatched()))
    return len(units)


def run(folder: str, way: str) -> int:
    """A whole run, one way or another."""
    with tempfile.TemporaryDirectory() as out:
        place = RunFolder(out)
        driver = Driver(place, executor(place, way), Reporter(place, io.StringIO()), Lock(place))
        stage = stage_on(folder)
        done = driver.bring_about([stage])
        assert not done.failures
        return len(done.receipts[stage.name])


def executor(place: RunFolder, way: str) -> Executor:
    if way == "inline":
        return inline(place)
    if way == "isolated":
        return partial(isolated, place)
    return on_ray(place, Bounds(), int(way.split()[1]))


def isolated(place: RunFolder, stage: Stage, units: Iterable[Unit]) -> Iterator[tuple[Unit, Receipt | Failure]]:
    for unit in units:
        yield unit, run_isolated(stage, unit, place, Bounds())


def report(units: int, costs: dict[str, list[Cost]]) -> None:
    rows = []
    base = costs["work"]
    for name, of_way in costs.items():
        cpu, wall = _milliseconds([cost.cpu for cost in of_way], units), _milliseconds([c.wall for c in of_way], units)
        more = [
            statistics.median(own) - statistics.median(bare)
            for own, bare in ((cpu, _cpu(base, units)), (wall, _wall(base, units)))
        ]
        rows.append((name, median(cpu), median(wall), f"{more[0]:.2f}", f"{more[1]:.2f}"))
    head = ("way", "CPU ms/unit", "wall ms/unit", "CPU beyond the work", "wall beyond the work")
    show(f"{units:,} units of one line", head, rows)


def _milliseconds(seconds: Sequence[float], units: int) -> list[float]:
    return [1000 * second / units for second in seconds]


def _cpu(costs: Sequence[Cost], units: int) -> list[float]:
    return _milliseconds([cost.cpu for cost in costs], units)


def _wall(costs: Sequence[Cost], units: int) -> list[float]:
    return _milliseconds([cost.wall for cost in costs], units)


if __name__ == "__main__":
    main()
