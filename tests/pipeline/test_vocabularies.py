"""SentencePiece and tiktoken files: ids are those of their own libraries, and what is none of them is refused."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tiktoken import Encoding
from tokenizers import Tokenizer, models

from pipeline import vocabularies
from pipeline.fast_tokenizer import written_probes
from pipeline.tokenization import TokenizerError, parse_tokenizer

WORDS = r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s"
END = "<|endoftext|>"


def sentencepiece_file(**options: Any) -> bytes:
    file = io.BytesIO()
    harmless = [text for text in written_probes() if "<s>" not in text and "</s>" not in text and "\0" not in text]
    settings = {"vocab_size": 700, "model_type": "bpe", "byte_fallback": True, "hard_vocab_limit": False}
    settings |= {"normalization_rule_name": "identity", "remove_extra_whitespaces": False, "minloglevel": 2}
    SentencePieceTrainer.train(sentence_iterator=iter(harmless * 3), model_writer=file, **(settings | options))
    return file.getvalue()


def tiktoken_file() -> bytes:
    tokens = [bytes([number]) for number in range(256)]
    tokens += [b"th", b"the", b" the", b"in", b"\\f", b"  ", b"    ", b"<|", b"|>", b"en", b"end"]
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(tokens))


MODEL, RANKS = sentencepiece_file(), tiktoken_file()
SPM, TIK = (
    SentencePieceProcessor(model_proto=MODEL),
    Encoding("", pat_str=WORDS, mergeable_ranks=vocabularies._ranks(RANKS), special_tokens={}),
)
TOKENS = {base64.b64decode(line.split()[0]): number for number, line in enumerate(RANKS.splitlines())}
tiktoken = Encoding("tiny", pat_str=WORDS, mergeable_ranks=TOKENS, special_tokens={}).encode_ordinary
TINY = {
    "tiny": {
        "sha256": hashlib.sha256(RANKS).hexdigest(),
        "pattern": WORDS,
        "gigatoken": "gpt2",
        "special_tokens": {END: 300, "<|fim_prefix|>": 310},
    }
}


@pytest.fixture(autouse=True)
def tiny_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabularies, "_encodings", lambda: TINY)
    parse_tokenizer.cache_clear()


@given(st.lists(st.sampled_from([*written_probes(), "<s>", END]) | st.text()).map("".join))
def test_ids_are_those_of_the_own_library(text: str) -> None:
    encoder = parse_tokenizer(MODEL, "</s>")
    assert encoder.encode(text).tolist() == SPM.encode(text)
    assert not {1, encoder.end} & set(encoder.encode(text).tolist())


@given(st.lists(st.sampled_from([*written_probes(), END]) | st.text()).map("".join))
def test_ids_are_those_of_tiktoken(text: str) -> None:
    encoder = parse_tokenizer(RANKS, END)
    assert encoder.encode(text).tolist() == tiktoken(text)
    assert encoder.decode(encoder.encode(text).tolist()) == text


def test_ends_and_control_tokens_are_where_their_library_has_them() -> None:
    model, ranks = parse_tokenizer(MODEL, "</s>"), parse_tokenizer(RANKS, END)
    assert (model.end, model.vocabulary.specials) == (SPM.eos_id(), {1: "<s>", 2: "</s>"})
    assert (ranks.end, ranks.vocabulary.width) == (300, 311)
    assert ranks.decode([256, 290, 300]) == f"th{END}"


@pytest.mark.parametrize(("data", "end"), [(MODEL, "<eod>"), (RANKS, "</s>")])
def test_a_vocabulary_without_the_end_is_refused(data: bytes, end: str) -> None:
    with pytest.raises(TokenizerError, match=f"no end-of-document token '{end}'.*, such as '<"):
        parse_tokenizer(data, end)


def test_a_unigram_model_is_read_by_its_own_library() -> None:
    data = sentencepiece_file(model_type="unigram")
    encoder = parse_tokenizer(data, "</s>")
    assert encoder.engine.startswith("sentencepiece ")
    own = SentencePieceProcessor(model_proto=data)
    assert [encoder.encode(text).tolist() for text in written_probes()] == [own.encode(t) for t in written_probes()]


def test_added_tokens_may_be_missing() -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1, END: 2}, []))
    content = json.loads(tokenizer.to_str())
    del content["added_tokens"]
    assert parse_tokenizer(json.dumps(content).encode(), END).encode("ab").tolist() == [0, 1]


def test_an_end_that_texts_can_spell_is_refused() -> None:
    data = sentencepiece_file(user_defined_symbols=["[EOD]"])
    with pytest.raises(TokenizerError, match="a page could forge it"):
        parse_tokenizer(data, "[EOD]")


def test_an_unknown_tiktoken_file_is_refused_by_its_hash() -> None:
    with pytest.raises(TokenizerError, match=r"\(sha256 [0-9a-f]{64}\) is none of tiny"):
        parse_tokenizer(RANKS[:-1], END)


@pytest.mark.parametrize("data", [b"", b"no tokenizer", b"\n\n", MODEL[:1000], b"dGhl one\n", b"\x00" * 100])
def test_what_is_no_tokenizer_is_refused(data: bytes) -> None:
    with pytest.raises(TokenizerError, match="this is no file of"):
        parse_tokenizer(data, END)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base", "o200k_base"])
def test_published_encodings_part_words_without_losing_any(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    known = vocabularies._encodings()[name]
    ranks = {bytes([number]): number for number in range(256)}
    encoding = Encoding(name, pat_str=known["pattern"], mergeable_ranks=ranks, special_tokens=known["special_tokens"])
    for text in written_probes():
        assert encoding.decode(encoding.encode_ordinary(text)) == text
    assert len(known["sha256"]) == 64
    assert known["special_tokens"][END] == encoding.eot_token
