"""What `proofpile audit` finds, misses and costs, beside the Llemma audit's n = 30 and a plain 13-gram.

    python tests/benchmarks/compare_audit.py --data DIR

DIR has `web/*.warc.gz` and `contamination/`: real pages, MATH, GSM8K, and the hits that the Llemma authors published.
200 of 2,000 pages get one item each; all are held against permuted items, `--permutations` times.
"""

from __future__ import annotations

import json
import re
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measure import median, options, show

from filters.contamination import planted
from filters.contamination.audit import METHODS, OWN, Index, index
from filters.contamination.coverage import coverage
from filters.contamination.items import Benchmark, Part
from filters.contamination.rarity import SIZE, Rarity, measure
from filters.contamination.table import lay_out
from filters.contamination.words import ngrams, plain
from pipeline.benchmarks import load_benchmark, parse
from pipeline.extract import ExtractError, extract
from pipeline.report.audit import HEADS
from pipeline.sources.warc import Warc

PAGES, EACH, RENAMED = 2000, 30, 20
FILES = {"math": "math_test.jsonl", "gsm8k": "gsm8k_test.jsonl"}
PLAIN = 13
Found = dict[str, set[tuple[int, int]]]
"""(page, part) by method."""


def pages(data: Path) -> list[str]:
    """The text of real pages."""
    texts = []
    for path in sorted((data / "web").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in Warc("web").read(path.name, file):
                try:
                    text = extract(record.raw).text if hasattr(record, "raw") else ""
                except (ExtractError, ValueError):
                    continue
                if text:
                    texts.append(text)
                if len(texts) == PAGES:
                    return texts
    return texts


def plain_words(text: str) -> list[str]:
    """Words as audits of 13-grams mostly have them."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())


def thirteen(parts: Sequence[Part], texts: Sequence[str]) -> Found:
    """Pages and parts that share any 13 words in a row."""
    owners: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for number, part in enumerate(parts):
        words = plain_words(part.text)
        for at in range(len(words) - PLAIN + 1):
            owners[tuple(words[at : at + PLAIN])].add(number)
    found = set()
    for number, text in enumerate(texts):
        words = plain_words(text)
        for at in range(len(words) - PLAIN + 1):
            found |= {(number, part) for part in owners.get(tuple(words[at : at + PLAIN]), ())}
    return {"plain 13-gram": found}


def ours(made: Index, texts: Sequence[str]) -> Found:
    found: Found = defaultdict(set)
    for match in made.find(texts):
        for name in (match.method, *(["own"] if match.method in OWN else [])):
            found[name].add((match.text, match.part))
    return found


def timed(work: Callable[[], object], texts: Sequence[str], rounds: int) -> str:
    """MB of text per CPU second."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    speeds = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        speeds.append(size / (time.process_time() - began))
    return median(speeds, 1)


def plant(parts: Sequence[Part], texts: Sequence[str]) -> tuple[list[str], dict[int, tuple[str, planted.Item]]]:
    """Copies of pages, the first 200 with an item each; which kind and item stand in which."""
    words = planted._uncapitalised(parts)
    draw = planted.Draw("bench", words)
    items = [item for of_benchmark in planted._items(parts, draw).values() for item in of_benchmark]
    made = list(texts)
    which: dict[int, tuple[str, planted.Item]] = {}
    for kind, change in planted.KINDS.items():
        wanted = RENAMED if kind == "names changed" else EACH
        able = [item for item in items if planted._able(kind, item, words)]
        for item in draw.sample(able, wanted):
            number = len(which)
            made[number] = planted._inside(draw, [texts[number]], change(draw, item.asked, item.answer))
            which[number] = kind, item
    return made, which


def recall(found: Found, which: dict[int, tuple[str, planted.Item]], parts: Sequence[Part], method: str) -> list[str]:
    cells = []
    for kind in planted.KINDS:
        of_kind = {number: item for number, (one, item) in which.items() if one == kind}
        hit = {
            number
            for number, part in found.get(method, ())
            if number in of_kind and parts[part].text in of_kind[number].texts.values()
        }
        cells.append(f"{len(hit)} of {len(of_kind)}")
    return cells


def published(data: Path, made: Index) -> list[list[str]]:
    """By file of the authors' hits: their pairs, ours, those that our own methods see, and what the others share."""
    places: dict[tuple[str, str, str], int] = {
        (part.benchmark, part.item, part.role): number for number, part in enumerate(made.parts)
    }
    rows = []
    for path in sorted((data / "contamination").glob("llemma_overlap_*.json")):
        documents = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        name, role = "gsm8k" if "gsm8k" in path.name else "math", "question" if "input" in path.name else "answer"
        shared = {
            (number, places[name, str(hit["test_id"]), role]): hit["ngram"]
            for number, document in enumerate(documents)
            for hit in document["hits"]
            if hit["test_id"] >= 0
        }
        found = ours(made, [document["text"] for document in documents])
        theirs = {pair for pair in found["llemma-30"] if made.parts[pair[1]].role == role}
        why = Counter(why_unseen(made, part, shared[number, part]) for number, part in shared.keys() - found["own"])
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(why.items()))
        same = "the same" if theirs == shared.keys() else "others"
        rows.append([path.stem, str(len(shared)), same, str(len(shared.keys() & found["own"])), told])
    return rows


