from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.math_score import MATH_SCORE_MODEL, MathScore, features, math_score

THEOREM = """Let $G$ be a finite group and let $H$ be a subgroup of $G$. Then the order of the subgroup divides the
order of the group. To prove the theorem, consider the set of left cosets of the subgroup. Every element of the group
lies in exactly one coset, and the map given by multiplication is a bijection between any two cosets. Hence all cosets
have the same number of elements, and the claim follows by counting. In particular the order of an element divides the
order of the group, since it equals the order of the cyclic subgroup that the element generates."""

RECIPE = """Heat the oven and butter a large baking dish. Peel the potatoes and cut them into thin slices. Chop the
onion and the garlic and fry them in a little oil until they are soft and golden. Add the cream, salt and pepper and
let it simmer for a few minutes. Put the potatoes into the dish, pour the sauce over them and sprinkle with cheese.
Bake until the top is brown and crisp. Serve hot with a green salad and some fresh bread for the whole family."""


def doc(text: str, **meta: object) -> Document:
    return Document("x", "test", text=text, meta=meta)


def test_mathematics_scores_high_and_cooking_low() -> None:
    assert math_score(MATH_SCORE_MODEL, THEOREM) > 0.9
    assert math_score(MATH_SCORE_MODEL, RECIPE) < 0.1


@pytest.mark.parametrize(
    "sentence",
    [
        "Let I be a maximal ideal of a commutative ring. Then the quotient of the ring by the ideal is a field.",
        "The determinant of the product of two matrices is the product of the determinants.",
        "We integrate by parts and take the limit to obtain the desired inequality.",
        "What is the probability that the sum of two dice is seven?",
    ],
)
def test_a_lone_sentence_of_mathematics_scores_high(sentence: str) -> None:
    assert math_score(MATH_SCORE_MODEL, sentence) > 0.8


@pytest.mark.parametrize(
    "sentence",
    [
        "Click the button to save the file and restart the program.",
        "The senator said on Tuesday that the vote would be delayed until next week.",
        "Returns the number of elements in the list, or raises an exception if it is empty.",
        "Subscribe to our newsletter and follow us on social media.",
    ],
)
def test_a_lone_sentence_of_something_else_scores_low(sentence: str) -> None:
    assert math_score(MATH_SCORE_MODEL, sentence) < 0.1


def test_of_a_long_text_beginning_and_middle_are_read() -> None:
    assert features("word " * 4_000) == features("word " * 4_000 + "end " * 100)
    assert "end" in features("word " * 900 + "end " * 100)


def test_latex_does_not_change_the_features() -> None:
    bare = "Let the function be continuous. Then it is bounded."
    rich = "Let the function \\(f\\) be \\textbf{continuous}. Then $$|f(x)| \\leq \\frac{M}{2}$$ it is bounded."
    assert features(rich) == features(bare) == "let the function be continuous then it is bounded"


def test_a_kept_document_carries_its_score() -> None:
    kept = MathScore()(doc(THEOREM))
    assert isinstance(kept, Document)
    assert kept.meta["math_score"] == round(math_score(MATH_SCORE_MODEL, THEOREM), 4)


def test_a_refusal_gives_score_and_limit() -> None:
    drop = MathScore()(doc(RECIPE))
    assert isinstance(drop, Drop)
    assert (drop.rule, drop.reason) == ("math-score", "low")
    assert drop.detail.endswith("<= 0.8 (without LaTeX)")


@pytest.mark.parametrize(
    ("text", "meta", "with_latex"),
    [
        (THEOREM, {}, False),
        (THEOREM + " \\frac{a}{b}", {}, True),
        (THEOREM, {"extraction": {"mathml": 3}}, True),
        (THEOREM, {"extraction": {}}, False),
    ],
)
def test_the_limit_depends_on_whether_latex_was_found(text: str, meta: dict[str, object], with_latex: bool) -> None:
    only_with = MathScore(limit_with_latex=0.0, limit_without_latex=1.0)
    assert isinstance(only_with(doc(text, **meta)), Document) is with_latex


@pytest.mark.parametrize("text", ["", "\n", "12345", "$x$", "qqqzzz"])
def test_a_text_without_known_words_is_low(text: str) -> None:
    assert isinstance(MathScore()(doc(text)), Drop)


@given(st.text(st.characters()))
def test_no_text_makes_it_raise(text: str) -> None:
    outcome = MathScore()(doc(text))
    assert isinstance(outcome, Document) or outcome.reason in MathScore.reasons
