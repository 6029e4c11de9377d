"""Renders every document in every way of writing, into a cache: a page, and beside it what should be found there."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import chrome
from documents import HERE, Document, document
from pages import Engines, Markup, Page

DOCUMENTS = 8
"""Articles that every renderer gets."""
PYTHON_ENGINES = ("latex2mathml",)
"""The engines of formulas.py; all others are in formulas.mjs."""


@dataclass(frozen=True)
class Expected:
    """What a page holds, as the scorer is told."""

    renderer: str
    family: str
    compare: str
    formulas: list[tuple[str, bool]]
    """TeX and whether it is display, in reading order."""
    words: list[str]
    chrome: list[str]
    code: list[str]
    inline_code: list[str]
    amounts: list[str]


def expected(markup: Markup, article: Document) -> Expected:
    spans = [span.formula for span in article.spans("math") if span.formula]
    text = " ".join(span.text for span in article.spans("text"))
    code = [line.rstrip() for block in article.blocks if block.kind == "code" for line in block.source.splitlines()]
    return Expected(
        markup.name,
        markup.family,
        markup.compare,
        [(formula.tex, formula.kind != "inline") for formula in spans],
        [word for word in text.replace(":", " ").replace(".", " ").replace(",", " ").split() if word.endswith("x")],
        chrome.markers(markup.chrome, article),
        [line for line in code if line],
        [span.text for span in article.spans("code")],
        [span.text for span in article.spans("money")],
    )


@cache
def markups() -> dict[str, Markup]:
    table = tomllib.loads((HERE / "markup.toml").read_text(encoding="utf-8"))
    return {name: Markup(name, **fields) for name, fields in table.items()}


def render(out: Path, wanted: Iterable[Markup]) -> list[Path]:
    """The folders of the pages of `wanted`; those that are not in the cache yet are rendered."""
    missing: list[tuple[Markup, Document, Path]] = []
    folders = []
    for markup in wanted:
        for seed in range(DOCUMENTS):
            article = document(seed, markup.source, bool(markup.environment))
            key = hashlib.sha256(repr((article, markup, chrome.template(markup.chrome))).encode()).hexdigest()[:16]
            folder = out / "pages" / markup.name / f"{article.name}-{key}"
            folders.append(folder)
            if not (folder / "page.html").exists():
                missing.append((markup, article, folder))
    _write(out, missing)
    return [folder for folder in folders if (folder / "page.html").exists()]


def _write(out: Path, missing: list[tuple[Markup, Document, Path]]) -> None:
    engines = _engines(out, missing)
    to_draw = []
    for markup, article, folder in missing:
        folder.mkdir(parents=True, exist_ok=True)
        body = Page(markup, engines).body(article)
        title = article.blocks[0].lines[0][0].text
        html = chrome.wrap(markup.chrome, title, markup.head, body, article)
        page = folder / ("served.html" if markup.browser else "page.html")
        page.write_text(html, encoding="utf-8")
        facts = json.dumps(asdict(expected(markup, article)), ensure_ascii=False, indent=1)
        (folder / "expected.json").write_text(facts, encoding="utf-8")
        if markup.browser:
            to_draw.append([str(page), str(folder / "page.html"), markup.browser, markup.strip])
    if to_draw:
        _run(out, "browser.mjs", to_draw)


def _engines(out: Path, missing: list[tuple[Markup, Document, Path]]) -> Engines:
    """What the engines that the missing pages need make of their formulas."""
    asked: dict[tuple[str, str, str], None] = {}
    for markup, article, _ in missing:
        for span in article.spans("math"):
            if span.formula:
                asked |= dict.fromkeys((name, span.formula.kind, span.formula.tex) for name in sorted(markup.engines()))
    drawn: dict[str, dict[str, str]] = defaultdict(dict)
    if not asked:
        return drawn
    for script in ("formulas.mjs", "formulas.py"):
        mine = [question for question in asked if (question[0] in PYTHON_ENGINES) == script.endswith(".py")]
        answers = map(json.loads, _run(out, script, mine).splitlines())
        for (name, kind, tex), html in zip(mine, answers, strict=True):
            drawn[name][f"{kind} {tex}"] = html or ""
    return drawn


def _run(out: Path, script: str, lines: Iterable[object]) -> str:
    """What a script of this folder says to these lines; Python's run among the tools, not in our environment."""
    given = "".join(json.dumps(line) + "\n" for line in lines)
    python = [str(out / "tools/bin/python"), str(HERE / script)]
    command = python if script.endswith(".py") else ["node", str(HERE / script), str(out / "node")]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    names = sys.argv[2:]
    chosen = [markup for name, markup in markups().items() if not names or name in names]
    print(len(render(Path(sys.argv[1]).resolve(), chosen)))