def why_unseen(made: Index, part: int, run: str) -> str:
    """What an item and a document have in common that only the Llemma audit counts."""
    if " ".join(run.split()) in " ".join(made.parts[part].drawings.split()):
        return "in a drawing's code"
    at, _ = made.fuzzy.grams.table.find(ngrams(lay_out([run], plain).words.hashes, SIZE))
    return "with few distinctive words" if len(at) else "without a distinctive word"


def mistaken(parts: Sequence[Part], rarity: Rarity, texts: Sequence[str], times: int) -> dict[str, int]:
    """Pages in which a permuted item is found, over so many permutations."""
    counts: Counter[str] = Counter()
    for seed in range(times):
        wrong = ours(index(planted.permuted(parts, planted.Draw(f"permuted {seed}", frozenset())), rarity), texts)
        counts.update({method: len({number for number, _ in pairs}) for method, pairs in wrong.items()})
    return counts


def main() -> None:
    parser = options(__doc__, 3)
    parser.add_argument("--data", type=Path, required=True, help="folder with web/ and contamination/")
    parser.add_argument(
        "--permutations", type=int, default=1, help="how often the pages are held against permuted items"
    )
    asked = parser.parse_args()
    loaded: list[Benchmark] = [
        load_benchmark(parse(f"{name}={asked.data / 'contamination' / file}")) for name, file in FILES.items()
    ]
    parts = [part for one in loaded for part in one.parts]
    texts = pages(asked.data)
    rarity = measure(parts, texts)
    began = time.process_time()
    made = index(parts, rarity)
    print(f"index of {len(parts):,} parts: {time.process_time() - began:.1f} CPU s")
    full, which = plant(parts, texts)
    found = ours(made, full) | thirteen(parts, full)
    others = {method: len({number for number, _ in pairs if number not in which}) for method, pairs in found.items()}
    rows = []
    for method in ("llemma-30", "plain 13-gram", "ngram-13", "fuzzy", "exact", "own"):
        rows.append([method, *recall(found, which, parts, method), str(others.get(method, 0))])
    show(
        f"Items found again in {len(which)} of {len(full):,} pages, and other pages hit",
        ["method", *planted.KINDS, f"{len(full) - len(which):,} others"],
        rows,
    )
    counts = mistaken(parts, rarity, texts, asked.permutations)
    show(
        f"Pages with a permuted item, of {asked.permutations * len(texts):,} scans",
        [*METHODS, "own"],
        [[str(counts[name]) for name in (*METHODS, "own")]],
    )
    show("The authors' hits", ["file", "pairs", "llemma-30", "own", "the others share"], published(asked.data, made))
    table: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in coverage(made):
        table[row.benchmark, row.part].append(f"{row.seen / row.of:.1%}")
    show(
        "What can be seen at all", ["part", *HEADS.values()], [[" ".join(key), *cells] for key, cells in table.items()]
    )
    speeds = [
        ["all methods", timed(lambda: made.find(full), full, asked.rounds)],
        ["plain 13-gram", timed(lambda: thirteen(parts, full), full, 1)],
    ]
    show("MB of text per CPU second", ["what", "MB/s"], speeds)


if __name__ == "__main__":
    main()
