"""Resume, staleness, failures and the books, on stages small enough to see through."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from lines import Lines, Longest, Trap, ingest, outside

from manifests import Count, Flow, Receipt, Total
from pipeline.driver import PLAN, Done, Driver, alone, check_books
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.progress import PROGRESS, Reporter
from pipeline.run import inline
from pipeline.stage import Bench, Stage, StaleError, Unit, read_receipts
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder, StorageError

FILES = {"a.txt": "one\ntwo\n?\n", "b.txt": "three\n" + "x" * 200 + "\n", "c.txt": ""}


@dataclass(frozen=True)
class Upper:
    """Stands on the documents."""

    name: str = "upper"
    stands_on: tuple[str, ...] = ("documents/lines",)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=done["documents/lines"])

    def run(self, unit: Unit, bench: Bench) -> None:
        bench.path("upper/all/names").write_text(" ".join(receipt.unit for receipt in unit.upstream))


def bring_about(run: RunFolder, root: Outside, *stages: Stage, only: str = "") -> Done:
    reporter = Reporter(run, io.StringIO())
    return Driver(run, inline(run), reporter, Lock(run)).bring_about(stages, only)


def content(folder: Path) -> dict[str, bytes]:
    """Every file that a run promises, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".run" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def root(tmp_path: Path) -> Outside:
    return outside(tmp_path / "in", FILES)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(str(tmp_path / "out"))


def test_counts_add_up_and_every_refusal_has_a_reason(root: Outside, run: RunFolder) -> None:
    done = bring_about(run, root, ingest(root, Longest(100)))
    flows = [receipt.flows["lines"] for receipt in done.receipts["documents/lines"] if receipt.flows]
    total = sum(flows, Flow())
    assert total.read.documents == 5
    assert total.kept.documents == 3
    written = [receipt.totals.get("lines/-", Total()) for receipt in done.receipts["documents/lines"]]
    assert sum(written, Total()).documents == 3
    assert {key: count.documents for key, count in total.dropped.items()} == {"read/broken": 1, "longest/long": 1}
    told = json.loads(run.read(PROGRESS))
    assert (told["units"], told["done"], told["failed"], told["documents"]) == (3, 3, 0, 5)


def test_a_finished_run_does_nothing_when_started_again(root: Outside, run: RunFolder) -> None:
    stage = ingest(root, Longest(100))
    bring_about(run, root, stage)
    before = {path: os.stat(path).st_mtime_ns for path in Path(run.url).rglob("*.parquet")}
    done = bring_about(run, root, stage)
    assert {path: os.stat(path).st_mtime_ns for path in Path(run.url).rglob("*.parquet")} == before
    assert len(done.receipts["documents/lines"]) == 3


def test_only_what_has_no_receipt_is_done_again(root: Outside, run: RunFolder) -> None:
    stage = ingest(root)
    bring_about(run, root, stage)
    whole = content(Path(run.url))
    lost = Path(run.url, "documents/lines/b.txt/receipt.json")
    lost.unlink()
    Path(run.url, "documents/lines/b.txt/documents.parquet").write_bytes(b"half a fi")
    bring_about(run, root, stage)
    assert content(Path(run.url)) == whole


def test_a_torn_receipt_is_no_receipt(root: Outside, run: RunFolder) -> None:
    stage = ingest(root)
    bring_about(run, root, stage)
    whole = content(Path(run.url))
    torn = Path(run.url, "documents/lines/a.txt/receipt.json")
    torn.write_bytes(torn.read_bytes()[:-10])
    assert len(read_receipts(run)) == 2
    bring_about(run, root, stage)
    assert content(Path(run.url)) == whole


def test_another_threshold_is_refused_and_named(root: Outside, run: RunFolder) -> None:
    bring_about(run, root, ingest(root, Longest(100)))
    with pytest.raises(StaleError, match=r"stage\.filters\.0\.length: 100, now 99"):
        bring_about(run, root, ingest(root, Longest(99)))


@pytest.mark.parametrize(
    ("text", "said"), [("one\ntwo\n", "10 bytes, now 8 bytes"), ("one\ntoo\n?\n", "content changed")]
)
def test_a_changed_input_is_refused_and_named(root: Outside, run: RunFolder, text: str, said: str) -> None:
    bring_about(run, root, ingest(root))
    Path(root.url, "a.txt").write_text(text)
    with pytest.raises(StaleError, match=rf"input a\.txt: .*{said}"):
        bring_about(run, root, ingest(root))


def test_a_touched_but_equal_input_is_fine(root: Outside, run: RunFolder) -> None:
    bring_about(run, root, ingest(root))
    os.utime(Path(root.url, "a.txt"), (1, 1))
    assert bring_about(run, root, ingest(root)).failures == []


def test_a_unit_that_is_no_longer_asked_for_is_refused(root: Outside, run: RunFolder) -> None:
    bring_about(run, root, ingest(root))
    Path(root.url, "c.txt").unlink()
    with pytest.raises(
        StaleError, match=r"lines/c\.txt was made from something else: inputs that are no longer asked for"
    ):
        bring_about(run, root, ingest(root))


