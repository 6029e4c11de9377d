"""Token shards as they are written: `.bin/.idx`, a sidecar that names the documents, a look at what stands there."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from pipeline.fast_tokenizer import Ids
from pipeline.indexed import IndexedDataset, IndexedWriter
from pipeline.shards import parquet_writer
from pipeline.stage import Bench
from pipeline.tokenization import TextEncoder, TokenizerError

_SIDECAR_TYPES: list[tuple[str, pa.DataType]] = [("document", pa.int64()), ("id", pa.string()), ("tokens", pa.int32())]
SIDECAR = pa.schema(_SIDECAR_TYPES)
"""One row a document of a token shard: its index there, its id, its tokens with the end."""
INPUT_IDS = pa.field("input_ids", pa.list_(pa.int32()))
"""One more column if it is asked for: the ids, the end among them."""

SAMPLE_TOKENS = 20_000
"""A longer document is not read back: the library whose ids count would take too long over it."""
SIDECAR_ROWS, SIDECAR_TOKENS = 10_000, 1 << 20
"""So many documents, or if their ids are asked for tokens, make a row group of the sidecar."""


class TokenShards:
    """The token shards of one split of a unit: another is begun where a document would make the last too large.

    A document is never cut, so one that is larger than a shard is a shard by itself.
    """

    def __init__(self, bench: Bench, prefix: str, encoder: TextEncoder, limit: int, input_ids: bool) -> None:
        self._bench, self._prefix, self._encoder, self._input_ids = bench, prefix, encoder, input_ids
        self._limit = limit // encoder.dtype.itemsize
        self._number, self._tokens = 0, 0
        self._last = ExitStack()
        self._shard = self._begin()

    def _begin(self) -> TokenShard:
        ending = f"~{self._number:05}" if self._number else ""
        path = self._bench.path(self._prefix + ending)
        return self._last.enter_context(TokenShard(path, self._encoder, self._input_ids))

    def write(self, name: str, text: str, ids: Ids) -> None:
        """Add the document of this id. Raises OSError, and TokenizerError as a shard does that is finished."""
        tokens = len(ids) + 1
        if self._tokens and self._tokens + tokens > self._limit:
            self._last.close()
            self._number, self._tokens = self._number + 1, 0
            self._shard = self._begin()
        self._tokens += tokens
        self._shard.write(name, text, ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._last.__exit__(kind, error, at)


class Sidecar:
    """The Parquet file beside a `.bin`: `SIDECAR`, and `INPUT_IDS` if they are asked for."""

    def __init__(self, path: Path, end: int, input_ids: bool) -> None:
        self._schema = SIDECAR.append(INPUT_IDS) if input_ids else SIDECAR
        self._end, self._input_ids = np.array([end], np.uint32), input_ids
        self._file = ExitStack()
        self._writer = self._file.enter_context(parquet_writer(path, self._schema))
        self._written = 0
        self._names: list[str] = []
        self._sizes: list[int] = []
        self._ids: list[Ids] = []
        self._tokens = 0

    def write(self, name: str, ids: Ids) -> None:
        """Add the document of this id."""
        self._names.append(name)
        self._sizes.append(len(ids) + 1)
        if self._input_ids:
            self._ids += (ids, self._end)
            self._tokens += self._sizes[-1]
        if len(self._names) >= SIDECAR_ROWS or self._tokens >= SIDECAR_TOKENS:
            self._flush()

    def _flush(self) -> None:
        numbers = range(self._written, self._written + len(self._names))
        columns: list[pa.Array[Any]] = [pa.array(numbers), pa.array(self._names), pa.array(self._sizes, pa.int32())]
        if self._input_ids:
            bounds = pa.array(np.cumsum([0, *self._sizes]), pa.int32())
            columns.append(pa.ListArray.from_arrays(bounds, pa.array(np.concatenate(self._ids), pa.int32())))
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self._written += len(self._names)
        self._names, self._sizes, self._ids, self._tokens = [], [], [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._file:
            if kind is None and self._names:
                self._flush()


class TokenShard:
    """One `.bin/.idx` pair with its sidecar. When the block ends, a document is read back, decoded and compared.

    Raises TokenizerError if what stands on disk is not the text that was tokenized.
    """

    def __init__(self, prefix: Path, encoder: TextEncoder, input_ids: bool) -> None:
        self._prefix, self._encoder = prefix, encoder
        self._files = ExitStack()
        self._shard = self._files.enter_context(IndexedWriter(prefix, encoder.dtype, encoder.end))
        self._sidecar = self._files.enter_context(Sidecar(Path(f"{prefix}.parquet"), encoder.end, input_ids))
        self._sample: tuple[int, str] | None = None

    def write(self, name: str, text: str, ids: Ids) -> None:
        """Add a document; the end-of-document token is appended to its ids."""
        if self._sample is None and len(ids) <= SAMPLE_TOKENS:
            self._sample = len(self._shard), text
        self._shard.write(ids)
        self._sidecar.write(name, ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._files.__exit__(kind, error, at)
        if kind is None and self._sample:
            self._check(*self._sample)

    def _check(self, document: int, text: str) -> None:
        """The library whose ids count is asked, so that its faster stand-in is held to its word here, too."""
        encoder = self._encoder
        *ids, end = IndexedDataset(self._prefix)[document].tolist()
        if end != encoder.end or ids != encoder.vocabulary.encode(text).tolist():
            raise TokenizerError(
                f"{encoder.engine} gave a document other ids than the tokenizer's own library; please report it, and"
                " uninstall gigatoken to go on"
            )
        # Normalisation (NFC, a leading space) may rightly have changed the text: then its ids must be the same.
        decoded = encoder.decode(ids)
        if decoded != text and ids != encoder.vocabulary.encode(decoded).tolist():
            raise TokenizerError(
                f"document {document} of a token shard does not decode to a text with the same ids; "
                "this tokenizer loses text, choose one that does not"
            )
