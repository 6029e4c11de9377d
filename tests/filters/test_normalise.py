from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import wordlist
from filters.normalise import FORMULA_SIGN, has_latex, plain_prose, prose, windows, without_code, words


@pytest.mark.parametrize(
    "formula",
    [
        "$x^2$",
        "$$\\sum_i x_i$$",
        "\\(a+b\\)",
        "\\[ \\left( a \\right) \\]",
        "$a \\$ b$",
        "\\begin{equation} \\begin{cases} a \\\\ b \\end{cases} \\end{equation}",
    ],
)
def test_a_formula_is_taken_out(formula: str) -> None:
    assert prose(f"before {formula} after").split() == ["before", FORMULA_SIGN, "after"]


@pytest.mark.parametrize("name", wordlist.load("filters", "formula_environments.txt"))
@pytest.mark.parametrize("star", ["", "*"])
def test_every_formula_environment_is_taken_out(name: str, star: str) -> None:
    assert prose(f"a \\begin{{{name}{star}}} x &= y \\end{{{name}{star}}} b").split() == ["a", FORMULA_SIGN, "b"]


@pytest.mark.parametrize("text", ["it costs $5 and then $6", "a $ b $ c", "from $10 to $20"])
def test_prices_are_not_formulas(text: str) -> None:
    assert prose(text) == text


def test_only_formulas_are_shown_as_such() -> None:
    assert prose(f"a{FORMULA_SIGN}b") == "a b"


def test_commands_go_and_their_arguments_stay() -> None:
    assert prose("\\section*{Groups} see \\emph{this}").split() == ["{Groups}", "see", "{this}"]


def test_code_goes_only_where_its_fence_is_closed() -> None:
    assert without_code("a\n```python\nx = 1\n```\nb").split() == ["a", "b"]
    assert without_code("a\n```python\nx = 1\nb") == "a\n```python\nx = 1\nb"


@pytest.mark.parametrize(("text", "expected"), [("\\frac12", True), ("C:\\tools", False), ("a fraction", False)])
def test_has_latex(text: str, expected: bool) -> None:
    assert has_latex(text) is expected


def test_words_are_runs_of_letters() -> None:
    assert words("Ångström's 3rd Théorème_2") == ["Ångström", "s", "rd", "Théorème"]
    assert words("Angstrom's 3rd theoreme_2") == ["Angstrom", "s", "rd", "theoreme"]


@given(st.text(st.characters() | st.characters(max_codepoint=127)))
def test_words_are_what_is_a_letter_to_unicode(text: str) -> None:
    assert words(text) == re.findall(r"[^\W\d_]+", text)


def test_plain_prose_is_lower_case_without_accents() -> None:
    assert plain_prose("Ångström's $x$ Théorème").split() == ["angstrom's", FORMULA_SIGN, "theoreme"]


@given(st.text(), st.integers(1, 20))
def test_windows_are_bounded_and_start_at_the_beginning(text: str, size: int) -> None:
    seen = windows(text, size)
    assert len(seen) <= 2 * size + 1
    assert seen.startswith(text[:size])


@pytest.mark.parametrize("piece", ["\\(", "\\[", "$", "$$", "$a ", "\\begin{align}", "```x\n", "~~~\n```a\n", "\\"])
def test_nothing_but_openers_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    prose(piece * (300_000 // len(piece)))
    assert time.process_time() - start < 2.0
