"""Tokenizer files as the libraries read them that they are made for: `tokenizers`, SentencePiece, tiktoken.

Their ids are the truth. All take the text of control tokens for text, and can tell gigatoken what they know.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Protocol

import numpy as np
from sentencepiece import SentencePieceProcessor
from tiktoken import Encoding
from tokenizers import Tokenizer

from pipeline.fast_tokenizer import Ids


class TokenizerError(Exception):
    """A tokenizer cannot be used; the message says what is wrong with it and what to do."""


class Vocabulary(Protocol):
    """A tokenizer as its own library has it."""

    library: str
    """Name of the package."""
    width: int
    """One more than the highest id. Ids may have holes, so entries are not counted."""
    specials: dict[int, str]
    """The control tokens."""

    def id_of(self, token: str) -> int | None:
        """The id of an entry, if there is one."""

    def encode(self, text: str) -> Ids:
        """The ids of a text that UTF-8 can hold; nothing is added, cut or padded."""

    def decode(self, ids: list[int]) -> str:
        """The text of ids, those left out that are none."""

    def load_fast(self) -> Any:
        """gigatoken's tokenizer of the same file. Raises whatever it pleases if it has none."""


def read_vocabulary(data: bytes, end_of_document: str) -> Vocabulary:
    """A tokenizer of a file's content, of whichever kind it is. Raises TokenizerError."""
    if not data.strip():
        raise TokenizerError("this is no file of tokenizers, SentencePiece or tiktoken: it is empty")
    if data.lstrip()[:1] == b"{":
        return HuggingFace(data, end_of_document)
    return Tiktoken(data) if _looks_like_ranks(data) else SentencePiece(data)


class HuggingFace:
    """A `tokenizers` JSON file."""

    library = "tokenizers"

    def __init__(self, data: bytes, end_of_document: str) -> None:
        # A worker has one CPU; without this the library starts a thread for every core of the machine.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._data, self._tokenizer = data, _parsed(data)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if self.id_of(end_of_document) is not None:
            self._tokenizer.add_special_tokens([end_of_document])  # it has an id already; now it counts as special
        self._tokenizer.encode_special_tokens = True  # their text is encoded as any other text
        self.width = max(self._tokenizer.get_vocab().values(), default=-1) + 1
        added = self._tokenizer.get_added_tokens_decoder()
        self.specials = {number: token.content for number, token in sorted(added.items()) if token.special}

    def id_of(self, token: str) -> int | None:
        return self._tokenizer.token_to_id(token)

    def encode(self, text: str) -> Ids:
        [encoding] = self._tokenizer.encode_batch_fast([text], add_special_tokens=False)
        return np.array(encoding.ids, dtype=np.uint32)

    def decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False)

    def load_fast(self) -> Any:
        return _from_json(self._data, self.specials)


class SentencePiece:
    """A SentencePiece `.model` file."""

    library = "sentencepiece"

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._model = SentencePieceProcessor(model_proto=data)
        except RuntimeError as error:
            raise TokenizerError(f"this is no file of tokenizers, SentencePiece or tiktoken: {error}") from error
        self.width = self._model.get_piece_size()
        controls = filter(self._model.is_control, range(self.width))
        self.specials = {number: self._model.id_to_piece(number) for number in controls}

    def id_of(self, token: str) -> int | None:
        number = int(self._model.piece_to_id(token))  # of what it does not know, that of <unk>
        return number if self._model.id_to_piece(number) == token else None

    def encode(self, text: str) -> Ids:
        return np.array(self._model.encode(text), dtype=np.uint32)

    def decode(self, ids: list[int]) -> str:
        return str(self._model.decode(ids))

    def load_fast(self) -> Any:
        from gigatoken._load.sentencepiece import sentencepiece_to_tokenizer_json

        return _from_json(sentencepiece_to_tokenizer_json(self._data), self.specials)


class Tiktoken:
    """A `.tiktoken` file of a published encoding: it holds ranks only, the rest is in `encodings.toml`."""

    library = "tiktoken"

    def __init__(self, data: bytes) -> None:
        self._data = data
        digest = hashlib.sha256(data).hexdigest()
        known = next((one for one in _encodings().values() if one["sha256"] == digest), None)
        if known is None:
            raise TokenizerError(
                f"this tiktoken file (sha256 {digest}) is none of {', '.join(_encodings())}; it does not say how to"
                " part words, so give the tokenizer.json of that model instead"
            )
        self._words: str = known["gigatoken"]
        tokens: dict[str, int] = known["special_tokens"]
        ranks = _ranks(data)
        self._ids = {*ranks.values(), *tokens.values()}
        self._encoding = Encoding("", pat_str=known["pattern"], mergeable_ranks=ranks, special_tokens=tokens)
        self.width = self._encoding.n_vocab
        self.specials = {number: token for token, number in tokens.items()}

    def id_of(self, token: str) -> int | None:
        try:
            return self._encoding.encode_single_token(token)
        except KeyError:
            return None

    def encode(self, text: str) -> Ids:
        return np.array(self._encoding.encode_ordinary(text), dtype=np.uint32)

    def decode(self, ids: list[int]) -> str:
        return self._encoding.decode([number for number in ids if number in self._ids])

    def load_fast(self) -> Any:
        import gigatoken

        with tempfile.NamedTemporaryFile(suffix=".tiktoken") as file:
            file.write(self._data)
            file.flush()
            return gigatoken.Tokenizer.from_tiktoken(file.name, self._words, {})


def _parsed(data: bytes) -> Tokenizer:
    try:
        return Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises a bare Exception for whatever is wrong
        raise TokenizerError(f"this is no file of tokenizers: {error}") from error


def _from_json(data: str | bytes, specials: Mapping[int, str]) -> Any:
    """gigatoken takes the text of added tokens for them; told nothing of these, it takes it for text."""
    import gigatoken

    content = json.loads(data)
    added = content.get("added_tokens") or []
    content["added_tokens"] = [token for token in added if token["id"] not in specials]
    content["truncation"] = content["padding"] = None
    return gigatoken.Tokenizer.from_json(json.dumps(content))


def _looks_like_ranks(data: bytes) -> bool:
    try:
        return bool(_ranks(data[: data.index(b"\n")]))
    except ValueError:
        return False


def _ranks(data: bytes) -> dict[bytes, int]:
    """Tokens by their ranks: base64 and a number a line. Raises ValueError."""
    pairs = (line.split() for line in data.splitlines() if line)
    return {base64.b64decode(token, validate=True): int(rank) for token, rank in pairs}


@cache
def _encodings() -> dict[str, Any]:
    """What tiktoken's own code says of the files that OpenAI publishes, by name."""
    return tomllib.loads(resources.files("pipeline").joinpath("encodings.toml").read_text("utf-8"))
