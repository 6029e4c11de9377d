"""Statements count where a compiler would read them; no text is too odd, too deep or too long to be looked at."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import languages
from filters.syntax import Lexer, Span, Statements, tree_states
from languages import Language, Lexis

LANGUAGES = [language for language in map(languages.load, languages.names()) if language.statements]
WITH_GRAMMAR = [language for language in LANGUAGES if language.grammar]
C_LIKE = Lexis(line_comments=("//",), block_comments=(("/*", "*/"),), strings=('"', "'"))


@pytest.mark.parametrize(
    ("name", "text", "stated"),
    [
        ("c", "#include <fftw3.h>", True),
        ("c", '  #  include "api/fftw3.h" // ours', True),
        ("c", "#include <stdio.h>\r\n#include <gsl/gsl_sf.h>\r\n", True),
        ("c", "// #include <fftw3.h>", False),
        ("c", "/*\n#include <fftw3.h>\n*/", False),
        ("c", "/* it's fast */\n#include <fftw3.h>", True),
        ("c", 'char *s = "\\\n#include <fftw3.h>\n";', False),
        ("c", "#error don't\n#include <fftw3.h>", True),
        ("c", "char q = '\"';\n#include <fftw3.h>\nchar p = '\"';", True),
        ("c", 'char *s = "/*";\n#include <fftw3.h>\nchar *t = "*/";', True),
        ("c", "#include <fftw3.hpp>", False),
        ("c", '#define H "x.h"\n#include H', False),
        ("cpp", "#include <Eigen/Dense>", True),
        ("cpp", '#include "../../Eigen/Core"', True),
        ("cpp", "#include <boost/algorithm/string.hpp>\n#include <boost/numeric/conversion/cast.hpp>", False),
        ("cpp", 'auto s = R"(\n#include <Eigen/Dense>\n)";', False),
        ("cpp", 'auto s = R"x(\n#include <Eigen/Dense>\n)x";', False),
        ("cpp", 'auto s = R"x(")x";\n#include <Eigen/Dense>', True),
        ("cpp", "int million = 1'000'000, dozen = 1'2;\n#include <Eigen/Dense>", True),
        ("python", "import numpy", True),
        ("python", "import pandas, numpy as np", True),
        ("python", "import pandas as pd, \\\n    numpy as np", True),
        ("python", "from numpy.linalg import x", True),
        ("python", "from numpy import (\n    zeros,\n)", True),
        ("python", "def f():\n    import numpy", True),
        ("python", "try: import numpy\nexcept ImportError: pass", True),
        ("python", "import os; import numpy", True),
        ("python", '"""Reads tables."""\nimport numpy', True),
        ("python", '"""Like this:\n\nimport numpy\n"""', False),
        ("python", "'''\n>>> x = \"\"\"\nimport numpy\n'''", False),
        ("python", "x = 'a \\\nimport numpy'", False),
        ("python", "x = f\"{'\\n'}\" 'it'\nimport numpy", True),
        ("python", "# import numpy", False),
        ("python", "# first; import numpy", False),
        ("python", "print('; import numpy')", False),
        ("python", "import jaxb, numpysque", False),
        ("python", "from .numpy import x", False),
        ("python", "from os import numpy", False),
        ("haskell", "import Numeric.LinearAlgebra", True),
        ("haskell", "module M where\n\nimport safe qualified Data.Complex as C\n", True),
        ("haskell", 'import "vector-space" Data.VectorSpace', True),
        ("haskell", "{- import Data.Complex -}", False),
        ("haskell", "{- {- -}\nimport Data.Complex\n-}", False),
        ("haskell", "{- it's {- nested -} -}\nimport Data.Complex", True),
        ("haskell", "-- import Data.Complex", False),
        ("haskell", "import Data.ComplexField", False),
        ("haskell", "import\n    qualified Data.Complex", True),
        ("haskell", "-- | Sums.\nmodule Numeric.Sum (kahan) where", True),
        ("haskell", "module Main where\nimport Data.Text", False),
        ("haskell", "{-# LANGUAGE CPP #-}\n#define Q '\"'\nimport Data.Complex", True),
        ("jupyter-notebook", "```python\nimport sympy\n```", True),
        ("jupyter-notebook", "Here don't import anything.\n\n```python\nfrom sympy import *\n```", True),
        ("jupyter-notebook", '```python\nx = """\nimport sympy\n"""\n```', False),
        ("jupyter-notebook", "```python\n# import sympy\n```", False),
    ],
)
def test_statements_count_outside_comments_and_strings(name: str, text: str, stated: bool) -> None:
    assert Statements(languages.load(name)).found_in(text) == stated


@pytest.mark.parametrize("language", WITH_GRAMMAR, ids=[language.name for language in WITH_GRAMMAR])
def test_every_statement_stands_in_the_syntax_tree_of_its_example(language: Language) -> None:
    for marker in language.statements:
        for example in marker.examples:
            assert tree_states(language, f"{example}\n".encode()), example


def test_the_lexer_knows_where_comments_and_strings_end_and_how_surely() -> None:
    text = "a /* b */ 'c\\'d' \"e\n// f\n/* g"
    spans = [(text[span.start : span.end], span.certain) for span in Lexer(C_LIKE).spans(text)]
    assert spans == [("/* b */", True), ("'c\\'d'", True), ('"e', False), ("// f", True), ("/* g", False)]


def test_nested_comments_end_with_the_last_of_them() -> None:
    text = "(* a (* b *) *) (* (*) *)"
    assert list(Lexer(Lexis(block_comments=(("(*", "*)"),), nested=True)).spans(text)) == [
        Span(0, 15, certain=True),
        Span(16, 25, certain=False),
    ]
    assert [span.end for span in Lexer(Lexis(block_comments=(("(*", "*)"),))).spans(text)] == [12, 22]


def test_without_a_lexis_nothing_is_a_comment() -> None:
    assert list(Lexer(Lexis()).spans('/* a */ \'b\' """c"""')) == []


@given(text=st.text(alphabet="ab/*\"'\\#\n {}-"))
def test_spans_follow_one_another(text: str) -> None:
    for language in LANGUAGES:
        end = 0
        for span in Lexer(language.lexis).spans(text):
            assert end <= span.start < span.end <= len(text)
            end = span.end


@given(text=st.text(alphabet=st.characters(exclude_characters="*\r\x85\u2028\u2029")))
def test_a_comment_hides_what_it_holds_and_nothing_after_it(text: str) -> None:
    statements = Statements(languages.load("c"))
    assert not statements.found_in(f"/*{text}\n#include <fftw3.h>\n{text}*/")
    assert statements.found_in(f"/*{text}*/\n#include <fftw3.h>\n")


@given(text=st.text(alphabet="import numpy#\"'\\\n;:,."), before=st.sampled_from(["", "'", '"""', "x = '\\"]))
def test_where_the_lexer_is_certain_the_tree_agrees_on_whole_lines(text: str, before: str) -> None:
    """Whatever the quotes are: a line of its own after the last of them is read alike by both."""
    text = f"{before}{text}\n"
    if any(not span.certain for span in Lexer(languages.load("python").lexis).spans(text)):
        return
    language = languages.load("python").model_copy(update={"grammar": ""})
    assert Statements(language).found_in(text + "\nimport sympy\n")


@pytest.mark.parametrize("language", LANGUAGES, ids=[language.name for language in LANGUAGES])
def test_hostile_text_is_looked_at_in_bounded_time(language: Language) -> None:
    example = language.statements[0].examples[0]
    unsure = f"{example[0]}'\"\n"
    started = time.process_time()
    for piece in ("(", "{-", "/*", '"\\', '"""', "a<", "\0", f"{example} ", f"{example}\n", f"'\"{example}\n", "\\\n"):
        text = piece * (300_000 // len(piece))
        Statements(language).found_in(unsure + text + f"\n{example}\n")
        Statements(language).found_in(text)
    assert time.process_time() - started < 15


@pytest.mark.parametrize("opener", ["(", "{", "f(\"'"])
def test_the_parser_stops_or_ends_however_deep_the_nesting(opener: str) -> None:
    for language in WITH_GRAMMAR:
        started = time.process_time()
        tree_states(language, opener.encode() * (32_768 // len(opener)))
        assert time.process_time() - started < 2
