"""The documents that are left for the stages after dedup and decontamination: the text stays where ingest wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow.parquet as pq

from manifests import Receipt
from pipeline.shards import read_documents
from pipeline.stage import Bench
from pipeline.stages.dedup import dropped_ids
from pipeline.stages.ingest import DOCUMENTS_FILE

CUTS_FILE = "cuts.parquet"
Span = tuple[int, int]


def kept_documents(
    documents: Receipt, marks: Receipt, bench: Bench, columns: Iterable[str], cleaned: Receipt | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a documents unit in order, without those that dedup dropped; `columns` must have `id` among them.

    `cleaned` is what decontamination says of the unit: what it dropped or cut is not there either.
    """
    dropped = dropped_ids(bench, marks, documents) | (_refused(bench, cleaned) if cleaned else frozenset())
    cuts = _cuts(bench, cleaned) if cleaned else {}
    for file in documents.files:
        if file.path.endswith(f"/{DOCUMENTS_FILE}"):
            with bench.open(file) as stream:
                for row in read_documents(stream, columns):
                    if row["id"] not in dropped:
                        yield row | {"text": without(row["text"], cuts[row["id"]])} if row["id"] in cuts else row


def _refused(bench: Bench, cleaned: Receipt) -> frozenset[str]:
    ledger = next(file for file in cleaned.files if file.path.startswith("drops/"))
    with bench.open(ledger) as stream:
        return frozenset(pq.read_table(stream, columns=["id"])["id"].to_numpy())


def _cuts(bench: Bench, cleaned: Receipt) -> dict[str, list[Span]]:
    """What is cut out of documents, by id."""
    listed = next(file for file in cleaned.files if file.path.endswith(f"/{CUTS_FILE}"))
    with bench.open(listed) as stream:
        rows = pq.read_table(stream, columns=["id", "start", "end"]).to_pylist()
    cuts: dict[str, list[Span]] = {}
    for row in rows:
        cuts.setdefault(row["id"], []).append((row["start"], row["end"]))
    return cuts


def without(text: str, spans: Sequence[Span]) -> str:
    """A text without these stretches of its UTF-8, which may overlap; a line end stands for each."""
    data, left, place = text.encode(), [], 0
    for start, end in sorted(spans):
        if start >= place:
            left += [data[place:start], b"\n"]
        place = max(place, end)
    return b"".join([*left, data[place:]]).decode("utf-8", "replace")
