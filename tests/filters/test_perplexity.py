from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.models import kenlm_model
from filters.normalise import plain
from filters.perplexity import PERPLEXITY_MODEL, Perplexity, perplexity, sentences

PROSE = """We show that the sum of two continuous functions is continuous. Let the value of the first function be
given by the formula above, and suppose that the second function is bounded on the interval. Then for every positive
number there is a smaller one such that the difference of the values is less than the given number. It follows that
the set of all such functions is a vector space, and the theorem is proved."""


def doc(text: str) -> Document:
    return Document("x", "test", text=text)


def value(text: str) -> float:
    found = perplexity(PERPLEXITY_MODEL, text)
    assert found is not None
    return found


def test_salad_and_gibberish_are_more_perplexing_than_prose() -> None:
    salad = PROSE.split()
    random.Random(0).shuffle(salad)
    letters = random.Random(0)
    gibberish = " ".join("".join(letters.choices("abcdefghij", k=7)) for _ in range(70))
    assert value(PROSE) < 300 < value(" ".join(salad)) < Perplexity.limit < value(gibberish)


def test_the_formula_of_the_docstring() -> None:
    model = kenlm_model(PERPLEXITY_MODEL)
    lines = ["the sum is 0 .", "it converges ."]
    total = sum(model.score(line, bos=True, eos=True) for line in lines)
    assert value("The sum is 42.\n\nIt converges.") == pytest.approx(10 ** (-total / (6 + 4)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Let $x^2$ be\n\n  1,024 Éléments!", ["let formula be", "0 , 0 elements !"]),
        ("see \\emph{this} a_b", ["see { this } a _ b"]),
        ("\n \n$$$$", ["$ $ $ $"]),
        ("```\ncode\n```", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@given(st.text("ab3½ _.-–\n\u2028é"))
def test_every_token_stands_apart(text: str) -> None:
    lines = (re.findall(r"[^\W\d_]+|0|[^\w\s]|_", re.sub(r"\d+", "0", plain(line))) for line in text.splitlines())
    assert list(sentences(text)) == [" ".join(tokens) for tokens in lines if tokens]


@pytest.mark.parametrize(
    "text",
    [
        "Der Satz ist bewiesen, und damit endet die Vorlesung über die Theorie der Gruppen und Körper.",
        "- Home About Login\n- Cart Checkout Wishlist\n- Privacy Terms Sitemap",
        "buy cheap replica watches casino bonus poker free shipping discount iphone case download torrent",
    ],
)
def test_other_languages_link_lists_and_spam_are_refused(text: str) -> None:
    assert isinstance(Perplexity()(doc(text)), Drop)


def test_a_long_text_is_judged_by_its_beginning_and_its_middle() -> None:
    beyond = "\n".join([PROSE] * 60) + "\nxq zk wv" * 400
    assert value(beyond) == pytest.approx(value("\n".join([PROSE] * 60)), rel=0.05)
    assert value("\n".join(["xq zk wv"] * 700)) > Perplexity.limit


def test_a_kept_document_carries_its_perplexity() -> None:
    kept = Perplexity()(doc(PROSE))
    assert isinstance(kept, Document)
    assert kept.meta["perplexity"] == round(value(PROSE), 1)


def test_the_limit_itself_is_kept_and_more_is_refused() -> None:
    exact = value(PROSE)
    assert isinstance(Perplexity(limit=exact)(doc(PROSE)), Document)
    drop = Perplexity(limit=exact - 1)(doc(PROSE))
    assert isinstance(drop, Drop)
    assert (drop.rule, drop.reason) == ("perplexity", "high")
    assert drop.detail == f"{exact:.1f} > {exact - 1}"


@pytest.mark.parametrize("text", ["", " \n\t ", "```\ncode\n```"])
def test_an_empty_text_is_blank_and_no_division_by_zero(text: str) -> None:
    drop = Perplexity()(doc(text))
    assert isinstance(drop, Drop)
    assert drop.reason == "blank"


@given(st.text(st.characters()))
def test_no_text_makes_it_raise(text: str) -> None:
    outcome = Perplexity()(doc(text))
    assert isinstance(outcome, Document) or outcome.reason in Perplexity.reasons
