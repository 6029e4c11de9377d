"""The documents that dedup left, for the stages after it: the text stays where ingest wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from manifests import Receipt
from pipeline.shards import read_documents
from pipeline.stage import Bench
from pipeline.stages.dedup import dropped_ids
from pipeline.stages.ingest import DOCUMENTS_FILE


def kept_documents(
    documents: Receipt, marks: Receipt, bench: Bench, columns: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """The rows of a documents unit in order, without those that dedup dropped; `columns` must have `id` among them."""
    dropped = dropped_ids(bench, marks, documents)
    for file in documents.files:
        if file.path.endswith(f"/{DOCUMENTS_FILE}"):
            with bench.open(file) as stream:
                yield from (row for row in read_documents(stream, columns) if row["id"] not in dropped)
