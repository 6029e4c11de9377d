from __future__ import annotations

import pytest
from corpus import ANSWER, LONG, PAGES, PARTS, SOLVE

from filters.contamination.audit import index
from filters.contamination.items import Part
from filters.contamination.planted import KINDS, Draw, Item, permuted, respaced, self_test
from filters.contamination.rarity import Rarity
from filters.wordlist import load

FOUND = self_test(PARTS, index(PARTS), Rarity(), PAGES, each=3)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_is_found_again(kind):
    recalls = [one for one in FOUND.recall if one.kind == kind]
    assert recalls
    assert all(one.planted == one.visible == one.found["own"] > 0 for one in recalls)


def test_every_benchmark_is_planted_by_itself():
    planted = {one.benchmark: one.planted for one in FOUND.recall if one.kind == "verbatim"}
    assert planted == {"jam": 1, "short": 2, "names": 1}


def test_what_nobody_can_see_is_planted_and_not_found():
    parts = [*PARTS, Part("blind", "0", "question", "Which is it?"), Part("blind", "0", "formal", SOLVE)]
    found = self_test(parts, index(parts), Rarity(), PAGES, each=3)
    blind = next(one for one in found.recall if (one.kind, one.benchmark) == ("verbatim", "blind"))
    assert (blind.planted, blind.visible, dict(blind.found)) == (1, 0, {})


def test_a_question_is_planted_with_its_options():
    asked = Item({"question": "Which is it?", "options": "Which is it?\nA) 3 B) 4", "answer": "B"})
    assert asked.asked == "Which is it?\nA) 3 B) 4"


def test_permuted_items_are_nowhere():
    assert FOUND.mistakes == {}
    assert (FOUND.permuted, FOUND.documents) == (3, len(PAGES))


def test_permuted_items_have_the_same_words_in_another_order():
    draw = Draw("x", frozenset())
    made = permuted([Part("x", "0", "question", "one two three four five six seven 8")], draw)[0]
    assert made.text != "one two three four five six seven 8"
    assert sorted(made.text.split()) == sorted(["one", "two", "three", "four", "five", "six", "seven", "8"])


def test_the_same_test_twice_is_the_same():
    assert self_test(PARTS, index(PARTS), Rarity(), PAGES, each=3) == FOUND


def test_formulas_are_set_otherwise_and_words_are_not():
    assert " ".join(respaced(r"Let $\frac{1}{2}=x$ be 1=1.").split()) == r"Let \( \dfrac{ 1 }{ 2 } = x \) be 1=1."


@pytest.mark.parametrize("name", load("filters.contamination", "names.txt"))
def test_names_are_nobodys_in_the_items(name):
    assert name.isalpha()
    assert name not in LONG + ANSWER
