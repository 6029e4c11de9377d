"""Each rule of each language by itself, and that no bytes whatever make a filter raise."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import languages
from filters.code import Code, Decode, Density, FileType, LargeFiles, Markers, Size, classify, code_filters
from filters.document import Document, Drop
from filters.evidence import Evidence
from languages import Language

ALL = [languages.load(name) for name in languages.names()]
CODE = Code()
each_language = pytest.mark.parametrize("language", ALL, ids=languages.names())

DECLARED = {
    (step.rule, reason) for language in ALL for step in (*code_filters(language), Code()) for reason in step.reasons
}


def judge(language: str, path: str, raw: bytes) -> Document | Drop:
    """What the language's own filters say, whatever human language the text is in."""
    return CODE(Document(path, "test", language, meta={"path": path}, raw=raw))


def content(language: Language, text: str) -> bytes:
    """A file of the language around the text."""
    if not language.notebook:
        return text.encode()
    cell = {"cell_type": "markdown", "source": f"Prose.\n{text}"}
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode()


def harmless(language: Language) -> str:
    """The smallest text that the language keeps."""
    sufficient = (*language.any_of, *language.statements)
    return sufficient[0].examples[0] if sufficient else "x := y"


def refused(outcome: Document | Drop) -> tuple[str, str]:
    assert isinstance(outcome, Drop)
    return outcome.rule, outcome.reason


@each_language
def test_every_marker_keeps_a_file_by_itself(language: Language) -> None:
    for marker in (*language.any_of, *language.statements):
        for example in marker.examples:
            outcome = judge(language.name, "a", content(language, example))
            assert isinstance(outcome, Document), (example, outcome)
            assert outcome.subset == language.name
            assert outcome.raw == b""


@each_language
def test_a_file_without_any_marker_is_refused_where_markers_are_asked_for(language: Language) -> None:
    outcome = judge(language.name, "a", content(language, "nothing of note"))
    if Evidence(language).wanted:
        assert refused(outcome) == ("language", "no-marker")
    else:
        assert isinstance(outcome, Document)


@each_language
def test_every_refused_marker_refuses(language: Language) -> None:
    for refusal in language.none_of:
        for example in refusal.examples:
            outcome = judge(language.name, "a", content(language, f"{harmless(language)}\n{example}"))
            assert refused(outcome) == ("language", "refused-marker")
            assert isinstance(outcome, Drop)
            assert outcome.detail.startswith(refusal.reason)


@each_language
def test_every_refused_start_refuses_at_the_start_only(language: Language) -> None:
    for refusal in language.refused_starts:
        for example in refusal.examples:
            outcome = judge(language.name, "a", f"\n \t{example}\n{harmless(language)}".encode())
            assert refused(outcome) == ("language", "refused-start")
            assert isinstance(judge(language.name, "a", f"{harmless(language)}\n{example}".encode()), Document)


@each_language
def test_every_refused_path_refuses(language: Language) -> None:
    for refusal in language.refused_paths:
        for path in refusal.examples:
            outcome = judge(language.name, path, harmless(language).encode())
            assert refused(outcome) == ("language", "refused-path")


@each_language
@pytest.mark.parametrize("raw", [b"", b" ", b"\n\t \r\n", b"\xef\xbb\xbf", b"\xff\xfe", "\u3000\u2003".encode()])
def test_blank_files_are_refused(language: Language, raw: bytes) -> None:
    assert refused(judge(language.name, "a", raw)) == ("decode", "blank")


