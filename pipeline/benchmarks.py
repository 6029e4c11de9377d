"""Files of benchmarks: what shapes they come in, and that they are the ones asked for."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from filters.contamination.items import Benchmark, benchmark
from filters.models import Model, pin, resolve
from manifests import ManifestError
from pipeline.sources.jsonl import storable
from pipeline.sources.unpack import DamageError, unpacked

MOST_BYTES = 1 << 30
"""A benchmark that unpacks to more is none."""
_SPEC = re.compile(r"(?P<name>[\w.@+-]+)=(?P<file>.+?)(?::(?P<fields>[A-Za-z_][\w.]*(?:,[A-Za-z_][\w.]*)?))?")


@dataclass(frozen=True)
class BenchmarkFile:
    """A benchmark by its name, the file that holds it, and the fields of question and answer if they are unusual."""

    name: str
    file: Model
    fields: tuple[str, ...] = ()


def parse(spec: str) -> BenchmarkFile:
    """`NAME=FILE[:FIELD[,ANSWER]]`, pinned to what the file holds now. Raises ManifestError, ModelError."""
    found = _SPEC.fullmatch(spec)
    if not found:
        raise ManifestError(f"--benchmark {spec}: write NAME=FILE or NAME=FILE:FIELD, such as math=math_test.jsonl")
    fields = tuple((found["fields"] or "").split(",")) if found["fields"] else ()
    return BenchmarkFile(found["name"], pin(Model(found["file"])), fields)


def load_benchmark(wanted: BenchmarkFile) -> Benchmark:
    """The items of a file. Raises ManifestError if it cannot be read or has none, ModelError if it is another file."""
    path = resolve(wanted.file)
    try:
        found = benchmark(wanted.name, map(storable, _rows(path, wanted.file.path)), wanted.fields)
    except (DamageError, ValueError, OSError, EOFError, pa.ArrowException, tarfile.TarError, zlib.error) as error:
        raise ManifestError(f"benchmark {wanted.name}: cannot read {wanted.file.path}: {error}") from None
    if not found.parts:
        raise ManifestError(f"benchmark {wanted.name}: {wanted.file.path} has no item; name its field by FILE:FIELD")
    return found


def _rows(path: Path, name: str) -> Iterator[object]:
    """JSON lines, a JSON list, Parquet, a tar of JSON files, or a name a line; compressed or not."""
    with path.open("rb") as file:
        if name.endswith(".parquet"):
            yield from pq.read_table(path).to_pylist()
        elif re.search(r"\.(tar|tar\.gz|tgz)$", name):
            yield from _members(path)
        else:
            data = _whole(file)
            if re.search(r"\.(names|txt)(\.gz|\.zst)?$", name):
                yield from (line.split()[0] for line in data.splitlines() if line.strip())
            elif data.lstrip().startswith("["):
                yield from json.loads(data)
            else:
                yield from (_row(line) for line in data.split("\n") if line.strip())


def _row(line: str) -> object:
    """A line that is not JSON is a row without fields, and is reported as such."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _whole(file: io.BufferedReader) -> str:
    parts, size = [], 0
    for piece in unpacked(file):
        parts.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES:,} bytes")
    return b"".join(parts).decode("utf-8-sig", "replace")


def _members(path: Path) -> Iterator[object]:
    """JSON files of an archive by name; each is a row, or a list of one row."""
    with tarfile.open(path) as archive:
        found = sorted(
            (one for one in archive if one.isfile() and one.name.endswith(".json")), key=lambda one: one.name
        )
        if sum(one.size for one in found) > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES:,} bytes")
        for member in found:
            file = archive.extractfile(member)
            yield json.loads(file.read()) if file else None
