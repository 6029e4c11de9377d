"""Repository tarballs, whole, hostile and broken."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from pipeline.sources.github import Github, coordinates
from pipeline.sources.tarball import HEADER_BYTES

SHA = "0123456789abcdef0123456789abcdef01234567"
TOP = "owner-repo-0123456"


def pack(*members: tuple[str, bytes | str], comment: str = SHA, compress: bool = True) -> bytes:
    """A tarball of files, and of symbolic links where the content is a string."""
    buffer = io.BytesIO()
    headers = {"comment": comment} if comment else {}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0) if compress else buffer.getvalue()


def read(data: bytes, source: Github | None = None) -> list[Document | Drop]:
    return list((source or Github()).read("code/x.tar.gz", io.BytesIO(data)))


def words(records: list[Document | Drop]) -> list[str]:
    return [f"{record.rule}/{record.reason}" if isinstance(record, Drop) else "kept" for record in records]


def test_files_are_documents_named_by_repository_commit_and_path() -> None:
    first, second = read(pack((f"{TOP}/a.v", b"Qed."), (f"{TOP}/src/b.v", b"\xff\0")))
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert first.id == f"owner-repo@{SHA}/a.v"
    assert first.url == f"https://github.com/owner/repo/blob/{SHA}/a.v"
    assert (first.source, first.raw) == ("github", b"Qed.")
    assert second.meta == {"repo": "owner-repo", "sha": SHA, "path": "src/b.v"}
    assert second.raw == b"\xff\0"


@pytest.mark.parametrize(
    ("name", "comment", "expected"),
    [
        (f"{TOP}/a", SHA, ("owner-repo", SHA, "a")),
        (f"{TOP}/a", "made by hand", ("owner-repo", "0123456", "a")),
        ("a-b-c-0123456/d/e", "", ("a-b-c", "0123456", "d/e")),
        ("folder/a", SHA, ("folder", "", "a")),
        ("a", SHA, ("", "", "a")),
    ],
)
def test_coordinates(name: str, comment: str, expected: tuple[str, str, str]) -> None:
    assert coordinates(name, comment) == expected


def test_where_owner_and_repository_cannot_be_told_apart_there_is_no_url_and_without_commit_the_key_is_the_id() -> None:
    hyphens, bare = read(pack(("math-comp-finmap-0123456/a.v", b""), ("a.v", b"")))
    assert (hyphens.id, hyphens.url) == (f"math-comp-finmap@{SHA}/a.v", "")
    assert bare.id == "code/x.tar.gz/a.v"


def test_members_that_are_not_plain_files_below_the_top_folder_are_refused() -> None:
    device = tarfile.TarInfo(f"{TOP}/device")
    device.type = tarfile.CHRTYPE
    buffer = io.BytesIO(
        pack((f"{TOP}/../../etc/passwd", b"x"), ("/abs", b"x"), (f"{TOP}/l", "/etc/passwd"), compress=False)
    )
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        archive.addfile(device)
        archive.addfile(tarfile.TarInfo(f"{TOP}/plain"))
    records = read(gzip.compress(buffer.getvalue()))
    assert words(records) == ["read/unsafe-name", "read/unsafe-name", "read/link", "read/link", "kept"]


def test_other_extensions_and_large_files_are_not_read() -> None:
    data = pack(
        (f"{TOP}/a.LEAN", b"x"), (f"{TOP}/a.png", b"x"), (f"{TOP}/Makefile", b"x"), (f"{TOP}/b.lean", b"x" * 11)
    )
    records = read(data, Github(extensions=frozenset({".lean"}), max_member_bytes=10))
    assert words(records) == ["kept", "file-type/extension", "file-type/extension", "read/too-large"]
    assert [record.size for record in records] == [1, 1, 1, 11]


@pytest.mark.parametrize("bounds", [Github(max_members=3), Github(max_total_bytes=3_000)])
def test_bombs_end_the_archive(bounds: Github) -> None:
    data = pack(*((f"{TOP}/{number}", b"x") for number in range(50)))
    *kept, last = words(read(data, bounds))
    assert last == "read/bomb"
    assert set(kept) == {"kept"}
    assert len(kept) <= 3


def test_a_name_longer_than_any_file_system_allows_is_a_bomb() -> None:
    assert words(read(pack((f"{TOP}/" + "n" * HEADER_BYTES, b"")))) == ["read/bomb"]


def test_a_declared_size_beyond_the_data_is_a_truncation() -> None:
    info = tarfile.TarInfo(f"{TOP}/a")
    info.size = 1 << 20
    assert words(read(gzip.compress(info.tobuf() + b"x" * 600))) == ["read/truncated"]


def test_damage_in_the_middle_costs_the_rest() -> None:
    tar = bytearray(pack((f"{TOP}/a", b"x"), (f"{TOP}/b", b"x"), comment="", compress=False))
    tar[1024 + 10] ^= 0xFF
    assert words(read(bytes(tar))) == ["kept", "read/corrupt"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "read/empty"),
        (gzip.compress(b"", mtime=0), "read/empty"),
        (gzip.compress(bytes(10_240), mtime=0), "read/empty"),
        (b"<html>403 Forbidden</html>" * 100, "read/corrupt"),
        (gzip.compress(b"not a tar" * 100, mtime=0), "read/corrupt"),
    ],
)
def test_what_is_no_tarball_is_one_drop(data: bytes, word: str) -> None:
    assert words(read(data)) == [word]


def test_every_complete_file_before_a_cut_is_kept() -> None:
    noise = random.Random(1)
    contents = [noise.randbytes(noise.randrange(1, 3_000)) for _ in range(12)]
    data = pack(*((f"{TOP}/{number}", content) for number, content in enumerate(contents)))
    assert words(read(data)) == ["kept"] * 12
    seen = 0
    for cut in range(1, len(data), 97):
        *kept, last = read(data[:cut])
        assert words([last]) == ["read/truncated"]
        assert [record.raw for record in kept if isinstance(record, Document)] == contents[: len(kept)]
        assert len(kept) >= seen
        assert sum(len(record.raw) for record in kept if isinstance(record, Document)) <= cut
        seen = len(kept)
    assert seen >= 11


@given(st.binary(max_size=2_000))
def test_arbitrary_bytes_are_at_least_one_drop(data: bytes) -> None:
    for archive in (data, gzip.compress(data), b"\x1f\x8b\x08\0" + data, b"\x28\xb5\x2f\xfd" + data):
        assert "read" in {record.rule for record in read(archive) if isinstance(record, Drop)}


@given(st.lists(st.tuples(st.integers(0, 4_095), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_damaged_headers_never_raise(changes: list[tuple[int, int]], keep_checksums: bool) -> None:
    tar = bytearray(pack((f"{TOP}/" + "n" * 120, b"x"), (f"{TOP}/b", b"y"), compress=False))
    for place, value in changes:
        tar[place] = value
    for block in range(0, 4_096, 512) if keep_checksums else ():
        tar[block + 148 : block + 156] = b" " * 8
        tar[block + 148 : block + 156] = b"%06o\0 " % sum(tar[block : block + 512])
    assert Counter(words(read(bytes(tar))))
