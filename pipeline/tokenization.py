"""From texts to token ids with a `tokenizers` file, where text that looks like a control token stays text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from pipeline.indexed import id_type

BATCH_BYTES = 1 << 20
"""Text that is tokenized at once; the library holds some 50 to 100 bytes for one byte of text."""


class TokenizerError(Exception):
    """A tokenizer cannot be used; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class TextEncoder:
    """A tokenizer that is ready to encode documents: nothing added but the end, nothing cut, nothing padded."""

    tokenizer: Tokenizer
    end: int
    """Id of the end-of-document token. No text encodes to it."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type that holds every id. Ids may have holes, so the entries are not counted."""
        return id_type(max(self.tokenizer.get_vocab().values()) + 1)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without the end. The batch is in memory at once: bound it by `BATCH_BYTES`."""
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

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
    return encoder


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
        if number in encoder.encode([content])[0]:
            raise TokenizerError(
                f"the text {content!r} encodes to the control token {number}, so a page could forge it"
            )
