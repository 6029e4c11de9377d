"""Identity, positions and what a unit works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lines import Lines, Longest, ingest, outside

from filters.document import Document, Drop
from manifests import File, Receipt
from pipeline.outside import Outside
from pipeline.recipe import recipe, recipe_hash
from pipeline.stage import LOCATION, Bench, Tally, Unit, Unwatched, records
from pipeline.storage import RunFolder, StorageError

SOMEWHERE = Outside("/somewhere")


@dataclass(frozen=True)
class Thing:
    number: int = 1
    names: frozenset[str] = frozenset({"b", "a"})
    place: str = field(default="/here", metadata=LOCATION)


def test_a_recipe_is_all_but_locations() -> None:
    assert recipe(Thing()) == {"is": "Thing", "number": 1, "names": ["a", "b"]}
    assert recipe(Thing(place="/there")) == recipe(Thing())
    assert recipe(Thing(number=2)) != recipe(Thing())


def test_what_cannot_be_written_down_is_no_recipe() -> None:
    with pytest.raises(TypeError, match="must be plain data"):
        recipe(Thing(number=object()))  # type: ignore[arg-type]


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_equal_fields_have_equal_hashes_and_others_do_not(one: int, other: int) -> None:
    stages = [ingest(SOMEWHERE, Longest(length)) for length in (one, other)]
    assert (recipe_hash(stages[0]) == recipe_hash(stages[1])) == (one == other)


def test_a_unit_stands_on_what_its_receipts_say() -> None:
    one = Receipt(stage="s", unit="u", recipe="r", upstream="")
    other = one.model_copy(update={"recipe": "q"})
    assert Unit("u", upstream=(one,)).standing_on == Unit("v", upstream=(one,)).standing_on
    assert Unit("u", upstream=(one,)).standing_on != Unit("u", upstream=(other,)).standing_on


@pytest.mark.parametrize("content", [b"shor", b"longer"])
def test_a_file_that_is_not_whole_is_not_opened(tmp_path: Path, content: bytes) -> None:
    run = RunFolder(str(tmp_path))
    run.write("documents/a", content)
    bench = Bench(tmp_path, run, Unwatched())
    with pytest.raises(StorageError, match="its receipt says 5"):
        bench.open(File(path="documents/a", size=5, sha256=""))
    with pytest.raises(StorageError, match="has -1 bytes"):
        bench.open(File(path="documents/gone", size=5, sha256=""))


class Noted:
    """A position that remembers."""

    def __init__(self, skip: Mapping[int, str]) -> None:
        self.skip = skip
        self.seen: list[int | None] = []

    def enter(self, ordinal: int) -> None:
        self.seen.append(ordinal)

    def leave(self) -> None:
        self.seen.append(None)


def test_the_record_in_hand_is_noted_and_fatal_ones_are_passed_over() -> None:
    position = Noted({1: "crash"})
    items = [Document("a", "s"), Document("b", "s", raw=b"xx", url="u"), Document("c", "s")]
    found = list(records(items, position))
    assert [lost for _, lost in found] == [None, Drop("b", "isolation", "crash", "", "u", 2), None]
    assert position.seen == [0, None, None, 2, None]


@given(st.lists(st.tuples(st.sampled_from(["web", "code"]), st.booleans(), st.integers(0, 99))))
def test_a_tally_that_accounts_for_every_record_adds_up(seen: list[tuple[str, bool, int]]) -> None:
    tally = Tally()
    for source, kept, size in seen:
        tally.saw(source, size)
        if kept:
            tally.keep(source, size)
        else:
            tally.drop(source, Drop("x", "length", "short"), size)
    flows = tally.flows()
    assert sum(flow.read.documents for flow in flows.values()) == len(seen)
    assert sum(flow.kept.documents for flow in flows.values()) == sum(kept for _, kept, _ in seen)


def test_a_record_that_is_not_accounted_for_is_an_error() -> None:
    tally = Tally()
    tally.saw("web", 5)
    with pytest.raises(ValueError, match="kept and dropped make"):
        tally.flows()


def test_units_name_their_inputs(tmp_path: Path) -> None:
    root = outside(tmp_path, {"a.txt": "x" * 40, "b.txt": "x" * 40, "c.txt": "x" * 40})
    stage = ingest(root, unit_bytes=100)
    assert [unit.name for unit in stage.units({})] == ["a.txt+1", "c.txt"]
    assert stage.source == Lines()
