"""The packed mixture: what is drawn is what the token shards hold, in an order that depends on nothing else."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file

from manifests.sections import Mixture, Split
from pipeline.indexed import IndexedDataset
from pipeline.packed import PackedMixture, Steps
from pipeline.stages.pack import Pack
from pipeline.stages.tokens import Tokens
from pipeline.storage import RunFolder, StorageError

LENGTH = 64
WEB = [f"{TEXT[: 50 * (number % 7 + 1)]} {number}" for number in range(40)]
CODE = [f"theorem t{number} : {number} = {number}" for number in range(30)]
SOURCES = ("web", "code", "tiny", "none")


def mixed(folder: Path, web: dict[str, list[str]], split: Split) -> TinyCorpus:
    """A corpus with tokens; `web` says which file has which documents."""
    corpus = TinyCorpus(folder)
    corpus.ingest("web", {key: list(texts) for key, texts in web.items()})
    corpus.ingest("code", {"c.jsonl": list(CODE)})
    corpus.ingest("tiny", {"t.jsonl": ["one"]})
    corpus.ingest("none", {"n.jsonl": [""]})
    corpus.do(Marks())
    for source in SOURCES:
        corpus.do(Tokens(source, tokenizer=tokenizer_file(folder), split=split))
    return corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TinyCorpus:
    web = {"a.jsonl": WEB[:13], "b.jsonl": WEB[13:15], "c.jsonl": WEB[15:]}
    return mixed(tmp_path_factory.mktemp("pack"), web, Split(validation=0, test=0))


def packed(corpus: TinyCorpus, shard_bytes: int = 3_000, seed: int = 0, **asked: Any) -> PackedMixture:
    corpus.do(Pack(SOURCES, Mixture(**asked), LENGTH, seed, shard_bytes))
    return PackedMixture(corpus.folder / "packed")


def stream(corpus: TinyCorpus, source: str) -> np.ndarray[Any, Any]:
    """All training tokens of a source, in the order of the corpus."""
    shards = sorted((corpus.folder / "tokens" / source / "train").glob("*.bin"))
    return np.concatenate([ids for shard in shards for ids in IndexedDataset(shard.with_suffix(""))])


def content(mixture: PackedMixture) -> list[tuple[Any, ...]]:
    numbers = range(len(mixture))
    return [(mixture.ids(n).tolist(), mixture.starts(n).tolist(), mixture.row(n)["source"]) for n in numbers]


def test_without_weights_each_source_is_gone_through_once_and_no_token_is_left_out(corpus: TinyCorpus) -> None:
    mixture = packed(corpus)
    seen: Counter[str] = Counter()
    for number in range(len(mixture)):
        row = mixture.row(number)
        ids = stream(corpus, mixture.sources[row["source"]])
        places = np.arange(row["sequence"] * LENGTH, (row["sequence"] + 1) * LENGTH) % len(ids)
        assert mixture.ids(number).tolist() == ids[places].tolist()
        assert row["epoch"] == 0
        seen[mixture.sources[row["source"]]] += 1
    assert seen == {source: -(-len(stream(corpus, source)) // LENGTH) for source in ("web", "code", "tiny")}


def test_boundaries_are_where_documents_begin(corpus: TinyCorpus) -> None:
    mixture = packed(corpus)
    end = stream(corpus, "web")[-1]
    for number in range(len(mixture)):
        item = mixture[number]
        ids, starts = item["input_ids"], mixture.starts(number)
        assert starts.tolist() == [0, *(np.flatnonzero(ids[:-1] == end) + 1)]
        assert item["documents"].tolist() == [int((starts <= place).sum()) - 1 for place in range(LENGTH)]
        assert item["positions"][starts].tolist() == [0] * len(starts)
        assert set(np.diff(item["positions"])[item["positions"][1:] > 0].tolist()) <= {1}


def test_weights_and_budget_say_how_many_sequences_each_source_has(corpus: TinyCorpus) -> None:
    mixture = packed(corpus, weights={"web": 1, "code": 2, "tiny": 1}, budget=400 * LENGTH)
    drawn = Counter(int(mixture.row(number)["source"]) for number in range(len(mixture)))
    assert drawn == {0: 100, 1: 200, 2: 100}
    code = [number for number in range(len(mixture)) if mixture.row(number)["source"] == 1]
    epochs = [int(mixture.row(number)["epoch"]) for number in code]
    size = -(-len(stream(corpus, "code")) // LENGTH)
    assert sorted(epochs) == [number // size for number in range(200)]


def test_the_order_does_not_depend_on_how_anything_is_cut(corpus: TinyCorpus, tmp_path: Path) -> None:
    weights = {"weights": {"web": 1, "code": 1}, "budget": 50 * LENGTH}
    expected = content(packed(corpus, **weights))
    assert len(list((corpus.folder / "packed" / "train").glob("*.ids.npy"))) > 1
    assert content(packed(corpus, shard_bytes=1, **weights)) == expected
    other = mixed(tmp_path, {"a.jsonl": WEB[:30], "b.jsonl": WEB[30:]}, Split(validation=0, test=0))
    assert content(packed(other, shard_bytes=1 << 20, **weights)) == expected
    assert content(packed(corpus, seed=1, **weights)) != expected


def test_a_bucket_is_read_as_a_disk_is(corpus: TinyCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = content(packed(corpus))
    monkeypatch.setattr("pipeline.stages.pack.AT_ONCE", 3)
    monkeypatch.setattr(RunFolder, "is_local", property(lambda run: False))
    monkeypatch.setattr(RunFolder, "put", lambda run, local, path: local.rename(run.full(path)))
    assert content(packed(corpus)) == expected


def test_validation_and_test_have_every_sequence_once(tmp_path: Path) -> None:
    corpus = mixed(tmp_path, {"a.jsonl": WEB}, Split(validation=0.4, test=0.2))
    packed(corpus, weights={"web": 1, "code": 5}, budget=LENGTH)
    for split in ("validation", "test"):
        mixture = PackedMixture(corpus.folder / "packed", split)
        rows = [mixture.row(number) for number in range(len(mixture))]
        assert len(rows) > 2
        assert {int(row["epoch"]) for row in rows} == {0}
        assert len({(int(row["source"]), int(row["sequence"])) for row in rows}) == len(rows)


def test_nothing_to_pack_is_an_index_of_nothing(tmp_path: Path) -> None:
    corpus = TinyCorpus(tmp_path)
    corpus.ingest("none", {"n.jsonl": [""]})
    corpus.do(Marks())
    corpus.do(Tokens("none", tokenizer=tokenizer_file(tmp_path)))
    corpus.do(Pack(("none",)))
    assert len(PackedMixture(corpus.folder / "packed")) == 0


def test_a_token_shard_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    corpus = mixed(tmp_path, {"a.jsonl": WEB}, Split(validation=0, test=0))
    [shard] = (corpus.folder / "tokens" / "web" / "train").glob("*.bin")
    shard.write_bytes(shard.read_bytes()[:-2])
    with pytest.raises(StorageError, match="remove its folder"):
        packed(corpus)


def test_a_shard_that_the_index_does_not_speak_of_is_refused(corpus: TinyCorpus) -> None:
    mixture = packed(corpus)
    path = corpus.folder / "packed" / "train" / "00001.ids.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(ValueError, match="the index speaks of"):
        [mixture.ids(number) for number in range(len(mixture))]
    with pytest.raises(IndexError):
        mixture.ids(len(mixture))


def test_a_data_set_travels_to_workers(corpus: TinyCorpus) -> None:
    mixture = packed(corpus)
    before = mixture[3]["input_ids"].tolist()
    assert pickle.loads(pickle.dumps(mixture))[3]["input_ids"].tolist() == before
    assert len(pickle.dumps(mixture)) < 2_000


def test_trainers_together_take_every_sequence_in_order() -> None:
    parts = [list(Steps(50, batch=3, rank=rank, world=4)) for rank in range(4)]
    steps = [[number for part in step for number in part] for step in zip(*parts, strict=True)]
    assert [number for step in steps for number in step] == list(range(48))


def test_steps_go_on_where_they_stopped_with_any_number_of_trainers() -> None:
    steps = Steps(50, batch=3, rank=1, world=4)
    iterator = iter(steps)
    assert [next(iterator), next(iterator)] == [[3, 4, 5], [15, 16, 17]]
    state = steps.state_dict()
    again = Steps(50, batch=3, rank=1, world=4)
    again.load_state_dict(state)
    assert list(again) == list(iterator) == list(Steps(50, batch=3, rank=1, world=4, step=2))
    alone = Steps(50, batch=6)
    alone.load_state_dict(state)
    assert next(iter(alone)) == [24, 25, 26, 27, 28, 29]
    with pytest.raises(ValueError, match="no step of 7 sequences"):
        Steps(50, batch=7).load_state_dict(state)


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"batch": 1, "rank": 1}, {"batch": 1, "step": -1}])
def test_a_trainer_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no such trainer"):
        Steps(50, **wrong)
