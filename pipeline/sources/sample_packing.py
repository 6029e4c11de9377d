"""What packing the sample needs everywhere: its files, and archives without a clock."""

from __future__ import annotations

import io
import tarfile
import tomllib
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def read_toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def gzip(content: bytes) -> bytes:
    """One gzip member without a time; the gzip module's header is not the same in all Pythons."""
    return zlib.compress(content, 9, wbits=zlib.MAX_WBITS | 16)


def tar(folder: Path, members: list[Path], top: str, pax_headers: dict[str, str], charset: str = "utf-8") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=pax_headers) as archive:
        if top:
            archive.addfile(_member(top, folder))
        for path in members:
            member = _member(top + path.relative_to(folder).as_posix(), path)
            content = text_bytes(path, charset) if path.is_file() else b""
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


def text_bytes(path: Path, charset: str) -> bytes:
    return path.read_text("utf-8").encode(charset)
