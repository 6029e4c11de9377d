"""Formulas as they are written into the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.tex import Formula, undelimited

CLEANED = {
    "blanks": ("  a \n\t+  b ", "$a + b$"),
    "comment": ("a % one\n+ b\\% % two\n+ c", r"$a + b\% + c$"),
    "comment after a line break": ("a \\\\% one\nb", r"$a \\ b$"),
    "percent sign of a single line": ("50 % x", r"$50 \% x$"),
    "escaped percent sign": (r"50\% x", r"$50\% x$"),
    "references escaped twice": ("a &lt; b &amp;&amp; c &gt; d &#39;", "$a < b && c > d '$"),
    "CDATA": ("% <![CDATA[\nx^2\n%]]>", "$x^2$"),
    "Wikipedia": (r"{\displaystyle x_{1}}", "$x_{1}$"),
    "braces that only look like Wikipedia's": (r"{\displaystyle a}+{b}", r"${\displaystyle a}+{b}$"),
    "inner dollars": (r"\text{if $x$}", r"$\text{if \(x\)}$"),
    "a dollar alone": (r"\text{costs $5}", r"$\text{costs \$5}$"),
    "missing braces": (r"\frac{a}{\sqrt{b", r"$\frac{a}{\sqrt{b}}$"),
    "stray braces": ("a}b}{c}", "$ab{c}$"),
    "escaped braces": (r"\{ a", r"$\{ a$"),
    "backslash at the end": ("a\\", "$a\\ $"),
    "row's end at the end": ("a \\\\ b \\\\", r"$a \\ b$"),
    "row's end alone": ("\\\\", ""),
    "invisible characters": ("a\u200b\ufeffb", "$ab$"),
    "label": (r"a \label{eq:1}", r"$a \label{eq:1}$"),
    "environment of tex4ht": (r"\begin {cases} a \end {cases}", r"$\begin{cases} a \end{cases}$"),
    "rows that Sphinx made": (
        r"\begin{split}\det \begin{pmatrix} a & b \\ c & d \end{pmatrix}\end{split}",
        r"$\det \begin{pmatrix} a & b \\ c & d \end{pmatrix}$",
    ),
    "rows that docutils made": (r"\begin{align*} \sum_{\substack{i \\ j}} \end{align*}", r"$\sum_{\substack{i \\ j}}$"),
    "rows of its own": (r"\begin{split}a \\ b\end{split}", r"$\begin{split}a \\ b\end{split}$"),
    "a row of its own": (r"\begin{align*} a \end{align*}", r"$\begin{align*} a \end{align*}$"),
    "blank": (" \n ", ""),
}


@pytest.mark.parametrize(("source", "expected"), CLEANED.values(), ids=CLEANED.keys())
def test_source_is_cleaned(source: str, expected: str) -> None:
    assert str(Formula(source, False, "test")) == expected


def test_display_is_in_display_style_anyhow() -> None:
    assert str(Formula(r"\displaystyle \sum a", True, "test")) == r"$$\sum a$$"
    assert str(Formula(r"\displaystyle \sum a", False, "test")) == r"$\displaystyle \sum a$"
    assert str(Formula(r"\displaystyles", True, "test")) == r"$$\displaystyles$$"


DEFINITIONS = (
    r"\newcommand{\R}{\mathbb{R}}",
    r"\renewcommand\vec[1]{\mathbf{#1}} \def\x#1#2{{#1}_{#2}}",
    r"\let\a=\b \require{AMScd}; \DeclareMathOperator*{\argmin}{arg\,min}",
)


@pytest.mark.parametrize("source", DEFINITIONS)
def test_definitions_alone_show_nothing(source: str) -> None:
    assert str(Formula(source, True, "test")) == ""
    assert str(Formula(source + " x", True, "test")) == f"$${source} x$$"


DELIMITED = {
    "$a$": ("a", False),
    "$$a$$": ("a", True),
    r"\(a\)": ("a", False),
    r" \[a\] ": ("a", True),
    "a": ("a", False),
    "$a$ and $b$": ("$a$ and $b$", False),
    r"\(a\) and \(b\)": (r"\(a\) and \(b\)", False),
    r"$a \text{ if $b$}$": (r"a \text{ if $b$}", False),
    r"\[a \text{ if \(b\)}\]": (r"a \text{ if \(b\)}", True),
    r"$5": ("$5", False),
}


@pytest.mark.parametrize(("source", "expected"), DELIMITED.items())
def test_delimiters_of_its_own_decide(source: str, expected: tuple[str, bool]) -> None:
    formula = undelimited(source, False, "test")
    assert (formula.tex, formula.display) == expected


TEX = st.lists(
    st.sampled_from(["$", "\\", "{", "}", "%", "\n", " ", "a", "\\text{", "\\frac", "&lt;", "\\displaystyle", "\ue000"])
).map("".join)


@given(TEX, st.booleans())
def test_every_formula_is_balanced(source: str, display: bool) -> None:
    shown = str(Formula(source, display, "test"))
    if shown:
        width = 2 if display else 1
        body = shown[width:-width]
        assert shown == (f"$${body}$$" if display else f"${body}$")
        tokens = re.findall(r"\\.|[{}$]", body, re.DOTALL)
        assert tokens.count("{") == tokens.count("}")
        assert "$" not in tokens
        assert "\n" not in body


@given(TEX, st.booleans())
def test_cleaning_twice_changes_nothing(source: str, display: bool) -> None:
    once = undelimited(str(Formula(source, display, "test")), display, "test")
    assert str(undelimited(str(once), display, "test")) == str(once)
