from __future__ import annotations

import pytest

from filters.contamination.strict import stands_in, strict, typed
from filters.wordlist import load


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (r"Compute $\sin 60^\circ$.", "compute sin 60° = ?"),
        (r"Compute $\dbinom{8}{4}$.", r"(a) Compute \(\binom 8 4\)"),
        (r"Evaluate $\log_2 (4^2)$.", r"evaluate $ \log _{2} { 4 ^ { 2 } } $ by hand"),
        (r"Evaluate $\left\lfloor\frac{36}{7}\right\rfloor$.", "Evaluate ⌊36/7⌋."),
        (r"Find $x$ if $xy \leq 3\pi$.", "> Find x if\n> x y ≤ 3π"),
        (r"What is $7^{17}$?", "What is 7¹⁷?"),
        ("Compute $3 + 4$.", "1. - Compute 3 + 4.\n- Compute 5"),
        ("Compute $3 + 4$.", "* * *\nCompute 3 + 4\n* * *"),
    ],
)
def test_the_same_question_in_another_spelling(item, text):
    assert stands_in(strict(item), strict(text))


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (r"Compute $\sin 60^\circ$.", "Compute cos 60°"),
        ("Compute $3 + 4$.", "Compute 3 - 4"),
        ("Compute $3 + 4$.", "Compute 3 + 4 + 5"),
        ("Compute $3 + 4$.", "Compute 3 + 45"),
        (r"Simplify $\sqrt{242}$.", "Simplify 242."),
    ],
)
def test_another_question(item, text):
    assert not stands_in(strict(item), strict(text))


@pytest.mark.parametrize("line", load("filters.contamination", "commands.txt"))
def test_commands_of_one_line_are_one(line):
    name, *others = line.split()
    expected = [] if name == "-" else [name]
    assert all(strict(rf"\{other}") == expected for other in others)


@pytest.mark.parametrize("line", load("filters.contamination", "signs.txt"))
def test_signs_are_what_they_are_typed_for(line):
    sign, command = line.split()
    assert strict(f"a {sign} b") == strict(f"a {command} b")


def test_typed_has_no_latex():
    assert typed(r"Find $\frac{2}{3}\pi \cdot x^{10} \leq 4$") == "Find (2)/(3)π · x¹⁰ ≤ 4"
