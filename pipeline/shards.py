"""What a shard looks like: the Parquet schemas of documents and of the ledger, and how they are read and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

from filters.document import Document, Drop

DOCUMENTS = pa.schema(
    [(name, pa.string()) for name in ("id", "source", "subset", "text", "url", "date", "license", "meta")]
)
"""One row a document; `meta` is a JSON string, so that all shards have one schema."""

DROPS = pa.schema([(name, pa.string()) for name in ("id", "url", "source", "stage", "rule", "reason", "detail")])
"""The ledger: one row a refusal."""

ROW_GROUP_BYTES = 16 << 20
"""Text that is gathered before it is written: 0.12 GB of memory where 64 MiB take 0.31, for the same CPU and file size;
columns gathered apart save nothing over rows."""

ROW_BYTES = 500
"""What a row of short fields takes in memory besides its text."""


@contextmanager
def parquet_writer(path: Path, schema: pa.Schema, **options: Any) -> Iterator[pq.ParquetWriter]:
    """A Parquet file to write tables to.

    The file is ours: a writer that fails keeps its own open, and a full disk gets nothing back from a removed file.
    """
    with pa.OSFile(str(path), "wb") as file, pq.ParquetWriter(file, schema, compression="zstd", **options) as writer:
        yield writer


class ParquetShard:
    """Writes rows to one Parquet file in row groups of bounded size; the same rows give the same bytes."""

    def __init__(self, path: Path, schema: pa.Schema, row_group_bytes: int = ROW_GROUP_BYTES) -> None:
        self._schema = schema
        self._limit = row_group_bytes
        self._file = ExitStack()
        self._writer = self._file.enter_context(parquet_writer(path, schema))
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def write(self, row: dict[str, Any], size: int = 100) -> None:
        """Add a row; `size` is about how many bytes of text it holds."""
        self._rows.append(row)
        self._bytes += size + ROW_BYTES
        if self._bytes >= self._limit:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._bytes = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._file:
            if kind is None:
                self._flush()


def document_row(document: Document) -> dict[str, Any]:
    """A document as a row of `DOCUMENTS`; keys of `meta` are sorted, lone surrogates become U+FFFD."""
    meta = json.dumps(document.meta, ensure_ascii=False, sort_keys=True)
    row = {name: getattr(document, name) for name in DOCUMENTS.names if name != "meta"} | {"meta": meta}
    return {name: clean(value) for name, value in row.items()}


def drop_row(drop: Drop, source: str, stage: str) -> dict[str, Any]:
    """A refusal as a row of `DROPS`."""
    row = {"id": drop.id, "url": drop.url, "source": source, "stage": stage}
    row |= {"rule": drop.rule, "reason": drop.reason, "detail": drop.detail}
    return {name: clean(value) for name, value in row.items()}


def clean(text: str) -> str:
    """The text if UTF-8 can hold it; else surrogate pairs are joined and lone surrogates become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read_documents(file: BinaryIO, columns: Iterable[str] = DOCUMENTS.names) -> Iterator[dict[str, Any]]:
    """Rows of a documents shard in order, one row group in memory at a time.

    Each is asked for by itself: asked for all of them, pyarrow keeps what it has read until the end of the file.
    """
    reader = pq.ParquetFile(file, pre_buffer=False)
    for group in range(reader.num_row_groups):
        for batch in reader.iter_batches(batch_size=256, row_groups=[group], columns=list(columns)):
            yield from batch.to_pylist()
