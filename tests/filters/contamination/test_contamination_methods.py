from __future__ import annotations

import random

import numpy as np
import pytest
from corpus import ANSWER, FORMULA, LONG, PAGES, PARTS, SOLVE, inside
from hypothesis import given
from hypothesis import strategies as st

from filters.contamination.audit import METHODS, OWN, Index, index
from filters.contamination.blocks import PIECE_BYTES
from filters.contamination.items import Part
from filters.contamination.llemma import SHORTEST, SIZES
from filters.contamination.rarity import Rarity, measure
from filters.contamination.table import table
from filters.contamination.words import ngrams

INDEX = index(PARTS)


def found(text: str, of: Index = INDEX) -> set[tuple[str, str]]:
    return {(match.method, of.parts[match.part].text) for match in of.find([text])}


def by_own(text: str) -> set[str]:
    return {part for method, part in found(text) if method in OWN}


def test_pages_without_items_have_none():
    assert INDEX.find(PAGES) == []


def test_a_verbatim_copy_is_found_by_every_method_that_can_see_it():
    hits = found(inside(LONG))
    assert {method for method, part in hits if part == LONG} == {
        "fuzzy", "ngram-13", "llemma-10", "llemma-13", "llemma-20", "llemma-30", "llemma-whole",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        LONG.replace(" ", "\n"),
        "> " + LONG.replace("jars", "jars\n>"),
        LONG.replace("Marta", "Oluwaseun"),
        LONG.upper(),
        LONG.replace("$6", r"\(6\)").replace(",", ""),
        LONG[: len(LONG) * 3 // 4] + " how much is it in 7 weeks?",
    ],
)
def test_a_changed_copy_is_found(text):
    assert by_own(inside(text)) == {LONG}


def test_other_numbers_make_another_problem():
    other = LONG.replace("18", "25").replace("$6", "$9").replace("7 weeks", "12 weeks")
    assert "fuzzy" not in {method for method, _ in found(inside(other))}


def test_question_and_answer_are_scored_apart():
    assert by_own(inside(ANSWER)) == {ANSWER}
    assert by_own(inside(f"{LONG} {ANSWER}")) == {LONG, ANSWER}


@pytest.mark.parametrize("text", ["Compute (12 choose 5).", r"Compute \(\binom{12}{5}\)", "Compute sin 30°."])
def test_part_of_a_short_item_is_not_it(text):
    assert by_own(inside(text)) == set()


@pytest.mark.parametrize(
    "text", [FORMULA, r"Compute \( \binom{12}{5}  -  \sin 30 ^\circ \)", r"compute $\tbinom{12}5−\sin30°$"]
)
def test_short_items_are_found_whole(text):
    assert by_own(inside(text)) == {FORMULA}


def test_formulas_may_be_typed():
    assert by_own(
        inside("The parabola y = 3/4x² − 5x + 7 meets the horizontal line through its focus in two points. Find them")
    ) == {SOLVE}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rw ring.mul_left_cancel at h", True),
        ("by ring.mul_left_cancel.", True),
        ("ring.mul_left_cancel", True),
        ("rw ring.mul_left_cancel_iff at h", False),
        ("rw my_ring.mul_left_cancel", False),
        ("ring mul left cancel", False),
    ],
)
def test_names_are_found_as_names(text, expected):
    assert ("ring.mul_left_cancel" in by_own(text)) == expected


def test_spans_are_bytes_of_the_text():
    text = "Грибы. " * 20 + LONG
    matches = [match for match in INDEX.find([text]) if match.method == "fuzzy"]
    span = text.encode()[matches[0].start : matches[0].end].decode()
    assert span.startswith("Marta sells 18 jars")
    assert span.endswith("weeks")


def test_an_item_is_found_wherever_it_stands_in_a_long_text():
    filler = "lorem ipsum dolor sit amet " * (PIECE_BYTES // 50)
    for start in (0, len(filler) // 2, len(filler)):
        text = filler[:start] + LONG + filler[start:] + filler
        matches = [match for match in INDEX.find([text]) if match.method == "fuzzy"]
        assert [text.encode()[match.start : match.end][:5] for match in matches] == [b"Marta"]


def llemma(text: str, item: str, size: int) -> bool:
    runs = [
        tuple(words[at : at + size]) for words in (text.split(), item.split()) for at in range(len(words) - size + 1)
    ]
    mine = max(0, len(text.split()) - size + 1)
    return bool(set(runs[:mine]) & set(runs[mine:]))


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 60))
def test_llemma_finds_what_its_definition_says(seed, length, other):
    draw = random.Random(seed)
    item = " ".join(
        draw.choices(["a", "b", "$x$", "thirteen-letter-word", "thirteen-LETTER-word"], [9, 1, 1, 1, 1], k=length)
    )
    text = item[draw.randint(0, len(item)) :] + " " + " ".join(draw.choices(["a", "b"], [9, 1], k=other))
    of = index([Part("x", "0", "question", item)])
    hits = {method for method, _ in found(text, of)}
    for size in SIZES:
        assert (f"llemma-{size}" in hits) == llemma(text, item, size)
    assert ("llemma-whole" in hits) == (item in text and len(item) >= SHORTEST)


