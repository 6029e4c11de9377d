"""The web stage beside OpenWebMath's own code: the same archives, the same models, in turns, each in its own process.

    git clone https://github.com/keirp/OpenWebMath PEER
    python tests/benchmarks/compare_openwebmath.py PEER --data FOLDER --maths FOLDER/manifest.jsonl

Their code runs unchanged in an environment of its own (`openwebmath-requirements.txt`, made below build/ at the first
run), with our models in the place of those that were never published. Ours is the whole stage: it also hashes the
archives and writes documents, ledger and receipt; theirs reads, filters and extracts, and writes nothing.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha1
from multiprocessing import get_context
from pathlib import Path

from bench_web import filters, records, whole_stage
from measure import median, options, show

from filters.document import Document, Drop
from filters.language_id import LANGUAGE_MODEL
from filters.math_score import MATH_SCORE_MODEL
from filters.models import resolve
from filters.perplexity import PERPLEXITY_MODEL

COMMIT = "98f81d0ae14ff8dd877b84226b69c825b64da498"
FILES = (
    "extract_from_cc/extract_from_warc.py",
    "extract_from_cc/text_normalizer.py",
    "extract_from_cc/configs",
    "text_extraction",
)
HERE = Path(__file__).resolve().parent
PEER = HERE.parents[1] / "build" / "peers" / "openwebmath"
MODELS = {"lid.176.bin": LANGUAGE_MODEL, "math_score.bin": MATH_SCORE_MODEL, "lm-v2.binary": PERPLEXITY_MODEL}
"""Ours, under the names that their script opens."""


@dataclass(frozen=True)
class Costs:
    """CPU milliseconds of one run over all archives; single pages by the SHA-1 of their bytes."""

    pages: int
    whole: float
    reading: float
    """Of all pages, when nothing is done with them."""
    refused: dict[str, float]
    """Of a page that the prefilter refuses, after reading."""
    extracted: dict[str, float]
    """Of the extraction alone."""


def main() -> None:
    parser = options(__doc__, rounds=2)
    parser.add_argument("peer", type=Path, metavar="PEER", help="a clone of the repository")
    parser.add_argument("--data", type=Path, required=True, help="a folder of *.warc.gz")
    parser.add_argument("--maths", type=Path, help="JSON lines with `sha1` and `math`: what are pages with mathematics")
    given = parser.parse_args()
    install(given.peer)
    rounds = [(apart(ours, given.data), theirs(given.data)) for _ in range(given.rounds)]
    report(rounds, maths_pages(given.maths) if given.maths else None)


def install(repository: Path) -> None:
    """Their code at the commit, our models where it looks for them, and its environment, unless they are there."""
    code, python = PEER / "code", PEER / "venv" / "bin" / "python"
    if not code.exists():
        archive = ["git", "-C", str(repository), "archive", COMMIT, *FILES]
        files = subprocess.run(archive, check=True, capture_output=True).stdout
        (code / "models").mkdir(parents=True)
        subprocess.run(["tar", "-x", "-C", str(code)], input=files, check=True)
    for name, model in MODELS.items():
        (code / "models" / name).unlink(missing_ok=True)
        (code / "models" / name).symlink_to(resolve(model))
    if not python.exists():
        venv.create(python.parents[1], with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "-r", str(HERE / "openwebmath-requirements.txt")], check=True)


def theirs(data: Path) -> Costs:
    archives = sorted(map(str, data.resolve().glob("*.warc.gz")))
    command = [str(PEER / "venv" / "bin" / "python"), str(HERE / "openwebmath_peer.py"), *archives]
    code = PEER / "code" / "extract_from_cc"  # where its script looks for its settings and models
    paths = {"PYTHONPATH": f"{code}:{PEER / 'code' / 'text_extraction'}"}
    result = subprocess.run(command, cwd=code, env=os.environ | paths, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"OpenWebMath's script ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return Costs(**json.loads(result.stdout))


def apart(subject: Callable[[Path], Costs], data: Path) -> Costs:
    """The answer of a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(subject, data).result()


def ours(data: Path) -> Costs:
    by_page(data)  # models are loaded at the first call, as theirs are at import
    reading, refused, extracted = by_page(data)
    start = now()
    pages = whole_stage(str(data))
    return Costs(pages, now() - start, reading, refused, extracted)


def by_page(data: Path) -> tuple[float, dict[str, float], dict[str, float]]:
    """Milliseconds of reading, of each page that the prefilter refuses, and of each extraction."""
    start = now()
    for _ in records(str(data)):
        pass
    reading = now() - start
    refused: dict[str, float] = {}
    extracted: dict[str, float] = {}
    chain = filters()
    for record in records(str(data)):
        page, start = sha1(record.raw).hexdigest() if isinstance(record, Document) else "", now()
        for step in chain:
            if isinstance(record, Drop):
                break
            before = now()
            record = step(record)
            if step.rule == "extract":
                extracted[page] = now() - before
        if isinstance(record, Drop) and record.rule == "prefilter":
            refused[page] = now() - start
    return reading, refused, extracted


def now() -> float:
    """CPU milliseconds of this process."""
    return time.process_time_ns() / 1e6


def maths_pages(file: Path) -> set[str]:
    rows = map(json.loads, file.read_text().splitlines())
    return {row["sha1"] for row in rows if row["math"]}


def report(rounds: Sequence[tuple[Costs, Costs]], maths: set[str] | None) -> None:
    both = set.intersection(*(set(cost.extracted) for pair in rounds for cost in pair))
    pages = both & maths if maths else both

    def row(what: str, figure: Callable[[Costs], float], digits: int, more_is_better: bool = False) -> tuple[str, ...]:
        mine, other = ([figure(pair[place]) for pair in rounds] for place in (0, 1))
        better = [a / b if more_is_better else b / a for a, b in zip(mine, other, strict=True)]
        return what, median(other, digits), median(mine, digits), median(better, 1)

    show(
        f"Web stage, {rounds[0][0].pages:,} pages",
        ("what", "OpenWebMath", "proofpile", "times better"),
        [
            row("CPU ms a page refused by the prefilter, reading included", refused_page, 3),
            row(f"CPU ms a page extracted, mean of {len(pages):,}", lambda cost: mean(cost.extracted, pages), 2),
            row("pages a CPU second, whole stage", lambda cost: 1000 * cost.pages / cost.whole, 0, True),
        ],
    )


def refused_page(cost: Costs) -> float:
    return cost.reading / cost.pages + statistics.mean(cost.refused.values())


def mean(spent: dict[str, float], pages: set[str]) -> float:
    return statistics.mean(spent[page] for page in pages)


if __name__ == "__main__":
    main()
