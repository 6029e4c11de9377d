"""The filters of source code, by language: megabytes a CPU second under both recipes, on generated files.

A file is comments and assignments of no meaning; every other one has one of its language's signs of mathematics in the
middle. Real files are what `compare_math_lm.py` is for.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from itertools import cycle

from compare_math_lm import filters
from generate import Writer
from measure import median, options, show

import languages
from filters.document import Document
from filters.filter import Filter, apply
from languages import Language

RECIPES = ("fixed", "published")


def main() -> None:
    parser = options(__doc__, rounds=3)
    parser.add_argument("--files", type=int, default=40, help="files of each language (40)")
    given = parser.parse_args()
    chains = {recipe: filters(recipe) for recipe in RECIPES}
    rows = [measured(languages.load(name), given.files, chains, given.rounds) for name in languages.names()]
    head = ("language", "MB", *(f"{what}, {recipe}" for recipe in RECIPES for what in ("kept", "MB/s")))
    show("Filters of code", head, rows)


def measured(language: Language, files: int, chains: dict[str, tuple[Filter, ...]], rounds: int) -> tuple[str, ...]:
    documents = generated(language, files)
    size = sum(document.size for document in documents) / 1e6
    kept = {recipe: run(chain, documents)[0] for recipe, chain in chains.items()}  # a warm-up
    seconds: dict[str, list[float]] = {recipe: [] for recipe in chains}
    for _ in range(rounds):
        for recipe, chain in chains.items():
            seconds[recipe].append(run(chain, documents)[1])
    figures = [(str(kept[recipe]), median([size / one for one in seconds[recipe]], 0)) for recipe in chains]
    return language.name, f"{size:.1f}", *(figure for pair in figures for figure in pair)


def run(chain: Sequence[Filter], documents: Sequence[Document]) -> tuple[int, float]:
    """How many are kept, and the CPU seconds for all."""
    start = time.process_time_ns()
    kept = sum(isinstance(apply(chain, document), Document) for document in documents)
    return kept, (time.process_time_ns() - start) / 1e9


def generated(language: Language, files: int) -> list[Document]:
    writer, chance = Writer(0), random.Random(0)
    signs = cycle(example for marker in (*language.statements, *language.any_of) for example in marker.examples or [""])
    documents = []
    for number in range(files):
        sign = next(signs, "") if number % 2 else ""
        text = source(language, writer, chance.randint(20, 400), sign)
        path = f"src/a{language.extensions[0]}"
        meta: dict[str, object] = {"repo": "owner/name", "path": path}
        documents.append(Document(f"{number}", "code", language.name, meta=meta, raw=text.encode()))
    return documents


def source(language: Language, writer: Writer, lines: int, sign: str) -> str:
    """Text of the language with the sign on a line of its own in the middle; a notebook has a cell for each line."""
    comment = next(iter(language.lexis.line_comments), "")
    written = [f"{comment} {writer.sentence()}" if at % 3 else f"y{at} = x{at} + {at}" for at in range(lines)]
    written.insert(lines // 2, sign)
    if not language.notebook:
        return "\n".join(written) + "\n"
    cells = [{"cell_type": "code", "source": line, "outputs": [], "metadata": {}} for line in written]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


if __name__ == "__main__":
    main()
