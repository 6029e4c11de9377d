"""In which encoding a page is read: the HTML standard's order, and what the bytes say against it."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.charset import decode

LATIN = "<p>été à Zürich"
LONG = "x" * 2000

SAMPLES = {
    "windows-1250": "Zażółć gęślą jaźń, ČŠŽ", "windows-1251": "Теорема Колмогорова",
    "windows-1253": "Θεώρημα Ευκλείδη", "windows-1254": "Işık ve gölge", "windows-1255": "משפט פיתגורס",
    "windows-1256": "نظرية فيثاغورس", "windows-1257": "Ąžuolas ir ėglė", "windows-1258": "Đ ơ ư ă",
    "windows-874": "ทฤษฎีบทพีทาโกรัส", "iso-8859-2": "Příliš žluťoučký", "iso-8859-5": "Теорема Лобачевского",
    "iso-8859-7": "Θαλής", "iso-8859-9": "Işık", "iso-8859-15": "œuvre à 5 €", "koi8-r": "Теорема Чебышёва",
    "koi8-u": "Теорема Крейна її", "ibm866": "Теорема", "macintosh": "été", "x-mac-cyrillic": "Теорема",
    "gb2312": "勾股定理", "gbk": "勾股定理與證明", "gb18030": "勾股定理𠀀", "big5": "畢氏定理",
    "shift_jis": "ピタゴラスの定理①", "euc-jp": "ピタゴラスの定理", "iso-2022-jp": "ピタゴラスの定理",
    "euc-kr": "피타고라스의 정리 똠", "utf-8": "Théorème 定理 𝔸",
}  # fmt: skip
"""A text for every name, with characters in which it differs from its neighbours."""
PYTHON = {
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "x-mac-cyrillic": "mac-cyrillic",
}


def in_encoding(name: str, html: str) -> bytes:
    return html.encode(PYTHON.get(name, name))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_encoding_by_header(name: str) -> None:
    html = f"<p>{SAMPLES[name]}"
    assert decode(in_encoding(name, html), name.upper())[0] == html


@pytest.mark.parametrize("name", SAMPLES)
def test_every_encoding_by_meta(name: str) -> None:
    html = f"<html><head><title>x</title><meta charset={name}></head><p>{SAMPLES[name]}"
    assert decode(in_encoding(name, html))[0] == html


@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="koi8-r">',
        "<meta charset=koi8-r>",
        "<META CHARSET = 'KOI8-R' >",
        "<meta/charset=koi8-r/>",
        "<meta name=x content=y><meta charset=koi8-r>",
        '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
        '<meta content="text/html;charset=koi8-r" http-equiv=content-type>',
        '<meta http-equiv="Content-Type" content="text/html; charset=\'koi8-r\'">',
        f"<!-- {LONG} --><title>{LONG}</title><meta charset=koi8-r>",
        "<meta charset=koi8-r><meta charset=shift_jis>",
        "<meta charset=no-such><meta charset=koi8-r>",
        "<!-- <meta charset=shift_jis> --><meta charset=koi8-r>",
        '<meta name="description" content="How to set charset=shift_jis in HTML"><meta charset=koi8-r>',
        "<meta charset=koi8-r><!-- open",
    ],
)
def test_where_and_how_a_page_names_its_encoding(head: str) -> None:
    html = f"<!doctype html><html><head>{head}</head><body>Теорема"
    assert decode(html.encode("koi8-r")) == (html, "koi8-r")


def test_an_xml_declaration_counts_where_no_meta_does() -> None:
    html = '<?xml version="1.0" encoding="koi8-r"?><html>Теорема'
    assert decode(html.encode("koi8-r"))[0] == html
    html = '<?xml version="1.0" encoding="shift_jis"?><html><meta charset=koi8-r>Теорема'
    assert decode(html.encode("koi8-r"))[0] == html


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_wins_over_header_and_meta(mark: str) -> None:
    html = "<meta charset=koi8-r>Théorème 定理"
    assert decode(html.encode(mark), "shift_jis")[0] == html


def test_the_header_wins_over_meta() -> None:
    html = "<meta charset=shift_jis>Теорема"
    assert decode(html.encode("koi8-r"), "koi8-r")[0] == html


@pytest.mark.parametrize("charset", [None, "", "latin-1", "no-such", "none", "utf-7", "iso-2022-kr", "replacement"])
def test_a_header_that_names_no_encoding_is_passed_over(charset: str | None) -> None:
    html = "<meta charset=koi8-r>Теорема"
    assert decode(html.encode("koi8-r"), charset)[0] == html


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_two_bytes_a_letter_show_without_a_mark(name: str) -> None:
    html = "<html><p>Théorème 定理"
    assert decode(html.encode(name)) == (html, name)
    assert decode(html.encode(name), name)[0] == html


def test_utf_16_in_a_meta_element_is_a_mistake() -> None:
    html = "<meta charset=utf-16>Théorème"
    assert decode(html.encode()) == (html, "utf-8")


def test_user_defined_is_windows_1252() -> None:
    html = "<meta charset=x-user-defined>" + LATIN
    assert decode(html.encode("cp1252")) == (html, "cp1252")


@pytest.mark.parametrize("charset", ["iso-8859-1", "us-ascii", "windows-1252"])
def test_utf8_under_the_name_of_latin_1_is_utf8(charset: str) -> None:
    assert decode(LATIN.encode(), charset) == (LATIN, "utf-8")
    assert decode(LATIN.encode("cp1252"), charset) == (LATIN, "cp1252")
    assert decode(b"<p>plain", charset) == ("<p>plain", "cp1252")


def test_one_broken_byte_does_not_turn_utf8_into_something_else() -> None:
    text, encoding = decode(LATIN.encode() + b"\xff und \xe2\x80", "utf-8")
    assert (text, encoding) == (LATIN + "\ufffd und \ufffd", "utf-8")
    assert decode(LATIN.encode() + b"\xff")[1] == "utf-8"


def test_what_breaks_utf8_all_over_is_not_utf8() -> None:
    assert decode(LATIN.encode("cp1252"), "utf-8") == (LATIN, "cp1252")
    html = "<meta charset=koi8-r>Теорема"
    assert decode(html.encode("koi8-r"), "utf-8") == (html, "koi8-r")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cp1251", "Всякое чётное число есть сумма двух простых"),
        ("koi8-r", "Всякое чётное число есть сумма двух простых"),
        ("gb18030", "任何大于二的偶数都是两个素数之和"),
        ("cp932", "すべての偶数は二つの素数の和である"),
        ("euc-jp", "すべての偶数は二つの素数の和である"),
        ("iso8859-2", "Každé sudé číslo je součtem dvou prvočísel, říká domněnka"),
    ],
)
def test_detection_where_nothing_is_said(name: str, text: str) -> None:
    html = "<html><body>" + f"<p>{text}</p>" * 20
    assert decode(html.encode(name))[0] == html


def test_nothing_said_and_nothing_found_is_windows_1252() -> None:
    assert decode(LATIN.encode("cp1252")) == (LATIN, "cp1252")
    assert decode(b"") == ("", "utf-8")


@given(st.binary(max_size=300), st.sampled_from([None, *SAMPLES, "utf-16", "x-user-defined", "nonsense\x00"]))
def test_any_bytes_decode_to_clean_text(raw: bytes, charset: str | None) -> None:
    text, encoding = decode(raw, charset)
    text.encode()
    assert "\x00" not in text
    codecs.lookup(encoding)
