"""Documents with planted duplicates, as JSON lines, and the truth about them: every planted pair with its similarity.

    python tests/benchmarks/dedup/documents.py FOLDER --documents 100000

Of 100,000 documents, 409 MB, 24,000 are planted: 2,000 exact copies, some 20,000 copies with words exchanged at even
distances so that the Jaccard similarity of five-word shingles is known, and 2,000 of fewer than five words, 200 of
which are copies. Texts are drawn word by word, so that nothing else is alike. Everything comes from a seed; documents
are written as they are made.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

FILES = 8
VOCABULARY = 60_000
SHINGLE = 5
EXACT, NEAR, SHORT, SHORT_COPIES = 0.02, 0.2, 0.018, 0.002
"""Shares of all documents."""
LEVELS = ((0.9, 0.99), (0.8, 0.9), (0.7, 0.8), (0.5, 0.6))
"""Ranges of Jaccard similarity, planted in equal parts."""


class Writer:
    """Deals documents out to the files, in no order that a reader could profit from."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.files = [(folder / f"part-{number}.jsonl").open("w") for number in range(FILES)]
        self.truth = (folder / "truth.jsonl").open("w")
        self.count = self.planted = self.bytes = 0

    def document(self, text: str) -> str:
        """Write a document and return its id."""
        name = f"doc-{self.count:09}"
        self.files[int(self.random.integers(FILES))].write(json.dumps({"id": name, "text": text}) + "\n")
        self.count, self.bytes = self.count + 1, self.bytes + len(text)
        return name

    def pair(self, original: str, copy: str, similarity: float) -> None:
        self.truth.write(json.dumps({"original": original, "copy": copy, "jaccard": similarity}) + "\n")
        self.planted += 1

    def close(self) -> None:
        for file in (*self.files, self.truth):
            file.close()


def vocabulary(random: np.random.Generator) -> list[str]:
    """Different made-up words of 2 to 12 letters."""
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words: set[str] = set()
    while len(words) < VOCABULARY:
        words.add("".join(random.choice(letters, int(random.integers(2, 13)))))
    return sorted(words)


def jaccard(left: list[int], right: list[int]) -> float:
    """Of the sets of five-word shingles."""
    ours, theirs = ({tuple(some[at : at + SHINGLE]) for at in range(len(some) - SHINGLE + 1)} for some in (left, right))
    return len(ours & theirs) / len(ours | theirs)


def edited(words: list[int], target: float, random: np.random.Generator) -> list[int]:
    """The same text with so many words exchanged, evenly spread, as bring it near the similarity."""
    runs = len(words) - SHINGLE + 1
    count = max(1, round(runs * (1 - target) / (SHINGLE * (1 + target))))
    places = np.linspace(SHINGLE, len(words) - SHINGLE - 1, count).astype(int)
    copy = list(words)
    for place in places:
        copy[place] = int(random.integers(VOCABULARY))
    return copy


def originals(random: np.random.Generator) -> Iterator[list[int]]:
    """Texts as numbers of words: log-normal lengths, 535 words on average, 100 at least."""
    while True:
        for length in np.clip(random.lognormal(6.05, 0.7, 1000), 100, 6000).astype(int).tolist():
            yield (VOCABULARY * random.random(length) ** 2).astype(int).tolist()


def write(folder: Path, documents: int, seed: int = 74) -> Writer:
    """Write the documents and the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    random, out = np.random.default_rng(seed), Writer(folder, seed + 1)
    words, texts = vocabulary(random), originals(random)
    spell = lambda some: " ".join([words[number] for number in some])  # noqa: E731
    for _ in range(round(documents * EXACT)):
        text = spell(next(texts))
        out.pair(out.document(text), out.document(text), 1.0)
    for number in range(round(documents * NEAR)):
        original = next(texts)
        copy = edited(original, random.uniform(*LEVELS[number % len(LEVELS)]), random)
        out.pair(out.document(spell(original)), out.document(spell(copy)), jaccard(original, copy))
    for number in range(round(documents * SHORT)):
        few = random.integers(0, VOCABULARY, 1 + number % (SHINGLE - 1)).tolist()
        text = " ".join([*(words[at] for at in few[:-1]), f"{words[few[-1]]}{number}"])
        name = out.document(text)
        if number < documents * SHORT_COPIES:
            out.pair(name, out.document(text), 1.0)
    while out.count < documents:
        out.document(spell(next(texts)))
    out.close()
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    asked = parser.parse_args()
    made = write(asked.folder, asked.documents)
    print(f"{made.count:,} documents, {made.bytes / 1e6:,.0f} MB, {made.planted:,} planted")
