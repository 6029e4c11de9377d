"""Renders every article by every renderer, into a cache; says what should be found in the page."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import chrome
from documents import HERE, Document, document
from pages import Engines, Markup, Page
from tools import Tool, tools

DOCUMENTS = 8
"""Articles that every renderer gets."""
PYTHON_ENGINES = ("latex2mathml",)
"""The engines of formulas.py; all others are in formulas.mjs."""

Renderer = Markup | Tool


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


class Job(NamedTuple):
    """An article, a renderer, and the folder in which its page is or will be."""

    renderer: Renderer
    article: Document
    folder: Path

    @property
    def page(self) -> Path:
        return self.folder / "page.html"


def expected(renderer: Renderer, article: Document) -> Expected:
    spans = [span.formula for span in article.spans("math") if span.formula]
    text = " ".join(span.text for kind in ("text", "link", "emphasis") for span in article.spans(kind))
    code = [line.rstrip() for block in article.blocks if block.kind == "code" for line in block.source.splitlines()]
    return Expected(
        renderer.name,
        renderer.family,
        renderer.compare,
        [(formula.tex, formula.kind != "inline") for formula in spans],
        [word for word in text.translate(str.maketrans(":.,", "   ")).split() if word.endswith("x")],
        renderer.markers(article),
        [line for line in code if line],
        [span.text for span in article.spans("code")],
        [span.text for span in article.spans("money")],
    )


@cache
def renderers() -> dict[str, Renderer]:
    table = tomllib.loads((HERE / "markup.toml").read_text(encoding="utf-8"))
    return {name: Markup(name, **fields) for name, fields in table.items()} | tools()


def render(out: Path, wanted: Iterable[Renderer], cached: bool = False) -> list[Job]:
    """The pages of `wanted`; those that are not there yet are rendered, unless only `cached` are asked."""
    jobs = [_job(out, renderer, seed) for renderer in wanted for seed in range(DOCUMENTS)]
    missing = [job for job in jobs if not job.page.exists() and not cached]
    for job in missing:
        job.folder.mkdir(parents=True, exist_ok=True)
    _write_pages(out, [job for job in missing if isinstance(job.renderer, Markup)])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_run_tool, out), [job for job in missing if isinstance(job.renderer, Tool)]))
    return [job for job in jobs if job.page.exists()]


def _job(out: Path, renderer: Renderer, seed: int) -> Job:
    article = document(seed, renderer.source, bool(renderer.environment), renderer.without)
    key = hashlib.sha256(repr((article, renderer, renderer.look())).encode()).hexdigest()[:16]
    return Job(renderer, article, out / "pages" / renderer.name / f"{article.name}-{key}")


def _run_tool(out: Path, job: Job) -> None:
    try:
        job.renderer.write(job.article, job.folder, out)
    except (subprocess.SubprocessError, OSError, UnicodeError) as error:
        print(f"{job.renderer.name}: {error}", file=sys.stderr)


def _write_pages(out: Path, jobs: list[Job]) -> None:
    engines = _engines(out, jobs)
    to_draw = []
    for job in jobs:
        markup, article = job.renderer, job.article
        body = Page(markup, engines).body(article)
        title = article.blocks[0].lines[0][0].text
        served = job.folder / "served.html" if markup.browser else job.page
        served.write_text(chrome.wrap(markup.chrome, title, markup.head, body, article), encoding="utf-8")
        if markup.browser:
            to_draw.append([str(served), str(job.page), markup.browser, markup.strip])
    if to_draw:
        _run(out, "browser.mjs", to_draw)


def _engines(out: Path, jobs: list[Job]) -> Engines:
    """What the engines that these pages need make of their formulas."""
    asked: dict[tuple[str, str, str], None] = {}
    for job in jobs:
        for span in job.article.spans("math"):
            names = sorted(job.renderer.engines()) if span.formula else ()
            asked |= dict.fromkeys((name, span.formula.kind, span.formula.tex) for name in names)
    drawn: dict[str, dict[str, str]] = defaultdict(dict)
    for script in ("formulas.mjs", "formulas.py"):
        mine = [question for question in asked if (question[0] in PYTHON_ENGINES) == script.endswith(".py")]
        answers = map(json.loads, _run(out, script, mine).splitlines()) if mine else ()
        for (name, kind, tex), html in zip(mine, answers, strict=True):
            drawn[name][f"{kind} {tex}"] = html or ""
    return drawn


def _run(out: Path, script: str, lines: Iterable[object]) -> str:
    """What a script of this folder says to these lines; Python's run among the tools, not in our environment."""
    given = "".join(json.dumps(line) + "\n" for line in lines)
    python = [str(out / "tools" / "bin" / "python"), str(HERE / script)]
    command = python if script.endswith(".py") else ["node", str(HERE / script), str(out / "node")]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout
