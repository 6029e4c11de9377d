"""What became of one document, by its id or URL."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path

import fsspec
import pytest
from small_runs import do, ingest, narrow, stand_marks

from pipeline.report.explain import Fate, explain, render_fates, spellings
from pipeline.storage import RunFolder, StorageError


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(str(tmp_path / "out"))
    do(ingest(tmp_path / "in"), run)
    return run


KEPT = Fate(
    id="a.txt:0",
    url="https://example.org/one",
    source="web",
    stage="documents/web",
    outcome="kept",
    subset="en",
    file="documents/web/a.txt/documents.parquet",
)
SHORT = Fate(
    id="a.txt:1",
    url="http://example.org/two/",
    source="web",
    stage="documents/web",
    outcome="dropped",
    rule="length",
    reason="short",
    detail="1 characters",
)


@pytest.mark.parametrize(
    "asked", ["a.txt:0", "https://example.org/one", "http://example.org/one/", "example.org/one", " example.org/one/ "]
)
def test_a_kept_document_is_found_by_id_and_url(run: RunFolder, asked: str) -> None:
    assert explain(run, asked).fates == [KEPT]


@pytest.mark.parametrize("asked", ["a.txt:1", "http://example.org/two/", "https://example.org/two", "example.org/two"])
def test_a_refused_document_comes_with_rule_reason_and_values(run: RunFolder, asked: str) -> None:
    assert explain(run, asked).fates == [SHORT]


def test_what_could_not_be_read_is_found_too(run: RunFolder) -> None:
    [fate] = explain(run, "a.txt:2").fates
    assert (fate.rule, fate.reason, fate.detail) == ("read", "broken", "one word")


@pytest.mark.parametrize("asked", ["a.txt", "a.txt:", "example.org", "https://example.org/on", "one", ""])
def test_parts_of_ids_and_urls_match_nothing(run: RunFolder, asked: str) -> None:
    assert explain(run, asked).fates == []


def test_a_duplicate_shows_both_steps_and_what_was_kept_instead(run: RunFolder) -> None:
    stand_marks(run)
    kept, dropped = explain(run, "example.org/three").fates
    assert (kept.stage, kept.outcome) == ("documents/web", "kept")
    assert (dropped.stage, dropped.outcome, dropped.reason) == ("dedup/marks", "dropped", "near")
    assert "a.txt:0" in dropped.detail


def test_what_no_receipt_lists_does_not_count(run: RunFolder) -> None:
    Path(run.url, "documents/web/a.txt/receipt.json").unlink()
    assert explain(run, "a.txt:0").fates == []


def test_a_damaged_shard_is_an_error_that_says_what_to_do(run: RunFolder) -> None:
    Path(run.url, "documents/web/a.txt/documents.parquet").write_bytes(b"half a fi")
    with pytest.raises(StorageError, match=r"is damaged: .* remove the unit's receipt"):
        explain(run, "a.txt:0")


def test_refusals_that_are_not_listed_are_counted(run: RunFolder) -> None:
    found = explain(run, "https://example.org/four")
    assert found.fates == []
    assert found.unlisted == {"documents/web: dull/no-number": 1}


def test_nothing_is_unlisted_if_the_ledger_is_whole(tmp_path: Path) -> None:
    run = RunFolder(str(tmp_path / "out"))
    do(ingest(tmp_path / "in", unlisted=frozenset()), run)
    assert explain(run, "nothing").unlisted == {}
    assert explain(run, "example.org/four").fates[0].rule == "dull"


def test_near_names_are_offered(run: RunFolder) -> None:
    assert "https://example.org/three" in explain(run, "https://example.org/thre").near
    assert explain(run, "utterly different").near == []


def test_an_empty_run_folder_knows_nothing(tmp_path: Path) -> None:
    found = explain(RunFolder(str(tmp_path)), "x")
    assert (found.fates, found.unlisted, found.near) == ([], {}, [])


def test_a_run_on_an_object_store_is_searched_alike(run: RunFolder) -> None:
    fsspec.filesystem("memory").put(run.url, "/explain", recursive=True)
    there = RunFolder("memory://explain")
    assert explain(there, "a.txt:0").fates == [KEPT]
    assert explain(there, "a.txt:1").fates == [SHORT]


def test_spellings_keep_what_was_asked() -> None:
    assert "a.txt:0" in spellings("a.txt:0")
    assert spellings("https://") == spellings("") == []


def test_no_name_is_broken_and_strangers_cannot_write_to_the_terminal(run: RunFolder) -> None:
    found = explain(run, "a.txt:0")
    evil = Fate("\x1b[2J[red]id", "https://e.org/" + "x" * 200, "web", "documents/web", "dropped", "r", "s", "d\n\x07")
    console = narrow()
    render_fates(found, console)
    render_fates(type(found)("x", [evil]), console)
    render_fates(explain(run, "\x1b[31mnothing"), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "in documents/web/a.txt/documents.parquet" in text
    assert "https://e.org/" + "x" * 200 in text
    assert "\\x1b[2J[red]id" in text
    assert not {"\x1b", "\x07"} & set(text)
    assert asdict(found)["fates"][0]["outcome"] == "kept"
