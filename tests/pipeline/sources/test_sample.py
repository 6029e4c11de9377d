"""The embedded sample: packed the same everywhere, and in the shapes that the outside world serves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipeline.sources import sample
from pipeline.sources.sample_web import read_pages

STACK = [
    *("agda", "c", "cpp", "fortran", "gap", "haskell", "idris"),
    *("julia", "jupyter-notebook", "maple", "python", "r", "tex"),
]

GITHUB = ["coq", "isabelle", "lean", "matlab"]

PLANTED = [
    ("olympiad", 1, "web/numbers.example/two-squares.html", "verbatim"),
    ("olympiad", 2, "web/forum.example/two-circles.html", "nearly"),
    ("olympiad", 3, "arxiv/2302.99902/sections/products.tex", "verbatim"),
    ("grade-school", 1, "web/answers.example/word-problem.html", "verbatim"),
    ("grade-school", 2, "web/forum.example/library-shelves.html", "nearly"),
]

STACK_COLUMNS = [
    *("hexsha", "size", "ext", "lang"),
    *("max_stars_repo_path", "max_stars_repo_name", "max_stars_repo_head_hexsha", "max_stars_repo_licenses"),
    *("max_stars_count", "max_stars_repo_stars_event_min_datetime", "max_stars_repo_stars_event_max_datetime"),
    *("max_issues_repo_path", "max_issues_repo_name", "max_issues_repo_head_hexsha", "max_issues_repo_licenses"),
    *("max_issues_count", "max_issues_repo_issues_event_min_datetime", "max_issues_repo_issues_event_max_datetime"),
    *("max_forks_repo_path", "max_forks_repo_name", "max_forks_repo_head_hexsha", "max_forks_repo_licenses"),
    *("max_forks_count", "max_forks_repo_forks_event_min_datetime", "max_forks_repo_forks_event_max_datetime"),
    *("content", "avg_line_length", "max_line_length", "alphanum_fraction"),
]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    sample.pack(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_packing_twice_gives_equal_bytes(packed: Path, tmp_path: Path) -> None:
    sample.pack(tmp_path)
    assert contents(tmp_path) == contents(packed)


def test_sources_stay_small() -> None:
    assert sum(map(len, contents(sample.sources()).values())) < 400_000


# The web


def responses(packed: Path) -> dict[str, tuple[int | None, bytes]]:
    found: dict[str, tuple[int | None, bytes]] = {}
    for path in sorted((packed / "web").glob("*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response, verify_digests=True):
                status = record.http_headers.status_code
                found[record.headers["WARC-Target-URI"]] = (status, record.reader.read())
    return found


def test_every_page_is_read_back_from_a_warc(packed: Path) -> None:
    pages = {page.url: (int(page.status.split()[0]), page.body) for page in read_pages(sample.sources() / "web")}
    assert responses(packed) == pages


def test_every_html_file_is_listed() -> None:
    web = sample.sources() / "web"
    listed = {page.body for page in read_pages(web)}
    written = [path for path in web.rglob("*.*") if path.suffix in {".html", ".json"} and path.name != "frame.html"]
    assert len(listed) == len(written) >= 80


def test_each_fetch_has_request_response_and_metadata(packed: Path) -> None:
    with (packed / "web" / "sample-00000.warc.gz").open("rb") as stream:
        kinds = [record.record_type for record in ArchiveIterator(stream, parse_http=False)]
    fetch = [WarcRecordType.request, WarcRecordType.response, WarcRecordType.metadata]
    assert kinds == [WarcRecordType.warcinfo, *fetch * (len(kinds) // 3)]


def test_records_are_members_of_their_own(packed: Path) -> None:
    with (packed / "web" / "sample-00001.warc.gz").open("rb") as stream:
        offsets = [record.stream_pos for record in ArchiveIterator(stream, parse_http=False)]
        for offset in offsets:
            stream.seek(offset)
            assert stream.read(2) == b"\x1f\x8b"


def test_one_page_is_not_utf_8(packed: Path) -> None:
    _, body = responses(packed)["https://old-notes.test/bolzano.htm"]
    assert "Möbius".encode("iso-8859-1") in body
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_odd_answers_are_there(packed: Path) -> None:
    found = responses(packed)
    assert found["https://calculus.example/not-found"][0] == 404
    assert found["https://old-notes.test/empty.htm"] == (200, b"")
    assert found["https://calculus.example/print/chain-rule"] == found["https://calculus.example/chain-rule"]
    assert any("/search" in url for url in found)


def test_pages_stand_in_their_frames() -> None:
    for page in read_pages(sample.sources() / "web"):
        assert b"<!-- page -->" not in page.body
        assert b"<!-- title -->" not in page.body


# Code


@pytest.mark.parametrize("language", GITHUB)
def test_language_is_served_by_github(packed: Path, language: str) -> None:
    folders = [path for path in (sample.sources() / "code" / language).glob("*/*") if path.is_dir()]
    assert folders
    for folder in folders:
        assert len(list((packed / "github").glob(f"{folder.parent.name}-{folder.name}-*.tar.gz"))) == 1


def test_no_other_language_is_served(packed: Path) -> None:
    assert sorted(path.name for path in (packed / "stack" / "data").iterdir()) == STACK


@pytest.mark.parametrize("language", STACK)
def test_parquet_has_the_columns_of_the_stack(packed: Path, language: str) -> None:
    table = pq.read_table(packed / "stack" / "data" / language / "train-00000-of-00001.parquet")
    assert table.column_names == STACK_COLUMNS
    assert table.num_rows >= 3
    for row in table.to_pylist():
        stored = row["content"].encode()
        assert row["size"] == len(stored)
        assert row["hexsha"] == hashlib.sha1(f"blob {len(stored)}\0".encode() + stored).hexdigest()
        assert row["max_stars_repo_path"].endswith("." + row["ext"])
        assert 0 <= row["alphanum_fraction"] <= 1


def test_one_file_is_in_two_repositories(packed: Path) -> None:
    rows = pq.read_table(packed / "stack" / "data" / "python").to_pylist()
    shared = [row["max_stars_repo_name"] for row in rows if row["max_stars_repo_path"] == "numeric/simplex.py"]
    assert sorted(shared) == ["osprey-forks/numeric-python", "osprey-lab/numeric-python"]


def test_tarballs_are_shaped_as_github_serves_them(packed: Path) -> None:
    tarballs = sorted((packed / "github").iterdir())
    assert len(tarballs) == 7
    for path in tarballs:
        with tarfile.open(path) as archive:
            commit = archive.pax_headers["comment"]
            top = path.name.removesuffix(".tar.gz")
            members = archive.getmembers()
        assert re.fullmatch("[0-9a-f]{40}", commit)
        assert top.endswith("-" + commit[:7])
        assert members[0].isdir()
        assert members[0].name == top
        assert all(member.name.startswith(f"{top}/") for member in members[1:])


# Papers and rows


def test_a_paper_of_one_file_is_that_file(packed: Path) -> None:
    paper = gzip.decompress((packed / "arxiv" / "2302.99901.gz").read_bytes())
    assert paper.startswith(b"\\documentclass")


def test_a_paper_of_several_files_is_a_tar(packed: Path) -> None:
    with tarfile.open(packed / "arxiv" / "2302.99902.gz") as archive:
        assert archive.getnames() == ["main.tex", "refs.bib", "sections/divisibility.tex", "sections/products.tex"]


def test_one_paper_is_latin_1(packed: Path) -> None:
    paper = gzip.decompress((packed / "arxiv" / "2303.99904.gz").read_bytes())
    assert "Möbius".encode("iso-8859-1") in paper


def test_rows_are_json_lines(packed: Path) -> None:
    lean = zstandard.ZstdDecompressor().stream_reader(io.BytesIO((packed / "proofsteps/lean.jsonl.zst").read_bytes()))
    isabelle = gzip.decompress((packed / "proofsteps/isabelle.jsonl.gz").read_bytes())
    redpajama = gzip.decompress((packed / "redpajama/arxiv.jsonl.gz").read_bytes())
    steps = [json.loads(line) for line in lean.read().splitlines()]
    papers = [json.loads(line) for line in redpajama.splitlines()]
    assert {key for step in steps for key in step["meta"]} == {"mathlib_filename"}
    assert all(json.loads(line)["text"].startswith("[STATEMENT]\n") for line in isabelle.splitlines())
    assert {*papers[0]["meta"]} == {"timestamp", "yymm", "arxiv_id", "language", "url", "source"}
    assert (len(steps), len(isabelle.splitlines()), len(papers)) == (8, 8, 5)


# Benchmarks


def problem(benchmark: str, number: int) -> str:
    lines = (sample.sources() / "benchmarks" / f"{benchmark}.jsonl").read_text("utf-8").splitlines()
    row = json.loads(lines[number - 1])
    return str(row.get("problem") or row["question"])


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize(("benchmark", "number", "where", "how"), PLANTED)
def test_plants_are_found(benchmark: str, number: int, where: str, how: str) -> None:
    asked = problem(benchmark, number)
    text = (sample.sources() / where).read_text("utf-8")
    verbatim = " ".join(asked.split()) in " ".join(text.split())
    assert verbatim == (how == "verbatim")
    beginning = " ".join(words(asked).split()[:30])
    assert beginning in words(text)


def test_the_other_problems_are_found_nowhere() -> None:
    planted = {(benchmark, number) for benchmark, number, _, _ in PLANTED}
    every = [(benchmark, number) for benchmark in ("olympiad", "grade-school") for number in range(1, 7)]
    haystack = [words(text.decode()) for name, text in contents(sample.sources()).items() if "benchmarks/" not in name]
    for benchmark, number in set(every) - planted:
        beginning = " ".join(words(problem(benchmark, number)).split()[:8])
        assert not any(beginning in text for text in haystack)


def test_the_readme_names_every_plant() -> None:
    readme = (sample.sources() / "README.md").read_text("utf-8")
    for benchmark, number, where, _ in PLANTED:
        assert f"| `{benchmark}` {number} | `{where}` |" in readme


# Where it lies


def test_location_is_packed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = sample.location()
    monkeypatch.setattr(sample, "pack", lambda into: pytest.fail("packed again"))
    assert sample.location() == first
    assert [path.name for path in (tmp_path / "proofpile").iterdir()] == [first.name]


def test_a_lost_race_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    packing = sample.pack

    def slowly(into: Path) -> None:
        monkeypatch.setattr(sample, "pack", packing)
        winner.append(sample.location())
        packing(into)

    winner: list[Path] = []
    monkeypatch.setattr(sample, "pack", slowly)
    assert sample.location() == winner[0]
    assert len(list((tmp_path / "proofpile").iterdir())) == 1


def test_a_failed_packing_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(into: Path) -> None:
        (into / "half").write_text("done")
        raise OSError("disk full")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sample, "pack", fail)
    with pytest.raises(OSError, match="disk full"):
        sample.location()
    assert not list((tmp_path / "proofpile").iterdir())


def test_another_version_lies_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = sample.location()
    monkeypatch.setattr(sample, "VERSION", sample.VERSION + 1)
    assert sample.location() != first
