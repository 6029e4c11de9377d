"""The prefilter sees every sign of mathematics on its lists, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.prefilter import COMMAND, COMMANDS, KEYWORDS, Prefilter, maths_sign


def page(raw: bytes) -> Document:
    return Document("a", "web", raw=raw, meta={"status": 200})


def test_the_lists_are_those_of_the_paper_in_size() -> None:
    assert (len(KEYWORDS), len(COMMANDS), len(set(COMMANDS))) == (10, 100, 100)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_each_keyword_passes(keyword: bytes) -> None:
    outcome = Prefilter()(page(b"<p>x " + keyword + b" y"))
    assert isinstance(outcome, Document)
    assert outcome.meta == {"status": 200, "prefilter": "keyword"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_passes_and_its_longer_neighbours_do_not(command: str) -> None:
    assert maths_sign(f"<p>\\{command}{{a}}".encode()) == "command"
    assert maths_sign(f"<p>\\{command}zqx".encode()) == ""
    assert maths_sign(f"<p>{command}".encode()) == ""


@pytest.mark.parametrize("text", [rb"C:\tools", rb"\inbox", rb"\belief", rb"\d+\w*", b"", b"\\"])
def test_backslashes_of_other_trades_are_refused(text: bytes) -> None:
    outcome = Prefilter()(page(b"<p>" + text))
    assert isinstance(outcome, Drop)
    assert (outcome.rule, outcome.reason, outcome.id) == ("prefilter", "no-maths", "a")


@given(st.text("abeghinoqrstuvx\\{", max_size=12))
def test_the_factored_expression_is_the_list(text: str) -> None:
    naive = any(
        text.startswith(command, at + 1) and not text[at + 1 + len(command) :][:1].isalpha()
        for at, char in enumerate(text)
        if char == "\\"
        for command in COMMANDS
    )
    assert (COMMAND.search(text.encode()) is not None) == naive
