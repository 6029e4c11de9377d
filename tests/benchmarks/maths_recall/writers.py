"""A document as an author's source: Markdown, reStructuredText, LaTeX, AsciiDoc, a notebook, a page of Doxygen's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent

from documents import Block, Document, Formula, Line, Span


@dataclass(frozen=True)
class Dialect:
    """How formulas and money are written; `«raw»` stands for the TeX."""

    inline: str = "$«raw»$"
    display: str = "$$\n«raw»\n$$"
    environment: str = "«raw»"
    dollar: str = r"\$"
    bar: str = "|"
    """What its authors write for a vertical bar, where that would begin a table."""

    def formula(self, formula: Formula) -> str:
        tex = re.sub(r"(?<!\\)\|", lambda _: self.bar, formula.tex)
        return str(getattr(self, formula.kind)).replace("«raw»", tex)


class Markdown:
    """Also the base of the other writers, which replace what they write otherwise."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.notes: dict[str, str] = {}

    def write(self, document: Document) -> str:
        self.notes = {
            block.lines[0][0].text: self.line(block.lines[0][1:]) for block in document.blocks if block.kind == "note"
        }
        return "\n\n".join(filter(None, (getattr(self, block.kind)(block) for block in document.blocks))) + "\n"

    def line(self, line: Line) -> str:
        return "".join(getattr(self, f"_{span.kind}")(span) for span in line)

    def _text(self, span: Span) -> str:
        return span.text

    def _math(self, span: Span) -> str:
        return self.dialect.formula(span.formula) if span.formula else ""

    def _code(self, span: Span) -> str:
        return f"`{span.text}`"

    def _money(self, span: Span) -> str:
        return span.text.replace("$", self.dialect.dollar)

    def _note(self, span: Span) -> str:
        return f"[^{span.text}]"

    def _link(self, span: Span) -> str:
        return f"[{span.text}](https://example.org/wiki/{span.text})"

    def _emphasis(self, span: Span) -> str:
        return f"*{span.text}*"

    def title(self, block: Block) -> str:
        return f"# {self.line(block.lines[0])}"

    def heading(self, block: Block) -> str:
        return f"## {self.line(block.lines[0])}"

    def paragraph(self, block: Block) -> str:
        return self.line(block.lines[0])

    def display(self, block: Block) -> str:
        return self.line(block.lines[0])

    def caption(self, block: Block) -> str:
        return self.line(block.lines[0])

    def definitions(self, block: Block) -> str:
        return "\n\n".join(self.line(line) for line in block.lines)

    def bullets(self, block: Block) -> str:
        return "\n".join(f"- {self.line(line)}" for line in block.lines)

    def numbers(self, block: Block) -> str:
        return "\n".join(f"{number}. {self.line(line)}" for number, line in enumerate(block.lines, 1))

    def quote(self, block: Block) -> str:
        return "\n>\n".join(f"> {self.line(line)}" for line in block.lines)

    def note(self, block: Block) -> str:
        return f"[^{block.lines[0][0].text}]: {self.line(block.lines[0][1:])}"

    def code(self, block: Block) -> str:
        return f"```{block.language}\n{block.source}\n```"

    def table(self, block: Block) -> str:
        rows = ["| " + " | ".join(self.line((cell,)) for cell in row) + " |" for row in block.lines]
        return "\n".join([rows[0], "|" + " --- |" * len(block.lines[0]), *rows[1:]])


class NoNotes(Markdown):
    """Markdown for tools without footnotes: they stand as a paragraph."""

    def _note(self, span: Span) -> str:
        return f" [{span.text}]"

    def note(self, block: Block) -> str:
        return f"[{block.lines[0][0].text}] {self.line(block.lines[0][1:])}"


class Rest(Markdown):
    def _math(self, span: Span) -> str:
        return f"\\ :math:`{span.text}`\\ "

    def _code(self, span: Span) -> str:
        return f"``{span.text}``"

    def _money(self, span: Span) -> str:
        return span.text

    def _note(self, span: Span) -> str:
        return f" [{span.text}]_"

    def _link(self, span: Span) -> str:
        return f"`{span.text} <https://example.org/wiki/{span.text}>`__"

    def _ruled(self, block: Block, rule: str) -> str:
        text = self.line(block.lines[0])
        return f"{text}\n{rule * len(text)}"

    def title(self, block: Block) -> str:
        return self._ruled(block, "=")

    def heading(self, block: Block) -> str:
        return self._ruled(block, "-")

    def display(self, block: Block) -> str:
        return f".. math::\n\n   {block.lines[0][0].text}"

    def quote(self, block: Block) -> str:
        lines = "\n\n".join(f"   {self.line(line)}" for line in block.lines)
        return f"..\n\n{lines}\n\n.."  # empty comments, lest it become a part of what stands beside it

    def note(self, block: Block) -> str:
        return f".. [{block.lines[0][0].text}] {self.line(block.lines[0][1:])}"

    def code(self, block: Block) -> str:
        return f".. code:: {block.language}\n\n" + indent(block.source, "   ")

    def table(self, block: Block) -> str:
        rows = ["   * - " + "\n     - ".join(self.line((cell,)) for cell in row) for row in block.lines]
        return ".. list-table::\n   :header-rows: 1\n\n" + "\n".join(rows)


