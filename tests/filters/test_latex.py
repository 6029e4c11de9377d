"""FlattenLatex: what a paper looks like when its files, comments and macros are resolved."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.latex import FlattenLatex, decode_project, encode_project
from filters.tex_macros import ARGUMENT_COMMANDS, PROGRAMMING
from filters.tex_source import VERBATIM


def flatten(files: dict[str, str], **bounds: int) -> Document | Drop:
    return FlattenLatex(**bounds)(Document("arxiv:1", "arxiv", raw=encode_project(files)))


def text_of(body: str, preamble: str = "", **files: str) -> str:
    main = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\nafter"
    outcome = flatten({"main.tex": main} | {name.replace("_", "."): text for name, text in files.items()})
    assert isinstance(outcome, Document), outcome
    return outcome.text


def reason_of(files: dict[str, str], **bounds: int) -> str:
    outcome = flatten(files, **bounds)
    assert isinstance(outcome, Drop)
    return f"{outcome.rule}/{outcome.reason}"


def main(body: str) -> dict[str, str]:
    return {"main.tex": f"\\documentclass{{article}}\\begin{{document}}{body}\\end{{document}}"}


plain = st.lists(
    st.sampled_from(
        ["Let $x$ be.", "\\section{A}", "\\alpha", "\\\\", "\\%", "{", "}", "\n\n", " ", "\\begin{align}", "&= 1",
         "\\end{align}", "\\frac12", "ä", "\\textbf{b}", "\\iff", "\\appendix", "\\includegraphics{a}", "$", "[0pt]"]
    ),
    min_size=1,
).map("".join)  # fmt: skip


@given(plain)
def test_a_body_without_macros_inputs_and_comments_is_left_as_it_is(body: str) -> None:
    assert text_of(body + "end") == (body + "end").strip()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a % note\nb", "a \nb"),
        ("a\n  % note\nb", "a\nb"),
        ("50\\% of % note\n it", "50\\% of \n it"),
        ("x \\\\% note\ny", "x \\\\\ny"),
        ("\\verb|%| % note\nb", "\\verb|%| \nb"),
        ("\\url{http://a/%20b} c", "\\url{http://a/%20b} c"),
        ("\\href{http://a/%20b}{see \\R}", "\\href{http://a/%20b}{see \\R}"),
        ("a\\begin{comment}no\\end{comment}b", "ab"),
        ("a\\iffalse no \\ifx\\a\\b c\\fi no\\fi b", "a b"),
        ("$a \\iff b$ % x", "$a \\iff b$"),
        ("a\\iffalse never closed", "a\\iffalse never closed"),
    ],
)
def test_comments(body: str, expected: str) -> None:
    assert text_of(body) == expected


@pytest.mark.parametrize("name", VERBATIM)
def test_nothing_happens_inside_verbatim_environments(name: str) -> None:
    passage = f"\\begin{{{name}}}\n% not a comment\n\\newcommand{{\\x}}{{y}} \\x \\input{{part}}\n\\end{{{name}}}"
    assert text_of(f"{passage} \\x", part_tex="never") == f"{passage} \\x"


@pytest.mark.parametrize(
    ("definition", "use", "expected"),
    [
        (r"\newcommand{\R}{\mathbb{R}}", r"$x\in\R$ and $\R\R$", r"$x\in\mathbb{R}$ and $\mathbb{R}\mathbb{R}$"),
        (r"\newcommand\R{\mathbb{R}}", r"\R", r"\mathbb{R}"),
        (r"\newcommand{\eps}\varepsilon", r"\eps x", r"\varepsilon x"),
        (r"\newcommand*{\n}[1]{\|#1\|}", r"\n{x+\n{y}} \n z", r"\|x+\|y\|\| \|z\|"),
        (r"\newcommand{\s}[2][0]{#1<#2}", r"\s{a} \s[b]{c} \s[{]}]{d}", r"0<a b<c {]}<d"),
        (r"\def\pair#1#2{(#1,#2)}", r"\pair{a}\beta", r"(a,\beta)"),
        (r"\DeclareMathOperator{\rk}{rk}", r"$\rk A$", r"$\operatorname{rk} A$"),
        (r"\DeclareMathOperator*{\am}{arg\,min}", r"$\am_x$", r"$\operatorname*{arg\,min}_x$"),
        (r"\newcommand{\a}{1}\providecommand{\a}{2}", r"\a", "1"),
        (r"\newcommand{\a}{1}\renewcommand{\a}{2}", r"\a", "2"),
        (r"\newcommand{\co}{\LaTeX\xspace}", r"\co{} is \co.", r"\LaTeX is \LaTeX."),
        (r"\newcommand{\bb}{\mathbb}\newcommand{\K}{\bb K}", r"\K", r"\mathbb K"),
        (r"\newcommand{\half}{1/2}", r"\frac\half x", r"\frac{1/2} x"),
        (r"\newcommand{\f}[1]{#1x\alpha#1}", r"\f{\beta}\f y", r"\beta x\alpha\beta yx\alpha y"),
        (r"\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}}", r"\be x\ee",
         r"\begin{equation} x\end{equation}"),
        (r"\newcommand{\é}{non-ASCII: é}", r"\é", "non-ASCII: é"),
        (r"\newcommand{\no}[1]{item \#1 \\#1}", r"\no{9}", r"item \#1 \\9"),
        (r"\newcommand{\last}{value}", r"the \last", "the value"),
        (r"\newcommand{\a}{1} \newcommand{\b}{2}", r"\a\b", "12"),
    ],
)  # fmt: skip
def test_macros_are_expanded(definition: str, use: str, expected: str) -> None:
    assert text_of(use, definition) == expected
    assert text_of(f"{definition}\n{use}") == expected


@pytest.mark.parametrize(
    ("definition", "use"),
    [
        (r"\renewcommand{\vec}[1]{\mathbf{#1}}", r"\vec x"),
        (r"\def\x#1.{(#1)}", r"\x a."),
        (r"\newcommand{\x}{a\x}", r"\x"),
        (r"\newcommand{\x}{\y}\newcommand{\z}{}\newcommand{\y}{\x\y}", r"\y"),
        (r"\newcommand{\x}[1]{#1}", r"{\x}"),
        (r"\newcommand{\x}{a}\def\x#1.{(#1)}", r"\x a."),
        (r"\newcommand{\x}{a}\let\x\y", r"\x"),
    ],
)
def test_macros_that_cannot_be_expanded_stay(definition: str, use: str) -> None:
    assert text_of(use, definition) == use


@pytest.mark.parametrize("command", sorted(PROGRAMMING))
def test_a_macro_that_is_a_program_stays(command: str) -> None:
    assert text_of(r"\x{1}", rf"\newcommand{{\x}}[1]{{\{command} #1}}") == r"\x{1}"


@pytest.mark.parametrize("command", sorted(ARGUMENT_COMMANDS))
def test_a_macro_in_the_place_of_an_argument_gets_braces(command: str) -> None:
    assert text_of(rf"\{command}\x", r"\newcommand{\x}{ab}") == rf"\{command}{{ab}}"


@pytest.mark.parametrize(
    "unit", ["\\x[", "\\x{", "\\verb|", "\\begin{verbatim}", "\\iffalse ", "\\usepackage[", "\\title{"]
)
def test_openings_without_end_are_read_in_linear_time(unit: str) -> None:
    start = time.process_time()
    text_of(unit * 30_000 + "end", r"\newcommand{\x}[2][d]{#1#2}")
    assert time.process_time() - start < 2, "a quadratic scan takes minutes"


def test_a_definition_within_a_paragraph_leaves_no_blank_line() -> None:
    assert text_of("one\n\\newcommand{\\x}{X}\ntwo \\x") == "one\ntwo X"


def test_inputs_are_put_in_their_order_and_stay_inside_the_project() -> None:
    body = "\\input{b}|\\include{a.tex}|\\input a |\\subfile{c}|\\input{../secret}|\\input{/etc/passwd}|\\input{gone}"
    part = "\\documentclass[main]{subfiles}\\newcommand{\\no}{}\\begin{document}C\\end{document}"
    expected = "B|A|A |C|\\input{../secret}|\\input{/etc/passwd}|\\input{gone}"
    assert text_of(body, a_tex="A", b_tex="B", c_tex=part) == expected


def test_inputs_are_seen_from_the_main_file_or_from_the_caller() -> None:
    files = {
        "v1/ms.tex": "\\documentclass{a}\\begin{document}\\input{s/one}\\import{s/}{two}\\end{document}",
        "v1/s/one.tex": "1\\input{two}",
        "v1/s/two.tex": "2",
    }
    outcome = flatten(files)
    assert isinstance(outcome, Document)
    assert (outcome.text, outcome.meta["main"], outcome.meta["missing"]) == ("122", "v1/ms.tex", 0)


def test_a_cycle_of_inputs_ends() -> None:
    assert text_of("\\input{a}", a_tex="A\\input{b}", b_tex="B\\input{a}") == "AB\\input{a}"


def test_macros_of_the_papers_own_style_file_are_known() -> None:
    assert text_of("\\R", "\\usepackage{own}\\usepackage{amsmath}", own_sty="\\newcommand{\\R}{R!}") == "R!"


def test_title_and_abstract_of_the_preamble_are_kept_and_appendices_too() -> None:
    preamble = "\\newcommand{\\me}{us}\\title[short]{By \\me}\n\\abstract{About}"
    body = "Text\n\\bibliographystyle{x}\n\\bibliography{refs}\n\\appendix\nMore \\appendixname"
    expected = "\\title[short]{By us}\n\n\\abstract{About}\n\n\nText\n\\appendix\nMore \\appendixname"
    assert text_of(body, preamble) == expected


@pytest.mark.parametrize(
    "references",
    [
        "\\bibliography{a}\n",
        "\\bibliographystyle{a}\n",
        "\\nocite{a}\n",
        "\\printbibliography[title=x]\n",
        "\\begin{thebibliography}{9}\n\\bibitem{a} A\\end{thebibliography}",
        "\\begin{references}\\bibitem{a} A\\end{references}",
        "\\begin{REFERENCES}\\bibitem{a} A\\end{REFERENCES}",
        "\\begin{biblist}\\bib{a}\\end{biblist}",
    ],
)
def test_references_are_cut(references: str) -> None:
    assert text_of(f"before\n{references}after all") == "before\nafter all"
    assert text_of(f"before\n{references}") == "before"


def test_the_main_file_is_the_whole_document_that_no_other_inputs() -> None:
    files = {
        "a.tex": "\\documentclass{standalone}\\begin{document}figure\\end{document}",
        "b.tex": "% \\documentclass{article}\\begin{document}old\\end{document}",
        "z.tex": "\\documentclass{article}\\begin{document}paper\\end{document}",
    }
    outcome = flatten(files)
    assert isinstance(outcome, Document)
    assert (outcome.text, outcome.meta["mains"]) == ("paper", 2)


def test_plain_tex_is_taken_as_a_whole() -> None:
    outcome = flatten({"main.tex": "\\magnification=1200 Text % c\n\\bye"})
    assert isinstance(outcome, Document)
    assert outcome.text == "\\magnification=1200 Text \n\\bye"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no-main"),
        ({"a.tex": "no document class"}, "no-main"),
        (main("% all comment\n"), "empty"),
        (main("\\input{a}\\input{a}") | {"a.tex": "\\input{b}\\input{b}", "b.tex": "x" * 9_000}, "too-large"),
        (main("\\input{a}" * 60) | {"a.tex": ""}, "too-large"),
    ],
)
def test_refusals(files: dict[str, str], reason: str) -> None:
    assert reason_of(files, max_chars=30_000, max_inputs=50) == f"latex/{reason}"


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"a": 1}', b"\xff", b"[" * 100_000, b"{"])
def test_raw_that_is_no_project_is_refused(raw: bytes) -> None:
    outcome = FlattenLatex()(Document("x", "arxiv", raw=raw))
    assert isinstance(outcome, Drop)
    assert outcome.reason == "not-a-project"


def test_a_macro_bomb_is_refused_and_bounded() -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    chain = "".join(f"\\newcommand{{\\q{b}}}{{{f'{chr(92)}q{a}' * 10}}}" for a, b in pairwise(names))
    bomb = main(f"\\newcommand{{\\qa}}{{ha}}{chain}\\qz")
    assert reason_of(bomb, max_expansions=10_000) == "latex/macro-bomb"
    doubling = main("\\newcommand{\\d}[1]{#1#1}" + "\\d{" * 60 + "x" + "}" * 60)
    assert reason_of(doubling, max_chars=100_000) == "latex/macro-bomb"
    verbatim = main(
        f"\\newcommand{{\\d}}[1]{{#1#1#1}}\\d{{\\d{{\\d{{\\begin{{verbatim}}{'x' * 9_000}\\end{{verbatim}}}}}}}}"
    )
    assert reason_of(verbatim, max_chars=100_000) == "latex/too-large"


pieces = st.sampled_from(
    ["\\newcommand", "\\def", "\\x", "\\y", "{", "}", "[", "]", "#1", "#2", "%", "\n", "\\input", "{a}", "\\verb", "|",
     "\\begin{verbatim}", "\\end{verbatim}", "\\iffalse", "\\fi", "\\else", "\\", "1", "x", " ", "\0", "\\url",
     "\\end{document}", "\\begin{document}", "\\documentclass{a}", "\\begin{thebibliography}", "\\title", "\\frac"]
)  # fmt: skip


@given(st.lists(pieces, max_size=40).map("".join), st.lists(pieces, max_size=40).map("".join))
def test_no_project_raises(body: str, part: str) -> None:
    outcome = flatten(main(body) | {"a.tex": part}, max_expansions=500, max_chars=20_000)
    assert isinstance(outcome, Document | Drop)
    assert not isinstance(outcome, Document) or "\0" not in outcome.text


@given(st.dictionaries(st.text(), st.text()))
def test_a_project_is_encoded_without_loss(files: dict[str, str]) -> None:
    assert decode_project(encode_project(files)) == files
