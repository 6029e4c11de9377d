"""The manual rules on web pages, each with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import wordlist
from filters.document import Document, Drop
from filters.filter import Filter
from filters.web import Accents, HtmlType, Length, NewcommandLines, UrlBan

HTML = b"<!DOCTYPE html><p>Let x be a number."
PAGE = Document("a", "web", raw=HTML, url="https://maths.example.org/lesson")
BANNED = wordlist.load("filters", "banned_urls.txt")


def reason(rule: Filter, document: Document) -> str:
    outcome = rule(document)
    return outcome.reason if isinstance(outcome, Drop) else ""


@pytest.mark.parametrize(
    ("meta", "raw", "expected"),
    [
        ({"content_type": "text/html; charset=utf-8", "status": 200}, HTML, ""),
        ({"content_type": "Application/XHTML+XML"}, HTML, ""),
        ({"content_type": "application/pdf"}, HTML, "content-type"),
        ({"content_type": "text/html", "status": 404}, HTML, "status"),
        ({"content_type": "text/html", "status": "200"}, HTML, ""),
        ({"content_type": "text/html"}, b" \n ", "empty"),
        ({}, HTML, ""),
        ({}, b'\xef\xbb\xbf\n<?xml version="1.0"?> <!-- x --> <HTML lang=en>', ""),
        ({}, b"%PDF-1.4 <html>", "content-type"),
        ({}, b"plain text", "content-type"),
        ({}, b"<rss version='2.0'>", "content-type"),
    ],
)
def test_html_type(meta: dict[str, object], raw: bytes, expected: str) -> None:
    assert reason(HtmlType(), replace(PAGE, meta=meta, raw=raw)) == expected


def test_a_record_that_is_no_answer_of_a_server_says_so() -> None:
    outcome = HtmlType()(replace(PAGE, meta={"status": ""}))
    assert isinstance(outcome, Drop)
    assert (outcome.reason, outcome.detail) == ("status", "none")


@pytest.mark.parametrize("entry", BANNED)
def test_each_banned_entry_bans(entry: str) -> None:
    urls = {
        "/": f"https://example.org{entry}",
        "?": f"https://example.org/page?a=1&{entry[1:]}",
    }.get(entry[0], f"https://www.{entry}/page")
    outcome = UrlBan()(replace(PAGE, url=urls))
    assert isinstance(outcome, Drop)
    assert (outcome.rule, outcome.reason) == ("url", "banned")
    assert entry in BANNED


def test_the_banned_list_is_long_and_free_of_doubles() -> None:
    assert 50 <= len(BANNED) == len(set(BANNED))


@pytest.mark.parametrize(
    "url",
    [
        "https://maths.example.org/lesson",
        "https://notarchive.org/",
        "https://example.org/nih.gov",
        "https://example.org/cartesian-product",
        "https://example.org/graph/search-for-connected-components.html",
        "",
        "http://[",
        "x",
    ],
)
def test_other_addresses_pass(url: str) -> None:
    assert reason(UrlBan(), replace(PAGE, url=url)) == ""


def test_a_host_bans_its_subdomains_in_any_case() -> None:
    assert reason(UrlBan(), replace(PAGE, url="https://pubmed.ncbi.NLM.nih.gov:443/1")) == "banned"


def test_length_counts_characters() -> None:
    assert reason(Length(), replace(PAGE, text="é" * 99)) == "short"
    assert reason(Length(), replace(PAGE, text="é" * 100)) == ""
    assert reason(Length(longest=120), replace(PAGE, text="x" * 121)) == "long"


@pytest.mark.parametrize("letter", Accents().letters)
def test_each_accented_letter_counts_in_both_cases(letter: str) -> None:
    for form in (letter, letter.upper()):
        assert reason(Accents(), replace(PAGE, text="x" * 40 + form)) == "accented"


def test_accents_allow_a_name_now_and_then() -> None:
    assert reason(Accents(), replace(PAGE, text="A theorem of Poincaré, " + "proved in the usual way, " * 3)) == ""
    assert reason(Accents(), replace(PAGE, text="")) == ""
    assert reason(Accents(), replace(PAGE, text="∀ε>0 ∃δ>0 αβγ ≤ ∞")) == ""


def test_newcommand_lines_go_and_all_others_stay() -> None:
    text = "one\n\\newcommand{\\a}{1} \\newcommand{\\b}{2}\n\\newcommand{\\c}{3}\nend"
    outcome = NewcommandLines()(replace(PAGE, text=text))
    assert isinstance(outcome, Document)
    assert outcome.text == "one\n\\newcommand{\\c}{3}\nend"


def test_no_blank_lines_are_left_where_definitions_stood() -> None:
    outcome = NewcommandLines()(replace(PAGE, text="$$\\newcommand{\\a}{1}\\newcommand{\\b}{2}$$\n\nend"))
    assert isinstance(outcome, Document)
    assert outcome.text == "end"


@given(st.text(), st.text(), st.binary())
def test_nothing_raises(text: str, url: str, raw: bytes) -> None:
    document = Document("a", "web", text=text, url=url, raw=raw)
    rules: list[Filter] = [HtmlType(), UrlBan(), Length(), Accents(), NewcommandLines()]
    for rule in rules:
        assert isinstance(rule(document), Document | Drop)
