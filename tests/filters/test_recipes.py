"""The two recipes for code: CONTRIBUTING.md has a table of their differences, and each of its rows a test here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

import languages
from filters.code import Code, FileType
from filters.document import Document, Drop
from filters.filter import Where, apply
from filters.heldout_published import cut_isabelle, cut_lean, isabelle_names, one_name_a_file
from filters.language_id import LanguageId
from filters.published import PublishedCode
from languages import published
from manifests import Manifest
from pipeline.corpus import ask, corpus
from pipeline.stages.dedup import DedupKeys
from pipeline.stages.ingest import Ingest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """A file on which the recipes differ: `published` keeps it if `fixed` does not, and the other way round."""

    row: str
    """First cell of the table's row."""
    language: str
    text: str | bytes
    fixed: bool
    path: str = "src/a"
    repo: str = "me/it"

    @property
    def document(self) -> Document:
        raw = self.text if isinstance(self.text, bytes) else self.text.encode()
        ending = (published.load(self.language).extensions or ("",))[0]
        path = self.path if "." in self.path.rpartition("/")[2] else self.path + ending
        return Document(path, "code", self.language, meta={"path": path, "repo": self.repo}, raw=raw)


def notebook(source: str, outputs: Iterable[object] = ()) -> str:
    cell = {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}, "execution_count": 1}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


NUMBERS = "x = [" + ", ".join(f"{number}.5" for number in range(1000, 1400)) + "]\n"
SCRIPT = "function y = f(x)\ny = x;\n"
PROOF = "Theorem t : True.\nProof. exact I. Qed.\n"
LEMMA = "lemma t : true := trivial\n"

CASES = [
    Case("C: header", "c", "#include <fftw3.h>\nint x;\n", fixed=True),
    Case("C, C++: spelling of an include", "c", '# include "gsl/gsl_math.h"\nint x;\n', fixed=True),
    Case("C, C++: spelling of an include", "cpp", '#include "Eigen/Dense"\nint x;\n', fixed=True),
    Case("Python: name of a module", "python", "import jaxb\njaxb.parse()\n", fixed=False),
    Case("Python: several modules", "python", "import pandas, numpy as np\nnp.linalg.norm(1)\n", fixed=True),
    Case("Comments and strings", "python", "# import numpy would be slow here\nprint(1)\n", fixed=False),
    Case("Comments and strings", "haskell", "-- import Statistics.Sample\nmain = print 1\n", fixed=False),
    Case("Comments and strings", "c", "/* #include <gsl/gsl_math.h> */\nint x;\n", fixed=False),
    Case("Julia: density", "julia", NUMBERS, fixed=False),
    Case("TeX: section", "tex", "\\section[Short]{A long title of it}\nText.\n", fixed=True, path="a.tex"),
    Case("TeX: path", "tex", "\\section{A title}\nText.\n", fixed=True, path="notes-in-latex/a.tex"),
    Case("Coq: Verilog", "coq", PROOF + "(* hardwired *)\n", fixed=True),
    Case("Lean, Isabelle: keyword", "lean", "example\n  : true := trivial\n", fixed=True),
    Case(
        "Lean, Isabelle: keyword",
        "isabelle",
        'theory A imports Main begin\nlemma\n  "x = x" by simp\nend\n',
        fixed=True,
    ),
    Case("Lean: benchmarks", "lean", LEMMA, fixed=False, repo="you/miniF2F-lean4"),
    Case("Lean: copies of packages", "lean", LEMMA, fixed=False, path=".lake/packages/mathlib/A"),
    Case("Lean: copies of packages", "lean", LEMMA, fixed=False, path="lake-packages/mathlib/A"),
    Case("Isabelle: copies of the AFP", "isabelle", 'lemma a: "x = x" by simp\n', fixed=True, repo="a/mirror-afp-2021"),
    Case("MATLAB: Objective-C", "matlab", SCRIPT + "% not like #include\n", fixed=True),
    Case("MATLAB: C's main", "matlab", "int main(int argc, char *argv[]) {\n  return 0;\n}\n", fixed=False),
    Case("R: Rebol", "r", 'REBOL [Title: "Clock"]\nprint now\n', fixed=False),
    Case("R, Maple: other formats", "r", '\n{"cells": []}\n', fixed=False),
    Case("R, Maple: other formats", "maple", '\ufeff<?xml version="1.0"?>\n<Worksheet>\n</Worksheet>\n', fixed=False),
    Case("Binary", "r", "x <- 1\nf <- function(x) x + 1\n\0\0\0\0", fixed=False),
]


