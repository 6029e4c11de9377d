"""The funnel counts what the receipts count, in the order of the corpus, and says where books do not balance."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest
from small_runs import do, flow, ingest, narrow, shown, stand, stand_marks

from pipeline.report.funnel import TOTAL, funnel, gaps, render_funnel
from pipeline.storage import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder(str(tmp_path / "out"))
    do(ingest(tmp_path / "in"), run)
    return run


def counts(run: RunFolder, stage: str) -> list[tuple[str, int, int, float]]:
    return [(row.outcome, row.documents, row.bytes, row.share) for row in funnel(run) if row.stage == stage]


def test_units_of_a_stage_are_added_up_by_rule_and_reason(run: RunFolder) -> None:
    assert counts(run, "documents/web") == [
        ("read", 5, 52, 1.0),
        ("kept", 2, 31, 0.4),
        ("dull/no-number", 1, 14, 0.2),
        ("length/short", 1, 1, 0.2),
        ("read/broken", 1, 6, 0.2),
    ]


def test_the_total_goes_from_the_first_stage_to_the_last(run: RunFolder) -> None:
    stand_marks(run)
    assert [row.stage for row in funnel(run) if row.outcome == "read"] == ["documents/web", "dedup/marks", TOTAL]
    assert counts(run, TOTAL) == [("read", 5, 52, 1.0), ("kept", 1, 15, 0.2), ("dropped", 4, 37, 0.8)]
    assert gaps(funnel(run)) == []


def test_a_stage_that_is_not_done_is_a_gap_and_stays_out_of_the_total(run: RunFolder) -> None:
    stand(run, "dedup/marks", {"web": flow((1, 15), (0, 0), near=(1, 15))})
    assert counts(run, TOTAL)[1] == ("kept", 2, 31, 0.4)
    [gap] = gaps(funnel(run))
    assert (gap.stage, gap.read, gap.before, gap.kept) == ("dedup/marks", 1, "documents/web", 2)


def test_sources_are_told_apart(run: RunFolder, tmp_path: Path) -> None:
    do(ingest(tmp_path / "in2", "code"), run, units=1)
    assert {row.source: row.documents for row in funnel(run) if (row.stage, row.outcome) == (TOTAL, "read")} == {
        "code": 3,
        "web": 5,
    }


def test_a_folder_without_receipts_has_no_funnel(tmp_path: Path) -> None:
    console = narrow()
    render_funnel(funnel(RunFolder(str(tmp_path / "nowhere"))), console)
    assert "No receipt stands here yet" in shown(console)


def test_a_run_on_an_object_store_has_the_same_funnel(run: RunFolder) -> None:
    store = fsspec.filesystem("memory")
    store.put(f"{run.url}/documents", "/funnel/documents", recursive=True)
    assert funnel(RunFolder("memory://funnel")) == funnel(run)


def test_it_fits_a_terminal_and_shows_shares(run: RunFolder) -> None:
    stand(run, "dedup/marks", {"web": flow((2, 31), (1, 15), **{"a-very-long-reason-" * 4: (1, 16)})})
    console = narrow()
    render_funnel(funnel(run), console)
    text = shown(console)
    assert [line.split() for line in text.splitlines() if "dull" in line] == [
        ["dull/no-number", "1", "14", "bytes", "20.00", "%", "██"]
    ]
    assert "The books balance" in text


def test_a_stage_that_kept_everything_is_not_shown(run: RunFolder) -> None:
    stand(run, "dedup/keys", {"web": flow((2, 31), (2, 31))})
    console = narrow()
    render_funnel(funnel(run), console)
    assert "dedup/keys" not in shown(console)


def test_a_source_that_kept_everything_takes_one_line(tmp_path: Path) -> None:
    run = RunFolder(str(tmp_path / "clean"))
    stand(run, "documents/web", {"web": flow((2, 31), (2, 31))})
    console = narrow()
    render_funnel(funnel(run), console)
    assert next(line.split() for line in shown(console).splitlines() if "kept" in line) == [
        "read,", "all", "kept", "2", "31", "bytes", "100.00", "%", "█" * 12,
    ]  # fmt: skip
