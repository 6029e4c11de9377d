from __future__ import annotations

import pytest
from corpus import ANSWER, LONG, PAGES, PARTS

from filters.contamination.audit import index
from filters.contamination.planted import KINDS, respaced, self_test
from filters.contamination.rarity import Rarity
from filters.wordlist import load

FOUND = self_test(PARTS, index(PARTS), Rarity(), PAGES, each=3)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_is_found_again(kind):
    recall = next(one for one in FOUND.recall if one.kind == kind)
    assert recall.planted == recall.found["own"] > 0


def test_permuted_items_are_nowhere():
    assert FOUND.mistakes == {}
    assert (FOUND.permuted, FOUND.documents) == (len(PARTS), len(PAGES))


def test_the_same_test_twice_is_the_same():
    assert self_test(PARTS, index(PARTS), Rarity(), PAGES, each=3) == FOUND


def test_formulas_are_set_otherwise_and_words_are_not():
    assert " ".join(respaced(r"Let $\frac{1}{2}=x$ be 1=1.").split()) == r"Let \( \dfrac{ 1 }{ 2 } = x \) be 1=1."


@pytest.mark.parametrize("name", load("filters.contamination", "names.txt"))
def test_names_are_nobodys_in_the_items(name):
    assert name.isalpha()
    assert name not in LONG + ANSWER