def name(case: Case) -> str:
    return f"{case.row}, {case.language}"


def rows() -> list[str]:
    """First cells of the table."""
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Two recipes")[2].partition("\n## ")[0]
    return re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)[2:]


@pytest.mark.parametrize("case", CASES, ids=map(name, CASES))
def test_the_recipes_differ_where_the_table_says_so(case: Case) -> None:
    assert isinstance(Code()(case.document), Document) == case.fixed
    assert isinstance(PublishedCode()(case.document), Document) != case.fixed


def covered_rows() -> set[str]:
    """Of the cases, and of the tests that name their row in their docstring."""
    tests = (thing for name, thing in globals().items() if name.startswith("test_") and thing.__doc__)
    return {case.row for case in CASES} | {test.__doc__.removeprefix("Row: ").removesuffix(".") for test in tests}


def test_every_row_of_the_table_has_a_test() -> None:
    assert sorted(rows()) == sorted(covered_rows())


def steps(recipe: str, kind: str = "stack") -> tuple[object, ...]:
    source = {"name": "code", "kind": kind, "paths": ["*"]} | ({"languages": ["coq"]} if kind == "github" else {})
    manifest = Manifest.model_validate({"name": "code", "recipe": recipe, "sources": [source]})
    ingest = corpus(ask(manifest))[0]
    assert isinstance(ingest, Ingest)
    return ingest.filters


def test_fixed_is_the_default() -> None:
    assert (
        Manifest.model_validate({"name": "a", "sources": [{"name": "b", "kind": "jsonl", "paths": ["*"]}]}).recipe
        == "fixed"
    )
    assert any(isinstance(step, Code) for step in steps("fixed"))
    assert any(isinstance(step, PublishedCode) for step in steps("published"))


def test_english() -> None:
    """Row: TeX: English."""
    least = {
        recipe: step.then.threshold
        for recipe in ("fixed", "published")
        for step in steps(recipe)
        if isinstance(step, Where) and isinstance(step.then, LanguageId)
    }
    assert least == {"fixed": 0.5, "published": 0.0}


def test_notebooks_limits() -> None:
    """Row: Notebooks: limits."""
    long = notebook("import sympy\n" + "x = 1\n" * 200_000)
    document = Document("a", "code", "jupyter-notebook", meta={"path": "a.ipynb"}, raw=long.encode())
    assert isinstance(PublishedCode()(document), Document)
    assert isinstance(Code()(document), Drop)


def test_notebooks_outputs() -> None:
    """Row: Notebooks: outputs."""
    picture = {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {}}
    formula = {"output_type": "display_data", "data": {"text/latex": "$x^2$"}, "metadata": {}}
    raw = notebook("import sympy", [picture, formula]).encode()
    document = Document("a", "code", "jupyter-notebook", meta={"path": "a.ipynb"}, raw=raw)
    theirs, ours = PublishedCode()(document), Code()(document)
    assert isinstance(theirs, Document)
    assert isinstance(ours, Document)
    assert "$x^2$" in ours.text
    assert "$x^2$" not in theirs.text


def test_encodings() -> None:
    """Row: GitHub: encodings."""
    latin = Case("", "matlab", SCRIPT.encode() + "% a caf\u00e9, d\u00e9j\u00e0 vu\n".encode("latin-1"), fixed=True)
    assert isinstance(Code()(latin.document), Document)
    outcome = PublishedCode()(latin.document)
    assert isinstance(outcome, Drop)
    assert outcome.reason == "encoding"


def test_newlines() -> None:
    """Row: GitHub: newlines."""
    document = Case("", "coq", PROOF.replace("\n", "\r\n"), fixed=True).document
    theirs, ours = PublishedCode()(document), Code()(document)
    assert isinstance(theirs, Document)
    assert isinstance(ours, Document)
    assert theirs.text == PROOF
    assert ours.text == PROOF.replace("\n", "\r\n")


