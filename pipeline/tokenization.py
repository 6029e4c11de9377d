"""From texts to token ids with a tokenizer file, where text that looks like a control token stays text."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.fast_tokenizer import EngineError, FastTokenizer, Ids, engine_name, probes, prove
from pipeline.indexed import id_type
from pipeline.pieces import encode_pieces, may_be_cut
from pipeline.vocabularies import TokenizerError, Vocabulary, read_vocabulary

__all__ = ["TextEncoder", "TokenizerError", "load_tokenizer", "parse_tokenizer"]

WIDEST = 1 << 24
"""More entries than any vocabulary has. Libraries lay out tables by the highest id, and die where memory ends."""


@dataclass(frozen=True)
class TextEncoder:
    """A tokenizer that is ready to encode documents."""

    vocabulary: Vocabulary
    """Whose ids count."""
    end: int
    """Id of the end-of-document token. No text encodes to it."""
    fast: FastTokenizer | None = None
    """Gives the same ids sooner."""
    slow_because: str = ""
    """Why there is no such engine."""
    cuts: bool = False
    """Whether a long text has the ids of its pieces."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that holds every id."""
        return id_type(self.vocabulary.width)

    @property
    def engine(self) -> str:
        """The library at work and its version, and why it is not gigatoken."""
        if self.fast:
            return engine_name("gigatoken")
        return f"{engine_name(self.vocabulary.library)}, not by gigatoken: {self.slow_because}"

    def encode(self, text: str) -> Ids:
        """The ids of a text that UTF-8 can hold, without the end."""
        if self.fast:
            with suppress(EngineError):  # over this text: the library itself takes it
                return self.fast.encode(text)
        return encode_pieces(self.vocabulary.encode, text) if self.cuts else self.vocabulary.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        return self.vocabulary.decode(list(ids))


def load_tokenizer(path: Path, end_of_document: str) -> TextEncoder:
    """Read a tokenizer file: `tokenizers` JSON, a SentencePiece model, a published tiktoken file.

    Raises TokenizerError if it is none or lacks the end-of-document token.
    """
    try:
        return parse_tokenizer(path.read_bytes(), end_of_document)
    except OSError as error:
        raise TokenizerError(f"tokenizer {path} cannot be read: {error.strerror or error}") from error
    except TokenizerError as error:
        raise TokenizerError(f"{path}: {error}") from None


@lru_cache(maxsize=2)
def parse_tokenizer(data: bytes, end_of_document: str) -> TextEncoder:
    """The tokenizer of a file's content, parsed once per process. Raises TokenizerError."""
    vocabulary = read_vocabulary(data, end_of_document)
    if vocabulary.width > WIDEST:
        raise TokenizerError(f"its highest id is {vocabulary.width - 1}; ids above {WIDEST - 1} are not taken")
    end = vocabulary.id_of(end_of_document)
    if end is None:
        raise TokenizerError(
            f"the vocabulary has no end-of-document token {end_of_document!r}; "
            f"set tokenizer.end_of_document to one of its own{_hint(vocabulary)}"
        )
    specials = {**vocabulary.specials, end: end_of_document}
    _refuse_forgeable(vocabulary, specials)
    texts = partial(probes, vocabulary.width, specials, vocabulary.decode)
    try:
        return TextEncoder(vocabulary, end, prove(vocabulary.load_fast, vocabulary.encode, texts()))
    except EngineError as error:
        cuts = may_be_cut(vocabulary.encode, texts())
        return TextEncoder(vocabulary, end, slow_because=str(error), cuts=cuts)


def _hint(vocabulary: Vocabulary) -> str:
    names = list(vocabulary.specials.values())[:8]
    return f", such as {', '.join(map(repr, names))}" if names else ""


def _refuse_forgeable(vocabulary: Vocabulary, specials: dict[int, str]) -> None:
    """A page that spells a control token must not be able to make one."""
    for number, content in specials.items():
        # some tokenizers put a space before a text, so that the token may show only later
        if number in vocabulary.encode(f"{content} a{content}{content}"):
            raise TokenizerError(
                f"the text {content!r} encodes to the control token {number}, so a page could forge it"
            )
