"""How much of the mathematics of rendered pages an extractor keeps: `python tests/benchmarks/maths_recall --help`.

Articles with known formulas (documents.py) are written out by many renderers (markup.toml, tools.toml), put between the
furniture of many kinds of sites (chrome/), extracted, and compared with what they were made of (score.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from documents import HERE
from extractors import Extracted, Extractor, extractors, ours
from render import Job, expected, render, renderers
from score import Counts, Report, score

BUILD = HERE.parents[2] / "build" / "maths_recall"
COLUMNS = ("recall", "precision", "kind", "order", "twice", "prose", "leak", "code", "money", "ms")


def main() -> None:
    given = _arguments()
    chosen = [
        renderer
        for renderer in renderers().values()
        if (not given.renderer or renderer.name in given.renderer)
        and (not given.family or renderer.family in given.family)
    ]
    jobs = render(given.out.resolve(), chosen, given.cached)
    if given.show:
        show(jobs[given.page], given.html)
        return
    tables = {name: run(extractor, jobs) for name, extractor in extractors(given.out.resolve(), given.peer).items()}
    if given.json:
        figures = {name: {row: counts.figures() for row, counts in table.items()} for name, table in tables.items()}
        json.dump(figures, sys.stdout, indent=1)
        return
    for name, table in tables.items():
        print_table(name, table, given.renderers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=BUILD, help="where tools and pages are (build/maths_recall)")
    parser.add_argument("--family", action="append", help="only this family of renderers")
    parser.add_argument("--renderer", action="append", help="only this renderer")
    parser.add_argument("--renderers", action="store_true", help="a line for each renderer, not for each family")
    parser.add_argument("--cached", action="store_true", help="only pages that have been rendered before")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--show", metavar="RENDERER", help="what went wrong on one page of a renderer, and its text")
    parser.add_argument("--page", type=int, default=0, help="which page of it (0 to 7)")
    parser.add_argument("--html", action="store_true", help="with --show: the page's HTML, too")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        help="also trafilatura, resiliparse or openwebmath=FOLDER (text_extraction)",
    )
    given = parser.parse_args()
    if given.show:
        given.renderer = [given.show]
    return given


def run(extractor: Extractor, jobs: Sequence[Job]) -> dict[str, Counts]:
    """Counts by `family`, by `family/renderer` and over all."""
    table: dict[str, Counts] = defaultdict(Counts)
    for job, extracted in zip(jobs, extractor([job.page for job in jobs]), strict=True):
        counts = judge(job, extracted).counts
        for row in (job.renderer.family, f"{job.renderer.family}/{job.renderer.name}", "total"):
            table[row] += counts
    return table


def judge(job: Job, extracted: Extracted) -> Report:
    report = score(extracted.text, expected(job.renderer, job.article), extracted.reading)
    report.counts.seconds = extracted.seconds
    return report


def print_table(title: str, table: dict[str, Counts], renderers: bool) -> None:
    print(f"{title:36}" + "".join(f"{column:>10}" for column in ("pages", *COLUMNS)))
    for row in [*sorted(row for row in table if row != "total" and ("/" in row) == renderers), "total"]:
        figures = table[row].figures()
        cells = ("-" if figures[column] is None else f"{figures[column]:.1f}" for column in COLUMNS)
        print(f"{row:36}{table[row].pages:10}" + "".join(f"{cell:>10}" for cell in cells))
    print()


def show(job: Job, html: bool) -> None:
    """Print a page's text and all that is wrong with it."""
    (extracted,) = ours([job.page])
    report = judge(job, extracted)
    if html:
        print(job.page.read_text(encoding="utf-8"), "=" * 80, sep="\n")
    print(extracted.text, "=" * 80, job.page, sep="\n")
    for title in ("missed", "extra", "lost", "leaked"):
        found = getattr(report, title)
        print(f"{title} ({len(found)}):", *found, sep="\n    ")


if __name__ == "__main__":
    main()
