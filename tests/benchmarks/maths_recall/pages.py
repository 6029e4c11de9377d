"""A document as the HTML that a site would serve, its formulas in one of the ways of writing of markup.toml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import ClassVar
from urllib.parse import quote, quote_plus

import chrome
from documents import Block, Document, Formula, Line, Span

_PLACE = re.compile("«([\\w-]+)»")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

Engines = Mapping[str, Mapping[str, str]]
"""Per engine, what it made of a formula; the key is the kind and the TeX, with a blank between."""


@dataclass(frozen=True)
class Markup:
    """One way in which a site writes formulas into its pages."""

    name: str
    family: str
    inline: str
    display: str
    environment: str = ""
    """How a bare environment stands on the page; "" if its authors write none."""
    head: str = ""
    chrome: str = "plain"
    dollar: str = "$"
    """What its authors write for a dollar that is money."""
    compare: str = "tex"
    """`tex`, or `tokens` where the page does not hold the TeX."""
    source: str = "formulas.txt"
    browser: str = ""
    """What a browser must find before the page is saved again, as a CSS selector; "" if no browser draws it."""
    strip: str = ""
    """A CSS selector of what is taken out of the page that the browser drew."""
    without: ClassVar[str] = ""

    def formula(self, formula: Formula, number: int, engines: Engines) -> str:
        template = getattr(self, formula.kind)

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            if name == "number":
                return str(number)
            return _FILLERS[name](formula.given) if name in _FILLERS else engines[name][f"{formula.kind} {formula.tex}"]

        return _PLACE.sub(fill, template)

    def markers(self, article: Document) -> list[str]:
        return chrome.markers(self.chrome, article)

    def look(self) -> str:
        """What besides the article and this table decides how the page looks."""
        return chrome.template(self.chrome)

    def engines(self) -> set[str]:
        """The engines whose output its templates hold."""
        places = _PLACE.findall(self.inline + self.display + self.environment)
        return {name for name in places if name not in _FILLERS and name != "number"}


def _spaced(tex: str) -> str:
    return quote(tex, safe="\\(){}^_=+-*/,.;:'|!<>[]").replace("%20", "&space;").replace("+", "&plus;")


_FILLERS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "tex": lambda tex: escape(tex, quote=False),
    "attr": escape,
    "twice": lambda tex: escape(escape(tex, quote=False)),
    "url": lambda tex: escape(quote(tex, safe="")),
    "plus": lambda tex: escape(quote_plus(tex)),
    "spaced": lambda tex: escape(_spaced(tex)),
    "urltwice": lambda tex: quote(quote(tex, safe=""), safe=""),
    "hash": lambda tex: hashlib.sha1(tex.encode()).hexdigest(),
    "json": lambda tex: escape(tex.replace("\\", "\\\\").replace('"', '\\"')),
    "broken": lambda tex: escape(tex.replace(r"\\ ", "\\\\\n").replace(" = ", "\n = "), quote=False),
    "lines": lambda tex: escape(tex, quote=False).replace(r"\\ ", "\\\\<br />\n"),
}


class Page:
    """Writes the body of one page."""

    def __init__(self, markup: Markup, engines: Engines) -> None:
        self.markup = markup
        self.engines = engines
        self.number = 0

    def body(self, document: Document) -> str:
        """Footnotes stand at its end."""
        blocks = [self._block(block) for block in document.blocks if block.kind != "note"]
        notes = [self._note(block) for block in document.blocks if block.kind == "note"]
        return "\n".join([*blocks, '<section class="footnotes"><hr><ol>', *notes, "</ol></section>"])

    def _note(self, block: Block) -> str:
        mark, *line = block.lines[0]
        back = f'<a href="#ref{mark.text}" class="footnote-back">↩</a>'
        return f'<li id="fn{mark.text}"><p>{self._line(tuple(line))} {back}</p></li>'

    def _block(self, block: Block) -> str:
        if block.kind == "code":
            source = escape(block.source, quote=False)
            return f'<pre><code class="language-{block.language}">{source}\n</code></pre>'
        if block.kind == "display":
            return self._line(block.lines[0])
        if block.kind == "table":
            return _table([[self._span(cell) for cell in row] for row in block.lines])
        lines = [self._line(line) for line in block.lines]
        return _BLOCKS[block.kind](lines) if block.kind != "title" else f"<h1>{lines[0]}</h1>"

    def _line(self, line: Line) -> str:
        return "".join(map(self._span, line))

    def _span(self, span: Span) -> str:
        text = escape(span.text, quote=False)
        if span.formula is not None:
            self.number += 1
            return self.markup.formula(span.formula, self.number, self.engines)
        if span.kind == "code":
            return f"<code>{text}</code>"
        if span.kind == "money":
            return text.replace("$", self.markup.dollar)
        if span.kind == "note":
            return f'<sup><a href="#fn{text}" id="ref{text}">{text}</a></sup>'
        if span.kind == "link":
            return f'<a href="/wiki/{text}">{text}</a>'
        return f"<em>{text}</em>" if span.kind == "emphasis" else text


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"<li>{line}</li>" for line in lines)


def _table(rows: list[list[str]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _definitions(lines: list[str]) -> str:
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return "<dl>\n" + "\n".join(f"<dt>{term}</dt><dd>{meaning}</dd>" for term, meaning in pairs) + "\n</dl>"


_BLOCKS: dict[str, Callable[[list[str]], str]] = {
    "heading": lambda lines: f"<h2>{lines[0]}</h2>",
    "paragraph": lambda lines: f"<p>{lines[0]}</p>",
    "bullets": lambda lines: f"<ul>\n{_items(lines)}\n</ul>",
    "numbers": lambda lines: f"<ol>\n{_items(lines)}\n</ol>",
    "quote": lambda lines: "<blockquote>\n" + "\n".join(f"<p>{line}</p>" for line in lines) + "\n</blockquote>",
    "caption": lambda lines: f'<figure><img src="figure.png" alt=""><figcaption>{lines[0]}</figcaption></figure>',
    "definitions": _definitions,
}
