"""The prefilter sees every sign of mathematics on its lists, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.prefilter import Prefilter
from filters.signs import COMMANDS, KEYWORDS, SIGNS, maths_sign


def page(raw: bytes) -> Document:
    return Document("a", "web", raw=raw, meta={"status": 200})


def test_the_lists_begin_with_those_of_the_paper() -> None:
    assert (KEYWORDS[0], KEYWORDS[9], len(set(KEYWORDS))) == ("MathJax", "class='tex'", len(KEYWORDS))
    assert (len(COMMANDS), len(set(COMMANDS))) == (100, 100)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_each_keyword_passes(keyword: str) -> None:
    outcome = Prefilter()(page(f"<p>x {keyword} y".encode()))
    assert isinstance(outcome, Document)
    assert outcome.meta == {"status": 200, "prefilter": "keyword"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_passes_and_its_longer_neighbours_do_not(command: str) -> None:
    assert maths_sign(f"<p>\\{command}{{a}}".encode()) == "command"
    assert maths_sign(f"<p>\\{command}zqx".encode()) in ("backslash", "")
    assert maths_sign(f"<p>{command}".encode()) == ""


@pytest.mark.parametrize("text", [rb"C:\tools", rb"\inbox", rb"\belief", rb"\d+\w*", b"", b"\\"])
def test_backslashes_of_other_trades_are_refused(text: bytes) -> None:
    outcome = Prefilter()(page(b"<p>" + text))
    assert isinstance(outcome, Drop)
    assert (outcome.rule, outcome.reason, outcome.id) == ("prefilter", "no-maths", "a")


PROSE = b"""<p>Let G be a finite group and let H be a subgroup of G. Then the order of the subgroup divides the order
of the group. To prove the theorem, consider the set of left cosets of the subgroup. Every element of the
group lies in exactly one coset, and the map given by multiplication is a bijection between any two
cosets. Hence all cosets have the same number of elements, and the claim follows by counting. In
particular the order of an element divides the order of the group, since it equals the order of the
cyclic subgroup that the element generates.</p>"""


def test_words_of_mathematics_pass_where_there_is_some_command() -> None:
    outcome = Prefilter()(page(rb"<script>'\<p'.match(/\wd/)</script>" + PROSE + rb"<p>\myowncommand</p>"))
    assert isinstance(outcome, Document)
    assert outcome.meta["prefilter"] == "score"


@pytest.mark.parametrize(
    "html",
    [
        PROSE,  # no backslash
        PROSE[:400] + rb"\myowncommand",  # too short
        rb"<p>\myowncommand</p><p>" + b"Bake until the top is brown and crisp. Serve hot with a salad. " * 20,
        rb"<p>\myowncommand</p><!-- " + PROSE,
        rb"<p>\myowncommand</p><script>" + PROSE,
        rb"<p>\myowncommand</p>" + b"<i>" * 20_000 + PROSE,  # beyond the window
        rb"<p>\myowncommand</p>" + b"<" * 60_000,
    ],
)
def test_other_words_do_not(html: bytes) -> None:
    assert isinstance(Prefilter()(page(html)), Drop)


PIECES = st.sampled_from([*KEYWORDS, *COMMANDS]) | st.text("\\ajJtx<_ \n\0é", max_size=3)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_all_signs_are_found_that_a_search_for_each_finds(text: str) -> None:
    command = re.search(rf"\\(?:{'|'.join(COMMANDS)})(?![a-zA-Z])", text) is not None
    keyword = any(word in text for word in KEYWORDS)
    assert ("keyword" in SIGNS.found_in(text.encode()), "command" in SIGNS.found_in(text.encode())) == (
        keyword,
        command,
    )
