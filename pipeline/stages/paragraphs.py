"""Paragraphs that stand in several documents, and where they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.stages.clusters import met, repeats
from pipeline.stages.exchange import Numbers

REPEATED = pa.schema([("key", pa.uint64()), ("span", pa.uint64()), ("place", pa.uint64())])
"""Paragraphs that share their key, so that a batch has all of a key."""

LENGTH_BITS = np.uint64(32)
LENGTH = np.uint64(0xFFFFFFFF)


def span_of(start: int, length: int) -> bytes:
    """Where a paragraph stands in a document's UTF-8, in 8 bytes."""
    return (start << 32 | length).to_bytes(8, "little")


def paragraphs_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text that are not blank, without white space around them, and where they begin in its UTF-8."""
    at = 0
    for line in text.split("\n"):
        if bare := line.strip():
            yield at + len(line[: line.index(bare)].encode()), bare
        at += len(line.encode()) + 1


def repeated(keys: Numbers, spans: Numbers, places: Numbers) -> pa.RecordBatch:
    """Those paragraphs whose key another one has, too."""
    rows = met(keys)
    return pa.record_batch([column[rows] for column in (keys, spans, places)], schema=REPEATED)


def count_repeats(counts: dict[str, int], keys: Numbers, spans: Numbers) -> None:
    """Add up paragraphs, and those that stood somewhere before, in documents and bytes."""
    order = np.argsort(keys, kind="stable")
    again = repeats(keys[order])
    counts["seen"] += len(keys)
    counts["repeated"] += int(again.sum())
    counts["bytes"] += int((spans[order][again] & LENGTH).sum())
