"""The Stack v1.2 (and its near-deduplicated form): source files in Parquet, one folder a language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa

from filters.document import Document, Drop
from pipeline.sources.parquet_rows import ParquetRows

COLUMNS = (
    "hexsha",
    "ext",
    "lang",
    "max_stars_repo_path",
    "max_stars_repo_name",
    "max_stars_repo_head_hexsha",
    "max_stars_repo_licenses",
    "max_stars_count",
    "content",
)
"""The columns that are read. https://huggingface.co/datasets/bigcode/the-stack-dedup lists them all."""

TEXT = (pa.string(), pa.large_string())
BINARY = (*TEXT, pa.binary(), pa.large_binary())
LISTS = tuple(of(text) for of in (pa.list_, pa.large_list) for text in TEXT)
NUMBERS = (pa.int32(), pa.int64(), pa.float64())
TYPES = {"content": BINARY, "max_stars_repo_licenses": LISTS, "max_stars_count": NUMBERS}
"""What a column may hold that does not hold text."""


@dataclass(frozen=True)
class Stack:
    """Every row of a Parquet file is one document; the subset is the folder under `data/` in its key."""

    reasons: ClassVar[frozenset[str]] = frozenset({"empty", "not-parquet", "columns", "null-content", "corrupt"})

    name: str = "stack"
    batch_rows: int = 64
    """Rows decoded at a time; a file of The Stack has at most 1 MiB or so."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        return ParquetRows(lambda _: COLUMNS, self.batch_rows, _lacking, _rows, self._record).read(key, stream)

    def _record(self, key: str, row: int, values: dict[str, Any]) -> Document | Drop:
        repo, sha, path = (values[f"max_stars_repo_{part}"] for part in ("name", "head_hexsha", "path"))
        known = repo and sha and path
        place = f"{repo}@{sha}/{path}" if known else values["hexsha"] or f"{key}#{row}"
        url = f"https://github.com/{repo}/blob/{sha}/{path}" if known else ""
        if values["content"] is None:
            return Drop(place, "read", "null-content", url=url)
        licenses = values["max_stars_repo_licenses"] or []
        meta = {"path": path, "repo": repo, "sha": sha, "stars": values["max_stars_count"], "licenses": licenses}
        meta |= {name: values[name] for name in ("hexsha", "ext", "lang")}
        license = " AND ".join(filter(None, licenses))  # SPDX: each holds for some part of the repository
        return Document(place, self.name, _language(key), url=url, license=license, meta=meta, raw=values["content"])


def _lacking(schema: pa.Schema) -> str:
    """The needed columns that a file has not, or has with values of another kind; empty if all is well."""
    if missing := [name for name in COLUMNS if name not in schema.names]:
        return "missing: " + ", ".join(missing)
    if twice := [name for name in COLUMNS if schema.names.count(name) > 1]:
        return "twice: " + ", ".join(twice)
    found = {name: schema.field(name).type for name in COLUMNS}
    odd = [name for name in COLUMNS if found[name] not in (pa.null(), *TYPES.get(name, TEXT))]
    return ", ".join(f"{name} is {found[name]}" for name in odd)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """The rows of a batch; content as the bytes it is stored in, since not every file is true UTF-8."""
    columns = [
        batch.column(name).cast(pa.large_binary()) if name == "content" else batch.column(name) for name in COLUMNS
    ]
    for values in zip(*(column.to_pylist() for column in columns), strict=True):
        yield dict(zip(COLUMNS, values, strict=True))


def _language(key: str) -> str:
    """The folder after `data` in a key such as `data/lean/train-00000.parquet`, else the file's own folder."""
    folders = PurePosixPath(key).parts[:-1]
    if "data" in folders[:-1]:
        return folders[folders.index("data") + 1]
    return folders[-1] if folders else ""
