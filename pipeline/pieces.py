"""Cutting a long document where its tokens part anyway, for libraries that take more than a time in proportion to it.

A space between two characters that are none ends a word for nearly every tokenizer, whatever stands before and after.
For which this holds is not looked up but tried: on texts that are cut at every such place. Where it does not, as for a
BPE without words, a text goes whole: n log n steps and 100 bytes for a character, until the limits of a record drop it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from pipeline.fast_tokenizer import Ids

PIECE = 500_000
"""Characters of a piece: `tokenizers` takes some 100 bytes of memory for each."""

_PLACE = re.compile(r"(?<=\S) (?=\S)")


def pieces(text: str, length: int) -> Iterator[str]:
    """A text in pieces of at least `length` characters but the last; each but the first begins with a space."""
    start = 0
    while place := _PLACE.search(text, start + length):
        yield text[start : place.start()]
        start = place.start()
    yield text[start:]


def may_be_cut(encode: Callable[[str], Ids], texts: Iterable[str]) -> bool:
    """Whether every text has the ids of its smallest pieces, one after the other."""
    return all(np.array_equal(encode_pieces(encode, text, 1), encode(text)) for text in texts)


def encode_pieces(encode: Callable[[str], Ids], text: str, length: int = 0) -> Ids:
    """The ids of the pieces of a text, of `PIECE` characters if no length is given."""
    return np.concatenate([encode(piece) for piece in pieces(text, length or PIECE)])
