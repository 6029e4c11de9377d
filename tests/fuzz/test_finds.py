"""What fuzzing found stays mended: small pages as files, large ones as what they repeat."""

from __future__ import annotations

from pathlib import Path

import pytest
from invariants import broken, formulas, has_balanced_braces
from pages import page

FINDS = sorted(Path(__file__).with_name("finds").glob("*.html"))

LONG = {
    "comments": b"<script src=MathJax.js></script>" + b"<code>$</code>%" * 20_000,
    "comments-only": b"<script src=MathJax.js></script>" + b"%" * 300_000,
    "utf-16": ("katex" + "<main class='math inline'>" * 11_000).encode("utf-16"),
    "nul-in-tags": b"katex" + b"<\0div>" * 100_000,
    "prefixes": b"katex" + b"".join(b"<a%d:math ></a>" % number for number in range(10_000)),
    "scripts": b"<div class='math display'>" + b"<sup>x</sup>" * 5_000,
    "a-long-word": b"katex<pre>" + b"x" * 500_000,
    "boxes-in-boxes": b"katex" + b"<span class=math>" * 400 + b"<i>$x$</i>" * 10_000,
    "maths-in-maths": b"<n class=katex" + b"><m:math class>\\tag{1}</object" * 300,
    "displays-in-displays": b"katex" + b"<center class='math display'>" * 400 + b"<img class=tex alt='$x$'>word",
    "mains-in-mains": b"katex" + b"<main><pre>x</tt>" * 5_000,
    "sources-in-sources": b"katex" + b"<mroot class=tex>$x$\\[w\\]" * 300,
    "tables-in-tables": b"katex" + b"<table class=equation><tr><td>" * 200 + b"<math><mi>x</mi></math> word",
    "letters-of-an-alphabet": ("katex<math><mi>" + "𝔸" * 200_000).encode(),
    "growing": b"katex xxx" + b"&nGt;&nLt;" * 30_000,
}


@pytest.mark.parametrize("path", FINDS, ids=lambda path: path.stem)
def test_a_find_is_mended(path: Path) -> None:
    assert broken(path.read_bytes()) == []


@pytest.mark.parametrize("name", LONG)
def test_a_long_find_is_mended(name: str) -> None:
    assert broken(LONG[name]) == []


def test_pages_break_no_promise() -> None:
    for seed in range(100):
        assert broken(page(seed)) == [], f"page {seed}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", []),
        ("a $x$ b", ["x"]),
        ("$$x$$\n\n$y$", ["x", "y"]),
        ("costs \\$5, $x$", ["x"]),
        ("\\\\$x$", ["x"]),
        ("`$` and ``a ` $`` $x$", ["x"]),
        ("```\n$\n```\n\n$x$", ["x"]),
        ("> ```python\n> $a\n> ```\n\n$x$", ["x"]),
        ("- ```\n  $\n  ```\n- $x$", ["x"]),
        ("$x", None),
        ("$$x$", None),
        ("$x$ costs $5", None),
    ],
)
def test_formulas_are_found_again(text: str, found: list[str] | None) -> None:
    assert formulas(text) == found


def test_braces() -> None:
    assert has_balanced_braces(r"\frac{a}{b} \{")
    assert not has_balanced_braces(r"\frac{a}{b")
    assert not has_balanced_braces("}{")
