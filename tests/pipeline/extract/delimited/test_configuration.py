"""What pages say about their delimiters."""

from __future__ import annotations

import pytest

from pipeline.extract.delimited.configuration import ASCIIMATH, BACKTICKS, RENDERERS, Delimiter, Page
from pipeline.extract.delimited.delimiters import split
from pipeline.extract.signs import signs_in

DOLLAR = Delimiter("$", "$", False)
PAREN = Delimiter("\\(", "\\)", False)
DISPLAY = Delimiter("$$", "$$", True)


def read(html: str) -> Page:
    return Page.of(html, signs_in(html.encode()))


CONFIGURED = {
    "MathJax 2": (
        r"""MathJax.Hub.Config({tex2jax: {inlineMath: [['$','$'], ["\\(","\\)"]], displayMath: [ ["$$","$$"] ]}})""",
        (DOLLAR, PAREN, DISPLAY),
    ),
    "MathJax 3": (
        r"""window.MathJax = {tex: {inlineMath: [
              ['$', '$'],
              ['\\(', '\\)'],
            ], displayMath: [['$$', '$$']]}};""",
        (DOLLAR, PAREN, DISPLAY),
    ),
    "MathJax 4 adds": ("MathJax = {tex: {inlineMath: {'[+]': [['$', '$']]}}}", (DOLLAR,)),
    "JSON": ('{"mathjax": {"tex": {"inlineMath": [["$", "$"]], "processEscapes": true}}}', (DOLLAR,)),
    "KaTeX": (
        """katex; renderMathInElement(document.body, {delimiters: [
             {left: "$$", right: "$$", display: true}, {left: "\\\\[", right: "\\\\]", display: true},
             {'left': '$', 'right': '$', 'display': !1}]})""",
        (DISPLAY, Delimiter("\\[", "\\]", True), DOLLAR),
    ),
    "custom": ("MathJax: inlineMath: [['@@','@@']]", (Delimiter("@@", "@@", False),)),
    "not a list": ("MathJax: inlineMath: 'x', displayMath: [], delimiters: []", ()),
    "never closed": ("MathJax: inlineMath: [['$','$'], ['\\\\(", (DOLLAR,)),
}


@pytest.mark.parametrize(("script", "delimiters"), CONFIGURED.values(), ids=CONFIGURED.keys())
def test_delimiters_are_read(script: str, delimiters: tuple[Delimiter, ...]) -> None:
    page = read(script)
    assert set(page.delimiters) == set(delimiters)
    assert page.renders


def test_dollars_are_configured_or_not() -> None:
    assert read("MathJax").dollar is None
    assert read("MathJax inlineMath: [['$','$']]").dollar is True
    assert read(r"MathJax inlineMath: [['\\(','\\)']]").dollar is False
    assert read("MathJax displayMath: [['$$','$$']]").dollar is None
    assert read("MathJax inlineMath: [['$$','$$']]").inline_dollars
    assert not read("MathJax inlineMath: [['$$','$$']], displayMath: [['$$','$$']]").inline_dollars


def test_classes_are_read() -> None:
    page = read('MathJax = {options: {ignoreHtmlClass: "no|mathjax_ignore", processHtmlClass: "yes"}}')
    assert page.ignored == {"no", "mathjax_ignore"}
    assert page.processed == {"yes"}
    assert read('MathJax <div class="tex2jax_ignore">').ignored == {"tex2jax_ignore"}


@pytest.mark.parametrize("word", RENDERERS)
def test_renderers(word: str) -> None:
    assert read(f'<script src="{word}"></script>').renders


@pytest.mark.parametrize("word", ASCIIMATH)
def test_asciimath_loaders(word: str) -> None:
    assert read(f'<script src="{word}"></script> MathJax `x`').asciimath == BACKTICKS


def test_asciimath_is_configured() -> None:
    page = read("MathJax = {loader: {load: ['input/asciimath']}, asciimath: {delimiters: [['´','´']]}}")
    assert page.asciimath == (Delimiter("´", "´", False),)


@pytest.mark.parametrize("config", ["TeX-AMS_HTML", "TeX-AMS-MML_HTMLorMML", "TeX-MML-AMS_CHTML"])
def test_tex_alone_loads_no_asciimath(config: str) -> None:
    assert read(f"MathJax.js?config={config} `x`").asciimath == ()


def test_a_page_without_renderer_says_nothing() -> None:
    assert read("<p>inlineMath: [['$','$']]") == Page()


def test_macro_for_display_style() -> None:
    assert read(r'MathJax TeX: { Macros: { ds: "\\displaystyle" } }').displaystyle == "ds"


def test_three_dollars_are_what_a_page_says_they_are() -> None:
    page = read(
        "<script>MathJax.Hub.Config({tex2jax: {inlineMath: [['$$$','$$$']], displayMath: [['$$$$$$','$$$$$$']]}})"
    )
    pieces = list(split("For $$$n$$$ we pay $5: $$$$$$a$$$$$$", page))
    assert [(piece.tex, piece.display) for piece in pieces if not isinstance(piece, str)] == [("n", False), ("a", True)]
