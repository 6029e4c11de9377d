"""Files say in which encoding they are, or it shows; whatever the bytes, the answer is text or a UnicodeError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.encoding import CODECS, decode, is_binary

RUSSIAN = "% Вычисление собственных значений матрицы\nx = eig(A);\n"
CHINESE = "% 求和函数，计算矩阵的特征值\nx = eig(A);\n"


@pytest.mark.parametrize("name", CODECS)
def test_every_name_leads_to_an_encoding_of_text(name: str) -> None:
    assert name == name.lower().replace("_", "-")
    assert "".encode(CODECS[name]).decode(CODECS[name]) == ""


@pytest.mark.parametrize("name", [name for name in CODECS if not CODECS[name].startswith("utf")])
def test_every_name_is_heeded_where_a_file_declares_it(name: str) -> None:
    codec = CODECS[name]
    letter = next((char for char in "éэءα計한אกđž" if len(char.encode(codec, "ignore")) in (1, 2)), "é")
    text = f"# -*- coding: {name} -*-\n# {letter}\n"
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize(
    "declaration",
    [
        "# -*- coding: iso-8859-2 -*-",
        "# vim: set fileencoding=ISO-8859-2 :",
        "% vim: fenc=latin2",
        "%!TEX encoding = iso-8859-2",
        "\\usepackage[latin2]{inputenc}",
        "  \\RequirePackage [latin2] {inputenc}",
        "\\inputencoding{latin2}",
        '<?xml version="1.0" encoding="ISO-8859-2"?>',
        ";;; -*- mode: maplev; coding: iso-8859-2-unix -*-",
    ],
)
def test_a_declaration_is_heeded(declaration: str) -> None:
    text = f"{declaration}\nŁódź, jeż\n"
    assert decode(text.encode("iso8859-2")) == text


def test_a_declaration_in_the_last_lines_is_heeded() -> None:
    text = "Łódź\n" + "x\n" * 50_000 + "% Local Variables:\n% coding: latin-2\n% End:\n"
    assert decode(text.encode("iso8859-2")) == text


def test_a_declaration_that_does_not_fit_or_is_commented_out_is_not_heeded() -> None:
    assert decode("% coding: utf-8\ncafé".encode("latin-1")).endswith("café")
    assert decode("% \\usepackage[koi8-r]{inputenc}\ncafé".encode("latin-1")).endswith("café")
    assert decode("# coding: punycode\ncafé".encode("latin-1")).endswith("café")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r", "cp866"])
def test_russian_is_read(codec: str) -> None:
    assert decode(RUSSIAN.encode(codec)) == RUSSIAN


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_chinese_is_read(codec: str) -> None:
    assert decode(CHINESE.encode(codec)) == CHINESE


@pytest.mark.parametrize("word", ["Überlagerungen", "Fréchet", "Árpád", "Sinkhorn–Knopp", "François"])
def test_a_single_western_word_is_read(word: str) -> None:
    assert decode(f"% {word}\nx = 1;\n".encode("cp1252")) == f"% {word}\nx = 1;\n"


@pytest.mark.parametrize(
    ("codec", "comment"),
    [
        ("shift_jis", "行列の固有値を計算"),
        ("euc_jp", "行列の固有値"),
        ("cp949", "행렬"),
        ("gbk", "求和"),
        ("koi8-r", "Матрица"),
    ],
)
def test_a_single_comment_is_read(codec: str, comment: str) -> None:
    text = f"function y = f(x)\n% {comment}\ny = x + 1;\n" * 3
    assert decode(text.encode(codec)) == text


def test_what_nobody_can_tell_is_refused_rather_than_read_as_western() -> None:
    with pytest.raises(UnicodeError):
        decode("function y = f(x)\n% 計算矩陣\ny = x + 1;\n".encode("big5"))


def test_a_western_byte_in_utf8_is_mended() -> None:
    assert decode("Poincaré, Čech, Łoś, ".encode() + "Fréchet".encode("latin-1")) == "Poincaré, Čech, Łoś, Fréchet"


@pytest.mark.parametrize("raw", [b"a\0b\xff", bytes(range(256)), b"\x01\x02\x03\x04\xff\xfe\xfd"])
def test_binary_files_are_no_text(raw: bytes) -> None:
    assert is_binary(raw)
    with pytest.raises(UnicodeError):
        decode(raw)


def test_a_form_feed_or_an_escape_makes_no_binary() -> None:
    assert not is_binary(b"\f\n\x1b[1mbold\x1b[0m\r\n\x1a")


@given(st.binary())
def test_any_bytes_are_text_or_a_unicode_error(raw: bytes) -> None:
    try:
        decode(raw).encode()
    except UnicodeError:
        return


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf8_is_what_it_is(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == text
