"""Mathematics between delimiters in a block of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.delimited.configuration import Delimiter, Page
from pipeline.extract.delimited.delimiters import ENVIRONMENTS, STANDING, TAGS, split
from pipeline.extract.tex import Formula

SILENT = Page()
LOADED = Page(renders=True)


def pieces(text: str, page: Page = LOADED) -> list[str]:
    return [str(piece) for piece in split(text, page)]


@pytest.mark.parametrize("left", STANDING)
def test_standing_delimiters(left: str) -> None:
    right, setting = STANDING[left].right, STANDING[left].setting
    inline, display = f"so {left}x_1^2{right} is", f"{left}x_1^2{right}"
    for page in (SILENT, LOADED):
        assert pieces(inline, page) == ["so ", "$$x_1^2$$" if setting == "display" else "$x_1^2$", " is"]
        assert pieces(display, page) == ["$x_1^2$" if setting == "inline" else "$$x_1^2$$"]
        assert pieces(f"so {left} never closed", page) == [f"so {left} never closed"]


@pytest.mark.parametrize("name", TAGS)
def test_tags(name: str) -> None:
    inline = f"so [{name}]x[/{name}] is"
    assert pieces(inline) == ["so ", "$$x$$" if TAGS[name] == "display" else "$x$", " is"]
    assert pieces(f"[{name}]x[/{name}]") == ["$x$" if TAGS[name] == "inline" else "$$x$$"]
    assert pieces(f"[{name.upper()}]x[/{name.upper()}] is")[1:] == [" is"]
    assert pieces(f"so [{name}] is") == [f"so [{name}] is"]
    assert pieces(f'so [{name} display="true"]x[/{name}]') == ["so ", "$$x$$"]
    assert pieces(f"[{name}=inline]x[/{name}]") == ["$x$"]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments(name: str) -> None:
    for star in ("", "*"):
        source = rf"\begin{{{name}{star}}} a &= b \\ c &= d \end{{{name}{star}}}"
        formula = next(piece for piece in split(f"so {source} is", SILENT) if isinstance(piece, Formula))
        assert formula.display == (name != "math" or star == "*")
        assert r"a &= b \\ c &= d" in formula.tex


def test_environments_of_tex4ht() -> None:
    assert pieces(r"so \begin {align} a \end {align} is") == ["so ", r"$$\begin{align} a \end{align}$$", " is"]


def test_environments_within_others() -> None:
    cases = r"\begin{cases}\begin{cases}a\end{cases}\\b\end{cases}"
    assert pieces(cases + "!") == [f"$${cases}$$", "!"]
    assert pieces(rf"$$\begin{{align}}{cases}\end{{align}}$$") == [rf"$$\begin{{align}}{cases}\end{{align}}$$"]
    assert pieces(r"\begin{align} never closed") == [r"\begin{align} never closed"]
    assert pieces(r"\begin{itemize}\end{itemize}") == [r"\begin{itemize}\end{itemize}"]


ALONE = {
    "[tex]x[/tex]": ["$$x$$"],
    "so:\n[tex]x[/tex].\nthen": ["so:\n", "$$x$$", ".\nthen"],
    "so [tex]x[/tex]\nthen": ["so ", "$x$", "\nthen"],
    "[tex]x[/tex] and": ["$x$", " and"],
    "[tex]x[/tex] [tex]y[/tex]": ["$x$", " ", "$y$"],
    r"\(\displaystyle x\)": ["$$x$$"],
    r"so \(\displaystyle x\)": ["so ", r"$\displaystyle x$"],
}


@pytest.mark.parametrize(("text", "expected"), ALONE.items())
def test_what_stands_alone_on_its_line_is_display(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_nothing_stands_alone_in_a_cell() -> None:
    assert [str(piece) for piece in split("[tex]x[/tex]", LOADED, block=False)] == ["$x$"]


def test_itex_says_that_tex_is_display() -> None:
    assert pieces("so [tex]x[/tex] is", Page(forum=True)) == ["so ", "$$x$$", " is"]


STRAY = {
    "delimiters are $…$, $$...$$ and \\(…\\)": ["delimiters are $…$, $$...$$ and \\(…\\)"],
    r"a stray \( and \(x\)": [r"a stray \( and ", "$x$"],
    r"a stray \[ and \[x\]": [r"a stray \[ and ", "$$x$$"],
    r"\(a \text{ if \(b\)}\)": [r"$a \text{ if \(b\)}$"],
    r"\[a \\[2pt] b\]": [r"$$a \\[2pt] b$$"],
    r"\\ \( \) x": [r"\\ \( \) x"],
    r"\$5 and \(x\)": [r"\$5 and ", "$x$"],
}


@pytest.mark.parametrize(("text", "expected"), STRAY.items())
def test_stray_delimiters_shift_nothing(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize("text", [r"[a link\](b\)", r"a regex \(foo bar\)", r"## Heading ## text", r"[; text ;]"])
def test_text_is_none_without_evidence(text: str) -> None:
    assert pieces(text, SILENT) == [text]


def test_delimiters_of_the_page() -> None:
    page = Page(renders=True, delimiters=(Delimiter("@@", "@@", False), Delimiter("<<", ">>", True)))
    assert pieces("so @@x@@ and <<y>>", page) == ["so ", "$x$", " and ", "$$y$$"]
    assert pieces("so @@x@@") == ["so @@x@@"]


def test_dollars_may_be_inline_by_twos() -> None:
    assert pieces("so $$x$$", Page(renders=True, inline_dollars=True)) == ["so ", "$x$"]


DAMAGE = {
    "\\(a\ue0041 + b\ue0042\\)": "$a_1 + b_2$",
    "\\(f^\ue004(x) = g^\ue004\\)": "$f^*(x) = g^*$",
    "\\(x_\ue004i\ue004\\)": "$x_i$",
    "\\(f’(x) – f”\\)": "$f'(x) - f''$",
    "\\(a %\ue003 b\\)": "$a b$",
}


@pytest.mark.parametrize(("text", "expected"), DAMAGE.items())
def test_damage_is_undone(text: str, expected: str) -> None:
    assert pieces(text) == [expected]


RIGHTS = (rule.right for rule in STANDING.values())
OTHERS = ("\\begin{align}", "\\end{align}", "[tex]", "[/tex]", "$", "x", " ", "^2", "\\", "\n", "`", "{", "}")
TEXT = st.lists(st.sampled_from([*STANDING, *RIGHTS, *OTHERS])).map("".join)


@given(TEXT)
def test_plain_text_comes_out_as_it_went_in(text: str) -> None:
    position = 0
    for piece in split(text, LOADED):
        if isinstance(piece, str):
            position = text.index(piece, position) + len(piece)


@pytest.mark.parametrize(
    "piece", ["$", "$x ", "\\(", "\\( x", "\\[", "[tex]", "\\begin{align}", "##", "\\text{", "\\\\("]
)
def test_repetition_gives_no_formula(piece: str) -> None:
    assert "".join(pieces(piece * 3000)) == piece * 3000
