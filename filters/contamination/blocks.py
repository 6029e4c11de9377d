"""Texts one after the other in blocks of bytes of bounded size, and long texts in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from filters.contamination.words import PAD, Places

BLOCK_BYTES = 1 << 20
"""Text that is looked at together: what numpy works with then stays in the cache."""
OVERLAP_BYTES = 1 << 17
"""How much the pieces of a text longer than `PIECE_BYTES` share: no item is longer."""
PIECE_BYTES = 1 << 22


@dataclass(frozen=True)
class Piece:
    """A stretch of one text in a block."""

    text: int
    """Which text."""
    offset: int
    """Where the piece begins in the text, in bytes."""
    start: int
    """Where it begins in the block."""
    end: int


@dataclass(frozen=True)
class Block:
    """Texts one after the other, or a piece of a long one."""

    data: bytes
    pieces: tuple[Piece, ...]

    @property
    def starts(self) -> Places:
        return np.array([piece.start for piece in self.pieces], np.int64)


def blocks(texts: Sequence[str]) -> Iterator[Block]:
    """The texts in blocks of bounded size. Long ones are cut into pieces that overlap."""
    parts: list[bytes] = [PAD]
    pieces: list[Piece] = []
    size = len(PAD)
    for number, text in enumerate(texts):
        for offset, data in _cut(text.encode("utf-8", "surrogatepass")):
            if pieces and size + len(data) > BLOCK_BYTES:
                yield Block(b"".join(parts), tuple(pieces))
                parts, pieces, size = [PAD], [], len(PAD)
            pieces.append(Piece(number, offset, size, size + len(data)))
            parts += [data, PAD]
            size += len(data) + len(PAD)
    if pieces:
        yield Block(b"".join(parts), tuple(pieces))


def _cut(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces with their offsets, cut at white space if there is any."""
    offset = 0
    while len(data) - offset > PIECE_BYTES:
        end = _between(data, offset + PIECE_BYTES)
        yield offset, data[offset:end]
        offset = _between(data, end - OVERLAP_BYTES)
    yield offset, data[offset:]


def _between(data: bytes, place: int) -> int:
    """The last place before this one, if it is not far, at which one may cut; else one between two characters."""
    space = max(data.rfind(sign, place - OVERLAP_BYTES // 4, place) for sign in (b" ", b"\n"))
    if space >= 0:
        return space
    while data[place] & 0xC0 == 0x80:
        place -= 1
    return place
