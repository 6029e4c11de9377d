from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.contamination.blocks import OVERLAP_BYTES, PIECE_BYTES, blocks
from filters.contamination.folded import folded
from filters.contamination.words import PAD, ngrams, plain, spaced
from filters.wordlist import load

SIGNS = st.text("ab1 \n\t\x1c\x85\xa0\u2003\u3000é²\\π𝑥中", max_size=60)


def words(text: str, cut=plain) -> list[str]:
    data = folded(PAD + text.encode("utf-8", "surrogatepass") + PAD)
    found = cut(data)
    return [
        data[start:end].decode("utf-8", "replace").lower() for start, end in zip(found.start, found.end, strict=True)
    ]


@given(SIGNS)
def test_spaced_words_are_those_of_split(text):
    assert len(words(text, spaced)) == len(text.split())


@pytest.mark.parametrize(
    "text",
    [
        r"Compute $\frac{2}{3}\pi x^2.$",
        r"compute \( \dfrac{ 2 }{ 3 } \pi x ^ 2 \)",
        "COMPUTE 2/3 π x²",
        "Compute\n> 2/3 &pi; x<sup>2</sup>",
        "Compute **2/3** ⋅ &#960; ⋅ 𝑥²",
        r"Compute \begin{pmatrix}2 & 3\end{pmatrix} \left( x^{2} \right)",
    ],
)
def test_ways_to_typeset_the_same_are_the_same_words(text):
    assert words(text) == ["compute", "2", "3", "x", "2"]


@pytest.mark.parametrize("line", load("filters.contamination", "functions.txt"))
def test_functions_are_read_out(line):
    name, *other = line.split()
    said = plain(folded(PAD + rf"\{name} x".encode() + PAD))
    written = plain(folded(PAD + f"{(other or [name])[0]} x".encode() + PAD))
    assert said.hashes.tolist() == written.hashes.tolist()


def test_line_breaks_before_words_are_no_commands():
    assert words(r"a \\b") == ["a", "b"]


def test_ngrams_are_equal_where_their_words_are():
    hashes = np.array([1, 2, 3, 4, 9, 1, 2, 3, 4], np.uint64)
    for size in range(1, 5):
        runs = ngrams(hashes, size).tolist()
        assert runs[0] == runs[5]
        assert len(set(runs)) == len({tuple(hashes[at : at + size].tolist()) for at in range(10 - size)})
    assert len(ngrams(hashes, 10)) == 0


@given(st.lists(SIGNS, max_size=5))
def test_blocks_hold_every_text(texts):
    found = [(piece.text, block.data[piece.start : piece.end]) for block in blocks(texts) for piece in block.pieces]
    assert found == [(number, text.encode()) for number, text in enumerate(texts)]


def test_long_texts_come_in_pieces_that_overlap_between_words():
    text = "word " * (PIECE_BYTES // 3)
    pieces = [(piece, block.data[piece.start : piece.end]) for block in blocks([text]) for piece in block.pieces]
    assert len(pieces) > 1
    for (piece, data), (following, _) in pairwise(pieces):
        assert piece.offset + len(data) - following.offset >= OVERLAP_BYTES // 2
        assert set(data.decode().split()) == {"word"}


def test_a_text_without_spaces_is_cut_between_characters():
    for block in blocks(["中" * PIECE_BYTES]):
        for piece in block.pieces:
            block.data[piece.start : piece.end].decode()


def test_lone_surrogates_are_no_words_and_do_no_harm():
    assert words("a \ud800 b") == ["a", "b"]
