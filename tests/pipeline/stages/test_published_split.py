"""Splits of code as the published code made them, beside what `datasets` itself gives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tiny_corpus import Marks, TinyCorpus, tokenizer_file

from languages import published
from manifests.sections import Split
from pipeline.stages.chunks import AsPublished
from pipeline.stages.mixture import token_shards
from pipeline.stages.published_split import PublishedSplit, Splits, split_stage
from pipeline.stages.split import own_group, split_of
from pipeline.stages.tokens import Tokens

RULES = tuple(map(published.load, ("agda", "idris", "coq")))


def asked(split: Split | None = None) -> AsPublished:
    return AsPublished(("stack",), RULES, split or Split(), 74)


def held_out(size: int, split: Split | None = None) -> dict[str, list[int]]:
    splits = Splits(asked(split), {"agda": size})
    found: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for place in range(size):
        found[splits.next({"id": str(place), "subset": "agda"})].append(place)
    return found


@pytest.mark.parametrize(
    ("size", "validation", "test"),
    [(3, [1], [0]), (10, [5], [8]), (1000, [273, 403, 601, 675, 801], [85, 136, 357, 676, 987])],
)
def test_files_go_where_the_published_code_put_them(size: int, validation: list[int], test: list[int]) -> None:
    """As `datasets` 5.2 gives them by the lines of process_stack.py: shuffle(seed=74), select, select, select."""
    found = held_out(size)
    assert (found["validation"], found["test"]) == (validation, test)


def test_agda_has_the_files_that_were_published() -> None:
    """The published training file of Agda has 17,431 rows: what is left of 17,607."""
    assert {name: len(places) for name, places in held_out(17_607).items()} == {
        "train": 17_431,
        "validation": 88,
        "test": 88,
    }


@pytest.mark.parametrize("size", [1, 2])
def test_of_hardly_any_files_the_last_is_tested_on(size: int) -> None:
    assert {name: len(places) for name, places in held_out(size).items()} == {
        "train": 0,
        "validation": size - 1,
        "test": 1,
    }


def test_a_split_that_is_not_wanted_is_empty() -> None:
    assert len(held_out(50, Split(validation=0, test=0))["train"]) == 50


def test_every_language_is_shuffled_by_itself_and_one_of_github_is_hashed() -> None:
    sizes = {"agda": 400, "idris": 400, "coq": 400}
    splits = Splits(asked(), sizes)
    rows = [{"id": str(place), "subset": subset} for place in range(400) for subset in sizes]
    found = {(row["subset"], row["id"]): splits.next(row) for row in rows}
    counts = Counter((subset, split) for (subset, _), split in found.items())
    assert counts["agda", "test"] == counts["idris", "validation"] == 2
    by_hash = {("coq", row["id"]): split_of(74, own_group(row), 0.005, 0.005) for row in rows if row["subset"] == "coq"}
    assert by_hash.items() <= found.items()


@pytest.mark.parametrize("layout", [(20,), (7, 1, 12)])
def test_what_trainers_get_is_what_dedup_left_however_it_is_cut(tmp_path: Path, layout: tuple[int, ...]) -> None:
    """Of 21 files one is a copy: the split is that of the 20 others, in their order."""
    names = iter(range(100))
    files = {f"{n}.jsonl": [row(str(next(names))) for _ in range(size)] for n, size in enumerate(layout)}
    files["0.jsonl"].insert(3, row("copy"))
    corpus = TinyCorpus(tmp_path)
    corpus.ingest("stack", files)
    corpus.do(Marks({"stack/0.jsonl": ("copy",)}))
    split = Split(validation=0.1, test=0.2)
    corpus.do(PublishedSplit("stack", asked(split)))
    receipts = corpus.do(Tokens("stack", tokenizer=tokenizer_file(tmp_path), parted=split_stage("stack")))
    found: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for shard in token_shards(receipts):
        found[shard.split] += map(int, pq.read_table(f"{corpus.folder / shard.prefix}.parquet")["id"].to_pylist())
    assert {name: sorted(ids) for name, ids in found.items()} == held_out(20, split)


def row(name: str) -> dict[str, str]:
    return {"id": name, "subset": "agda", "text": f"theorem {name}"}