def test_another_place_is_not_another_recipe(tmp_path: Path, run: RunFolder) -> None:
    here, there = outside(tmp_path / "here", FILES), outside(tmp_path / "there", FILES)
    bring_about(run, here, ingest(here))
    before = content(Path(run.url))
    bring_about(run, there, ingest(there))
    assert content(Path(run.url)) == before


def test_a_failed_unit_does_not_stop_the_others(tmp_path: Path, run: RunFolder) -> None:
    root = outside(tmp_path / "in", {"a.txt": "one", "b.txt": "raise", "c.txt": "three"})
    done = bring_about(run, root, ingest(root, Trap()))
    assert [(failure.unit, failure.error) for failure in done.failures] == [("b.txt", "RuntimeError: a defect of ours")]
    assert len(read_receipts(run)) == 2
    assert "documents/lines" not in done.receipts
    assert json.loads(run.read(".run/failures.json"))[0]["unit"] == "b.txt"
    assert json.loads(run.read(PROGRESS))["failed"] == 1


def test_what_stands_on_a_failed_stage_waits_until_it_is_done(tmp_path: Path, run: RunFolder) -> None:
    root = outside(tmp_path / "in", {"a.txt": "one", "b.txt": "raise"})
    upper = Upper()
    assert bring_about(run, root, ingest(root, Trap()), upper).not_started == ["upper"]
    assert [stage["units"] for stage in json.loads(run.read(PLAN))["stages"]] == [2, None]
    outside(tmp_path / "in", {"b.txt": "two"})
    done = bring_about(run, root, ingest(root, Trap()), upper)
    assert not done.not_started
    assert list(done.receipts) == ["documents/lines", "upper"]
    assert run.read("upper/all/names") == b"a.txt b.txt"
    assert [stage["units"] for stage in json.loads(run.read(PLAN))["stages"]] == [2, 1]


def test_missing_inputs_are_told_before_any_work(tmp_path: Path, run: RunFolder) -> None:
    root, empty = outside(tmp_path / "in", FILES), outside(tmp_path / "empty", {"a.md": ""})
    with pytest.raises(StorageError, match=r"no input matches '\*\.txt'"):
        bring_about(run, root, ingest(root), ingest(empty, name="missing"))
    assert read_receipts(run) == {}


def test_only_runs_the_stages_asked_for(root: Outside, run: RunFolder) -> None:
    stages = ingest(root), ingest(root, name="others")
    done = bring_about(run, root, *stages, only="documents/others")
    assert list(done.receipts) == ["documents/others"]


def test_one_driver_at_a_time(run: RunFolder) -> None:
    with alone(run), pytest.raises(StorageError, match="another proofpile run"), alone(run):
        pass


def test_an_object_store_knows_no_lock() -> None:
    there = RunFolder("memory://alone")
    with alone(there), alone(there):
        there.write("a", b"")
    assert there.exists("a")


def test_a_driver_clears_up_after_lost_machines(run: RunFolder) -> None:
    left = Path(run.full(".run/scratch/7@lost@x"))
    left.mkdir(parents=True)
    with alone(run):
        assert not left.exists()


def receipts(kept: int, read: int) -> Iterator[tuple[str, tuple[Receipt, ...]]]:
    for stage, number in (("first", kept), ("second", read)):
        count = Count(documents=number, bytes=0)
        flow = Flow(read=count, kept=count)
        yield stage, (Receipt(stage=stage, unit="u", recipe="", upstream="", flows={"web": flow}),)


def test_the_books_must_balance_across_stages() -> None:
    check_books(dict(receipts(3, 3)))
    with pytest.raises(ArithmeticError, match="second read 2 of web, but 3 were kept"):
        check_books(dict(receipts(3, 2)))


def test_two_units_of_one_name_are_refused(tmp_path: Path, run: RunFolder) -> None:
    root = outside(tmp_path / "in", {"a": "one", "a.parquet": "two"})
    stage = Ingest(Lines(), (), outside=root, paths=("a*",), unit_bytes=1)
    with pytest.raises(StorageError, match="two units of documents/lines are called a"):
        bring_about(run, root, stage)


def test_a_refused_run_changes_nothing(root: Outside, run: RunFolder) -> None:
    driver = Driver(run, inline(run), Reporter(run, io.StringIO()), Lock(run), {"manifest.json": b"old"})
    driver.bring_about([ingest(root, Longest(100)), ingest(root, name="others")])
    before = content(Path(run.url))
    driver.about = {"manifest.json": b"new"}
    with pytest.raises(StaleError):
        driver.bring_about([ingest(root, Longest(100)), ingest(root, Longest(1), name="others")])
    assert content(Path(run.url)) == before


def test_a_finished_run_asks_nobody_to_work(root: Outside, run: RunFolder) -> None:
    stage = ingest(root)
    bring_about(run, root, stage)

    def nobody(stage: Stage, units: object) -> object:
        raise AssertionError("there is nothing to do")

    driver = Driver(run, nobody, Reporter(run, io.StringIO()), Lock(run))  # type: ignore[arg-type]
    assert len(driver.bring_about([stage]).receipts["documents/lines"]) == 3
