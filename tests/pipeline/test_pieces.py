"""Long documents under a tokenizer's own library: cut only where the ids are those of the whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from pipeline import pieces as rooms
from pipeline.fast_tokenizer import Ids, written_probes
from pipeline.pieces import encode_pieces, may_be_cut, pieces
from pipeline.tokenization import TextEncoder, parse_tokenizer

END = "[EOD]"
ALPHABET = [*pre_tokenizers.ByteLevel.alphabet(), *"[UNK]"]
COMMON = {"vocab_size": 500, "special_tokens": ["[UNK]", END], "initial_alphabet": ALPHABET, "show_progress": False}


def word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(written_probes(), trainers.WordPieceTrainer(**COMMON))
    return tokenizer


def meta_space() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(written_probes(), trainers.BpeTrainer(**COMMON))
    return tokenizer


def own_words(words: str = r"\\?[A-Za-z]+| ?[^\sA-Za-z]+|\s+") -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(words), "isolated"), level])
    tokenizer.train_from_iterator([*written_probes(), "of the of the " * 9], trainers.BpeTrainer(**COMMON))
    return tokenizer


def encoder_of(tokenizer: Tokenizer) -> TextEncoder:
    return parse_tokenizer(tokenizer.to_str().encode(), END)


ENCODERS = {kind.__name__: encoder_of(kind()) for kind in (word_piece, meta_space, own_words)}


@given(st.text(st.sampled_from(" \nab\u00a0é.\\")), st.integers(1, 9))
def test_pieces_are_the_text_and_begin_at_single_spaces(text: str, length: int) -> None:
    found = list(pieces(text, length))
    assert "".join(found) == text
    for before, piece in pairwise(found):
        assert len(before) >= length
        assert not before[-1].isspace()
        assert piece[0] == " "
        assert not piece[1].isspace()


@pytest.mark.parametrize("kind", ENCODERS)
def test_who_parts_words_at_spaces_may_be_cut(kind: str) -> None:
    encoder = ENCODERS[kind]
    assert not encoder.fast
    assert encoder.cuts


@given(st.lists(st.sampled_from([*written_probes(), " ", "\n", END, "a b"]) | st.text()).map("".join))
def test_ids_of_pieces_are_those_of_the_whole(text: str) -> None:
    for encoder in ENCODERS.values():
        whole = encoder.vocabulary.encode(text)
        assert np.array_equal(encode_pieces(encoder.vocabulary.encode, text, 3), whole)


def test_who_has_tokens_across_spaces_is_not_cut() -> None:
    encoder = encoder_of(own_words(r"[^\n]+|\n"))
    assert not encoder.fast
    assert not encoder.cuts
    text = "of the " * 100
    assert np.array_equal(encoder.encode(text), encoder.vocabulary.encode(text))


def test_no_piece_of_a_long_document_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = ENCODERS["own_words"]
    seen: list[int] = []
    usual = encoder.vocabulary.encode

    def encode(text: str) -> Ids:
        seen.append(len(text))
        return usual(text)

    text = "Let x be given. " * 1000
    whole = usual(text)
    monkeypatch.setattr(rooms, "PIECE", 1000)
    monkeypatch.setattr(encoder.vocabulary, "encode", encode)
    assert np.array_equal(encoder.encode(text), whole)
    assert max(seen) < 1020
    assert len(seen) > 10


def test_one_difference_forbids_cutting() -> None:
    def first_counts(text: str) -> Ids:
        return np.array([len(text.split())], np.uint32)

    assert may_be_cut(first_counts, ["one", "two  words"])
    assert not may_be_cut(first_counts, ["one", "two words"])