@each_language
def test_oversized_and_numeric_files_are_refused(language: Language) -> None:
    text = harmless(language) + "\n" + " " * language.max_bytes
    assert refused(judge(language.name, "a", text.encode())) == ("size", "too-large")
    numbers = harmless(language) + "\n" + "12345 67890\n" * 1000
    if language.max_density < 1:
        assert refused(judge(language.name, "a", numbers.encode())) == ("density", "digits")


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("python", "import numpy as np", True),
        ("python", "import pandas, numpy as np", True),
        ("python", "import pandas as pd , scipy.linalg", True),
        ("python", "def f():\n    from sympy.abc import x", True),
        ("python", "import jaxb", False),
        ("python", "from sagemaker import Session", False),
        ("python", "# import numpy", False),
        ("python", "print('import numpy')", False),
        ("python", "from .numpy import x", False),
        ("c", "#include <fftw3.h>", True),
        ("c", "#include <rfftw.h>", True),
        ("c", '  #  include "gsl_math.h"', True),
        ("c", "// #include <fftw3.h>", False),
        ("cpp", "#include <Eigen/Dense>", True),
        ("cpp", "#include <vector>", False),
        ("haskell", "import qualified Numeric.LinearAlgebra.Data as L", True),
        ("haskell", "-- import Data.Complex", False),
        ("coq", "Theorem wired : True.", True),
        ("coq", "Theorem t : True. (* the wire carries one bit *)", True),
        ("coq", "module m(input clk);\nwire Theorem;\nendmodule", False),
        ("lean", "example\n  : true := trivial", True),
        ("tex", "\\section[Short]{Long}", True),
        ("tex", "\\sectionmark{Long}", False),
        ("r", "x <- 1 # Rebol [1]", True),
        ("matlab", "% see @interface", True),
        ("matlab", "#import <Foundation/Foundation.h>", False),
    ],
)
def test_signs_are_read_as_the_language_reads_them(name: str, text: str, kept: bool) -> None:
    assert isinstance(judge(name, "a", text.encode()), Document) == kept


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("naïve ∑".encode(), "naïve ∑"),
        (b"\xef\xbb\xbfplain", "plain"),
        ("naïve".encode("utf-16"), "naïve"),
        (b"\xfe\xff" + "∑".encode("utf-16-be"), "∑"),
        (b"a\r\nb\n", "a\r\nb\n"),
    ],
)
def test_decode_honours_byte_order_marks_and_changes_nothing_else(raw: bytes, text: str) -> None:
    outcome = Decode()(Document("a", "test", raw=raw))
    assert isinstance(outcome, Document)
    assert (outcome.text, outcome.raw) == (text, b"")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff\xe0\x81" * 3, "encoding"),
        (b"\xff\xfea", "encoding"),
        (b"plain\0text", "binary"),
        (b"\0" * 1000, "binary"),
        (b"\x7fELF\x02\x00\xff\xfe", "binary"),
    ],
)
def test_decode_refuses_what_is_not_text(raw: bytes, reason: str) -> None:
    assert refused(Decode()(Document("a", "test", raw=raw))) == ("decode", reason)


def test_decode_passes_text_that_came_as_text_and_refuses_half_characters() -> None:
    assert Decode()(Document("a", "test", text="∑")) == Document("a", "test", text="∑")
    assert refused(Decode()(Document("a", "test", text="\ud800"))) == ("decode", "encoding")


def test_size_counts_bytes_and_keeps_the_limit_itself() -> None:
    assert isinstance(Size(4)(Document("a", "test", text="∑x")), Document)
    assert isinstance(Size(3)(Document("a", "test", text="∑x")), Drop)


def test_density_counts_characters_not_bytes_and_no_white_space() -> None:
    assert isinstance(Density(0.5)(Document("a", "test", text="∑ 1\n\n")), Document)
    outcome = Density(0.5)(Document("a", "test", text="∑ 12\n\n"))
    assert outcome == Drop("a", "density", "digits", "0.667", size=8)
    assert isinstance(Density()(Document("a", "test", text=" \n")), Document)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F) | st.sampled_from("0123456789∑\U0001d538 \n"), min_size=1))
def test_density_agrees_with_a_count_character_by_character(text: str) -> None:
    characters = [c for c in text if c not in " \t\n\r\v\f"]
    density = sum(c in "0123456789" for c in characters) / max(1, len(characters))
    assert isinstance(Density(0.4)(Document("a", "test", text=text)), Document) == (density <= 0.4)


def test_large_files_must_hold_tests() -> None:
    step = LargeFiles(languages.LargeFiles(min_bytes=40, line="@test", min_share=0.5))
    small, data, tests = "x = a\n", "x = a\n" * 7, "@test a\nx = a\n" * 4
    assert isinstance(step(Document("a", "test", text=small)), Document)
    assert refused(step(Document("a", "test", text=data))) == ("large-file", "few-lines")
    assert isinstance(step(Document("a", "test", text=tests)), Document)


