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

from manifests.sections import Mixture, Split
from pipeline.indexed import IndexedDataset
from pipeline.report.stats import stats
from pipeline.shares import MEANING, effective_shares, mix
from pipeline.stage import read_receipts
from pipeline.stages.mixture import NEOX_DATASETS, MixtureStage, neox_yaml, token_shards, train_tokens, weigh
from pipeline.stages.mixture import Shard as TokenShard
from pipeline.stages.tokens import Tokens
from pipeline.storage import RunFolder

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


def test_a_group_divides_its_weight_by_tokens() -> None:
    tokens = {"arxiv": 290, "web": 150, "stack": 90, "github": 10, "steps": 10, "none": 0}
    groups = {"code": ("stack", "github", "steps", "none")}
    shares = {one.source: one for one in mix(tokens, Mixture(weights=PAPER, groups=groups))}
    assert shares["arxiv"].share == pytest.approx(2 / 7, abs=1e-6)
    assert shares["stack"].share == pytest.approx(90 / 110 / 7, abs=1e-6)
    assert shares["github"].share == shares["steps"].share == pytest.approx(10 / 110 / 7, abs=1e-6)


def test_the_papers_mixture_is_95_to_2_to_3() -> None:
    tokens = {"arxiv": 29_000, "web": 15_000, "code": 11_000, "pile": 300_000, "redpajama-github": 59_000}
    weights = PAPER | {"pile": 0.147368, "redpajama-github": 0.221053}
    shares = [share.share for share in mix(tokens, Mixture(weights=weights))]
    assert shares == pytest.approx([0.2714, 0.5429, 0.1357, 0.02, 0.03], abs=5e-5)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"groups": {"code": ("stack",)}}, "group code has no weight"),
        ({"weights": {"code": 1, "stack": 2}, "groups": {"code": ("stack",)}}, "stack has two weights"),
        ({"weights": {"a": 1, "b": 2}, "groups": {"a": ("stack",), "b": ("stack",)}}, "stack has two weights"),
    ],
)
def test_a_source_has_one_weight(asked: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Mixture.model_validate(asked)


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
    for split, folder in (("train", "train"), ("valid", "validation")):
        paths, weights = config[f"{split}-data-paths"], config[f"{split}-data-weights"]
        found = sorted((release.parent / "tokens").glob(f"*/{folder}/*.bin"))
        assert sorted(paths) == sorted(str(path.relative_to(release.parent))[: -len(".bin")] for path in found)
        assert len(weights) == len(paths)
        assert sum(weights) == pytest.approx(1)
    code = sum(
        weight
        for path, weight in zip(config["train-data-paths"], config["train-data-weights"], strict=True)
        if path.startswith("tokens/code/")
    )
    assert code == pytest.approx(0.75, rel=1e-5)
    lists = [line.split() for line in (release / "megatron.txt").read_text().split("--")[1:]]
    assert [option for option, *_ in lists] == ["train-data-path", "valid-data-path"]
    for (_, *arguments), split in zip(lists, ("train", "valid"), strict=True):
        assert arguments[1::2] == config[f"{split}-data-paths"]
        assert list(map(float, arguments[::2])) == config[f"{split}-data-weights"]


def test_gpt_neox_is_given_no_empty_split(release: Path) -> None:
    text = (release / "mixture.yml").read_text()
    config = yaml.safe_load(text)
    assert "No document is in the split test" in text
    assert "No document is in the split validation" not in text
    assert config["test-data-paths"] == config["valid-data-paths"] != config["train-data-paths"]
    assert config["test-data-weights"] == config["valid-data-weights"]


@pytest.mark.parametrize("weight", [1e-05, 2e-07, 1.5e-08, 0.25, 1.0])
def test_a_weight_is_a_number_to_yaml_however_small(weight: float) -> None:
    shards = [("tokens/a/train/x", weight)]
    config = yaml.load(neox_yaml([], {"train": shards, "validation": shards, "test": shards}), yaml.FullLoader)
    assert config["train-data-weights"] == [weight]
    assert isinstance(config["train-data-weights"][0], float)


def test_more_data_sets_than_gpt_neox_counts_are_said_to_be() -> None:
    shards = [(f"p{number}", 1.0) for number in range(NEOX_DATASETS + 1)]
    assert "GPT-NeoX takes 254" in neox_yaml([], {"train": shards, "validation": shards[1:], "test": shards[1:]})
    assert "GPT-NeoX takes" not in neox_yaml([], {"train": shards[1:], "validation": shards[1:], "test": shards[1:]})


def test_the_counts_are_those_of_the_indexes(release: Path) -> None:
    """What totals.json, the receipts and the weights speak of is what a trainer finds in the `.idx` files."""
    run = RunFolder(str(release.parent))
    totals = json.loads((release / "totals.json").read_text())
    indexes = {path: IndexedDataset(path.with_suffix("")) for path in (release.parent / "tokens").rglob("*.idx")}
    assert len(indexes) >= 4
    for source in ("web", "code"):
        for split in ("train", "validation"):
            shards = [index for path, index in indexes.items() if f"tokens/{source}/{split}/" in str(path)]
            rows = [row for row in totals if (row["source"], row["split"]) == (source, split)]
            assert sum(row["tokens"] for row in rows) == sum(int(shard.sizes.sum()) for shard in shards) > 0
            assert sum(row["documents"] for row in rows) == sum(len(shard) for shard in shards)
    assert on_card(release) == [
        *((row["source"], row["split"], row["tokens"]) for row in totals),
        ("all", "", sum(int(index.sizes.sum()) for index in indexes.values())),
    ]
    receipts = list(read_receipts(run, "tokens").values())
    for shard in token_shards(receipts):
        assert shard.tokens == indexes[run_path(release, shard.prefix)].tokens
    shares = json.loads((release / "mixture.json").read_text())
    assert {row["source"]: row["tokens"] for row in shares} == train_tokens(receipts) | {"none": 0}
    table = [(row.source, row.split, row.tokens) for row in stats(run).rows if row.stage == "tokens"]
    assert sorted(table) == sorted((row["source"], row["split"], row["tokens"]) for row in totals)


def on_card(release: Path) -> list[tuple[str, str, int]]:
    """Source, split and tokens of the rows of the data card."""
    lines = (line.strip("| ").split(" | ") for line in (release / "README.md").read_text().splitlines())
    rows = [cells for cells in lines if len(cells) == 6][2:]
    return [(source, split, int(tokens.replace(",", ""))) for source, _, split, *_, tokens in rows]


def run_path(release: Path, prefix: str) -> Path:
    return release.parent / f"{prefix}.idx"


def test_the_table_says_what_a_weight_means(release: Path) -> None:
    comment = [line for line in (release / "mixture.yml").read_text().splitlines() if line.startswith("#")]
    assert all(f"# {line}" in comment for line in MEANING.splitlines())
    rows = json.loads((release / "mixture.json").read_text())
    assert [row["source"] for row in rows] == ["web", "code", "none"]
    assert all(any(line.split()[1:2] == [row["source"]] for line in comment) for row in rows)
    assert sum(row["budget_tokens"] for row in rows) == 10_000
    assert rows[2]["tokens"] == 0
