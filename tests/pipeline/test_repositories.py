"""Pinned lists of repositories: tarballs over http and out of a folder, and what becomes of those that are gone."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from github_server import GitHub, github, sha, tarball
from test_driver import content
from web_server import Clock, Fault, visiting

from filters.code import Code, FileType
from filters.document import Document, Drop
from filters.license import License, OptOut
from manifests import load_manifest
from pipeline.driver import Done, Driver
from pipeline.http import FetchError
from pipeline.http_files import Download
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.progress import Reporter
from pipeline.repositories import RepositoryList, RepositoryStream
from pipeline.run import inline
from pipeline.sources.github import Github
from pipeline.sources.unpack import DamageError
from pipeline.stage import StaleError
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder, StorageError

NAMES = ("alice/proofs", "bob-by/lean-by-night", "carol/.github")
ROWS: list[dict[str, Any]] = [
    {
        "repository": name,
        "commit": sha(name),
        "license": "MIT",
        "stars": 3,
        "fork_of": "",
        "date": "2023-03-02T00:00:00Z",
    }
    for name in NAMES
]
FILES = {"a.lean": b"theorem a : True := trivial\n", "docs/b.lean": b"lemma b : 1 = 1 := rfl\n", "c.txt": b"text"}


def packed(name: str, files: dict[str, bytes] | None = None) -> bytes:
    return tarball(name, sha(name), FILES if files is None else files)


def path(name: str) -> str:
    return f"/{name}/tar.gz/{sha(name)}"


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with visiting(clock, rate=1000):
        yield clock


@pytest.fixture
def server(clock: Clock) -> Iterator[GitHub]:
    with github(GitHub(tarballs={path(name): packed(name) for name in NAMES})) as server:
        yield server


@pytest.fixture
def listed(tmp_path: Path) -> RepositoryList:
    (tmp_path / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return RepositoryList("list.jsonl", str(tmp_path))


def folder(tmp_path: Path) -> Path:
    """The tarballs as a browser names them."""
    (tmp_path / "tarballs").mkdir()
    for name in NAMES:
        (tmp_path / "tarballs" / f"{name.replace('/', '-')}-{sha(name)[:7]}.tar.gz").write_bytes(packed(name))
    return tmp_path / "tarballs"


def read(listed: RepositoryList, archives: str) -> list[Document | Drop]:
    source = Github(extensions=frozenset({".lean"}))
    shards = listed.shards(Outside(archives))
    return [record for shard in shards for record in source.read(shard.key, shard.open())]  # type: ignore[arg-type]


def words(records: list[Document | Drop]) -> list[str]:
    return [f"{record.rule}/{record.reason}" if isinstance(record, Drop) else record.id for record in records]


def test_what_the_list_knows_is_recorded_with_every_file(server: GitHub, listed: RepositoryList) -> None:
    records = read(listed, server.url)
    first = records[3]
    assert isinstance(first, Document)
    assert first.id == f"bob-by/lean-by-night@{sha(NAMES[1])}/a.lean"
    assert first.url == f"https://github.com/bob-by/lean-by-night/blob/{sha(NAMES[1])}/a.lean"
    assert (first.license, first.date) == ("MIT", "2023-03-02T00:00:00Z")
    assert first.meta == {
        "repo": "bob-by/lean-by-night",
        "sha": sha(NAMES[1]),
        "path": "a.lean",
        "fork_of": "",
        "stars": 3,
    }
    assert server.asked == [path(name) for name in sorted(NAMES)]


def test_a_folder_gives_what_the_web_gives(server: GitHub, listed: RepositoryList, tmp_path: Path) -> None:
    assert read(listed, str(folder(tmp_path))) == read(listed, server.url)


def test_the_order_of_the_lines_does_not_matter(listed: RepositoryList, tmp_path: Path) -> None:
    before = listed.shards(Outside(str(tmp_path)))
    text = (tmp_path / "list.jsonl").read_text()
    (tmp_path / "list.jsonl").write_text("".join(reversed(text.splitlines(keepends=True))))
    assert listed.shards(Outside(str(tmp_path))) == before


@pytest.mark.parametrize("status", [404, 410, 451])
def test_what_will_never_be_had_is_a_drop_and_holds_up_nobody(
    server: GitHub, listed: RepositoryList, status: int
) -> None:
    server.faults = [None, Fault(status)]
    found = words(read(listed, server.url))
    assert found[3] == ("read/blocked" if status == 451 else "read/missing")
    assert len(found) == 3 + 1 + 3


def test_a_tarball_that_is_not_in_the_folder_is_a_drop(listed: RepositoryList, tmp_path: Path) -> None:
    place = folder(tmp_path)
    next(place.glob("alice-*")).unlink()
    records = read(listed, str(place))
    assert words(records)[0] == "read/missing"
    assert records[0].id == f"alice/proofs@{sha(NAMES[0])}"


def test_the_tarball_of_another_commit_is_a_drop(server: GitHub, listed: RepositoryList) -> None:
    server.tarballs[path(NAMES[0])] = tarball(NAMES[0], sha("another"), FILES)
    assert words(read(listed, server.url))[0] == "read/other-commit"


def test_too_large_a_tarball_is_not_read_on(listed: RepositoryList) -> None:
    (repository,) = [shard.repository for shard in listed.shards(Outside("/")) if shard.key.startswith("alice")]  # type: ignore[attr-defined]
    stream = RepositoryStream("key", io.BytesIO(bytes(1000)), repository, most=500)
    with pytest.raises(DamageError, match="too-large"):
        list(iter(lambda: stream.read(100), b""))
    assert stream.read(100) == b""
    assert stream.finish().size == 600


BIG = {"big.lean": random.Random(0).randbytes(3_000_000), **FILES}


@pytest.mark.parametrize(
    "fault", [Fault(after=1_000_000), Fault(500), Fault(429, {"Retry-After": "5"}), Fault(after=0)]
)
def test_a_connection_that_breaks_is_taken_up_again(server: GitHub, listed: RepositoryList, fault: Fault) -> None:
    server.tarballs[path(NAMES[0])] = packed(NAMES[0], BIG)
    whole = read(listed, server.url)
    server.faults = [fault, fault]
    assert read(listed, server.url) == whole


def test_a_tarball_that_changes_while_it_is_read_fails(server: GitHub) -> None:
    server.tarballs["/a/b/tar.gz/x"] = random.Random(0).randbytes(2_000_000)
    server.faults = [Fault(after=1_000_000)]
    download = Download(f"{server.url}/a/b/tar.gz/x")
    assert download.read(10) == server.tarballs["/a/b/tar.gz/x"][:10]
    server.tarballs["/a/b/tar.gz/x"] = random.Random(1).randbytes(2_000_000)
    with pytest.raises(FetchError, match="changed while it was read"):
        list(iter(download.read, b""))


def test_trouble_that_lasts_is_not_taken_for_an_answer(server: GitHub, listed: RepositoryList) -> None:
    server.faults = [Fault(500)] * 100
    with pytest.raises(StorageError, match="500 Internal Server Error"):
        read(listed, server.url)


def stage(listed: RepositoryList, archives: str, unit_bytes: int = 1) -> Ingest:
    source = Github(extensions=frozenset({".lean"}))
    filters = (FileType(("lean",)), OptOut(frozenset({"carol"})), License(("permissive",)), Code())
    return Ingest(source, filters, lists=(listed.pinned(),), outside=Outside(archives), unit_bytes=unit_bytes)


def bring_about(stage: Ingest, run: Path) -> Done:
    folder = RunFolder(str(run))
    return Driver(folder, inline(folder), Reporter(folder, io.StringIO()), Lock(folder)).bring_about([stage])


def test_a_run_from_the_web_has_the_bytes_of_one_from_a_folder(
    server: GitHub, listed: RepositoryList, tmp_path: Path
) -> None:
    assert bring_about(stage(listed, str(folder(tmp_path))), tmp_path / "local").failures == []
    server.faults = [Fault(503), Fault(after=100)]
    assert bring_about(stage(listed, server.url), tmp_path / "web").failures == []
    assert content(tmp_path / "web") == content(tmp_path / "local")
    files = sorted((tmp_path / "web" / "documents").rglob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == 4
    (first, *_) = pq.read_table(files[0]).to_pylist()
    assert (first["license"], first["subset"]) == ("MIT", "lean")


def test_a_unit_is_a_repository_or_several_small_ones(listed: RepositoryList) -> None:
    alone = list(stage(listed, "/").units({}))
    names = ("alice/proofs", "bob-by/lean-by-night", "carol/-.github")  # a name with a dot in front would be hidden
    assert [unit.name.partition("@")[0] for unit in alone] == list(names)
    (together,) = stage(listed, "/", unit_bytes=10_000_000).units({})
    assert len(together.inputs) == 3
    (only,) = [unit for unit in stage(listed, "/").units({}) if unit.name.startswith("bob")]
    assert only.inputs[0].listed


def test_started_again_it_asks_for_nothing_but_what_failed(
    server: GitHub, listed: RepositoryList, tmp_path: Path
) -> None:
    server.faults = [None, *[Fault(500)] * 10]
    done = bring_about(stage(listed, server.url), tmp_path / "run")
    assert [failure.unit for failure in done.failures] == [f"{NAMES[1]}@{sha(NAMES[1])}"]
    server.asked.clear()
    assert bring_about(stage(listed, server.url), tmp_path / "run").failures == []
    assert server.asked == [path(NAMES[1])]


def test_another_list_is_another_run(server: GitHub, listed: RepositoryList, tmp_path: Path) -> None:
    bring_about(stage(listed, server.url), tmp_path / "run")
    changed = json.dumps(ROWS[0] | {"license": "GPL-3.0"})
    (tmp_path / "list.jsonl").write_text(changed)
    with pytest.raises(StaleError, match=r"lists\.0\.sha256"):
        bring_about(stage(listed, server.url), tmp_path / "run")


def test_files_of_forbidden_licences_and_of_those_who_opted_out_are_drops(
    listed: RepositoryList, tmp_path: Path
) -> None:
    rows = [ROWS[0] | {"license": "GPL-3.0"}, ROWS[1] | {"fork_of": "carol/original"}, ROWS[2]]
    (tmp_path / "list.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = stage(listed, str(folder(tmp_path)))
    done = bring_about(made, tmp_path / "run")
    dropped: dict[str, int] = {}
    for receipt in done.receipts[made.name]:
        for key, count in receipt.flows["github"].dropped.items():
            dropped[key] = dropped.get(key, 0) + count.documents
    assert dropped == {"file-type/extension": 3, "license/not-allowed": 2, "opt-out/user": 4}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no repository"),
        ("x", "list.jsonl, line 1: line: Invalid JSON"),
        (json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[0] | {"commit": "main"}), "line 2: commit: String should match"),
        (json.dumps(ROWS[0] | {"repository": "../../etc"}), "line 1: repository: String should match"),
        (json.dumps(ROWS[0] | {"repository": "a/.."}), "line 1: repository: String should match"),
        (json.dumps(ROWS[0] | {"repository": "a/b/c"}), "line 1: repository: String should match"),
        (json.dumps({"repository": "a/b"}), "line 1: commit: Field required"),
    ],
)
def test_a_list_of_no_use_is_named(listed: RepositoryList, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "list.jsonl").write_text(text)
    with pytest.raises(StorageError, match=says):
        listed.shards(Outside("/"))


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the list of repositories none\.jsonl cannot be read"):
        RepositoryList("none.jsonl", str(tmp_path)).pinned()


def test_exclude_leaves_repositories_out(listed: RepositoryList) -> None:
    keys = [shard.key for shard in listed.shards(Outside("/"), ("alice/*", "carol/*"))]
    assert keys == [f"{NAMES[1]}@{sha(NAMES[1])}"]


def test_a_truncated_tarball_is_a_drop(listed: RepositoryList, tmp_path: Path) -> None:
    place = folder(tmp_path)
    first = next(place.glob("alice-*"))
    first.write_bytes(first.read_bytes()[:-20])
    assert "read/truncated" in words(read(listed, str(place)))


MANIFEST = """
name = "small"
[[sources]]
name = "github"
kind = "github"
languages = ["lean"]
{keys}
"""


@pytest.mark.parametrize("keys", ["", 'paths = ["x"]\nrepositories = "y"'])
def test_a_manifest_names_either_a_folder_or_a_list(tmp_path: Path, keys: str) -> None:
    (tmp_path / "manifest.toml").write_text(MANIFEST.format(keys=keys))
    with pytest.raises(Exception, match="give either paths or a list of repositories"):
        load_manifest(tmp_path / "manifest.toml")
