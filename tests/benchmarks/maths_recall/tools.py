"""Renderers that are programs of their own: they get an article's source and leave a page."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import chrome
from documents import HERE, Document
from writers import WRITERS, Dialect

LONGEST_RUN = 180
"""Seconds after which a tool has failed."""


@dataclass(frozen=True)
class Tool:
    """One table of tools.toml."""

    name: str
    family: str
    writer: str
    input: str
    commands: tuple[str, ...]
    """Shell commands; they run in a folder with `input` and `files` and leave page.html there."""
    dialect: Dialect
    environment: str = ""
    compare: str = "tex"
    chrome: str = ""
    """The furniture that its output is put between; "" where it makes whole pages, furniture included."""
    head: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """More files that it reads, with «w» where a marker word of the furniture goes."""
    source: str = "formulas.txt"
    without: str = field(default="", repr=False)  # the article shows it
    """A regular expression for what the tool cannot typeset: formulas with it are not asked for."""

    def markers(self, article: Document) -> list[str]:
        if self.chrome:
            return chrome.markers(self.chrome, article)
        return list(article.chrome[: sum(text.count("«w»") for text in self.files.values())])

    def look(self) -> str:
        """What besides the article and this table decides how the page looks."""
        return chrome.template(self.chrome) if self.chrome else ""

    def write(self, article: Document, folder: Path, out: Path) -> None:
        """Leave the page in `folder`. Raises CalledProcessError, TimeoutExpired or OSError if the tool fails."""
        work = folder / "work"
        self._prepare(article, work)
        path = os.pathsep.join((str(out / "tools" / "bin"), os.environ["PATH"]))
        for command in self.commands:
            command = re.sub(r"^node (\S+)", rf"node {HERE}/\1 {out}/node", command)
            subprocess.run(
                command, shell=True, check=True, cwd=work, env={**os.environ, "PATH": path}, timeout=LONGEST_RUN,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        page = (work / "page.html").read_bytes()
        if self.chrome:
            title = article.blocks[0].lines[0][0].text
            body = page.decode("utf-8")
            page = chrome.wrap(self.chrome, title, self.head, body, article).encode()
        (folder / "page.html").write_bytes(page)

    def _prepare(self, article: Document, work: Path) -> None:
        words = iter(article.chrome)
        sources = {name: re.sub("«w»", lambda _: next(words), text) for name, text in self.files.items()}
        sources[self.input] = WRITERS[self.writer](self.dialect).write(article)
        for name, text in sources.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text, encoding="utf-8")


@cache
def tools() -> dict[str, Tool]:
    table = tomllib.loads((HERE / "tools.toml").read_text(encoding="utf-8"))
    return {name: _tool(name, fields) for name, fields in table.items()}


def _tool(name: str, fields: dict[str, object]) -> Tool:
    parts = {key: fields.pop(key) for key in ("inline", "display", "dollar", "bar") if key in fields}
    if "environment" in fields:
        parts["environment"] = fields["environment"]
    return Tool(name, dialect=Dialect(**parts), **fields)
