"""The documents that are left for the stages after dedup and decontamination: the text stays where ingest wrote it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from manifests import Receipt
from pipeline.shards import read_documents
from pipeline.stage import Bench
from pipeline.stages.dedup_keys import unit_name
from pipeline.stages.ingest import DOCUMENTS_FILE
from pipeline.stages.marks import cuts_path, ledger_path

Span = tuple[int, int]
Cuts = Mapping[str, Sequence[Span]]
"""What a stage cuts out of documents, by id."""


def kept_documents(
    documents: Receipt, marks: Receipt, bench: Bench, columns: Collection[str], cleaned: Receipt | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a documents unit in order, without those that dedup dropped; `columns` must have `id` among them.

    Paragraphs that dedup cut are not there. `cleaned` is what decontamination says of the unit, which read the same:
    what it dropped or cut is not there either.
    """
    dropped = dropped_ids(bench, marks, documents) | (_refused(bench, cleaned) if cleaned else frozenset())
    cuts = list(_all_cuts(documents, marks, bench, cleaned)) if "text" in columns else []
    for file in documents.files:
        if file.path.endswith(f"/{DOCUMENTS_FILE}"):
            with bench.open(file) as stream:
                for row in read_documents(stream, columns):
                    if row["id"] not in dropped:
                        if cuts:
                            row["text"] = cut_text(row["text"], row["id"], cuts)
                        yield row


def dropped_ids(bench: Bench, marks: Receipt, documents: Receipt) -> frozenset[str]:
    """The ids that dedup refused of one documents unit. Raises KeyError if these marks do not cover the unit."""
    path = ledger_path(marks.stage, unit_name(documents))
    listed = next((file for file in marks.files if file.path == path), None)
    if listed is None:
        raise KeyError(f"{marks.stage}/{marks.unit} has no marks for {documents.stage}/{documents.unit}")
    with bench.open(listed) as stream:
        return read_ids(stream)


def _refused(bench: Bench, cleaned: Receipt) -> frozenset[str]:
    ledger = next(file for file in cleaned.files if file.path.startswith("drops/"))
    with bench.open(ledger) as stream:
        return read_ids(stream)


def read_ids(ledger: BinaryIO) -> frozenset[str]:
    """Whom a ledger names."""
    return frozenset(pq.read_table(ledger, columns=["id"])["id"].to_numpy())


def _all_cuts(documents: Receipt, marks: Receipt, bench: Bench, cleaned: Receipt | None) -> Iterator[Cuts]:
    yield _cuts(bench, marks, cuts_path(marks.stage, unit_name(documents)))
    if cleaned:
        yield _cuts(bench, cleaned, cuts_path(cleaned.stage, cleaned.unit))


def _cuts(bench: Bench, receipt: Receipt, path: str) -> Cuts:
    """What a stage cuts out of documents, by id; nothing if it has no such list."""
    for listed in (file for file in receipt.files if file.path == path):
        with bench.open(listed) as stream:
            return read_cuts(stream)
    return {}


def read_cuts(listed: BinaryIO) -> Cuts:
    """What is cut out of documents, by id."""
    cuts: dict[str, list[Span]] = {}
    for row in pq.read_table(listed, columns=["id", "start", "end"]).to_pylist():
        cuts.setdefault(row["id"], []).append((row["start"], row["end"]))
    return cuts


def cut_text(text: str, name: str, cuts: Iterable[Cuts]) -> str:
    """The text of the document of this id without what one stage after the other has cut out of it."""
    for of_stage in cuts:
        if name in of_stage:
            text = without(text, of_stage[name])
    return text


def without(text: str, spans: Sequence[Span]) -> str:
    """A text without these stretches of its UTF-8, which may overlap; a line end stands for each and one after it."""
    data, left, place = text.encode(), [], 0
    for start, end in sorted(spans):
        if start >= place:
            left += [data[place:start], b"\n"]
        place = max(place, end + (data[end : end + 1] == b"\n"))
    return b"".join([*left, data[place:]]).decode("utf-8", "replace")
