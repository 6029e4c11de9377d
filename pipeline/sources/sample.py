"""The embedded sample, packed as the outside world serves it: WARC, Parquet, tarballs, e-prints, JSON lines.

Its sources lie readable in `manifests/sample`. Packing is deterministic byte for byte, so every machine of a cluster
may pack for itself.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import tomllib
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

VERSION = 1
"""Raised when the same sources are to be packed into other bytes."""


def location() -> Path:
    """The packed sample's folder in the user's cache; packs it there if it is not there yet.

    Processes that race pack the same bytes, so whoever renames first wins and nobody loses.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proofpile"
    packed = cache / f"sample-{_fingerprint()}"
    if not packed.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{packed.name}-", dir=cache))
        try:
            pack(fresh)
            _move(fresh, packed)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return packed


def pack(into: Path) -> None:
    """Write the whole sample below the folder `into`."""
    for name, content in _archives(sources()):
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def sources() -> Path:
    """The folder of the sample's human-readable sources."""
    return Path(str(files("manifests"))) / "sample"


def _fingerprint() -> str:
    digest = hashlib.sha256(str(VERSION).encode())
    for path in _files(sources()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sources()).as_posix()}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _move(fresh: Path, packed: Path) -> None:
    try:
        os.replace(fresh, packed)
    except OSError:
        if not packed.is_dir():
            raise


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _archives(sample: Path) -> Iterator[tuple[str, bytes]]:
    """Name below the packed folder and content of everything that is served."""
    pages = list(read_pages(sample / "web"))
    for number in range(2):
        name = f"sample-{number:05}.warc.gz"
        yield f"web/{name}", _warc(name, pages[number::2])
    yield from _code(sample / "code")
    yield from _eprints(sample / "arxiv")
    steps = sample / "proofsteps"
    yield "proofsteps/lean.jsonl.zst", zstandard.compress(_json_lines(steps / "lean.toml"))
    yield "proofsteps/isabelle.jsonl.gz", _gzip(_json_lines(steps / "isabelle.toml"))
    yield "redpajama/arxiv.jsonl.gz", _gzip(_json_lines(sample / "redpajama" / "arxiv.toml"))
    for path in sorted((sample / "benchmarks").glob("*.jsonl")):
        yield f"benchmarks/{path.name}", path.read_bytes()


def _gzip(content: bytes) -> bytes:
    """One gzip member without a time; the gzip module's header is not the same in all Pythons."""
    return zlib.compress(content, 9, wbits=zlib.MAX_WBITS | 16)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def _json_lines(path: Path) -> bytes:
    rows = _toml(path)["row"]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


# The web: pages in their site's frame, as CommonCrawl archives them


@dataclass(frozen=True)
class Page:
    """One fetch of the sample's web: what was asked, when, and what the server answered."""

    url: str
    date: datetime
    status: str
    content_type: str
    body: bytes

    @property
    def host(self) -> str:
        return self.url.split("/")[2]

    @property
    def path(self) -> str:
        return "/" + self.url.split("/", 3)[3]


def read_pages(web: Path) -> Iterator[Page]:
    """Every page that `pages.toml` lists, once per address, in the order of the list."""
    for site, listed in _toml(web / "pages.toml").items():
        for name, facts in listed.items():
            content_type = facts.get("type", "text/html; charset=utf-8")
            charset = content_type.partition("charset=")[2] or "utf-8"
            body = _framed(web / site, name).encode(charset)
            for path in (facts["path"], *facts.get("also", [])):
                url = path if "://" in path else f"https://{site}{path}"
                yield Page(url, facts["date"], facts.get("status", "200 OK"), content_type, body)


def _framed(site: Path, name: str) -> str:
    """A page inside its site's `frame.html`; an empty page, and what is not HTML, stand alone."""
    text = (site / name).read_text("utf-8")
    if not text or not name.endswith(".html"):
        return text
    title, _, body = text.partition("\n")
    frame = (site / "frame.html").read_text("utf-8")
    return frame.replace("<!-- title -->", title.strip()).replace("<!-- page -->", body.strip())


def _warc(name: str, pages: list[Page]) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    crawl = b"isPartOf: proofpile-sample\r\nsoftware: warcio\r\nformat: WARC File Format 1.0\r\n"
    _write_record(writer, "warcinfo", "", min(page.date for page in pages), crawl, {"WARC-Filename": name})
    for page in pages:
        _write_exchange(writer, page)
    return out.getvalue()


