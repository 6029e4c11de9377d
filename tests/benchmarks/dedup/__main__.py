"""Dedup of generated documents with planted duplicates: CPU seconds, memory, recall, and who was removed wrongly.

    python tests/benchmarks/dedup [--documents 100000] [--ray] [--peer-python PYTHON --peer rensa --peer datasketch]

Documents are kept in `build/dedup`. Ours is measured as a user runs it: `proofpile dedup` on JSON lines, through the
law, verified, in a process of its own, the start of Python and of Ray included; what these take by themselves is told
by a run over one document.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/benchmarks")]

from dedup.documents import write  # noqa: E402
from dedup.peers import LIBRARIES  # noqa: E402
from dedup.score import LEVELS, Score, of_lines, of_run, score  # noqa: E402
from measure import Cost, megabytes, options, show, watch  # noqa: E402

from pipeline.stages.signatures import MinHash, Shingles  # noqa: E402


def documents(count: int) -> Path:
    """The folder of so many documents, written if it is not there."""
    folder = ROOT / f"build/dedup/{count}"
    if not (folder / "done").exists():
        write(folder, count)
        (folder / "done").touch()
    return folder


def ours(folder: Path, how: list[str]) -> tuple[Cost, Score]:
    out = folder.parent / "out"
    return dedup(sorted(folder.glob("part-*.jsonl")), out, how), score(folder, of_run(out))


def of_one_document(how: list[str]) -> tuple[Cost, Score]:
    """What starting takes."""
    one = ROOT / "build/dedup/one.jsonl"
    one.write_text('{"id": "1", "text": "one two three four five six"}\n')
    return dedup([one], one.with_name("out-one"), how), Score()


def dedup(inputs: list[Path], out: Path, how: list[str]) -> Cost:
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "pipeline", "dedup", *map(str, inputs), "--id-field", "id", "--out", str(out)]
    return watch([*command, *how])


def peer(python: str, name: str, folder: Path) -> tuple[Cost, Score]:
    out = folder.parent / f"{name}.jsonl"
    cost = watch([python, str(Path(__file__).with_name("peers.py")), name, str(folder), str(out)])
    return cost, score(folder, of_lines(out))


def signatures(permutations: int) -> float:
    """Documents of 5 KB a CPU second, from text to band keys."""
    texts = [" ".join(f"word{(at * 7919 + number) % 50_021}" for at in range(550)) for number in range(2000)]
    shingles, method = Shingles(), MinHash(permutations=permutations)
    method.keys(shingles(texts[0]))
    start = time.process_time()
    for text in texts:
        method.keys(shingles(text))
    return len(texts) / (time.process_time() - start)


def main() -> None:
    parser = options(__doc__, rounds=1)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--ray", action="store_true", help="on Ray with two workers, too")
    parser.add_argument("--peer", action="append", default=[], choices=list(LIBRARIES))
    parser.add_argument("--peer-python", default=sys.executable)
    asked = parser.parse_args()
    rates = [[str(count), f"{signatures(count):,.0f}"] for count in (112, 128, 256)]
    show("Signatures of 5 KB documents, from text", ["permutations", "a CPU second"], rates)
    folder = documents(asked.documents)
    results = {}
    for how in [["--inline"], ["--workers", "2"]] if asked.ray else [["--inline"]]:
        results[f"proofpile dedup {' '.join(how)}"] = ours(folder, how)
        results[f"the same of one document, {' '.join(how)}"] = of_one_document(how)
    results |= {name: peer(asked.peer_python, name, folder) for name in asked.peer}
    head = ["what", "CPU s", "wall s", "memory", *(f"recall {level}" for level in LEVELS), "removed", "wrongly"]
    rows = [
        [
            name,
            f"{cost.cpu:.1f}",
            f"{cost.wall:.1f}",
            megabytes(cost.peak),
            *found.recall(),
            f"{found.removed:,}",
            f"{found.strangers:,}",
        ]
        for name, (cost, found) in results.items()
    ]
    show(f"Dedup of {asked.documents:,} documents", head, rows)


if __name__ == "__main__":
    main()