class RestDollars(Rest):
    """With an extension that reads formulas between dollars."""

    def _math(self, span: Span) -> str:
        return f"${span.text}$"

    def _money(self, span: Span) -> str:
        return span.text.replace("$", r"\$")


class Latex(Markdown):
    def write(self, document: Document) -> str:
        packages = "\\usepackage[utf8]{inputenc}\n\\usepackage{amsmath,amssymb}"
        body = super().write(document)
        return f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"

    def _text(self, span: Span) -> str:
        return span.text.replace("“", "``").replace("”", "''")

    def _code(self, span: Span) -> str:
        return f"\\verb|{span.text}|"

    def _note(self, span: Span) -> str:
        return f"\\footnote{{{self.notes[span.text]}}}"

    def _link(self, span: Span) -> str:
        return span.text

    def _emphasis(self, span: Span) -> str:
        return f"\\emph{{{span.text}}}"

    def title(self, block: Block) -> str:
        return f"\\title{{{self.line(block.lines[0])}}}\n\\author{{}}\n\\date{{}}\n\\maketitle"

    def heading(self, block: Block) -> str:
        return f"\\section{{{self.line(block.lines[0])}}}"

    def _list(self, block: Block, name: str) -> str:
        items = "\n".join(f"\\item {self.line(line)}" for line in block.lines)
        return f"\\begin{{{name}}}\n{items}\n\\end{{{name}}}"

    def bullets(self, block: Block) -> str:
        return self._list(block, "itemize")

    def numbers(self, block: Block) -> str:
        return self._list(block, "enumerate")

    def quote(self, block: Block) -> str:
        return "\\begin{quotation}\n" + "\n\n".join(self.line(line) for line in block.lines) + "\n\\end{quotation}"

    def note(self, block: Block) -> str:
        return ""

    def code(self, block: Block) -> str:
        return f"\\begin{{verbatim}}\n{block.source}\n\\end{{verbatim}}"

    def table(self, block: Block) -> str:
        rows = " \\\\\n".join(" & ".join(self.line((cell,)) for cell in row) for row in block.lines)
        return f"\\begin{{tabular}}{{lll}}\n{rows}\n\\end{{tabular}}"


class Asciidoc(NoNotes):
    def write(self, document: Document) -> str:
        return super().write(document).replace("\n", "\n:stem: latexmath\n", 1)

    def _math(self, span: Span) -> str:
        return "stem:[{}]".format(span.text.replace("]", "\\]"))

    def _code(self, span: Span) -> str:
        return f"`+{span.text}+`"

    def _money(self, span: Span) -> str:
        return span.text

    def _link(self, span: Span) -> str:
        return f"https://example.org/wiki/{span.text}[{span.text}]"

    def _emphasis(self, span: Span) -> str:
        return f"_{span.text}_"

    def title(self, block: Block) -> str:
        return f"= {self.line(block.lines[0])}"

    def heading(self, block: Block) -> str:
        return f"== {self.line(block.lines[0])}"

    def display(self, block: Block) -> str:
        return f"[stem]\n++++\n{block.lines[0][0].text}\n++++"

    def bullets(self, block: Block) -> str:
        return "\n".join(f"* {self.line(line)}" for line in block.lines)

    def numbers(self, block: Block) -> str:
        return "\n".join(f". {self.line(line)}" for line in block.lines)

    def quote(self, block: Block) -> str:
        return "____\n" + "\n\n".join(self.line(line) for line in block.lines) + "\n____"

    def code(self, block: Block) -> str:
        return f"[source,{block.language}]\n----\n{block.source}\n----"

    def table(self, block: Block) -> str:
        rows = ["\n".join("|" + self.line((cell,)) for cell in row) for row in block.lines]
        return '[cols="1,1,1",options="header"]\n|===\n' + "\n\n".join(rows) + "\n|==="


class Notebook(NoNotes):
    """Text in cells of Markdown, code in cells of its own."""

    def write(self, document: Document) -> str:
        cells: list[dict[str, object]] = []
        for block in document.blocks:
            is_code = block.kind == "code"
            source = block.source if is_code else getattr(self, block.kind)(block)
            extra = {"execution_count": None, "outputs": []} if is_code else {}
            kind = "code" if is_code else "markdown"
            cells.append({"cell_type": kind, "id": f"c{len(cells)}", "metadata": {}, "source": source, **extra})
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


class Doxygen(NoNotes):
    """A page of Doxygen's Markdown, where a backslash begins a command."""

    def _money(self, span: Span) -> str:
        return span.text.replace("$", r"\$")


WRITERS: dict[str, Callable[[Dialect], Markdown]] = {
    "markdown": Markdown, "markdown-without-notes": NoNotes, "rest": Rest, "rest-dollars": RestDollars, "latex": Latex,
    "asciidoc": Asciidoc, "notebook": Notebook, "doxygen": Doxygen,
}  # fmt: skip
