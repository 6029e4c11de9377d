"""The documents that are left for the stages after dedup and decontamination: the text stays where ingest wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from manifests import Receipt
from pipeline.shards import read_documents
from pipeline.stage import Bench
from pipeline.stages.dedup import dropped_ids
from pipeline.stages.dedup_keys import unit_name
from pipeline.stages.ingest import DOCUMENTS_FILE
from pipeline.stages.marks import cuts_path

Span = tuple[int, int]


def kept_documents(
    documents: Receipt, marks: Receipt, bench: Bench, columns: Iterable[str], cleaned: Receipt | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a documents unit in order, without those that dedup dropped; `columns` must have `id` among them.

    Paragraphs that dedup cut are not there. `cleaned` is what decontamination says of the unit, which read the same:
    what it dropped or cut is not there either.
    """
    dropped = dropped_ids(bench, marks, documents) | (_refused(bench, cleaned) if cleaned else frozenset())
    cuts = [_cuts(bench, marks, cuts_path(marks.stage, unit_name(documents)))]
    cuts += [_cuts(bench, cleaned, cuts_path(cleaned.stage, cleaned.unit))] if cleaned else []
    for file in documents.files:
        if file.path.endswith(f"/{DOCUMENTS_FILE}"):
            with bench.open(file) as stream:
                for row in read_documents(stream, columns):
                    if row["id"] not in dropped:
                        for of_stage in cuts:
                            if row["id"] in of_stage:
                                row["text"] = without(row["text"], of_stage[row["id"]])
                        yield row


def _refused(bench: Bench, cleaned: Receipt) -> frozenset[str]:
    ledger = next(file for file in cleaned.files if file.path.startswith("drops/"))
    with bench.open(ledger) as stream:
        return read_ids(stream)


def read_ids(ledger: BinaryIO) -> frozenset[str]:
    """Whom a ledger names."""
    return frozenset(pq.read_table(ledger, columns=["id"])["id"].to_numpy())


def _cuts(bench: Bench, receipt: Receipt, path: str) -> dict[str, list[Span]]:
    """What a stage cuts out of documents, by id; nothing if it has no such list."""
    for listed in (file for file in receipt.files if file.path == path):
        with bench.open(listed) as stream:
            return read_cuts(stream)
    return {}


def read_cuts(listed: BinaryIO) -> dict[str, list[Span]]:
    """What is cut out of documents, by id."""
    cuts: dict[str, list[Span]] = {}
    for row in pq.read_table(listed, columns=["id", "start", "end"]).to_pylist():
        cuts.setdefault(row["id"], []).append((row["start"], row["end"]))
    return cuts


def without(text: str, spans: Sequence[Span]) -> str:
    """A text without these stretches of its UTF-8, which may overlap; a line end stands for each and one after it."""
    data, left, place = text.encode(), [], 0
    for start, end in sorted(spans):
        if start >= place:
            left += [data[place:start], b"\n"]
        place = max(place, end + (data[end : end + 1] == b"\n"))
    return b"".join([*left, data[place:]]).decode("utf-8", "replace")
