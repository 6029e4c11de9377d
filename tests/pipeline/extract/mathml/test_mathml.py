"""MathML to TeX: what each element gives, and what holds of every tree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import parser
from pipeline.extract.mathml import content, mathml, mathtree
from pipeline.extract.mathml.mathtree import Element


def tex(source: str) -> str:
    tree = mathtree.of_source(f"<math>{source}</math>")
    assert tree is not None
    return mathml.to_tex(tree)


ELEMENTS = {
    "<mi>x</mi><mi>sin</mi><mi>abc</mi><mi mathvariant='italic'>dx</mi>": r"x\sin\mathrm{abc}dx",
    "<mi mathvariant='bold'>a</mi><mi mathvariant='bold'>b</mi><mi mathvariant='normal'>d</mi>": (
        r"\mathbf{ab}\mathrm{d}"
    ),
    "<mi>Ĥ</mi><mi>z̄</mi><mi>𝓛</mi><mi>𝔤</mi><mi>ϵ</mi><mi>𝜖</mi>": (
        r"\hat{H}\bar{z}\mathcal{L}\mathfrak{g}\epsilon\epsilon"
    ),
    "<mn>1 000</mn><mn mathvariant='bold'>0</mn>": r"1000\mathbf{0}",
    "<mi>rank</mi><mo>&#x2061;</mo><mi>A</mi>": r"\operatorname{rank}A",
    "<mo>&#x2264;</mo><mo>lim sup</mo><mo>⊄</mo><mo>#</mo>": r"\leq\limsup\not\subset\#",
    "<mo minsize='1.2em' maxsize='1.2em'>(</mo><mi>x</mi><mo minsize='2.047em' maxsize='2.047em'>|</mo>": (
        r"\big(x\bigg|"
    ),
    "<mtext>50% &amp;</mtext><mtext mathvariant='bold'>b</mtext><mtext>&#x2009;</mtext>": r"\text{50\% \&}\textbf{b}\,",
    "<mtext>\\unknown</mtext><mtext>if <math><mi>x</mi></math></mtext>": r"\unknown\text{if }x",
    "<ms>a</ms><ms lquote='(' rquote=')'>b</ms>": r'\text{"a"}\text{(b)}',
    "<mi>a</mi><mspace width='1em'/><mi>b</mi><mspace width='thinmathspace'/><mspace width='-0.1667em'/>": (
        r"a\quad b\,\!"
    ),
    "<mfrac bevelled='true'><mi>a</mi><mi>b</mi></mfrac>": "{a}/{b}",
    "<mstyle displaystyle='true'><mfrac><mi>a</mi><mi>b</mi></mfrac></mstyle>": r"\dfrac{a}{b}",
    "<mroot><mi>x</mi><mrow><mo>[</mo><mi>n</mi><mo>]</mo></mrow></mroot>": r"\sqrt[{[n]}]{x}",
    "<msup><mn>10</mn><mn>2</mn></msup><msup><mi>f</mi><mrow><mo>′</mo><mo>′</mo></mrow></msup>": "10^{2}f''",
    "<msup><msub><mi>x</mi><mn>1</mn></msub><mn>2</mn></msup>": "x_{1}^{2}",
    "<msubsup><mi>a</mi><mi>n</mi><mo>′</mo></msubsup>": "a'_{n}",
    "<msup><mfrac><mi>a</mi><mi>b</mi></mfrac><mn>2</mn></msup>": r"\frac{a}{b}^{2}",
    "<msup><mrow><mo>(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>)</mo></mrow><mn>2</mn></msup>": (
        r"\left( \frac{a}{b} \right)^{2}"
    ),
    "<mo stretchy='false'>(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo stretchy='false'>)</mo>": r"(\frac{a}{b})",
    "<mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow>": "(a)",
    "<mrow><mo fence='true' form='prefix'></mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>|</mo></mrow>": (
        r"\left. \frac{a}{b} \right|"
    ),
    "<mrow><mo fence='true'>{</mo><mfrac><mi>a</mi><mi>b</mi></mfrac></mrow>": r"\left\{ \frac{a}{b} \right.",
    "<mrow><mo>(</mo><mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac><mo>)</mo></mrow>": r"\binom{n}{k}",
    "<mfenced open='[' close=')' separators=';'><mi>a</mi><mi>b</mi></mfenced>": "[a;b)",
    "<munder><mi>arg max</mi><mi>x</mi></munder>": r"\operatorname*{arg\,max}_{x}",
    "<munder><mo>argmax</mo><mi>x</mi></munder>": r"\operatorname*{argmax}_{x}",
    "<munder><mo>∑</mo><mtable><mtr><mtd><mi>i</mi></mtd></mtr><mtr><mtd><mi>j</mi></mtd></mtr></mtable></munder>": (
        r"\sum_{\substack{i \\ j}}"
    ),
    "<munderover><mo>→</mo><mi>g</mi><mi>f</mi></munderover>": r"\xrightarrow[g]{f}",
    "<mover><munder><mrow><mi>a</mi></mrow><mi>b</mi></munder><mi>c</mi></mover>": r"\overset{c}{\underset{b}{a}}",
    "<munder><munder><mi>a</mi><mo>⏟</mo></munder><mi>n</mi></munder>": r"\underbrace{a}_{n}",
    "<mi>a</mi><mspace width='0.2778em'/><mo>⟹</mo><mspace width='0.2778em'/><mi>b</mi>": r"a\implies b",
    "<mi>a</mi><mspace width='1em'/><mo>(</mo><mi>mod</mi><mspace width='0.333em'/><mi>n</mi><mo>)</mo>": r"a\pmod{n}",
    "<mi>a</mi><mo>mod</mo><mi>b</mi>": r"a\bmod b",
    "<mmultiscripts><mi>R</mi><mi>i</mi><none/><none/><mi>j</mi></mmultiscripts>": "R_{i}{}^{j}",
    "<mtable rowlines='solid' columnlines='solid'><mtr><mtd>1</mtd><mtd>2</mtd>"
    "</mtr><mtr><mtd>3</mtd><mtd>4</mtd></mtr></mtable>": (
        r"\begin{array}{c|c} 1 & 2 \\ \hline 3 & 4 \end{array}"
    ),
    "<mtable columnalign='left center'><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable>": (
        r"\begin{array}{lc} a & b \end{array}"
    ),
    "<mtable class='gather'><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mo>[</mo><mi>b</mi></mtd></mtr></mtable>": (
        r"\begin{gathered} a \\ {}[b \end{gathered}"
    ),
    "<mo>{</mo><mtable><mtr><mtd><mi>a</mi></mtd></mtr></mtable><mo>,</mo>": r"\{a,",
    "<maction selection='2'><mi>a</mi><mi>b</mi></maction><mphantom><mi>c</mi></mphantom>": r"b\phantom{c}",
    "<menclose notation='circle'><mi>x</mi></menclose>": r"\enclose{circle}{x}",
    "<mrow style='padding:3pt;border:1px solid;'><mi>x</mi></mrow>": r"\boxed{x}",
    "<merror><mtext>no</mtext></merror><mpadded><mi>x</mi></mpadded><unknown><mi>y</mi></unknown>": r"\text{no}xy",
    "<mo><mover><mo>=</mo><mtext>def</mtext></mover></mo>": r"\overset{\text{def}}{=}",
    "<munder><mi>Π</mi><mi>p</mi></munder>": r"\prod_{p}",
    "<apply><minus/><ci>x</ci></apply><apply><factorial/><apply><plus/><ci>a</ci><ci>b</ci></apply></apply>": (
        "-x(a+b)!"
    ),
    "<apply><int/><bvar><ci>t</ci></bvar><lowlimit><cn>0</cn></lowlimit>"
    "<uplimit><infinity/></uplimit><ci>f</ci></apply>": (
        r"\int_{0}^{\infty}f\,dt"
    ),
    "<apply><diff/><bvar><ci>x</ci></bvar><ci>f</ci></apply><cn type='rational'>1<sep/>2</cn>": (
        r"\frac{d}{dx}f\frac{1}{2}"
    ),
    "<cn type='e-notation'>3<sep/>8</cn><apply><abs/><ci>x</ci></apply>"
    "<interval closure='open'><cn>0</cn><cn>1</cn></interval>": (
        r"3\times10^{8}|x|(0,1)"
    ),
    "<piecewise><piece><cn>1</cn><ci>a</ci></piece><otherwise><cn>0</cn></otherwise></piecewise>": (
        r"\begin{cases} 1 & a \\ 0 & \text{otherwise} \end{cases}"
    ),
    "<apply><ci>f</ci><ci>x</ci><ci>y</ci></apply><apply><not/><ci>p</ci></apply>": r"f(x,y)\neg p",
    "<matrix><matrixrow><cn>1</cn><cn>2</cn></matrixrow></matrix>": r"\begin{pmatrix} 1 & 2 \end{pmatrix}",
    "<apply><forall/><bvar><ci>x</ci></bvar><apply><geq/><ci>x</ci><cn>0</cn></apply></apply>": r"\forall x.x\geq0",
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), ELEMENTS.items())
def test_element_is_written_as_tex(source: str, expected: str) -> None:
    assert tex(source) == expected


def test_source_in_guillemets_is_read() -> None:
    tree = mathtree.of_source("«math xmlns=¨x¨»«mi mathvariant=¨bold¨»§#945;«/mi»«/math»")
    assert tree is not None
    assert mathml.to_tex(tree) == r"\mathbf{\alpha}"


def test_source_without_mathematics_is_none() -> None:
    assert mathtree.of_source("<p>x</p>") is None


def test_prefixes_of_other_names_stay() -> None:
    assert parser.without_prefixes("<svg:g><m:mi/></svg:g>") == "<svg:g><m:mi/></svg:g>"
    assert parser.without_prefixes("<m:math><m:mi/><o:p/></m:math>") == "<math><mi/><o:p/></math>"


NAMES = sorted(
    {*mathml._RULES, "mrow", "math", "mtr", "mtd", "mlabeledtr", "apply", "plus", "sum", "bvar", "lowlimit", "cn", "x"}
)
TOKENS = st.builds(
    Element,
    st.sampled_from(["mi", "mo", "mn", "mtext", "ms", "ci", "cn"]),
    text=st.one_of(
        st.sampled_from(["(", ")", "{", "}", "|", "\u2061", "∑", "lim", "→", "¯", "\\", "mod"]), st.text(max_size=4)
    ),
    attributes=st.dictionaries(
        st.sampled_from(["stretchy", "fence", "form", "mathvariant", "minsize", "maxsize"]),
        st.sampled_from(["true", "false", "prefix", "postfix", "bold", "italic", "1.2em"]),
        max_size=2,
    ),
)
TREES = st.recursive(
    TOKENS,
    lambda children: st.builds(
        Element,
        st.sampled_from(NAMES),
        st.lists(children, max_size=4),
        attributes=st.dictionaries(
            st.sampled_from(
                ["columnalign", "rowlines", "notation", "separators", "displaystyle", "linethickness", "class"]
            ),
            st.sampled_from(["right left", "solid", "box", "", "true", "0", "align", "left"]),
            max_size=2,
        ),
    ),
    max_leaves=25,
)


@given(TREES)
def test_every_tree_gives_balanced_tex(tree: Element) -> None:
    written = mathml.to_tex(Element("math", [tree]))
    signs = re.findall(r"\\.|[{}]", written, re.DOTALL)
    depth = 0
    for sign in signs:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert written.count(r"\begin{") == written.count(r"\end{")
    assert len(re.findall(r"\\left(?![a-z])", written)) == len(re.findall(r"\\right(?![a-z])", written))


@pytest.mark.parametrize("name", ["mrow", "msup", "mfrac", "mover", "mtable", "apply", "msqrt"])
def test_length_grows_with_the_source_only(name: str) -> None:
    source = f"<{name}>" * 500 + "<mi>x</mi>"
    assert len(tex(source)) < 20 * len(source)
    assert len(tex("<mi>x</mi>" * 5000)) == 5000


def test_content_is_told_from_presentation() -> None:
    assert content.knows(Element("apply"))
    assert not content.knows(Element("mrow"))
