"""The mixture: what a weight means, and that the trainers' files say the same."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file

from manifests.manifest import Mixture, Split
from pipeline.stages.mixture import MEANING, MixtureStage, effective_shares, mix, weigh
from pipeline.stages.mixture import Shard as TokenShard
from pipeline.stages.tokens import Tokens

PAPER = {"arxiv": 2.0, "web": 4.0, "code": 1.0}
"""The weights of the Llemma paper, section 2.2: arXiv, web and code 2:4:1."""


def test_weights_are_sampling_shares_on_any_scale() -> None:
    tokens = {"arxiv": 29_000, "web": 15_000, "code": 11_000}
    shares = {share.source: share for share in mix(tokens, Mixture(weights=PAPER, budget=220_000))}
    assert [shares[name].share for name in PAPER] == pytest.approx([2 / 7, 4 / 7, 1 / 7], abs=1e-6)
    assert shares["web"].budget_tokens == round(220_000 * 4 / 7)
    assert shares["web"].epochs == pytest.approx(220_000 * 4 / 7 / 15_000, rel=1e-5)
    assert shares["web"].natural_share == pytest.approx(15 / 55, abs=1e-6)


def test_a_source_without_a_weight_keeps_its_natural_share() -> None:
    shares = effective_shares({"a": 0.2, "b": 0.3, "c": 0.5}, {"a": 1, "b": 3})
    assert shares == pytest.approx({"a": 0.125, "b": 0.375, "c": 0.5})


def test_without_weights_and_budget_every_token_is_seen_once() -> None:
    shares = mix({"a": 10, "b": 30}, Mixture())
    assert [(share.share, share.budget_tokens, share.epochs) for share in shares] == [(0.25, 10, 1), (0.75, 30, 1)]


def test_a_source_that_has_nothing_gets_nothing() -> None:
    shares = mix({"a": 10, "b": 0, "c": 30}, Mixture(weights={"a": 1, "b": 5, "c": 1}))
    assert [(share.share, share.weight) for share in shares] == [(0.5, 1), (0, 5), (0.5, 1)]


def test_weight_zero_leaves_a_source_out() -> None:
    shares = mix({"a": 10, "b": 30}, Mixture(weights={"a": 0}))
    assert [share.share for share in shares] == [0, 1]


def test_weights_that_leave_nothing_to_draw_from_are_refused() -> None:
    weights = {"a": 0.0, "b": 0.0}
    with pytest.raises(ValueError, match="above 0"):
        mix({"a": 10, "b": 30}, Mixture(weights=weights))


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.integers(1, 10**12), min_size=1), st.dictionaries(NAMES, st.floats(0.01, 100)))
def test_shares_add_up_and_named_ones_stand_as_their_weights(tokens: dict[str, int], weights: dict[str, float]) -> None:
    total = sum(tokens.values())
    natural = {name: count / total for name, count in tokens.items()}
    shares = effective_shares(natural, weights)
    assert sum(shares.values()) == pytest.approx(1)
    for name in tokens.keys() - weights.keys():
        assert shares[name] == pytest.approx(natural[name])
    named = sorted(tokens.keys() & weights.keys())
    for one, other in pairwise(named):
        assert shares[one] * weights[other] == pytest.approx(shares[other] * weights[one])


def test_a_share_is_spread_over_shards_by_tokens() -> None:
    shards = [TokenShard("a", "train", "p", 10), TokenShard("a", "train", "q", 30), TokenShard("b", "train", "r", 5)]
    shares = mix({"a": 40, "b": 5}, Mixture(weights={"a": 1, "b": 1}))
    assert weigh(shards, shares) == [("p", 0.125), ("q", 0.375), ("r", 0.5)]
    assert weigh(shards[2:], shares) == [("r", 1.0)]
    assert weigh([], shares) == []


@pytest.fixture
def release(tmp_path: Path) -> Path:
    corpus = TinyCorpus(tmp_path)
    corpus.ingest("web", {f"{name} b.jsonl": [f"{TEXT} {number}" for number in range(8)] for name in "xy"})
    corpus.ingest("code", {"c.jsonl": [f"theorem t{number}" for number in range(8)]})
    corpus.ingest("none", {"n.jsonl": [""]})
    corpus.do(Marks())
    for source in ("web", "code", "none"):
        corpus.do(Tokens(source, tokenizer=tokenizer_file(tmp_path), split=Split(validation=0.3, test=0)))
    corpus.do(MixtureStage(("web", "code", "none"), Mixture(weights={"web": 1, "code": 3, "none": 1}, budget=10_000)))
    return corpus.folder / "release"


def test_trainers_are_given_every_shard_with_its_weight(release: Path) -> None:
    config = yaml.safe_load((release / "mixture.yml").read_text())
    for split, folder in (("train", "train"), ("valid", "validation"), ("test", "test")):
        paths, weights = config[f"{split}-data-paths"], config[f"{split}-data-weights"]
        found = sorted((release.parent / "tokens").glob(f"*/{folder}/*.bin"))
        assert sorted(paths) == sorted(str(path.relative_to(release.parent))[: -len(".bin")] for path in found)
        assert len(weights) == len(paths)
        assert sum(weights) == pytest.approx(1 if paths else 0)
    code = sum(
        weight
        for path, weight in zip(config["train-data-paths"], config["train-data-weights"], strict=True)
        if path.startswith("tokens/code/")
    )
    assert code == pytest.approx(0.75, rel=1e-5)
    assert config["test-data-paths"] == []
    option, *arguments = (release / "megatron.txt").read_text().split()
    assert option == "--data-path"
    assert arguments[1::2] == config["train-data-paths"]
    assert list(map(float, arguments[::2])) == config["train-data-weights"]


def test_the_table_says_what_a_weight_means(release: Path) -> None:
    comment = [line for line in (release / "mixture.yml").read_text().splitlines() if line.startswith("#")]
    assert all(f"# {line}" in comment for line in MEANING.splitlines())
    rows = json.loads((release / "mixture.json").read_text())
    assert [row["source"] for row in rows] == ["web", "code", "none"]
    assert all(any(line.split()[1:2] == [row["source"]] for line in comment) for row in rows)
    assert sum(row["budget_tokens"] for row in rows) == pytest.approx(10_000, abs=1)
    assert rows[2]["tokens"] == 0
