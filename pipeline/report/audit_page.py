"""An audit as a page that needs nothing else: tables first, then items and documents side by side.

Whatever strangers wrote is escaped by the template; its size is bounded, and what is left out is said.
"""

from __future__ import annotations

import difflib
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any, BinaryIO, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from filters.contamination.audit import METHODS, OWN
from filters.contamination.items import Part
from pipeline.report.audit import Audited, pooled, shares_of
from pipeline.report.text import count, percent

COLUMNS = ("own", *reversed(OWN), *(name for name in reversed(METHODS) if name not in OWN))
"""What is to be believed comes first, since a phone shows few columns."""
MOST_SHOWN = 100
"""Hits of a benchmark, the highest scores, that the page shows; `hits.jsonl` has all."""
MOST_ODDITIES = 20
"""Oddities of a benchmark that are listed; `audit.json` has all."""
MOST_CHARACTERS = 3000
"""Of an item that are shown."""
EVIDENCE = ("fuzzy", "exact", "ngram-13", "llemma-30", "llemma-20", "llemma-13", "llemma-whole", "llemma-10")
"""Whose span is shown of several that found the same, and who comes first among equal scores."""

Hit = dict[str, Any]


_EDGES = string.whitespace + ".,;:!?()"
"""What may stand around a word, and is not looked at where words are compared."""


class Stretch(NamedTuple):
    """Words of a text, and whether the other text has them, too."""

    text: str
    same: bool


def write_page(found: Audited, hits: Iterable[Hit], parts: Iterable[Part], file: BinaryIO) -> None:
    """Write the page. `hits` are read once; of a document they must stand together."""
    shown = surest(hits)
    wanted = {(hit["benchmark"], hit["item"], hit["part"]) for hit in shown}
    texts = {key: part.text for part in parts if (key := (part.benchmark, part.item, part.role)) in wanted}
    cards = (_card(hit, texts[hit["benchmark"], hit["item"], hit["part"]]) for hit in shown)
    kinds = list(dict.fromkeys(row["kind"] for row in found.self_test["recall"]))
    _template().stream(
        found=found,
        columns=COLUMNS,
        coverage=shares_of(found.coverage),
        recall=pooled(found.self_test["recall"]),
        kinds=kinds,
        recall_of={(row["benchmark"], row["kind"]): row for row in found.self_test["recall"]},
        counts={(row.benchmark, row.part, row.method): row for row in found.counts},
        most_oddities=MOST_ODDITIES,
        most_shown=MOST_SHOWN,
        cards=cards,
        shown=len(shown),
        benchmarks=sorted({hit["benchmark"] for hit in shown}),
        methods=[name for name in COLUMNS if any(name in hit["methods"] for hit in shown)],
    ).dump(file, "utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"thousands": count, "percent": percent}
    return environment.get_template("audit.html")


def surest(hits: Iterable[Hit], each: int = MOST_SHOWN) -> list[Hit]:
    """Of each benchmark the `each` hits of the highest score, sorted; never many more are held."""
    kept: dict[str, list[Hit]] = defaultdict(list)
    for hit in _merged(hits):
        some = kept[hit["benchmark"]]
        some.append(hit)
        if len(some) >= 2 * each:
            some[:] = sorted(some, key=_rank)[:each]
    return sorted((hit for some in kept.values() for hit in sorted(some, key=_rank)[:each]), key=_rank)


def _merged(hits: Iterable[Hit]) -> Iterator[Hit]:
    """One hit for each document and part, with all methods that found it; the evidence is that of the surest."""
    for _, of_document in groupby(hits, key=lambda hit: hit["document"]):
        parts: dict[tuple[str, str, str], list[Hit]] = defaultdict(list)
        for hit in of_document:
            parts[hit["benchmark"], hit["item"], hit["part"]].append(hit)
        for same in parts.values():
            best = min(same, key=lambda hit: EVIDENCE.index(hit["method"]))
            yield best | {"methods": {hit["method"]: hit["score"] for hit in same}}


def _rank(hit: Hit) -> tuple[float, int]:
    return -hit["score"], EVIDENCE.index(hit["method"])


def _card(hit: Hit, text: str) -> Hit:
    """What the template shows of a hit."""
    item, document = marked(text[:MOST_CHARACTERS], hit["span"])
    url = hit["url"] if re.match(r"https?://", hit["url"]) else ""
    return hit | {"item_text": item, "span_text": document, "more": len(text) - MOST_CHARACTERS, "link": url}


def marked(left: str, right: str) -> tuple[list[Stretch], list[Stretch]]:
    """Two texts in stretches, those marked that they share in their order."""
    pieces = [re.findall(r"\s*\S+|\s+\Z", text) for text in (left, right)]
    mine, theirs = ([word.strip(_EDGES).lower() for word in side] for side in pieces)
    blocks = difflib.SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    first = {block.a + step for block in blocks for step in range(block.size)}
    second = {block.b + step for block in blocks for step in range(block.size)}
    return _stretches(pieces[0], first), _stretches(pieces[1], second)


def _stretches(words: list[str], same: set[int]) -> list[Stretch]:
    runs = groupby(enumerate(words), key=lambda one: one[0] in same)
    return [Stretch("".join(word for _, word in run), shared) for shared, run in runs]
