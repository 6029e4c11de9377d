"""Isabelle's theorems: names, extents, statements."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.heldout_isabelle import COMMANDS, EITHER, GOALS, PROOFS, SYMBOLS, declarations


def theorems(text: str) -> list[str]:
    return [found.name for found in declarations(text)[1] if found.statement]


def statement(text: str) -> str:
    return declarations(text)[1][0].statement


def cut(text: str, name: str) -> str:
    masked, found = declarations(text)
    [one] = [one for one in found if one.statement and one.name == name]
    return (masked.source[: one.start] + masked.source[one.end :])[1:]


NAMED = {
    "plain": ('lemma foo: "p" by simp', ["foo"]),
    "attributes": ('lemma foo [simp, intro!]: "p" by simp\nlemma[simp]: "p" by simp', ["foo", ""]),
    "nested attributes": ('lemma foo[THEN bar[rotated],\n  simp] : "p" by simp', ["foo"]),
    "locale": ('lemma (in Corps) foo:"p" by simp\nlemma (in A) "p" by simp', ["foo", ""]),
    "unnamed": (
        'lemma "p = q" by simp\nlemma [simp]: "p" by simp\nlemma assumes fin: "p" shows "q" by simp',
        ["", "", ""],
    ),
    "symbols": ('lemma \\<tau>_x\\<^sub>1: "p" by simp\nlemma \\<open>p\\<close> by simp', ["\\<tau>_x\\<^sub>1", ""]),
    "quoted name": ('lemma "foo bar": "p" by simp', ["foo bar"]),
    "private": ('private lemma foo: "p" by simp\nqualified theorem bar: "p" by simp', ["foo", "bar"]),
    "marker": (
        'lemma \\<^marker>\\<open>tag x\\<close> foo: "p" by simp\nlemma%important bar: "p" by simp',
        ["foo", "bar"],
    ),
    "one line": ('lemma foo: "p" by simp lemma bar: "q" by simp', ["foo", "bar"]),
    "types are no names": ('lemma fixes x :: nat shows "p" by simp', [""]),
    "comments": ('(* lemma a: "p" (* lemma b: "p" *)\nlemma c: "p" *)\nlemma d: "p" by simp', ["d"]),
    "text": (
        (
            "text \\<open>\nlemma a: \\<open>p\\<close>\n\\<close>\n"
            'text ‹\nlemma b: ‹p›\n›\ntext {*\nlemma c: "p" *}\nlemma d: "p" by simp'
        ),
        ["d"],
    ),
    "strings": ('definition a where "a =\nlemma b: p"\nlemma c: "(*) x" by simp\nlemma d: "p" by simp', ["c", "d"]),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), NAMED.values(), ids=NAMED)
def test_names(text: str, expected: list[str]) -> None:
    assert theorems(text) == expected


BEFORE = 'theory X imports Main\nbegin\n\nlemma first: "p"\n  by simp\n\n'
AFTER = 'definition last where\n  "last = 1"\n\nend\n'
EXTENTS = {
    "by": 'lemma t: "p" by (simp add: foo)\n\n',
    "apply": 'lemma t:\n  "p"\napply simp\n\napply (rule x)\n done\n\n',
    "nested proofs": (
        'theorem t: "p"\nproof (induct x)\n  case 0\n'
        '  have "q"\n  proof -\n    show ?thesis by simp\n  qed\n\n  then show ?case .\nqed auto\n\n'
    ),
    "text within a proof": (
        'lemma t: "p"\nproof -\n  text \\<open>lemma u\\<close>\n'
        "  show ?thesis by simp\ntext \\<open>more\\<close>\nqed\n\n"
    ),
    "text within a script": 'lemma t: "p"\napply simp\ntxt \\<open>more\\<close>\nby simp\n\n',
    "using and unfolding": (
        'lemma (in A) t[simp]:\n  assumes "p"\n  shows "q"\n  using assms\n\n  unfolding foo_def\n  by simp\n\n'
    ),
    "comments": 'lemma t: "p" (* lemma u: "p"\n\n definition *)\n  by simp\n  (* so *)\n\n',
    "oops": 'lemma t: "p"\n  nitpick\n  oops\n\n',
    "dot": 'lemma t: "p"\nproof -\n  from a show ?thesis .\nqed\n\n',
}


@pytest.mark.parametrize("declared", EXTENTS.values(), ids=EXTENTS)
def test_a_whole_theorem_goes_and_nothing_else(declared: str) -> None:
    assert cut(BEFORE + declared + AFTER, "t") == BEFORE + AFTER


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_ends_a_proof(word: str) -> None:
    assert cut(f'lemma t: "p"\nproof\n{word} x\n', "t") == f"{word} x\n"


@pytest.mark.parametrize("word", EITHER)
def test_what_may_stand_in_a_proof_ends_only_a_finished_one(word: str) -> None:
    assert cut(f'lemma t: "p" by simp\n{word} x\n', "t") == f"{word} x\n"
    assert cut(f'lemma t: "p"\nproof -\n{word} x\nqed\nend\n', "t") == "end\n"


@pytest.mark.parametrize("word", GOALS)
def test_every_goal_is_a_theorem(word: str) -> None:
    assert cut(f'end\n{word} t: "p" by simp\nend\n', "t") == "end\nend\n"


@pytest.mark.parametrize("word", PROOFS)
def test_every_word_of_proofs_ends_a_statement(word: str) -> None:
    assert statement(f'lemma t: "p"\n  {word} x') == '"p"'


@pytest.mark.parametrize("entry", SYMBOLS)
def test_symbols_are_the_same_in_both_spellings(entry: str) -> None:
    name, character = entry.split()
    if name == "comment":
        assert (
            statement(f'lemma "p" {character} ‹x› by simp')
            == statement('lemma "p" \\<comment> \\<open>x\\<close> by simp')
            == '"p"'
        )
    else:
        assert statement(f'lemma "p {character} q" by simp') == statement(f'lemma "p \\<{name}> q" by simp')


def test_statements_do_not_depend_on_spaces_quotation_and_comments() -> None:
    assert statement('lemma a:\n  assumes "x\n = y" (* so *) shows "z" by simp') == 'assumes"x=y"shows"z"'
    assert statement("lemma ‹x = y› by simp") == statement('lemma [simp]: "x = y" .') == '"x=y"'


@given(st.lists(st.sampled_from([*'\n"(*)[]‹›`: .\\', "lemma ", "proof ", "qed ", "text ", "end ", "by "])))
def test_no_text_raises_and_declarations_are_in_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    masked, found = declarations(text)
    assert len(masked.code) == len(masked.source) == len(text) + 1
    at = 1
    for one in found:
        assert at <= one.start < one.end <= len(masked.source)
        at = one.end


@pytest.mark.parametrize(
    "piece", ["(*", "{*", "\\<open>", '"\\"', "lemma [\n", "lemma[a\n", "proof\ntext\n", " lemma", "lemma (in\n"]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    declarations(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 3
