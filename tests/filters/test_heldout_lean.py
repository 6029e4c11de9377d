"""Lean's declarations: full names, extents, statements, in both versions."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.heldout_lean import COMMANDS, DECLARATIONS, MODIFIERS, PREFIXES, declarations


def names(text: str) -> list[str]:
    return [found.name for found in declarations(text)[1]]


def cut(text: str, name: str) -> str:
    """The text without what bears the name."""
    masked, found = declarations(text)
    [one] = [one for one in found if one.name == name]
    return (masked.source[: one.start] + masked.source[one.end :])[1:]


def statement(text: str) -> str:
    return declarations(text)[1][0].statement


NAMED = {
    "namespace": ("namespace foo\ntheorem bar : p := q\nend foo\ntheorem baz : p := q\n", ["foo.bar", "baz"]),
    "dotted namespace of Lean 3": ("namespace a.b\nlemma c : p := q\nend a.b\nlemma d : p := q\n", ["a.b.c", "d"]),
    "one of two components ended": (
        "namespace A.B\ntheorem c : p := q\nend B\ntheorem d : p := q\nend A\n",
        ["A.B.c", "A.d"],
    ),
    "sections": ("namespace a\nsection s\nlemma b : p := q\nend s\nlemma c : p := q\nend a\n", ["a.b", "a.c"]),
    "section without a name": ("section\nlemma b : p := q\nend\nlemma c : p := q\n", ["b", "c"]),
    "noncomputable section": (
        "namespace a\nnoncomputable section\nlemma b : p := q\nend\nend a\nlemma c : p",
        ["a.b", "c"],
    ),
    "root": ("namespace a\ntheorem _root_.b.c : p := q\nend a\n", ["b.c"]),
    "end of a proof in Lean 3": (
        "namespace a\nsection\nlemma b : p :=\nbegin\n  skip,\nend\nlemma c : p := q\nend\nend a\nlemma d : p := q\n",
        ["a.b", "a.c", "d"],
    ),
    "end of a match in Lean 3": (
        "section\ndef a := match b with\n| c := d\nend\nend\nnamespace e\nlemma f : p := q",
        ["a", "e.f"],
    ),
    "match of Lean 4 has no end": (
        (
            "namespace n\nsection\ntheorem a : p := match b with\n  | c => d\nend\n"
            "theorem e : p := q\nend n\ntheorem f : p := q\n"
        ),
        ["n.a", "n.e", "f"],
    ),
    "name before": ("lemma a\n  {x : X} : p := q\n", ["a"]),
    "name before a bracket": (
        "lemma a[group G] : p := q\ntheorem b{x : X} : p := q\ntheorem c(x : X) : p := q",
        ["a", "b", "c"],
    ),
    "name and colon": ("theorem a: p := q\n", ["a"]),
    "universes": ("theorem {u v} a : p := q\ntheorem b.{u} : p := q\n", ["a", "b"]),
    "attributes": (
        '@[simp, to_additive "a ] bracket"]\nprotected lemma a : p := q\n@[simp] private theorem b : p := q',
        ["a", "b"],
    ),
    "attributes with brackets": ("@[reassoc (attr := simp), foo [1]] theorem a : p := q\n", ["a"]),
    "tied commands": ("open Foo in\nset_option x 1 in\n/-- d -/\ntheorem a : p := q\n", ["a"]),
    "tied in one line": ("open Foo in theorem a : p := q\n", ["a"]),
    "quotes": ("namespace «a.b»\nlemma «c d» : p := q\nend «a.b»\nlemma e : p := q\n", ["«a.b».«c d»", "e"]),
    "instances": (
        "instance : foo := bar\ninstance baz : foo := bar\ninstance [priority 10] qux : foo := bar",
        ["", "baz", "qux"],
    ),
    "examples": ("example (x : X) : p := q\nexample : p := q\n", ["", ""]),
    "comments": ("-- theorem a : p\n/- /- theorem b : p\n-/ theorem c : p\n-/\n/-- d -/ theorem e : p := q\n", ["e"]),
    "strings": ('def a := "\ntheorem b : p\n"\ndef c := \'"\'\ntheorem d : p := q\n', ["a", "c", "d"]),
    "mutual": (
        "namespace n\nmutual\ntheorem a : p := b\ntheorem b : p := a\nend\nend n\ntheorem c : p := q",
        ["n.a", "n.b", "c"],
    ),
    "ends that fit nothing": ("end a\nend\ntheorem b : p := q\n", ["b"]),
    "line ends of Windows": (
        "namespace a\r\ntheorem b : p := q\r\nend a\r\nmutual\r\ntheorem c : p\r\nend\r\n",
        ["a.b", "c"],
    ),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), NAMED.values(), ids=NAMED)
def test_full_names(text: str, expected: list[str]) -> None:
    assert names(text) == expected


BEFORE = "import x\n\ntheorem first : p := q\n\n"
AFTER = "/-- Of the last. -/\n@[simp] lemma last : p := q\n"
EXTENTS = {
    "a term": "theorem t : p := q\n\n",
    "documentation and attributes": "/-- Doc of\n  theorem foo. -/\n-- remark\n@[simp]\nprivate theorem t : p := q\n\n",
    "blank lines in a proof": "theorem t : p := by\n  have h : q := by\n    simp\n\n  -- so\n\n  exact h\n\n\n",
    "begin and end": "lemma t : p :=\nbegin\n  cases h,\n  { skip },\n\n  begin\n    skip\n  end,\nend\n\n",
    "arms": "theorem t : nat → p\n| 0 := q\n\n| (n+1) := match n with\n  | _ := q\n  end\n\n",
    "where, termination and decrease": (
        "theorem t : p := go 0\nwhere\n  go : Nat → p\n  | 0 => q\ntermination_by n => n\ndecreasing_by\n\n  simp\n\n"
    ),
    "words of commands within": (
        "theorem t : p := by\n  open Foo in simp\n  set_option x 1 in\n  simp [prefix, «end»]\n\n"
    ),
    "a string": 'theorem t : p := by\n  trace "\ntheorem u : p := q\n"\n\n',
    "a comment": "theorem t : p := by\n  simp\n  /- theorem u : p := q\n\n  /- -/ -/\n\n",
    "tied": "open Foo in\nvariable (x) in\ntheorem t : p := q\n\n",
    "several lines of statement": "theorem t\n    (h : p) :\n\n    q :=\n  h\n\n",
}


@pytest.mark.parametrize("declared", EXTENTS.values(), ids=EXTENTS)
def test_a_whole_declaration_goes_and_nothing_else(declared: str) -> None:
    assert cut(BEFORE + declared + AFTER, "t") == BEFORE + AFTER


def test_comments_at_the_margin_behind_a_theorem_stay() -> None:
    assert (
        cut("theorem t : p := by\n  simp\n  -- done\n\n-- Now another.\n\ndef x := 1\n", "t")
        == "-- Now another.\n\ndef x := 1\n"
    )
    assert cut("theorem t : p := q\n\n/-! ## Section -/\n\ndef x := 1\n", "t") == "/-! ## Section -/\n\ndef x := 1\n"


def test_indented_declarations_keep_the_indentation_of_what_follows() -> None:
    assert (
        cut("namespace a\n  theorem t : p := q\n  theorem u : p := q\nend a\n", "a.t")
        == "namespace a\n  theorem u : p := q\nend a\n"
    )


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_ends_a_proof_at_the_left_margin(word: str) -> None:
    assert cut(f"theorem t : p := by\n  {word}\n{word} x\n", "t") == f"{word} x\n"


@pytest.mark.parametrize("word", DECLARATIONS)
def test_every_word_declares(word: str) -> None:
    expected = "" if word == "example" else "n.a"
    assert names(f"namespace n\n{word} a : p := q\nend n") == [expected]


@pytest.mark.parametrize("word", MODIFIERS)
def test_every_modifier_may_stand_before_a_declaration(word: str) -> None:
    assert cut(f"def x := 1\n{word} theorem t : p := q\ndef y := 1\n", "t") == "def x := 1\ndef y := 1\n"


@pytest.mark.parametrize("word", PREFIXES)
def test_every_prefix_is_tied_by_in_and_ends_a_proof_otherwise(word: str) -> None:
    assert cut(f"def x := 1\n{word} foo in\ntheorem t : p := q\ndef y := 1\n", "t") == "def x := 1\ndef y := 1\n"
    assert cut(f"theorem t : p := q\n{word} foo\n", "t") == f"{word} foo\n"


def test_statements_are_without_names_spaces_and_comments() -> None:
    assert statement("theorem a (x : ℕ)  -- remark\n  : x =/- -/ x := by simp") == "(x:ℕ):x=x"
    assert statement("lemma b (x : ℕ) :\n    x = x") == "(x:ℕ):x=x"
    assert statement("theorem c (x : ℕ := 3) : let y := x; y = 3 := q") == "(x:ℕ:=3):lety:=x;y=3"


def test_an_unclosed_quotation_mark_hides_nothing() -> None:
    assert names('theorem a : p := "\ntheorem b : p := q') == ["a", "b"]


@given(st.lists(st.sampled_from([*"\n\"'()-/@[]«».ax := ", "end", "begin", "theorem ", "namespace ", "open "])))
def test_no_text_raises_and_declarations_are_in_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    masked, found = declarations(text)
    assert masked.source == "\n" + text
    assert len(masked.code) == len(masked.source)
    at = 1
    for one in found:
        assert at <= one.start < one.end <= len(masked.source)
        at = one.end


HOSTILE = (
    "@[",
    "@[\n",
    "/-",
    '"\\"',
    "end\n",
    "begin\n",
    "end a\nnamespace a\n",
    "open a in ",
    "theorem a\n-- c\n",
    "let ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    declarations(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 3
