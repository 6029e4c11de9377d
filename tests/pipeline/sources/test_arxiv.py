"""E-prints in every form that arXiv serves."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.latex import FlattenLatex, decode_project
from pipeline.sources.arxiv import Arxiv, coordinates, decode

PAPER = b"\\documentclass{article}\\begin{document}Text\\end{document}"


def pack(*members: tuple[str, bytes], format: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def read(data: bytes, key: str = "src/1911.02782.gz", source: Arxiv | None = None) -> Document | Drop:
    (record,) = (source or Arxiv()).read(key, io.BytesIO(data))
    return record


def reason(data: bytes, source: Arxiv | None = None) -> str:
    record = read(data, source=source)
    return f"{record.rule}/{record.reason}" if isinstance(record, Drop) else "kept"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("src/1911.02782.gz", ("arxiv:1911.02782", "https://arxiv.org/abs/1911.02782", "2019-11")),
        ("0704.0001v2.tar.gz", ("arxiv:0704.0001", "https://arxiv.org/abs/0704.0001", "2007-04")),
        ("hep-th9901001.gz", ("arxiv:hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001", "1999-01")),
        ("math.AG0612001.gz", ("arxiv:math.AG/0612001", "https://arxiv.org/abs/math.AG/0612001", "2006-12")),
        ("mirror__2301.00001.gz", ("arxiv:2301.00001", "https://arxiv.org/abs/2301.00001", "2023-01")),
        ("books/thesis.tar.gz", ("books/thesis", "", "")),
    ],
)
def test_coordinates(key: str, expected: tuple[str, str, str]) -> None:
    assert coordinates(key) == expected


def test_a_single_file_is_a_project_of_one() -> None:
    document = read(gzip.compress(PAPER))
    assert isinstance(document, Document)
    assert (document.id, document.source, document.date) == ("arxiv:1911.02782", "arxiv", "2019-11")
    flat = FlattenLatex()(document)
    assert isinstance(flat, Document)
    assert flat.text == "Text"


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_gives_its_text_files(format: int) -> None:
    members = [
        ("./ms.TEX", PAPER),
        ("s/one.tex", "é".encode("latin-1")),
        ("a.bbl", b"b"),
        ("f.pdf", b"%PDF"),
        ("a.sty", b"s"),
    ]
    document = read(pack(*members, format=format))
    assert isinstance(document, Document)
    assert decode_project(document.raw) == {"ms.TEX": PAPER.decode(), "s/one.tex": "é", "a.bbl": "b", "a.sty": "s"}
    assert document.meta == {}


def test_unsafe_members_are_left_out_and_counted() -> None:
    document = read(pack(("ms.tex", PAPER), ("../a.tex", b"a"), ("/b.tex", b"b"), ("c.tex", b"c" * 100)),
                    source=Arxiv(max_member_bytes=99))  # fmt: skip
    assert isinstance(document, Document)
    assert list(decode_project(document.raw)) == ["ms.tex"]
    assert document.meta == {"skipped": {"unsafe-name": 2, "too-large": 1}}


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(b" \n\0", mtime=0), "empty"),
        (gzip.compress(b"%auto-ignore\n", mtime=0), "empty"),
        (b"%PDF-1.5", "pdf"),
        (gzip.compress(b"%PDF-1.5", mtime=0), "pdf"),
        (gzip.compress(b"%!PS-Adobe-2.0", mtime=0), "postscript"),
        (gzip.compress(b"<html>403 Forbidden</html>", mtime=0), "no-tex"),
        (gzip.compress(b"\\" * 3_000, mtime=0), "too-large"),
        (pack(("figure.png", b"x")), "no-tex"),
        (pack(("ms.tex", b"x" * 3_000)), "too-large"),
        (pack(*((f"{number}.tex", b"x") for number in range(30))), "bomb"),
        (pack(("figure.png", b"x" * 90_000)), "bomb"),
        (pack(("ms.tex", PAPER))[:-9], "truncated"),
    ],
)
def test_refusals(data: bytes, word: str) -> None:
    bounds = Arxiv(max_member_bytes=2_000, max_members=20, max_total_bytes=80_000)
    assert reason(data, bounds) == f"read/{word}"


def test_a_cut_paper_is_refused_whole() -> None:
    for data in (gzip.compress(PAPER * 9), pack(("ms.tex", PAPER), ("b.tex", b"x" * 999))):
        assert reason(data) == "kept"
        assert {reason(data[:cut]) for cut in range(2, len(data))} == {"read/truncated"}


@given(st.binary(max_size=1_000))
def test_arbitrary_bytes_are_one_record(data: bytes) -> None:
    for archive in (data, gzip.compress(data), b"\x1f\x8b\x08\0" + data):
        read(archive)


@given(st.binary(), st.text())
def test_every_content_decodes(content: bytes, text: str) -> None:
    assert isinstance(decode(content), str)
    assert decode(text.encode()) == text.removeprefix("\ufeff")
