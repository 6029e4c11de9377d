"""Groups and splits: what belongs together stays together, in the shares that are asked for."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.split import SPLITS, group_of, split_of


def row(url: str = "", id: str = "id", **meta: object) -> dict[str, str]:
    return {"id": id, "url": url, "meta": json.dumps(meta)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row("https://www.a.org/x"), row("http://a.org:8080/y?z#w", id="other")),
        (row(repo="leanprover/Mathlib", path="a"), row("https://github.com/leanprover/mathlib/blob/0/b", path="b")),
        (row(repo="leanprover/mathlib"), row(repo="leanprover-mathlib")),
        (row(repo_name="a/b"), row(repo="a/b")),
        (row("https://arxiv.org/abs/2301.00001"), row("https://www.arxiv.org/pdf/2301.00001v3.pdf", id="other")),
        (row("https://arxiv.org/abs/math/0102003"), row(arxiv_id="math/0102003v1")),
    ],
)
def test_site_repository_and_paper_keep_together(one: dict[str, str], other: dict[str, str]) -> None:
    assert group_of(one) == group_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row("https://a.org/x"), row("https://b.a.org/x")),
        (row("https://github.com/a/b"), row("https://github.com/a/c")),
        (row("https://arxiv.org/abs/2301.00001"), row("https://arxiv.org/abs/2301.00002")),
        (row(id="1"), row(id="2")),
        (row("http://[", id="1"), row("http://[", id="2")),
        (row("no url", id="1"), row("no url", id="2")),
        (row("https://github.com/", id="1"), row("https://arxiv.org/abs/2301.00001")),
    ],
)
def test_what_has_nothing_in_common_may_be_parted(one: dict[str, str], other: dict[str, str]) -> None:
    assert group_of(one) != group_of(other)


def test_the_shares_are_about_what_is_asked_for() -> None:
    counts = Counter(split_of(74, f"site:{number}.test", 0.05, 0.1) for number in range(10_000))
    assert counts["validation"] == pytest.approx(500, abs=80)
    assert counts["test"] == pytest.approx(1000, abs=110)
    assert sum(counts.values()) == 10_000


def test_another_seed_makes_another_choice() -> None:
    groups = [f"id:{number}" for number in range(200)]
    assert [split_of(1, each, 0.3, 0.3) for each in groups] != [split_of(2, each, 0.3, 0.3) for each in groups]


@given(st.integers(), st.text(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_group_has_one_split(seed: int, group: str, validation: float, test: float) -> None:
    split = split_of(seed, group, validation, test)
    assert split in SPLITS
    assert split == split_of(seed, group, validation, test)
    assert split_of(seed, group, 0, 0) == "train"


META = st.dictionaries(
    st.sampled_from(["repo", "arxiv_id", "x"]), st.none() | st.text() | st.integers() | st.lists(st.text())
)


@given(st.text(), st.text(), META)
def test_any_row_has_a_group(url: str, id: str, meta: dict[str, object]) -> None:
    assert group_of(row(url, id, **meta)).partition(":")[0] in ("site", "repository", "paper", "id")