def test_boilerplate_does_not_count():
    closing = "Express your answer as a common fraction in lowest terms with no mixed numbers please and show work"
    parts = [
        Part("x", str(n), "question", f"Box {n} holds {n + 3} marbles of colour {n}. {closing}") for n in range(60)
    ]
    assert not [1 for method, _ in found(closing, index(parts)) if method in OWN]


def test_rarity_is_measured_from_the_corpus():
    keys = INDEX.fuzzy.grams.table.keys
    everywhere = Rarity(100, keys, np.full(len(keys), 50))
    assert "fuzzy" not in {method for method, _ in found(inside(LONG), index(PARTS, everywhere))}


def test_rarity_counts_documents():
    sampled = measure(PARTS, [inside(LONG), LONG + LONG, PAGES[0]])
    assert sampled.documents == 3
    assert set(sampled.counts.tolist()) == {2}
    assert sampled.of(sampled.hashes[:1]).tolist() == [2]


def test_every_part_is_seen_by_some_method_of_our_own():
    assert {part for method in OWN for part in INDEX.seen(method)} == set(range(len(PARTS)))
    assert {method: len(list(INDEX.seen(method))) for method in METHODS}["llemma-30"] == 2


def test_no_parts_find_nothing():
    assert index([]).find(PAGES) == []


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_a_table_finds_its_keys_only(keys, others):
    rows = np.array(keys, np.uint64)
    made = table(1, rows, np.arange(len(keys)), np.zeros(len(keys), np.int64))
    asked = np.array([*keys, *others], np.uint64)
    at, key = made.find(asked)
    assert set(at.tolist()) == {place for place, value in enumerate([*keys, *others]) if value in keys}
    part, _, which = made.places(key)
    assert all(keys[one] == asked[at[row]] for one, row in zip(part.tolist(), which.tolist(), strict=True))


def test_ngrams_of_no_words():
    assert len(ngrams(np.zeros(0, np.uint64), 4)) == 0


def test_answers_that_stand_everywhere_are_not_looked_for():
    parts = [Part("x", "0", "answer", "1.6 m"), Part("x", "1", "answer", "B")]
    assert index(parts).find(["It is 1.6 m. B B B"]) == []


@pytest.mark.parametrize("phrase", ["Which is it?", "The k-means algorithm"])
def test_a_phrase_without_number_or_sign_is_not_looked_for(phrase):
    parts = [Part("x", "0", "question", phrase), Part("x", "1", "question", "Which of the two is it then?")]
    matches = index(parts).find([f"{phrase} Which of the two is it then?"])
    assert {match.part for match in matches if match.method in OWN} == {1}


def test_a_formula_that_asks_nothing_is_not_looked_for():
    assert index([Part("x", "0", "question", "a = 10; 10")]).find(["a := 10;\n10"]) == []


def test_what_stands_beside_a_drawing_is_found_with_it_and_without():
    drawing = "[asy]" + "draw((0,0)--(1,2)); label(X, (3,4)); " * 20 + "[/asy]"
    first, second = LONG[:120], LONG[120:]
    of = index([Part("x", "0", "question", f"{first} {drawing} {second}")])
    for text in (f"{first} {drawing} {second}", f"{first} {second}"):
        assert "fuzzy" in {match.method for match in of.find([inside(text)])}


def test_only_llemma_sees_a_drawing_by_itself():
    code = " ".join(f"real tick{number} = {number};" for number in range(12))
    of = index([Part("x", "0", "question", f"[asy] {code} [/asy]")])
    assert [part for method in OWN for part in of.seen(method)] == []
    assert list(of.seen("llemma-30")) == [0]
    assert {match.method for match in of.find([inside(code)]) if match.method in (*OWN, "llemma-30")} == {"llemma-30"}


def test_numbers_may_stand_where_nothing_distinctive_does():
    statement = 'theorem eval_first: assumes first: "E e1 = E(ENat 0)" shows "E(EIf e1 e2 e3) = E(e3)"'
    assert "fuzzy" in {match.method for match in index([Part("x", "0", "formal", statement)]).find([inside(statement)])}


def test_numbers_of_the_sentence_before_are_not_its_own():
    item = (
        "The points (-3,2) and (-2,3) lie on a circle whose center is on the x-axis. What is the radius of the circle?"
    )
    of = index([Part("x", "0", "question", item)])
    other = item.replace("(-3,2) and (-2,3)", "(0,4) and (1,3)")
    assert "fuzzy" in {match.method for match in of.find([f"It is 2 * 3^5 = 486. {item}"])}
    assert "fuzzy" not in {match.method for match in of.find([f"It is 2 * 3^5 = 486. {other}"])}


def test_signs_without_words_may_follow_far_behind_the_words():
    statement = "lemma EXT: " + r"\<forall>\<alpha>::\<zero>. " * 8
    of = index([Part("x", "0", "formal", statement)])
    assert [match.method for match in of.find([inside(statement)]) if match.method in OWN] == ["exact"]
    other = statement.replace("forall", "exists", 1)
    assert [match.method for match in of.find([inside(other)]) if match.method in OWN] == []
