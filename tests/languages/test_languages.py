"""The rules are data: every word of every language must do what it says."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

import languages
from languages import Language, Marker, Refusal

FOLDERS = "agda c coq cpp fortran gap haskell idris isabelle julia jupyter-notebook lean maple matlab python r tex"
ALL = [languages.load(name) for name in languages.names()]
each_language = pytest.mark.parametrize("language", ALL, ids=languages.names())


def markers(language: Language) -> list[Marker]:
    signs = language.content.signs if language.content else ()
    wanted = (*language.any_of, *language.statements, *signs)
    return [*wanted, *language.signature, *language.none_of, *language.refused_paths, *language.refused_starts]


def test_the_languages_are_named_as_the_stack_names_its_folders() -> None:
    assert " ".join(languages.names()) == FOLDERS


@pytest.mark.parametrize("name", ["rust", "", "../filters/words", "Python"])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match=r"agda, c, coq, .*, tex"):
        languages.load(name)


def test_a_language_is_read_once() -> None:
    assert languages.load("agda") is languages.load("agda")


@each_language
def test_facts_are_sane(language: Language) -> None:
    assert language.title
    assert all(ending.startswith(".") and ending == ending.lower() for ending in language.extensions)
    assert len(set(language.extensions)) == len(language.extensions) > 0
    assert 0 < language.max_density <= 1
    assert language.max_bytes > 0
    assert language.published.tokens_millions > 0


def test_the_published_figures_add_up_to_the_papers_total() -> None:
    assert sum(language.published.tokens_millions for language in ALL) == pytest.approx(10_955.8, abs=0.05)


@each_language
def test_every_marker_is_found_in_its_examples(language: Language) -> None:
    for marker in markers(language):
        assert ("{word}" in marker.pattern) == bool(marker.words) == ("{word}" in marker.example)
        for example in marker.examples:
            assert marker.regex.search(example), example


@each_language
def test_every_refusal_says_why(language: Language) -> None:
    assert all(marker.reason for marker in markers(language) if isinstance(marker, Refusal))


@each_language
def test_statements_have_words_and_no_word_is_listed_twice(language: Language) -> None:
    for marker in markers(language):
        assert len(set(marker.words)) == len(marker.words)
    assert all(marker.words for marker in language.statements)
    weighed = [word for sign in (language.content.signs if language.content else ()) for word in sign.words]
    assert len(set(weighed)) == len(weighed)


@each_language
def test_a_grammar_comes_with_a_query_and_statements(language: Language) -> None:
    if language.grammar:
        assert "@statement" in languages.query(language.name)
        assert language.statements


def test_words_are_literal_and_each_has_an_example() -> None:
    marker = Marker(pattern="^#include <{word}>$", example="#include <{word}>", words=("a.h", "b.h"))
    assert marker.examples == ("#include <a.h>", "#include <b.h>")
    assert marker.regex.search("int x;\n#include <b.h>\n")
    assert not marker.regex.search("#include <axh>")


def test_a_misspelt_rule_is_refused() -> None:
    facts = languages.load("c").model_dump() | {"any_off": ()}
    with pytest.raises(ValidationError, match="any_off"):
        Language.model_validate(facts)


@each_language
def test_every_extension_leads_to_its_language(language: Language) -> None:
    for ending in language.extensions:
        assert languages.by_extension(f"src/A{ending}", [language.name]) == (language.name,)
        assert languages.by_extension(f"src/A{ending.upper()}", [language.name]) == (language.name,)


@pytest.mark.parametrize(
    ("path", "among", "found"),
    [
        ("include/matrix.h", None, ("c", "cpp")),
        ("include/matrix.h", ("cpp", "c"), ("cpp", "c")),
        ("lib/matrix.gi", None, ("gap",)),
        ("notes.tex", ("c", "cpp"), ()),
        ("notes.lagda.tex", ("tex", "agda"), ("agda",)),
        ("README", None, ()),
        ("", None, ()),
        ("tex", None, ()),
        ("model.m/readme.txt", None, ()),
    ],
)
def test_who_claims_an_ending(path: str, among: tuple[str, ...] | None, found: tuple[str, ...]) -> None:
    assert languages.by_extension(path, among) == found


@each_language
def test_a_signature_tells_languages_apart_that_claim_an_ending(language: Language) -> None:
    for sign in language.signature:
        for example in sign.examples:
            assert languages.told_apart(("agda", language.name), f"one\n{example}\ntwo") == language.name
    if language.signature:
        assert languages.told_apart(("agda", language.name), "one\ntwo") == "agda"


def test_of_languages_that_share_an_ending_all_but_one_have_a_signature() -> None:
    for ending in {ending for language in ALL for ending in language.extensions}:
        unsigned = [name for name in languages.by_extension(ending) if not languages.load(name).signature]
        assert len(unsigned) <= 1, ending
