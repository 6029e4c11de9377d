"""Which dollars are mathematics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.delimited.configuration import Page
from pipeline.extract.delimited.dollars import pairs

SILENT = Page()
LOADED = Page(renders=True)
CONFIGURED = Page(renders=True, dollar=True)
PAGES = (SILENT, LOADED, CONFIGURED)


def bodies(text: str, page: Page) -> list[str]:
    return [text[pair.begin : pair.end] for _, pair in sorted(pairs(text, page).items())]


MONEY = (
    "It costs $5 and $10.",
    "It costs $5, or $10 later.",
    "From $1,000 to $2,500 a year.",
    "Between $5-$10 each, or $5–$10.",
    "A $3 million budget, a $4 million debt.",
    "US$ 5 and US$ 6, A$5, C$6",
    "prices ($5 each, $6 together)",
    "either $5) or $6",
    "$5 + tax; $6 net",
    "$5M–$10M, $5k/$6k, $5/$10",
    "5$ and 10$",
    "$x$5",
    "It costs $5 + $10 = $15 and $1 = 100 cents, a $20 bill and a $5 bill",
    "$1 (was $2) or $3*",
    "Pay $5 if it is $6 or $7 and $8.",
    "$HOME and $PATH",
    "$_GET and $_POST",
    "$this->name = $other",
    "a lone $ sign",
    "$",
    "$$",
    "",
)


@pytest.mark.parametrize("page", PAGES, ids=["silent", "loaded", "configured"])
@pytest.mark.parametrize("text", MONEY)
def test_money_is_none(text: str, page: Page) -> None:
    assert bodies(text, page) == []


MATHS = {
    "$x$ and $y$": ["x", "y"],
    "$ x $ and $ y $": [" x ", " y "],
    "the $n$th, all $p$s, ($q$), $p$-adic": ["n", "p", "q", "p"],
    "$5$ and $10$ and $3.5$ and $100,000$": ["5", "10", "3.5", "100,000"],
    "$K$ $1$s": ["K", "1"],
    "$a$$b$": ["a", "b"],
    "$$a$$$$b$$": ["a", "b"],
    "$$a=b$$ text $c$ and $$d$$": ["a=b", "c", "d"],
    "a $ sign and $\\alpha$ and $\\beta$.": ["\\alpha", "\\beta"],
    "$a \\text{ if $b$} = 2$": ["a \\text{ if $b$} = 2"],
    "$x \\in A$ where $A = \\{x : x > 5\\}$": ["x \\in A", "A = \\{x : x > 5\\}"],
    "If $a$ costs $5 and $b$ costs $6 then $x_1$.": ["a", "b", "x_1"],
    "$\\$5 + \\$3$ is \\$8": ["\\$5 + \\$3"],
    "$k$ = $5": ["k"],
    "$1 - x$ and $10 < x < 20$": ["1 - x", "10 < x < 20"],
    "$latex x$ and $latex y&s=1$": ["latex x", "latex y&s=1"],
    "$ABC$ and $PQR$": ["ABC", "PQR"],
    "$$ and $$d$$": ["d"],
    "$ax + by = g$": ["ax + by = g"],
}


@pytest.mark.parametrize("page", PAGES, ids=["silent", "loaded", "configured"])
@pytest.mark.parametrize(("text", "expected"), MATHS.items())
def test_mathematics_is_found(text: str, expected: list[str], page: Page) -> None:
    assert bodies(text, page) == expected


NAMES = {
    "the vector $hull$ and $level[v]$, $[l, mid]$": ["hull", "level[v]", "[l, mid]"],
    "length$(r) <$ length$(b)$": ["(r) <", "(b)"],
    "$s = abababc$ and $low[to]$": ["s = abababc", "low[to]"],
    "$$ rate = distance / time $$": [" rate = distance / time "],
    "$$ u'(t) = -a(t)u(t) + b(t),$$": [" u'(t) = -a(t)u(t) + b(t),"],
    "$p(v) = min(p_{in}(v), p_{out}(v))$": ["p(v) = min(p_{in}(v), p_{out}(v))"],
}


@pytest.mark.parametrize("page", PAGES[1:], ids=["loaded", "configured"])
@pytest.mark.parametrize(("text", "expected"), NAMES.items())
def test_names_are_mathematics_where_the_page_renders_it(text: str, expected: list[str], page: Page) -> None:
    assert bodies(text, page) == expected


def test_a_page_can_rule_out_dollars() -> None:
    assert bodies("$HOME_X$ and $x$", Page(renders=True, dollar=False)) == []


def test_code_and_other_formulas_are_in_none() -> None:
    assert bodies("$a \ue0000\ue001 b$", LOADED) == []


AMOUNTS = ("$5", "$1,000", "US$20", "$3.50", "$4 million", "$7-$9", "($2)", "$80k")
FORMULAS = ("$x$", "$n+1$", "$\\frac{a}{b}$", "$a_{ij}$", "$f(x) = 0$", "$\\alpha$", "$10$", "$(a, b)$", "$-1$")
WORDS = ("and", "or about", "costs", "the value of", "is, by far,", "if", "of all;", "holds. Then")


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(AMOUNTS + FORMULAS)), min_size=1, max_size=12))
def test_amounts_and_formulas_interleave(pieces: list[tuple[str, str]]) -> None:
    text = " ".join(f"{word} {piece}" for word, piece in pieces)
    expected = [piece[1:-1] for _, piece in pieces if piece in FORMULAS]
    for page in PAGES:
        assert bodies(text, page) == expected


@given(
    st.lists(st.sampled_from(["$", "$$", "$$$", "$$$$", "\\", "x", " ", "5", "{", "\\text{", "}", "^2"])).map("".join)
)
def test_pairs_neither_overlap_nor_hold_dollars(text: str) -> None:
    position = 0
    for start, pair in sorted(pairs(text, CONFIGURED).items()):
        assert position <= start
        assert text[start : pair.begin] == "$" * pair.width == text[pair.end : pair.end + pair.width]
        position = pair.end + pair.width
