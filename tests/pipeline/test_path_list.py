"""Path lists: what they name, which of it is read, and what they are trusted with."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from web_server import Clock, serving, visiting

from pipeline.outside import Outside
from pipeline.path_list import PathList, is_key
from pipeline.sources.jsonl import Jsonl
from pipeline.stages.ingest import Ingest
from pipeline.storage import StorageError

KEYS = [f"crawl-data/CC-MAIN-2023-14/segments/{number % 10}/warc/{number:05}.warc.gz" for number in range(20)]
NAME = "crawl-data/CC-MAIN-2023-14/warc.paths.gz"


@pytest.fixture
def root(tmp_path: Path) -> Outside:
    (tmp_path / NAME).parent.mkdir(parents=True)
    (tmp_path / NAME).write_bytes(gzip.compress("\n".join([*KEYS, ""]).encode()))
    return Outside(str(tmp_path))


def keys(root: Outside, slice: str = "", name: str = NAME, exclude: tuple[str, ...] = ()) -> list[str]:
    return [shard.key for shard in PathList(name, slice).shards(root, exclude)]


@pytest.mark.parametrize(
    ("slice", "expected"),
    [
        ("", KEYS),
        (":3", KEYS[:3]),
        ("::7", KEYS[::7]),
        ("5:9", KEYS[5:9]),
        ("-2:", KEYS[-2:]),
        ("1:-1:5", KEYS[1:-1:5]),
    ],
)
def test_what_a_slice_names_in_the_order_of_the_list(root: Outside, slice: str, expected: list[str]) -> None:
    assert keys(root, slice) == expected


def test_exclude_works_as_with_paths(root: Outside) -> None:
    assert keys(root, exclude=("crawl-data/*/segments/[1-9]/**/*.gz",)) == [KEYS[0], KEYS[10]]


def test_plain_lists_from_elsewhere_with_empty_lines_and_repetitions(root: Outside, tmp_path: Path) -> None:
    plain = tmp_path / "elsewhere.txt"
    plain.write_bytes("\r\n".join([KEYS[1], "", KEYS[0], KEYS[1]]).encode())
    assert keys(root, name=str(plain)) == [KEYS[1], KEYS[0]]


def test_over_the_web_nothing_but_the_list_is_asked_for(root: Outside, tmp_path: Path) -> None:
    with visiting(Clock()), serving({NAME: (tmp_path / NAME).read_bytes()}) as server:
        assert keys(Outside(server.url)) == KEYS
        assert server.asked == [(NAME, "")]


def test_one_that_changed_is_another_list(root: Outside, tmp_path: Path) -> None:
    pinned = PathList(NAME).pinned(root)
    assert pinned.sha256
    assert [shard.key for shard in pinned.shards(root)] == KEYS
    (tmp_path / NAME).write_bytes(gzip.compress(b"other.warc.gz\n"))
    with pytest.raises(StorageError, match="changed"):
        pinned.shards(root)
    assert PathList(NAME).pinned(root) != pinned


@pytest.mark.parametrize(
    "line",
    ["/etc/passwd", "../up", "a/../../b", "a/..", "./a", "https://elsewhere.test/a", "c:x", "a\\..\\b", "a\x00b"],
)
def test_a_line_that_leads_out_of_the_root_is_refused(root: Outside, tmp_path: Path, line: str) -> None:
    (tmp_path / NAME).write_text(f"{KEYS[0]}\n{line}\n")
    with pytest.raises(StorageError, match=r"line 2, .* is no path below a root"):
        keys(root)
    assert not is_key(line)


@pytest.mark.parametrize("line", [KEYS[0], "a..b/c", "...", "a b", "a/.hidden", "ü"])
def test_odd_names_are_names(line: str) -> None:
    assert is_key(line)


@pytest.mark.parametrize(
    ("name", "slice", "says"),
    [
        ("none.gz", "", "the path list none.gz is of no use: .*No such file"),
        (NAME, "100:", "slice '100:' leaves nothing of the 20 paths"),
        ("cut.gz", "", "is of no use: .*truncated"),
    ],
)
def test_a_list_of_no_use_is_named(root: Outside, tmp_path: Path, name: str, slice: str, says: str) -> None:
    (tmp_path / "cut.gz").write_bytes((tmp_path / NAME).read_bytes()[:-20])
    with pytest.raises(StorageError, match=says):
        keys(root, slice, name)


def test_no_file_is_looked_at_before_work_begins(root: Outside) -> None:
    """None of them is there. A crawl has 90,000."""
    units = list(Ingest(Jsonl("web"), (), lists=(PathList(NAME),), outside=root).units({}))
    assert [unit.name for unit in units] == KEYS
    assert [unit.number for unit in units] == list(range(len(KEYS)))


def test_units_do_not_depend_on_the_slice(root: Outside) -> None:
    def stage(slice: str) -> Ingest:
        return Ingest(Jsonl("web"), (), lists=(PathList(NAME, slice),), outside=root)

    assert list(stage(":3").units({})) == list(stage(":9").units({}))[:3]
