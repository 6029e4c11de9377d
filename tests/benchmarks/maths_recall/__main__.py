"""How much of the mathematics of rendered pages an extractor keeps: `python tests/benchmarks/maths_recall --help`.

Articles with known formulas (documents.py) are written out by many renderers (markup.toml), put between the furniture of many kinds of
sites (chrome/), extracted, and compared with what they were made of (score.py).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from documents import HERE
from render import Expected, expected, render, renderers
from score import Counts, Report, score

from pipeline.extract import extract

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
    pages = [
        (job.page, expected(job.renderer, job.article)) for job in render(given.out.resolve(), chosen, given.cached)
    ]
    if given.show:
        show(pages[given.page], given.html)
        return
    tables = run(pages)
    if given.json:
        json.dump({name: counts.figures() for name, counts in tables.items()}, sys.stdout, indent=1)
    else:
        print_table(tables, "renderer" if given.renderers else "family")


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
    given = parser.parse_args()
    if given.show:
        given.renderer = [given.show]
    return given


def judge(page: Path, wanted: Expected) -> tuple[Report, str]:
    html = page.read_bytes()
    start = time.process_time()
    text = extract(html).text
    seconds = time.process_time() - start
    report = score(text, wanted)
    report.counts.seconds = seconds
    return report, text


def run(pages: list[tuple[Path, Expected]]) -> dict[str, Counts]:
    """Counts by `family`, by `family/renderer` and over all."""
    tables: dict[str, Counts] = defaultdict(Counts)
    for page, wanted in pages:
        report, _ = judge(page, wanted)
        for name in (wanted.family, f"{wanted.family}/{wanted.renderer}", "total"):
            tables[name] += report.counts
    return tables


def print_table(tables: dict[str, Counts], rows: str) -> None:
    print(f"{'':34}" + "".join(f"{column:>10}" for column in ("pages", *COLUMNS)))
    wanted: Callable[[str], bool] = (lambda name: "/" in name) if rows == "renderer" else (lambda name: "/" not in name)
    for name in [*sorted(name for name in tables if wanted(name) and name != "total"), "total"]:
        figures = tables[name].figures()
        cells = "".join(
            f"{figures[column]:10.1f}" if figures[column] is not None else f"{'-':>10}" for column in COLUMNS
        )
        print(f"{name:34}{tables[name].pages:10}{cells}")


def show(page: tuple[Path, Expected], html: bool) -> None:
    path, wanted = page
    report, text = judge(path, wanted)
    if html:
        print(path.read_text(encoding="utf-8"))
        print("=" * 80)
    print(text)
    print("=" * 80)
    print(path)
    for title, found in (
        ("missed", report.missed),
        ("extra", report.extra),
        ("lost", report.lost),
        ("leaked", report.leaked),
    ):
        print(f"{title} ({len(found)}):", *found, sep="\n    ")


if __name__ == "__main__":
    main()
