"""The fast engine stands in only where it gives the reference's ids, and forgets what it has seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from pipeline import fast_tokenizer
from pipeline.fast_tokenizer import EngineError, FastTokenizer, probes, prove, written_probes
from pipeline.tokenization import TextEncoder, TokenizerError, parse_tokenizer

END = "<|endoftext|>"
ALPHABET = pre_tokenizers.ByteLevel.alphabet()
HARMLESS = [text for text in written_probes() if "<s>" not in text]


def byte_level() -> Tokenizer:
    """As GPT-NeoX's: runs of spaces are tokens that count as text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [END, "<|padding|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=ALPHABET, show_progress=False
    )
    tokenizer.train_from_iterator(written_probes(), trainer)
    tokenizer.add_tokens(["    ", "  "])
    return tokenizer


def byte_fallback(texts: Sequence[str] = HARMLESS) -> Tokenizer:
    """As Llama's: no words, spaces are letters, unknown letters are bytes."""
    normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trainer = trainers.BpeTrainer(vocab_size=900, limit_alphabet=80, show_progress=False)
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Split(Regex("(?=▁)"), "isolated")
    trained.normalizer = normalizer
    trained.train_from_iterator(texts, trainer)
    model = json.loads(trained.to_str())["model"]
    names = ["<unk>", "<s>", END, *(f"<0x{byte:02X}>" for byte in range(256))]
    names += [name for name in sorted(model["vocab"], key=model["vocab"].get) if name not in names]
    vocabulary = {name: number for number, name in enumerate(names)}
    merges = [(left, right) for left, right in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizer
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens(["<unk>", "<s>", END])
    return tokenizer


ENCODERS = {kind.__name__: parse_tokenizer(kind().to_str().encode(), END) for kind in (byte_level, byte_fallback)}


@pytest.fixture(params=ENCODERS.values(), ids=ENCODERS)
def encoder(request: pytest.FixtureRequest) -> TextEncoder:
    return request.param  # type: ignore[no-any-return]


def test_the_engine_is_used_where_its_ids_are_equal(encoder: TextEncoder) -> None:
    assert encoder.engine.startswith("gigatoken ")


@pytest.mark.parametrize("text", written_probes())
def test_ids_of_every_probe_are_the_references(text: str) -> None:
    for encoder in ENCODERS.values():
        assert encoder.encode(text).tolist() == encoder.vocabulary.encode(text).tolist()
        assert encoder.end not in encoder.encode(text)


@given(st.lists(st.sampled_from([*written_probes(), "<s>", END]) | st.text()).map("".join))
def test_ids_of_any_text_are_the_references(text: str) -> None:
    for encoder in ENCODERS.values():
        ids = encoder.encode(text)
        assert ids.tolist() == encoder.vocabulary.encode(text).tolist()
        assert encoder.end not in ids


@pytest.mark.parametrize("token", ["<s>", END, "<|padding|>", "<unk>"])
def test_a_spelled_control_token_is_text(encoder: TextEncoder, token: str) -> None:
    text = f"a {token}{token}b"
    assert encoder.decode(encoder.encode(text).tolist()) == text
    assert encoder.vocabulary.id_of(token) not in encoder.encode(text)


def test_a_vocabulary_that_learned_to_spell_a_control_token_is_refused() -> None:
    with pytest.raises(TokenizerError, match="'<s>' encodes to the control token 1"):
        parse_tokenizer(byte_fallback([*HARMLESS, "a<s>b<s>" * 50]).to_str().encode(), END)


def test_a_long_document_has_the_ids_of_its_whole(encoder: TextEncoder) -> None:
    text = "\n".join(written_probes() * 20)
    assert np.array_equal(encoder.encode(text), encoder.vocabulary.encode(text))


def test_what_the_engine_forgets_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[int] = []

    class Engine:
        def encode(self, text: str) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
            return np.array([len(text)], dtype=np.uint32)

    def load() -> Engine:
        loads.append(len(loads))
        return Engine()

    monkeypatch.setattr(fast_tokenizer, "RENEW_BYTES", 100)
    fast = FastTokenizer(load)
    assert [fast.encode("x" * 60).tolist() for _ in range(6)] == [[60]] * 6
    assert len(loads) == 3


def test_one_probe_that_differs_rules_the_engine_out(encoder: TextEncoder) -> None:
    assert encoder.fast is not None
    load = encoder.fast._load
    prove(load, encoder.vocabulary.encode, iter(["a", "b"]))
    wrong = {"b": np.array([1], dtype=np.uint32)}
    with pytest.raises(EngineError, match="other ids for 'b'"):
        prove(load, lambda text: wrong.get(text, encoder.vocabulary.encode(text)), iter(["a", "b"]))


class PanicException(BaseException):
    """As PyO3 names a panic."""


@pytest.mark.parametrize("error", [ImportError, RuntimeError, ValueError, AssertionError, PanicException])
def test_an_engine_that_cannot_be_loaded_is_not_used(error: type[BaseException]) -> None:
    def load() -> object:
        raise error("no such\nLocation: here")

    with pytest.raises(EngineError, match=r"^no such$"):
        prove(load, lambda text: np.array([], dtype=np.uint32), iter([]))


def test_who_ends_the_program_ends_it() -> None:
    def load() -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FastTokenizer(load)


def test_a_file_over_which_the_engine_panics_is_read_by_its_own_library() -> None:
    file = json.loads(byte_fallback().to_str())
    empty = {"id": 5000, "content": "", "special": False, "single_word": False, "lstrip": False, "rstrip": False}
    file["added_tokens"].append(empty | {"normalized": False})
    encoder = parse_tokenizer(json.dumps(file).encode(), END)
    assert encoder.engine.startswith("tokenizers ")
    assert ", not by gigatoken: " in encoder.engine
    with pytest.raises(EngineError, match="is not a char boundary"):
        FastTokenizer(encoder.vocabulary.load_fast).encode("ab é" * 3)
    assert encoder.decode(encoder.encode("Let é be.").tolist()) == "Let é be."


def test_a_text_over_which_the_engine_panics_is_read_by_its_own_library(encoder: TextEncoder) -> None:
    loads: list[int] = []

    class Engine:
        def __init__(self) -> None:
            loads.append(1)

        def encode(self, text: str) -> object:
            if "é" in text:
                raise PanicException("end byte index 10 is not a char boundary")
            return np.array([7], dtype=np.uint32)

    breaking = TextEncoder(encoder.vocabulary, encoder.end, FastTokenizer(Engine))
    found = [breaking.encode(text).tolist() for text in ("a", "é", "a")]
    assert found == [[7], encoder.vocabulary.encode("é").tolist(), [7]]
    assert len(loads) == 2


def test_an_id_that_would_take_all_memory_is_refused() -> None:
    file = json.loads(byte_level().to_str())
    file["model"]["vocab"]["far"] = 1 << 31
    with pytest.raises(TokenizerError, match="its highest id is 2147483648"):
        parse_tokenizer(json.dumps(file).encode(), END)


def test_a_tokenizer_that_the_engine_does_not_know_is_read_by_its_own_library(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"one": 0, "two": 1, END: 2, "[UNK]": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    encoder = parse_tokenizer(tokenizer.to_str().encode(), END)
    assert encoder.engine.startswith("tokenizers ")
    assert encoder.encode("two one").tolist() == [1, 0]


def test_the_vocabulary_is_probed_but_for_its_control_tokens() -> None:
    decoded: list[int] = []
    texts = list(probes(1000, {3: "<s>"}, lambda ids: decoded.extend(ids) or "x"))  # type: ignore[func-returns-value]
    assert sorted(decoded) == [number for number in range(1000) if number != 3]
    assert "a<s><s> b" in texts
    assert set(written_probes()) <= set(texts)
