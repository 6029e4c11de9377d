"""The quickstart, from the command line to its last stage: wall time, CPU, and memory of all its processes together.

Each run starts in an empty folder; what `make quickstart` installs before is not counted. Memory is the proportional
set size where the system tells it (Linux), so that memory that processes share counts once.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from measure import Cost, median, megabytes, options, show, watch

WAYS: Mapping[str, Sequence[str]] = {
    "Ray, 2 workers": ("--workers", "2"),
    "Ray, 1 worker": ("--workers", "1"),
    "inline": ("--inline",),
}


def main() -> None:
    parser = options(__doc__, rounds=3)
    default = Path(__file__).parents[2] / "manifests" / "quickstart.toml"
    parser.add_argument("--manifest", type=Path, default=default, help="another manifest than the quickstart")
    parser.add_argument("--data", type=Path, help="the manifest's `root` (default: what it says itself)")
    given = parser.parse_args()
    root = ["--set", f"root={given.data.resolve()}"] if given.data else []
    costs: dict[str, list[Cost]] = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, flags in WAYS.items():
            costs[name].append(run(given.manifest, [*flags, *root]))
    show(given.manifest.stem, ("way", "wall s", "CPU s", "peak memory"), [row(name, costs[name]) for name in WAYS])


def run(manifest: Path, flags: Sequence[str]) -> Cost:
    with tempfile.TemporaryDirectory() as out:
        return watch([sys.executable, "-m", "pipeline", "run", str(manifest), "--out", out, *flags])


def row(name: str, costs: Sequence[Cost]) -> tuple[str, ...]:
    peak = megabytes(statistics.median(cost.peak for cost in costs))
    return name, median([cost.wall for cost in costs], 1), median([cost.cpu for cost in costs], 1), peak


if __name__ == "__main__":
    main()
