"""The documents that dedup left, for the stages after it: the text stays where ingest wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from manifests import Receipt
from pipeline.shards import read_documents
from pipeline.stage import Bench
from pipeline.stages.ingest import DOCUMENTS_FILE

MARKS = "dedup/marks"
"""Stage whose receipt lists, by documents unit, the ids that are duplicates."""


def kept_documents(
    documents: Receipt, marks: Iterable[Receipt], bench: Bench, columns: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """The rows of a documents unit in order, without those that dedup dropped; `columns` must have `id` among them."""
    dropped = _dropped(documents, marks, bench)
    for file in documents.files:
        if file.path.endswith(f"/{DOCUMENTS_FILE}"):
            with bench.open(file) as stream:
                yield from (row for row in read_documents(stream, columns) if row["id"] not in dropped)


def source_of(documents: Receipt) -> str:
    """The source that a documents receipt is of."""
    return documents.stage.removeprefix("documents/")


def _dropped(documents: Receipt, marks: Iterable[Receipt], bench: Bench) -> frozenset[str]:
    """Ids of a documents unit in dedup's ledger; there is no file where nothing was refused."""
    path = f"drops/{MARKS}/{source_of(documents)}/{documents.unit}.parquet"
    ids: set[str] = set()
    for file in (file for receipt in marks for file in receipt.files if file.path == path):
        with bench.open(file) as stream:
            ids.update(row["id"] for row in read_documents(stream, ["id"]))
    return frozenset(ids)
