"""Each word of each language weighs what the language says, alone and together."""

from __future__ import annotations

import pickle

import pytest

import languages
from filters.evidence import Evidence
from languages import Content, Language, Lexis, Sign

WITH_CONTENT = [language for language in map(languages.load, languages.names()) if language.content]


def asking(*signs: Sign, min_score: int) -> Language:
    content = Content(min_score=min_score, signs=signs)
    cleared = {"any_of": (), "statements": (), "lexis": Lexis(), "grammar": "", "content": content}
    return languages.load("c").model_copy(update=cleared)


@pytest.mark.parametrize("language", WITH_CONTENT, ids=[language.name for language in WITH_CONTENT])
def test_every_word_of_the_content_weighs_what_it_should(language: Language) -> None:
    assert language.content
    for sign in language.content.signs:
        evidence = Evidence(asking(sign, min_score=sign.weight))
        for example in sign.examples:
            assert evidence.found_in(example), example


def test_different_words_add_up_and_a_repeated_one_does_not() -> None:
    sign = Sign(pattern=r"\b{word}\b", example="{word}", words=("matrix", "vector"), weight=2)
    other = Sign(pattern=r"\b[sdcz]ge{word}\b", example="dge{word}", words=("mm", "trf"))
    evidence = Evidence(asking(sign, other, min_score=5))
    assert evidence.found_in("/* matrix */ vector; dgemm();")
    assert not evidence.found_in("matrix vector matrix vector matrices")
    assert not evidence.found_in("matrix; dgemm(); dgetrf();")
    assert evidence.found_in("vector matrix sgemm zgetrf")


def test_a_long_text_must_hold_more() -> None:
    sign = Sign(pattern=r"\b{word}\b", example="{word}", words=("matrix", "vector"), weight=2)
    evidence = Evidence(asking(sign, min_score=3))
    assert evidence.found_in("matrix vector" + " " * 4000)
    assert not evidence.found_in("matrix vector" + " " * 4096 * 2)


def test_the_folders_of_a_file_count_beside_its_text_and_its_own_name_does_not() -> None:
    sign = Sign(pattern=r"{word}", example="{word}", words=("matrix", "vector"))
    evidence = Evidence(asking(sign, min_score=2))
    assert evidence.found_in("matrix", "owner/matrix/a.c")
    assert evidence.found_in("", "matrix/vector/a.c")
    assert not evidence.found_in("matrix", "owner/src/matrix.c")
    assert not evidence.found_in("matrix", "vector.c")


@pytest.mark.parametrize(
    ("line", "word"),
    [("double cosTheta;", True), ("my_cos(x)", True), ("COST", False), ("costs", False), ("FUNCOS_", False)],
)
def test_a_name_is_split_at_underscores_and_capitalised_words(line: str, word: bool) -> None:
    facts = languages.load("c").content
    assert facts
    sign = next(sign for sign in facts.signs if "cos" in sign.words)
    assert Evidence(asking(sign.model_copy(update={"words": ("cos",)}), min_score=2)).found_in(line) == word


def test_a_header_in_a_comment_is_not_enough() -> None:
    for header in ("fftw3.h", "gsl/gsl_math.h", "cblas.h", "umfpack.h", "lapacke.h", "glpk.h"):
        assert not Evidence(languages.load("c")).found_in(f"// #include <{header}>"), header


def test_a_statement_suffices_whatever_the_length() -> None:
    assert Evidence(languages.load("c")).found_in("int x;\n" * 10_000 + "#include <fftw3.h>\n")


def test_what_has_been_used_can_be_sent_to_another_process() -> None:
    evidence = Evidence(languages.load("python"))
    assert evidence.found_in("import numpy")
    assert pickle.loads(pickle.dumps(evidence)).found_in("import numpy")
