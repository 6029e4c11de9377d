from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from filters.shuffle import shuffle

LINES = [f"line {number}" for number in range(1000)]


def shuffled(tmp_path: Path, lines: list[str], seed: int = 0, copies: int = 1) -> list[str]:
    shuffle(((line, copy) for line in lines for copy in range(copies)), tmp_path / "out.txt", seed)
    return (tmp_path / "out.txt").read_text("utf-8").splitlines()


def test_the_order_depends_on_the_lines_and_the_seed_alone(tmp_path: Path) -> None:
    once = shuffled(tmp_path, LINES)
    assert once == shuffled(tmp_path, LINES[::-1])
    assert once != shuffled(tmp_path, LINES, seed=1)
    assert once != LINES
    assert sorted(once) == sorted(LINES)


def test_copies_go_to_places_of_their_own_and_repeated_lines_are_one(tmp_path: Path) -> None:
    made = shuffled(tmp_path, LINES * 2, copies=3)
    assert sorted(made) == sorted(LINES * 3)
    assert sum(one == other for one, other in pairwise(made)) < 10


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    shuffled(tmp_path, LINES)
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\n"))))
def test_any_lines_come_out_again(tmp_path_factory: object, lines: list[str]) -> None:
    out = Path(tmp_path_factory.mktemp("shuffle"), "out.txt")  # type: ignore[attr-defined]
    shuffle(((line, 0) for line in lines), out)
    expected = {line.encode("utf-8", "replace").decode() for line in lines}
    assert sorted(out.read_bytes().decode().split("\n")[:-1]) == sorted(expected)
