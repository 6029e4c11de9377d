"""From texts to token ids with a `tokenizers` file, where text that looks like a control token stays text."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from pipeline.fast_tokenizer import FastTokenizer, Ids, engine_name, probes, prove
from pipeline.indexed import id_type


class TokenizerError(Exception):
    """A tokenizer cannot be used; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class TextEncoder:
    """A tokenizer that is ready to encode documents: nothing added but the end, nothing cut, nothing padded."""

    tokenizer: Tokenizer
    """Whose ids count."""
    end: int
    """Id of the end-of-document token. No text encodes to it."""
    fast: FastTokenizer | None = None
    """Gives the same ids sooner."""

    @property
    def width(self) -> int:
        """One more than the highest id. Ids may have holes, so the entries are not counted."""
        return max(self.tokenizer.get_vocab().values()) + 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that holds every id."""
        return id_type(self.width)

    @property
    def engine(self) -> str:
        """The library at work and its version."""
        return engine_name("gigatoken" if self.fast else "tokenizers")

    def encode(self, text: str) -> Ids:
        """The ids of a text that UTF-8 can hold, without the end."""
        return self.fast.encode(text) if self.fast else self.encode_slowly(text)

    def encode_slowly(self, text: str) -> Ids:
        """The same by the library whose ids count: takes more than linear time, and 100 bytes a byte of text."""
        [encoding] = self.tokenizer.encode_batch_fast([text], add_special_tokens=False)
        return np.array(encoding.ids, dtype=np.uint32)

    def decode(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=False)


def load_tokenizer(path: Path, end_of_document: str) -> TextEncoder:
    """Read a `tokenizers` JSON file. Raises TokenizerError if it is none or lacks the end-of-document token."""
    try:
        return parse_tokenizer(path.read_bytes(), end_of_document)
    except OSError as error:
        raise TokenizerError(f"tokenizer {path} cannot be read: {error.strerror or error}") from error
    except TokenizerError as error:
        raise TokenizerError(f"{path}: {error}") from None


@lru_cache(maxsize=2)
def parse_tokenizer(data: bytes, end_of_document: str) -> TextEncoder:
    """The tokenizer of a JSON file's content, parsed once per process. Raises TokenizerError."""
    # A worker has one CPU; without this the library starts a thread for every core of the machine.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    tokenizer = _parse(data)
    end = tokenizer.token_to_id(end_of_document)
    if end is None:
        raise TokenizerError(
            f"the vocabulary has no end-of-document token {end_of_document!r}; "
            f"set tokenizer.end_of_document to one of its own{_hint(tokenizer)}"
        )
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.add_special_tokens([end_of_document])  # it has an id already; now it counts as special
    tokenizer.encode_special_tokens = True  # their text is encoded as any other text
    encoder = TextEncoder(tokenizer, end)
    _refuse_forgeable(encoder)
    return TextEncoder(tokenizer, end, _faster(data, encoder))


def _parse(data: bytes) -> Tokenizer:
    try:
        return Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises a bare Exception for whatever is wrong
        raise TokenizerError(f"this is no file of the tokenizers library: {error}") from error


def _special(tokenizer: Tokenizer) -> dict[int, str]:
    added = tokenizer.get_added_tokens_decoder()
    return {number: token.content for number, token in sorted(added.items()) if token.special}


def _hint(tokenizer: Tokenizer) -> str:
    names = list(_special(tokenizer).values())[:8]
    return f", such as {', '.join(map(repr, names))}" if names else ""


def _refuse_forgeable(encoder: TextEncoder) -> None:
    """A page that spells a control token must not be able to make one."""
    for number, content in _special(encoder.tokenizer).items():
        # some tokenizers put a space before a text, so that the token may show only later
        if number in encoder.encode_slowly(f"{content} a{content}{content}"):
            raise TokenizerError(
                f"the text {content!r} encodes to the control token {number}, so a page could forge it"
            )


def _faster(data: bytes, encoder: TextEncoder) -> FastTokenizer | None:
    specials = _special(encoder.tokenizer)
    content = json.loads(data)
    # gigatoken takes their text for them; told nothing of them, it takes it for text
    content["added_tokens"] = [token for token in content["added_tokens"] if token["id"] not in specials]
    content["truncation"] = content["padding"] = None
    plain = json.dumps(content).encode()

    def load() -> Any:
        import gigatoken

        return gigatoken.Tokenizer.from_json(plain)

    return prove(load, encoder.encode_slowly, probes(encoder.width, specials, encoder.decode))
