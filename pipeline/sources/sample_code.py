"""The sample's code and papers: The Stack's rows, repositories as GitHub serves them, e-prints as arXiv does."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sources.sample_packing import files_below, gzip, read_toml, tar, text_bytes


@dataclass(frozen=True)
class Repository:
    """A repository of the sample: `owner/name`, its folder, and its facts from `repositories.toml`."""

    name: str
    folder: Path
    license: str
    stars: int
    sha: str


def code_archives(code: Path) -> Iterator[tuple[str, bytes]]:
    names = read_toml(code / "stack-names.toml")
    for folder in sorted(path for path in code.iterdir() if path.is_dir()):
        repositories = list(_repositories(folder))
        if folder.name in names:
            yield f"stack/data/{folder.name}/train-00000-of-00001.parquet", _parquet(names[folder.name], repositories)
        else:
            yield from map(_tarball, repositories)


def _repositories(language: Path) -> Iterator[Repository]:
    known = read_toml(language.parent / "repositories.toml")
    for folder in sorted(language.glob("*/*")):
        name = f"{folder.parent.name}/{folder.name}"
        yield Repository(name, folder, **known[name])


def _parquet(language: str, repositories: list[Repository]) -> bytes:
    rows = [
        _stack_row(path.read_text("utf-8"), path.relative_to(repository.folder).as_posix(), language, repository)
        for repository in repositories
        for path in files_below(repository.folder)
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=_stack_schema()), out, compression="zstd")
    return out.getvalue()


def _stack_row(content: str, path: str, language: str, repository: Repository) -> dict[str, object]:
    """A row with the columns of The Stack v1.2."""
    stored = content.encode()
    lines = content.splitlines() or [""]
    row: dict[str, object] = {
        "hexsha": hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest(),
        "size": len(stored),
        "ext": path.rpartition(".")[2],
        "lang": language,
        "content": content,
        "avg_line_length": sum(map(len, lines)) / len(lines),
        "max_line_length": max(map(len, lines)),
        "alphanum_fraction": sum(map(str.isalnum, content)) / max(len(content), 1),
    }
    for most in ("stars", "issues", "forks"):
        row |= {
            f"max_{most}_repo_path": path,
            f"max_{most}_repo_name": repository.name,
            f"max_{most}_repo_head_hexsha": repository.sha,
            f"max_{most}_repo_licenses": [repository.license],
        }
    return row | {"max_stars_count": repository.stars}


def _stack_schema() -> pa.Schema:
    types: dict[str, pa.DataType] = {"hexsha": pa.string(), "size": pa.int64(), "ext": pa.string(), "lang": pa.string()}
    for most in ("stars", "issues", "forks"):
        types |= {f"max_{most}_repo_{fact}": pa.string() for fact in ("path", "name", "head_hexsha")}
        types |= {f"max_{most}_repo_licenses": pa.list_(pa.string()), f"max_{most}_count": pa.int64()}
        types |= {f"max_{most}_repo_{most}_event_{end}_datetime": pa.string() for end in ("min", "max")}
    types |= {"content": pa.string(), "avg_line_length": pa.float64()}
    types |= {"max_line_length": pa.int64(), "alphanum_fraction": pa.float64()}
    return pa.schema(types)


def _tarball(repository: Repository) -> tuple[str, bytes]:
    top = f"{repository.name.replace('/', '-')}-{repository.sha[:7]}"
    members = sorted(repository.folder.rglob("*"))
    packed = tar(repository.folder, members, f"{top}/", {"comment": repository.sha})
    return f"github/{top}.tar.gz", gzip(packed)


def eprints(arxiv: Path) -> Iterator[tuple[str, bytes]]:
    known = read_toml(arxiv / "papers.toml")
    for paper, facts in sorted(known.items()):
        charset = facts.get("charset", "utf-8")
        parts = files_below(arxiv / paper)
        whole = text_bytes(parts[0], charset) if len(parts) == 1 else tar(arxiv / paper, parts, "", {}, charset)
        yield f"arxiv/{paper}.gz", gzip(whole)
