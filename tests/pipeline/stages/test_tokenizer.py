"""The trained tokenizer: lossless, and the same bytes for any sharding, process and number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import TEXT, Marks, TinyCorpus

from pipeline.indexed import IndexedDataset
from pipeline.stages.mixture import token_shards
from pipeline.stages.tokenizer import Sample, TrainTokenizer, train_tokenizer
from pipeline.stages.tokens import Tokens
from pipeline.tokenization import TokenizerError, parse_tokenizer

ENCODER = parse_tokenizer(train_tokenizer(iter([TEXT]), 300, "</s>"), "</s>")


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    ids = ENCODER.encode(text).tolist()
    assert ENCODER.decode(ids) == text
    assert ENCODER.end not in ids


@pytest.mark.parametrize("text", ["</s>", "a</s></s>b", "\0", "\r\n", "  x  ", "﷽ e\u0301 \u2028", "<s><unk>", "12345"])
def test_awkward_text_comes_back(text: str) -> None:
    ids = ENCODER.encode(text).tolist()
    assert ENCODER.decode(ids) == text
    assert ENCODER.end not in ids


def test_digits_are_tokens_one_by_one() -> None:
    encoder = parse_tokenizer(train_tokenizer(iter(["1234 " * 50]), 300, "</s>"), "</s>")
    assert len(encoder.encode("1234")) == 4


def test_the_fast_engine_knows_what_is_trained() -> None:
    assert ENCODER.engine.startswith("gigatoken ")


TRAIN = """
import hashlib, sys
from pipeline.stages.tokenizer import train_tokenizer
words = [f"{a}{b}{c}" for a in "abcdefgh" for b in "aeiou" for c in "lmnrst"]
texts = [" ".join(words[(i * j) % len(words)] for j in range(1, 60)) for i in range(1, 300)]
if sys.argv[1] == "reversed":
    texts.reverse()
print(hashlib.sha256(train_tokenizer(iter(texts), 600, "</s>")).hexdigest())
"""


def test_the_bytes_depend_on_nothing_but_the_texts() -> None:
    digests = set()
    for seed, threads, parallel, order in (("1", "1", "false", "given"), ("2", "7", "true", "reversed")):
        settings = {"PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": parallel}
        environment = os.environ | settings | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run([sys.executable, "-c", TRAIN, order], env=environment, capture_output=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


def corpus_of(folder: Path, shards: dict[str, list[dict[str, str]]]) -> TinyCorpus:
    corpus = TinyCorpus(folder)
    corpus.ingest("web", shards)
    corpus.do(Marks({"web/0": ("3",)} if "0" in shards else {"web/a": ("3",)}))
    return corpus


def test_any_sharding_gives_the_same_tokenizer(tmp_path: Path) -> None:
    documents = [{"id": str(number), "text": f"{TEXT[number : 5 * number]} n{number}"} for number in range(40)]
    stage = TrainTokenizer(("documents/web",), 290, source_bytes=2000, document_characters=100)
    whole = corpus_of(tmp_path / "whole", {"a": documents}).do(stage)
    dealt = corpus_of(tmp_path / "dealt", {str(n): documents[n::3] for n in range(3)}).do(stage)
    assert whole[0].files == dealt[0].files
    other = corpus_of(tmp_path / "other", {"a": documents}).do(
        TrainTokenizer(("documents/web",), 290, source_bytes=4000)
    )
    assert other[0].files != whole[0].files


def test_tokens_are_made_with_the_trained_tokenizer(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, {"a": [{"id": "1", "text": TEXT}]})
    corpus.do(TrainTokenizer(("documents/web",), 300))
    (receipt,) = corpus.do(Tokens("web"))
    encoder = parse_tokenizer((corpus.folder / "tokenizer/tokenizer.json").read_bytes(), "</s>")
    (shard,) = token_shards([receipt])
    (ids,) = IndexedDataset(corpus.folder / shard.prefix)
    assert encoder.decode(ids.tolist()) == TEXT + "</s>"


@given(
    st.lists(st.tuples(st.integers(0, 50), st.text(max_size=8)), unique_by=lambda item: item[0]),
    st.randoms(),
    st.integers(0, 40),
)
def test_a_sample_is_bounded_and_does_not_depend_on_order(
    items: list[tuple[int, str]], random: object, limit: int
) -> None:
    expected: list[str] = []
    for _, text in sorted(items):
        if sum(len(each.encode()) for each in [*expected, text]) > limit:
            break
        expected.append(text)
    random.shuffle(items)  # type: ignore[attr-defined]
    sample = Sample(limit)
    for rank, text in items:
        sample.add(rank, text)
    assert list(sample.texts()) == expected


def test_a_vocabulary_must_hold_all_bytes() -> None:
    with pytest.raises(TokenizerError, match="257 entries at least; train_vocabulary is 256"):
        train_tokenizer(iter([TEXT]), 256, "</s>")


def test_an_end_that_the_texts_spell_is_refused() -> None:
    with pytest.raises(TokenizerError, match="forge"):
        train_tokenizer(iter(["EOD " * 100]), 300, "EOD")


def test_no_text_at_all_still_gives_the_bytes() -> None:
    encoder = parse_tokenizer(train_tokenizer(iter([]), 300, "</s>"), "</s>")
    assert len(encoder.encode("é")) == 2
