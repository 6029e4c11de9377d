"""Files of other languages that share an ending are refused, and look-alikes of the language itself are kept."""

from __future__ import annotations

import pytest

from filters.code import Code
from filters.document import Document

CODE = Code()

OTHERS = [
    ("agda", '{"cells": [], "nbformat": 4}'),
    ("coq", "module counter(input clk, output reg [7:0] q);\n  always @(posedge clk) q <= q + 1;\nendmodule\n"),
    ("coq", "`timescale 1ns / 1ps\n// Definition of the bus\n`define WIDTH 8\n"),
    ("coq", "/* Theorem of operation: see the manual */\n  wire [7:0] data;\n"),
    ("coq", "module main\n\nfn main() {\n\tprintln('hello')\n}\n"),
    ("gap", "grammar Expr;\noptions { language = Java; }\nexpr : term ('+' term)* ;\n"),
    ("gap", "/* a lexer */\nlexer grammar L;\nID : 'a'..'z'+ ;\n"),
    ("gap", "extends Node2D\n\nvar speed := 10.0\n\nfunc _ready():\n\tpass\n"),
    ("gap", "G28 ; home\nG1 X10 Y10 F3000\nM104 S200\n"),
    ("gap", "// test of sin\nx = sin(%pi);\nif x <> 0 then pause, end\n"),
    ("gap", "with(LinearAlgebra):\nA := Matrix([[1, 2], [3, 4]]):\nDeterminant(A);\n"),
    ("gap", "PROCEDURE CZ1101A IS\nBEGIN\n  X := 1;\nEND CZ1101A;\n"),
    ("idris", '<?xml version="1.0"?>\n<a b="c"/>\n'),
    ("isabelle", "<theory>\n  <name>Chess openings</name>\n</theory>\n"),
    ("isabelle", "theory All imports A B begin\n\ntext \\<open>Only prose.\\<close>\n\nend\n"),
    ("lean", "import Lake\nopen Lake DSL\n\npackage foo\n\nlean_lib Foo\n"),
    ("maple", '<?xml version="1.0" encoding="UTF-8"?>\n<Worksheet><Version major="6"/></Worksheet>\n'),
    ("maple", "Mozilla Public License Version 2.0\n1. Definitions\n"),
    ("maple", '{VERSION 6 0 "IBM INTEL NT" "6.0" }\n'),
    ("matlab", '#import "Foo.h"\n\n@implementation Foo\n- (void)bar { int x = 1; }\n@end\n'),
    ("matlab", ":- module hello.\n:- interface.\n:- import_module io.\n% a comment\n"),
    ("matlab", 'Sys: module {\n\tPATH: con "$Sys";\n\tprint: fn(s: string): int;\n};\n'),
    ("matlab", 'implement Lock;\n\ninclude "sys.m";\n\tsys: Sys;\n'),
    ("matlab", '(* ::Package:: *)\nBeginPackage["Foo`"]\nf[x_] := x^2\nEndPackage[]\n'),
    ("matlab", "XUS1 ;SF/STAFF - SIGNON\n ;;8.0;KERNEL\n S X=1 D ^XUS2\n Q\n"),
    ("matlab", "R<x> := PolynomialRing(Rationals());\nf := x^2 - 2;\nprint Roots(f);\n"),
    ("matlab", "intrinsic Double(n::RngIntElt) -> RngIntElt\n{Twice n}\n  return 2*n;\nend intrinsic;\n"),
    ("r", 'REBOL [\n    Title: "Clock"\n]\nprint now\n'),
    ("r", "; a script without a header\nfoo: func [x] [x + 1]\n"),
    ("r", "resource 'STR ' (128) {\n\t\"text\"\n};\n"),
    ("r", "#include \"Types.r\"\nresource 'vers' (1) {\n};\n"),
    ("r", "# fold - folds long lines\n\tinteger function fold(line)\n\tcharacter line(MAXLINE)\n"),
    ("tex", "\\begin{tikzpicture}\n\\draw (0,0) -- (1,1);\n\\end{tikzpicture}\n"),
    ("tex", "% GNUPLOT: LaTeX picture\n\\begin{picture}(1,1)\n\\end{picture}\n\\section{x}\n"),
    ("tex", "\\hypertarget{class_a}{}\\doxysection{A Class Reference}\n"),
    ("tex", "\\newif\\ifcover\n\\covertrue\n\\definecolor{mine}{rgb}{.5,.5,.5}\n"),
]

OWN = [
    ("agda", "id : {A : Set} → A → A\nid x = x\n"),
    ("coq", "Require Import Kami.Syntax.\n\nDefinition wired := true. (* a wire [7:0]; posedge *)\n"),
    ("coq", "From Bedrock Require Import Verilog.\nLemma always_posedge : forall endmodule, endmodule = endmodule.\n"),
    ("gap", "HAPBARCODE:=\n[ [ [-1], [-1, 1] ] ];\n"),
    ("gap", "AddDerivation( Braiding,\n  function( cat, a, b )\n    return cat;\nend : Filter := IsSymmetric );\n"),
    ("gap", "gap> 1 + 1;\n2\n"),
    ("isabelle", 'theory A imports Main begin\n\ndefinition two where "two = (2::nat)"\n\nend\n'),
    ("lean", "import data.real.basic\n\ninstance : has_zero foo := ⟨0⟩\n"),
    ("lean", "@[simp]\ntheorem foo\n  (h : p) : p := h\n"),
    ("maple", "# A package\nwith(LinearAlgebra):\n"),
    ("matlab", "clc ;\nclear all ;\nfigure ;\nend ;\n"),
    ("matlab", "syms s t\nf = exp(-s*t);\n"),
    ("matlab", "% Table[1] of the paper; see #include and @interface\nx = 1;\n"),
    ("matlab", "function y = main(x)\n% MAIN  Main function\ny = x';\n"),
    ("matlab", "## Copyright\n## -*- texinfo -*-\nplot (x)\n"),
    ("r", 'shinyAppDir(".")\n'),
    ("r", "x <- rebol[1]\ndata.frame(integer = 1)\n"),
    ("r", "#' Documentation only\n#' @keywords internal\nNULL\n"),
    ("tex", "\\olsection{Pairs}\nThe axiom of pairs.\n"),
    ("tex", "\\begin{defn}\nA group is a monoid with inverses.\n\\end{defn}\n"),
    ("tex", "We plot with gnuplot the function $f(x) = x^2$.\n"),
    (
        "tex",
        "Take an urn with five red and three blue marbles in it: what is the chance of a red one if you draw two?\n",
    ),
]


def kept(language: str, text: str, path: str = "") -> bool:
    document = Document("a", "test", language, meta={"path": path or "a"}, raw=text.encode())
    return isinstance(CODE(document), Document)


@pytest.mark.parametrize(("language", "text"), OTHERS)
def test_files_of_other_languages_are_refused(language: str, text: str) -> None:
    assert not kept(language, text)


@pytest.mark.parametrize(("language", "text"), OWN)
def test_look_alikes_are_kept(language: str, text: str) -> None:
    assert kept(language, text)


def test_an_authors_folder_latex_is_no_doxygen() -> None:
    assert kept("tex", "\\section{Proof}\n", "thesis/latex/main.tex")


@pytest.mark.parametrize(
    "path", ["owner/repo/lakefile.lean", "lakefile.lean", "ProofNet/Test.lean", "a/miniF2F-lean4/a.lean"]
)
def test_build_scripts_and_benchmarks_are_refused(path: str) -> None:
    assert not kept("lean", "theorem foo : 1 = 1 := rfl\n", path)
