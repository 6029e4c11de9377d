"""AsciiMath to TeX."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import extract
from pipeline.extract.delimited.asciimath import SYMBOLS, is_formula, to_tex

APPLIED = {"unary": "{} x", "function": "{} x", "binary": "{} x y", "text": "{}(x)"}


@pytest.mark.parametrize("name", [name for name, symbol in SYMBOLS.items() if symbol.kind == "constant"])
def test_constants(name: str) -> None:
    assert to_tex(name) == SYMBOLS[name].tex.strip()
    assert to_tex(f"1{name}1").replace(" ", "") == f"1{SYMBOLS[name].tex}1".replace(" ", "")


@pytest.mark.parametrize("name", [name for name, symbol in SYMBOLS.items() if symbol.kind in APPLIED])
def test_what_takes_arguments(name: str) -> None:
    kind, tex = SYMBOLS[name]
    applied = to_tex(APPLIED[kind].format(name))
    if kind == "function":
        assert applied.replace(" ", "") == tex + "x"
    else:
        assert applied == tex.replace("#1", "x").replace("#2", "y")


@pytest.mark.parametrize(
    "name", [name for name, symbol in SYMBOLS.items() if symbol.kind in ("left", "right", "fence")]
)
def test_brackets(name: str) -> None:
    kind, tex = SYMBOLS[name]
    left, right = (name, ")") if kind == "left" else ("(", name) if kind == "right" else (name, name)
    shown = to_tex(f"{left} 1 {right}")
    if tex == ".":
        assert shown in (r"\left.1\right)", r"\left(1\right.")
    else:
        assert tex in shown
        assert "1" in shown


EXAMPLES = {
    "sum_(i=1)^n i^3=((n(n+1))/2)^2": r"\sum_{i=1}^{n}i^{3}=\left(\frac{n(n+1)}{2}\right)^{2}",
    "x = (-b +- sqrt(b^2-4ac))/(2a)": r"x=\frac{-b\pm\sqrt{b^{2}-4ac}}{2a}",
    "[[a,b],[c,d]]((n),(k))": r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}\begin{pmatrix} n \\ k \end{pmatrix}",
    "{(x,if x>0),(-x,text(otherwise)):}": r"\begin{cases} x & \text{ if }x>0 \\ -x & \text{otherwise} \end{cases}",
    "{:(a,b),(c,d):}": r"\left. \begin{matrix} a & b \\ c & d \end{matrix} \right.",
    "{(1,2),(3,4)}": r"\{(1,2),(3,4)\}",
    "[[1,2,3]]": r"\begin{bmatrix} 1 & 2 & 3 \end{bmatrix}",
    "lim_(h->0)(f(x+h)-f(x))/h": r"\lim_{h\to0}\frac{f(x+h)-f(x)}{h}",
    "sin^2x + cos^2x = 1": r"\sin^{2}x+\cos^{2}x=1",
    "sin x/2": r"\frac{\sin x}{2}",
    "f(x)/g(x)": r"\frac{f(x)}{g(x)}",
    "f'(x)": "f'(x)",
    "log_2(x)/3": r"\frac{\log_{2}(x)}{3}",
    "int_0^1 f(x)dx": r"\int_{0}^{1}f(x)dx",
    "|x| < 3": "|x|<3",
    "{x | x > 0}": r"\{x|x>0\}",
    "||x||": r"\|x\|",
    "(a,b]": "(a,b]",
    "e^(i pi) = -1": r"e^{i\pi}=-1",
    '"hello $" x': r"\text{hello \$}x",
    "ubrace(1+2)_(3)": r"\underbrace{1+2}_{3}",
    "root(3)(x)": r"\sqrt[3]{x}",
    "color(red)(x)": r"{\color{red}x}",
    "2.5%": r"2.5\%",
    "sqrtx": r"\sqrt{x}",
    "\\alpha": r"\alpha",
    "frac{a}{b}": r"\frac{a}{b}",
    "((((": "((((",
    "(x": "(x",
    "x^": "x^{}",
    "^2": "{}^{2}",
    "": "",
}


@pytest.mark.parametrize(("source", "tex"), EXAMPLES.items())
def test_examples(source: str, tex: str) -> None:
    assert to_tex(source) == tex


FORMULAS = (
    "x^2",
    "a/b",
    "sqrt2",
    "x in RR",
    "alpha",
    "sum_(i=1)^n i",
    "y = mx + c",
    'x "for all" y',
    "text(rate of) x",
)
OTHERS = ("", "  ", "print", "quoted word", "some longer piece of running text", "x" * 3000, "a\n\nb")


@pytest.mark.parametrize("source", FORMULAS)
def test_formulas_are_told(source: str) -> None:
    assert is_formula(source)


@pytest.mark.parametrize("source", OTHERS)
def test_from_other_things_in_backticks(source: str) -> None:
    assert not is_formula(source)


PIECES = st.lists(st.sampled_from([*SYMBOLS, "x", "12", '"', "$", "\\", "#", "%", " ", ","]), max_size=60).map("".join)


def test_a_word_between_backticks_shifts_no_pair_after_it() -> None:
    html = "<script src=ASCIIMathML.js></script><p>From `xgty`, `x+1` and `y`; a ` alone, `x^2`."
    assert extract(html.encode()).text == "From `xgty`, $x+1$ and $y$; a ` alone, $x^{2}$."


def test_a_script_of_asciimath_is_display_where_it_stands_alone() -> None:
    drawn = "<span class=MathJax_Preview></span><span class=MathJax>x</span><script type=math/asciimath>x^2</script>"
    assert extract(f"<p>a</p><p>{drawn}</p><p>b {drawn}".encode()).text == "a\n\n$$x^{2}$$\n\nb $x^{2}$"


@given(st.one_of(PIECES, st.text(max_size=60)))
def test_anything_gives_balanced_tex(source: str) -> None:
    tokens = re.findall(r"\\.|[{}$]", to_tex(source), re.DOTALL)
    assert tokens.count("{") == tokens.count("}")
    assert "$" not in tokens


@pytest.mark.parametrize("piece", ["(", "sqrt ", "[[", "|", "sin^2 ", "x_", '"', "text(", "((1,2),", "1/"])
def test_depth_is_bounded(piece: str) -> None:
    assert isinstance(to_tex(piece * 3000), str)