def _write_exchange(writer: WARCWriter, page: Page) -> None:
    """The request, the response and the crawler's remarks, which both name the response."""
    asks = [("Host", page.host), ("Accept", "text/html")]
    says = [("Content-Type", page.content_type), ("Content-Length", str(len(page.body)))]
    request = StatusAndHeaders(f"GET {page.path} HTTP/1.1", asks, is_http_request=True)
    response = StatusAndHeaders(page.status, says, protocol="HTTP/1.1")
    answer = {"WARC-Concurrent-To": _record_id("response", page.url)}
    _write_record(writer, "request", page.url, page.date, b"", answer, request)
    _write_record(writer, "response", page.url, page.date, page.body, {"WARC-IP-Address": "192.0.2.1"}, response)
    _write_record(writer, "metadata", page.url, page.date, b"fetchTimeMs: 40\r\n", answer)


def _write_record(
    writer: WARCWriter,
    kind: str,
    url: str,
    date: datetime,
    payload: bytes,
    about: dict[str, str],
    http: StatusAndHeaders | None = None,
) -> None:
    named = {
        "WARC-Record-ID": _record_id(kind, url or about["WARC-Filename"]),
        "WARC-Date": f"{date:%Y-%m-%dT%H:%M:%SZ}",
        **about,
    }
    stream = io.BytesIO(payload)
    record = writer.create_warc_record(url, kind, stream, len(payload), http_headers=http, warc_headers_dict=named)
    writer.write_record(record)


def _record_id(kind: str, url: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {url}')}>"


# Code: The Stack's rows, and repositories as GitHub serves them


@dataclass(frozen=True)
class Repository:
    """A repository of the sample: `owner/name`, its folder, and its facts from `repositories.toml`."""

    name: str
    folder: Path
    license: str
    stars: int
    sha: str


def _code(code: Path) -> Iterator[tuple[str, bytes]]:
    names = _toml(code / "stack-names.toml")
    for folder in sorted(path for path in code.iterdir() if path.is_dir()):
        repositories = list(_repositories(folder))
        if folder.name in names:
            yield f"stack/data/{folder.name}/train-00000-of-00001.parquet", _parquet(names[folder.name], repositories)
        else:
            yield from map(_tarball, repositories)


def _repositories(language: Path) -> Iterator[Repository]:
    known = _toml(language.parent / "repositories.toml")
    for folder in sorted(language.glob("*/*")):
        name = f"{folder.parent.name}/{folder.name}"
        yield Repository(name, folder, **known[name])


def _parquet(language: str, repositories: list[Repository]) -> bytes:
    rows = [
        _stack_row(path.read_text("utf-8"), path.relative_to(repository.folder).as_posix(), language, repository)
        for repository in repositories
        for path in _files(repository.folder)
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
    packed = _tar(repository.folder, members, f"{top}/", {"comment": repository.sha})
    return f"github/{top}.tar.gz", _gzip(packed)


def _tar(folder: Path, members: list[Path], top: str, pax_headers: dict[str, str], charset: str = "utf-8") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=pax_headers) as archive:
        if top:
            archive.addfile(_member(top, folder))
        for path in members:
            member = _member(top + path.relative_to(folder).as_posix(), path)
            content = _text_bytes(path, charset) if path.is_file() else b""
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _member(name: str, path: Path) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE if path.is_dir() else tarfile.REGTYPE
    member.mode = 0o775 if path.is_dir() else 0o664
    member.uname = member.gname = "root"
    member.mtime = int(datetime(2023, 3, 1, tzinfo=UTC).timestamp())
    return member


# arXiv: one gzipped file, or a gzipped tar


def _eprints(arxiv: Path) -> Iterator[tuple[str, bytes]]:
    known = _toml(arxiv / "papers.toml")
    for paper, facts in sorted(known.items()):
        charset = facts.get("charset", "utf-8")
        parts = _files(arxiv / paper)
        whole = _text_bytes(parts[0], charset) if len(parts) == 1 else _tar(arxiv / paper, parts, "", {}, charset)
        yield f"arxiv/{paper}.gz", _gzip(whole)


def _text_bytes(path: Path, charset: str) -> bytes:
    return path.read_text("utf-8").encode(charset)
