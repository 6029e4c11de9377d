"""What KaTeX drew, read back from its HTML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract import extract
from pipeline.extract.marked import katexhtml
from pipeline.extract.mathml import mathml
from pipeline.extract.parser import parse


def span(classes: str, inner: str, style: str = "") -> str:
    return f'<span class="{classes}" style="{style}">{inner}</span>'


def stack(*items: tuple[float, str], classes: str = "") -> str:
    """A list of things, each so far (in em) below the line."""
    drawn = "".join(
        f'<span class="{classes}" style="top:{depth - 3:.3f}em">{span("pstrut", "", "height:3em")}{inner}</span>'
        for depth, inner in items
    )
    return span("vlist-t", span("vlist-r", span("vlist", drawn)))


def letter(name: str) -> str:
    return span("mord mathnormal", name)


def space(width: str) -> str:
    return span("mspace", "", f"margin-right:{width}em")


def tex(inner: str) -> str | None:
    page = parse(span("katex-html", span("base", span("strut", "") + inner)))
    node = page.document.query_selector(".katex-html")
    tree = katexhtml.of_node(node) if node is not None else None
    return mathml.to_tex(tree) if tree is not None else None


FRACTION = ((0.7, letter("b")), (-0.2, span("frac-line", "")), (-0.7, letter("a")))
FORMULAS = {
    letter("ab") + span("mord", "12.5"): "ab12.5",
    span("mord mathbb", "R") + span("mord mathrm", "GL"): r"\mathbb{R}\mathrm{GL}",
    span("mord mathcal", "F") + span("mord mathscr", "L"): r"\mathcal{F}\mathscr{L}",
    span("mop", "sin") + space("0.1667") + letter("x"): r"\sin x",
    letter("f") + space("0.1667") + letter("x"): r"f\,x",
    letter("a") + space("0.2778") + span("mrel", "\ue020") + span("mrel", "=") + letter("b"): r"a\neq b",
    letter("x") + span("msupsub", stack((-0.4, letter("n")))): "x^{n}",
    letter("x") + span("msupsub", stack((0.15, letter("n")))): "x_{n}",
    letter("x") + span("msupsub", stack((0.3, letter("i")), (-0.4, letter("n")))): "x_{i}^{n}",
    span("mfrac", stack(*FRACTION)): r"\frac{a}{b}",
    span("mord sqrt", stack((0, letter("x")), classes="svg-align")): r"\sqrt{x}",
    span("mord text", span("mord", "if ") + span("mord textbf", "so")): r"\text{if }\textbf{so}",
    span("mopen nulldelimiter", "") + letter("a"): "a",
    span("minner", span("mopen delimcenter", "(") + letter("a") + span("mclose delimcenter", ")")): r"\left(a\right)",
    span("mopen", span("delimsizing size1", "(")) + letter("a"): r"\big(a",
    span("mord overline", stack((0, letter("z")), (-0.8, span("overline-line", "")))): r"\overline{z}",
    span("mord accent", stack((0, letter("z")), (0, span("accent-body", span("mord", "^"))))): r"\hat{z}",
}  # fmt: skip


@pytest.mark.parametrize(("drawn", "source"), FORMULAS.items(), ids=FORMULAS.values())
def test_boxes_are_read_by_their_classes(drawn: str, source: str) -> None:
    assert tex(drawn) == source


REFUSED = {
    "image": '<img src="x.png">',
    "list of an unknown kind": span("mord", stack((0, letter("x")), (0.5, letter("y")))),
    "fraction of three": span("mfrac", stack(*FRACTION, (2, letter("c")))),
    "scripts without places": letter("x") + span("msupsub", span("vlist-t", span("vlist", "<span>2</span>"))),
    "accent of an unknown shape": span(
        "mord accent", stack((0, letter("z")), (0, span("accent-body", '<svg><path d="M1 1"/></svg>')))
    ),
    "rule": span("mord rule", "", "border-right-width:1em"),
    "stroke through nothing": span("mrel", "\ue020"),
    "root of nothing": span("sqrt", stack()),
    "stroke through a letter": span("mrel", "\ue020") + letter("x"),
}


@pytest.mark.parametrize("drawn", REFUSED.values(), ids=REFUSED)
def test_what_is_not_known_refuses_the_formula(drawn: str) -> None:
    assert tex(letter("a") + drawn) is None


def test_prose_stays_beside_a_refused_formula() -> None:
    refused = span("katex", span("katex-html", span("base", REFUSED["rule"])))
    page = extract(f"<p>Before {refused} and after it.</p>".encode(), "utf-8")
    assert page.text == "Before and after it."


def test_depth_is_bounded() -> None:
    assert tex("<span class='mord'>" * 3000 + "x") is None


BOXES = st.recursive(
    st.sampled_from([letter("x"), span("mrel", "="), span("mopen", "("), span("mord", "1"), "<b>", "<svg></svg>"]),
    lambda inner: (
        st.builds(
            span,
            st.sampled_from(["mord", "msupsub", "mfrac", "sqrt", "accent", "mtable", "minner", "op-limits", "mover"]),
            inner,
        )
        | st.builds(lambda one, two: stack((0, one), (-1, two)), inner, inner)
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(BOXES)
def test_any_boxes_give_balanced_tex_or_none(drawn: str) -> None:
    source = tex(drawn)
    assert source is None or source.count("{") == source.count("}")