def test_refused_paths_see_the_repository() -> None:
    markers = Markers(languages.load("lean"))
    document = Document("a", "test", text="theorem t : true", meta={"repo": "x/miniF2F", "path": "src/test.lean"})
    assert refused(markers(document)) == ("language", "refused-path")
    fork = Document("a", "test", text="theorem t : true", meta={"repo": "x/algebra", "path": "src/test.lean"})
    assert markers(fork) is fork


def test_file_type_names_the_language_or_refuses() -> None:
    document = Document("a", "test", meta={"path": "src/Matrix.HPP"})
    outcome = FileType()(document)
    assert isinstance(outcome, Document)
    assert outcome.subset == "cpp"
    assert refused(FileType(("lean",))(document)) == ("file-type", "extension")
    assert refused(FileType()(Document("a", "test"))) == ("file-type", "extension")


@pytest.mark.parametrize(
    ("text", "subset"),
    [
        (b"#include <math.h>\ndouble norm(const double *x, int n);\n", "c"),
        (b"/* class of matrices, in a namespace */\nstruct matrix { int private; };\n", "c"),
        (b'#ifdef __cplusplus\nextern "C" {\n#endif\nvoid f(void);\n', "c"),
        (b"", "c"),
        (b"\xe9\xff\x00", "c"),
        (b"#pragma once\n\nnamespace maths {\n", "cpp"),
        (b"// header\n#include <vector>\n", "cpp"),
        (b"class Matrix : public Base {\n public:\n", "cpp"),
        (b"\ttemplate<typename T>\r\n\tclass Matrix\r\n", "cpp"),
    ],
)
def test_a_header_is_told_by_its_beginning(text: bytes, subset: str) -> None:
    outcome = FileType()(Document("a", "test", meta={"path": "include/matrix.h"}, raw=text))
    assert isinstance(outcome, Document)
    assert outcome.subset == subset


def test_code_goes_by_the_subset() -> None:
    assert isinstance(Code()(Document("a", "test", "lean", "theorem t : true")), Document)
    assert refused(Code()(Document("a", "test", "coq", "theorem t : true"))) == ("language", "no-marker")
    assert refused(Code()(Document("a", "test", "rust", "fn main() {}"))) == ("code", "unknown-language")


def test_classify_does_not_guess_a_language() -> None:
    with pytest.raises(ValueError, match="no language 'cobol'"):
        classify("cobol", "a", b"")


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Every bounded sequence of real numbers has a convergent subsequence, as we shall see below.", True),
        ("Toute suite bornée de nombres réels admet une sous-suite convergente, comme nous allons le voir.", False),
        ("Jede beschränkte Folge reeller Zahlen hat eine konvergente Teilfolge, wie wir gleich sehen.", False),
    ],
)
def test_classify_asks_for_english_where_the_language_does(sentence: str, kept: bool) -> None:
    text = f"\\section{{1}}\n{sentence}\n"
    assert isinstance(classify("tex", "a.tex", text.encode()), Document) == kept
    assert isinstance(classify("maple", "a.mpl", f"# {sentence}\nx := 1;".encode("latin-1")), Document)


@each_language
@given(raw=st.binary() | st.text().map(str.encode), prefix=st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"{"]))
def test_no_bytes_raise_and_every_refusal_is_declared(language: Language, raw: bytes, prefix: bytes) -> None:
    outcome = judge(language.name, "a", prefix + raw)
    if isinstance(outcome, Drop):
        assert refused(outcome) in DECLARED
    else:
        assert outcome.text.strip()
        outcome.text.encode()


@each_language
def test_no_rule_takes_more_than_linear_time(language: Language) -> None:
    """A rule that looks again and again through the same megabyte would take hours."""
    hostile = [
        " main(",
        "import a, ",
        "^import\t",
        "wire ",
        "\\section ",
        "#include ",
        "Requirement ",
        "\\begin{",
        "_/",
    ]
    markers = Markers(language)
    started = time.process_time()
    for word in hostile:
        markers(Document("a", "test", text=word * (200_000 // len(word)), meta={"path": word * 10_000}))
    assert time.process_time() - started < 5
