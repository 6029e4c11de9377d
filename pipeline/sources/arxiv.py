"""LaTeX sources of papers: e-prints as arXiv serves them, one archive a paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO, ClassVar

from filters.document import Document, Drop
from filters.latex import encode_project
from pipeline.sources.tarball import is_tar, read_members
from pipeline.sources.unpack import DamageError, unpacked

_NUMBER = re.compile(
    r"(?:^|_)(?P<number>(?P<year>\d\d)(?P<month>\d\d)\.\d{4,5}"
    r"|(?P<archive>[a-z-]+(?:\.[A-Z]{2})?)(?P<old>(?P<old_year>\d\d)(?P<old_month>\d\d)\d{3}))(?:v\d+)?$"
)
_TEXT_ENDINGS = (".tex", ".ltx", ".bbl", ".sty")
_BLOCK = 512


@dataclass(frozen=True)
class Arxiv:
    """One e-print is one document: its text files in `raw`, as `filters.latex.FlattenLatex` reads them.

    An e-print is a gzip of one TeX file or of a tar, or a PDF. A truncated one is refused whole, since half a paper
    is worse than none. What is left out of a tar for safety is counted in `meta["skipped"]`.
    """

    reasons: ClassVar[frozenset[str]] = frozenset(
        {"empty", "pdf", "postscript", "no-tex", "truncated", "corrupt", "bomb", "too-large"}
    )

    name: str = "arxiv"
    max_member_bytes: int = 20 << 20
    """Largest text file that is read, in bytes."""
    max_text_bytes: int = 100 << 20
    """Most text of one paper, in bytes."""
    max_members: int = 20_000
    """Most members of one archive, directories among them."""
    max_total_bytes: int = 4 << 30
    """Largest archive, in unpacked bytes: figures are skipped, yet must be unpacked to be skipped."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        place, url, date = coordinates(key)
        skipped: Counter[str] = Counter()
        try:
            outcome = self._files(unpacked(stream), skipped)
        except DamageError as damage:
            yield Drop(place, "read", damage.reason, damage.detail, url)
            return
        if isinstance(outcome, str):
            yield Drop(place, "read", outcome, url=url)
            return
        meta: dict[str, object] = {"skipped": dict(skipped)} if skipped else {}
        yield Document(place, self.name, url=url, date=date, meta=meta, raw=encode_project(outcome))

    def _files(self, pieces: Iterator[bytes], skipped: Counter[str]) -> dict[str, str] | str:
        """The text files by name, or the reason why there are none."""
        head = _read(pieces, _BLOCK)
        if is_tar(head[:_BLOCK]):
            files = self._members(chain((head,), pieces), skipped)
            return files or ("too-large" if skipped["too-large"] else "no-tex")
        if reason := _not_tex(head):
            return reason
        content = head + _read(pieces, self.max_member_bytes - len(head) + 1)
        if len(content) > self.max_member_bytes:
            return "too-large"
        return {"main.tex": decode(content)} if b"\\" in content else "no-tex"

    def _members(self, pieces: Iterator[bytes], skipped: Counter[str]) -> dict[str, str]:
        files: dict[str, str] = {}
        left = self.max_text_bytes
        for member in read_members(pieces, max_members=self.max_members, max_total_bytes=self.max_total_bytes):
            if not member.name.lower().endswith(_TEXT_ENDINGS):
                continue
            reason = member.refusal(min(self.max_member_bytes, left))
            if reason:
                skipped[reason] += 1
                continue
            left -= member.size
            files[str(PurePosixPath(member.name))] = decode(member.content())
        return files


def coordinates(key: str) -> tuple[str, str, str]:
    """(id, URL, month) that a file's name tells; a name that is no arXiv number gives the key itself as id.

    What a mirror puts before the number, up to an underscore, is not part of it. https://info.arxiv.org/help/arxiv_identifier.html
    """
    stem = re.sub(r"(\.tar)?(\.gz)?$", "", key)
    found = _NUMBER.search(PurePosixPath(stem).name)
    if not found:
        return stem, "", ""
    number = f"{found['archive']}/{found['old']}" if found["archive"] else found["number"]
    year, month = found["old_year"] or found["year"], found["old_month"] or found["month"]
    century = "19" if found["archive"] and year >= "91" else "20"
    return f"arxiv:{number}", f"https://arxiv.org/abs/{number}", f"{century}{year}-{month}"


def decode(content: bytes) -> str:
    """TeX is UTF-8 or, before that was common, Latin-1."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _not_tex(head: bytes) -> str:
    if not head.strip(b"\0 \t\r\n") or head.startswith(b"%auto-ignore"):  # what arXiv puts in a withdrawn paper's place
        return "empty"
    if head.startswith(b"%PDF"):
        return "pdf"
    return "postscript" if head.startswith(b"%!") else ""


def _read(pieces: Iterator[bytes], least: int) -> bytes:
    """At least so many bytes, unless the stream is over."""
    parts: list[bytes] = []
    while least > 0 and (piece := next(pieces, b"")):
        parts.append(piece)
        least -= len(piece)
    return b"".join(parts)