def test_endings() -> None:
    """Row: GitHub: endings."""
    document = Case("", "coq", PROOF, fixed=True, path="a/B.V").document
    assert isinstance(apply([FileType(("coq",)), Code()], document), Document)
    assert isinstance(PublishedCode()(document), Drop)


def test_copies() -> None:
    """Row: Copies."""
    asked = {recipe: dedup_keys(recipe).published for recipe in ("fixed", "published")}
    assert asked["fixed"] is None
    assert asked["published"]
    by_chunk = {rules.name: rules.chunk for rules in asked["published"].languages if rules.chunk}
    assert by_chunk == dict.fromkeys(("coq", "isabelle", "lean", "matlab"), 2048)


def test_cap() -> None:
    """Row: GitHub: cap."""
    capped = {name for name in languages.names() if published.load(name).max_files == 50_000}
    assert capped == {"coq", "isabelle", "lean", "matlab"}
    assert not any("max_files" in languages.load(name).model_dump() for name in languages.names())


def dedup_keys(recipe: str) -> DedupKeys:
    source = {"name": "code", "kind": "stack", "paths": ["*"]}
    manifest = Manifest.model_validate({"name": "code", "recipe": recipe, "sources": [source]})
    return next(stage for stage in corpus(ask(manifest)) if isinstance(stage, DedupKeys))


LEAN = "theorem a.b (x) : true := trivial\n\ntheorem a.c (x) : true := trivial\n\nlemma top : true := trivial\n"


def test_lean_held_out() -> None:
    """Row: Held-out theorems of Lean."""
    names = one_name_a_file([("src/a.lean", "n.a.b"), ("src/a.lean", "n.a.c")])
    assert cut_lean(LEAN, "it/src/a.lean", names) == LEAN.replace("theorem a.c (x) : true := trivial", "")
    assert cut_lean(LEAN, "it/src/a.lean", {"src/a.lean": "top"}) == LEAN
    assert cut_lean(LEAN, "it/src/b.lean", names) == LEAN
    assert cut_lean("theorem b\n(x) : true", "src/a.lean", {"src/a.lean": "a.b"}) == "theorem b\n(x) : true"


def test_isabelle_held_out() -> None:
    """Row: Held-out theorems of Isabelle."""
    names = isabelle_names(['lemma [simp]: "f x = g x"', 'lemma known: "x = x"'])
    assert names == ("lemma [simp]:", "lemma known:")
    text = 'lemma [simp]: "other"\n  by simp\n\nlemma known: "x = x"\n\n  by auto\n\nlemma known: "x = x"\n'
    assert cut_isabelle(text, names) == '\n\n\n\n  by auto\n\nlemma known: "x = x"\n'


@pytest.mark.parametrize("language", languages.names())
@pytest.mark.parametrize("blank", [b"", b" \n\t\n"])
def test_a_blank_file_is_a_drop_under_both_recipes(language: str, blank: bytes) -> None:
    document = Case("", language, blank, fixed=False).document
    assert isinstance(Code()(document), Drop)
    outcome = PublishedCode()(document)
    assert isinstance(outcome, Drop)
    assert outcome.reason == "blank"


@pytest.mark.parametrize("language", languages.names())
def test_every_published_sign_is_found_in_its_examples(language: str) -> None:
    rules = published.load(language)
    for sign in (*rules.any_of, *rules.none_of, *rules.refused_paths, *rules.refused_repositories):
        assert ("{word}" in sign.pattern) == bool(sign.words)
        assert all(sign.regex.search(example) for example in sign.examples)


@pytest.mark.parametrize("language", languages.names())
def test_every_published_word_keeps_a_file_by_itself(language: str) -> None:
    for sign in published.load(language).any_of:
        for example in sign.examples:
            text = notebook(example) if language == "jupyter-notebook" else f"x {example} y"
            document = Case("", language, text, fixed=False).document
            assert isinstance(PublishedCode()(document), Document), example


def test_a_language_without_published_rules_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="agda, c, coq"):
        published.load("rust")


def test_a_line_of_mains_is_looked_through_once() -> None:
    document = Case("", "matlab", "x = 1 " + " main(" * 150_000 + "\n", fixed=False).document
    assert isinstance(PublishedCode()(document), Document)
