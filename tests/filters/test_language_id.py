from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.language_id import DeclaredLanguage, LanguageId

ENGLISH = "Every bounded sequence of real numbers has a subsequence that converges to some limit."
FRENCH = "Toute suite bornée de nombres réels admet une sous-suite qui converge vers une certaine limite."
GERMAN = "Jede beschränkte Folge reeller Zahlen besitzt eine Teilfolge, die gegen einen Grenzwert strebt."
RUSSIAN = "Из всякой ограниченной последовательности можно выделить сходящуюся подпоследовательность."


def doc(text: str) -> Document:
    return Document("x", "test", text=text)


def test_english_is_kept_with_its_score() -> None:
    kept = LanguageId()(doc(ENGLISH))
    assert isinstance(kept, Document)
    assert kept.meta["language"] == "en"
    score = kept.meta["language_score"]
    assert isinstance(score, float)
    assert 0.5 <= score == round(score, 4) <= 1.0


@pytest.mark.parametrize(("text", "code"), [(FRENCH, "fr"), (GERMAN, "de"), (RUSSIAN, "ru")])
def test_another_language_is_refused_by_name(text: str, code: str) -> None:
    drop = LanguageId()(doc(text))
    assert isinstance(drop, Drop)
    assert (drop.rule, drop.reason) == ("language-id", "language")
    assert drop.detail.startswith(f"{code} ")
    assert isinstance(LanguageId(wanted=("en", code))(doc(text)), Document)


def test_below_the_threshold_is_uncertain() -> None:
    drop = LanguageId(threshold=1.01)(doc(ENGLISH))
    assert isinstance(drop, Drop)
    assert drop.reason == "uncertain"


@pytest.mark.parametrize("text", ["", " \n\t", "12 + 30 = 42", "$x^2 + y^2$", "```\nint main() {}\n```"])
def test_a_text_without_prose_is_blank(text: str) -> None:
    drop = LanguageId()(doc(text))
    assert isinstance(drop, Drop)
    assert drop.reason == "blank"


def test_formulas_and_code_do_not_hide_the_language() -> None:
    formulas = "\\begin{align} \\sum_{i=1}^n \\lambda_i &= \\operatorname{tr} A \\end{align} $$e^{i\\pi}+1=0$$ " * 20
    code = '\n```c\nfor (int i = 0; i < n; i++) printf("%d", a[i]);\n```\n' * 20
    assert isinstance(LanguageId()(doc(FRENCH + formulas + code)), Drop)
    assert isinstance(LanguageId()(doc(ENGLISH + formulas + code)), Document)


def test_the_middle_of_a_long_text_is_read() -> None:
    text = "Home " * 100 + FRENCH * 2_000
    assert isinstance(LanguageId(window=500)(doc(text)), Drop)


@given(st.text(st.characters()))
def test_no_text_makes_it_raise(text: str) -> None:
    outcome = LanguageId()(doc(text))
    assert isinstance(outcome, Document) or outcome.reason in LanguageId.reasons


def page(declared: str, text: str) -> Document:
    return Document("x", "test", raw=f"<!DOCTYPE html><html {declared}><body><p>{text}</p></body></html>".encode())


def test_a_page_in_the_other_language_that_it_declares_is_spared_the_extraction() -> None:
    drop = DeclaredLanguage()(page('class="x" lang="de-AT"', GERMAN))
    assert isinstance(drop, Drop)
    assert (drop.rule, drop.reason) == ("declared-language", "language")
    assert drop.detail.startswith("declares de; de 0.")


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("lang=de", ENGLISH),
        ('lang="en"', GERMAN),
        ("", GERMAN),
        ('data-lang="de"', GERMAN),
        ('lang="de"', ""),
        ('lang="de"', "<script>" + GERMAN),
        ('lang="german"', GERMAN),
    ],
)
def test_one_sign_alone_does_not_refuse(declared: str, text: str) -> None:
    given = page(declared, text)
    assert DeclaredLanguage()(given) is given


def test_languages_that_are_wanted_pass() -> None:
    given = page("lang=de", GERMAN)
    assert DeclaredLanguage(wanted=("en", "de"))(given) is given
