"""The text under construction: Markdown blocks, with code and formulas kept apart until the end."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from operator import sub

from pipeline.extract.delimited.broken import Block, mended
from pipeline.extract.delimited.configuration import Page
from pipeline.extract.delimited.delimiters import grammar, split
from pipeline.extract.layout.trim import Figures, Passage, trimmed
from pipeline.extract.tex import Formula

DEEPEST = 12
"""Levels of lists and quotations that are shown."""

# Finished pieces (formulas, code) stand in the text as U+E000 number U+E001, so that nothing later mistakes their
# dollars and backslashes for its own; U+E002 is a dollar that is none of a formula's; U+E003 the line end after a
# comment of TeX; U+E004 an edge of emphasis; U+E005 keeps what it follows from being a delimiter. The page's own go.
_PRIVATE = re.compile("[\ue000-\ue005]")
_EDGES = re.compile(" \ue004+ ")
_DELIMITING = re.compile(r"[\\`#\[]")
_COMMENT = re.compile(r"%(?<!\\%)")
_BACKTICKED = re.compile("\\$\ue000(\\d+)\ue001\\$")
_ATOM = re.compile("\ue000(\\d+)\ue001")
_PLAIN_DOLLAR = re.compile(r"(\\\\)|\\?\$")
_ESCAPED = re.compile("(\\\\\\\\)|\\\\?\ue002")
_BREAK = "\v"
_BREAKS = re.compile("\n{3,}")

Mark = tuple[int, ...]


@dataclass
class Blocks:
    """Collects inline pieces, closes them into blocks, and writes the whole."""

    page: Page | None
    """How delimiters read on this page; None if it shows no sign of maths and all its dollars are plain."""
    info: Counter[str] = field(default_factory=Counter)
    prefixes: list[str] = field(default_factory=list)
    """What every line begins with now: quotation marks and the indentation of lists."""
    lead: str = ""
    """What the next block's first line begins with instead of the prefixes: a heading's or an item's mark."""
    formulas: int = 0
    headings: int = 0
    in_cell: bool = False
    letters: int = 0
    """Characters of the text so far."""
    linked: int = 0
    """Characters of it that are in links."""
    named: int = 0
    """Letters and digits among these."""
    links: int = 0
    inner: int = 0
    """Links to places in the page itself."""
    menu_linked: int = 0
    """Characters of links in the menus that were taken back so far."""
    menu_links: int = 0
    dropped: int = 0
    """Pieces of furniture left out so far."""
    _counted: tuple[int, ...] = (0, 0, 0, 0)
    _inline: list[str] = field(default_factory=list)
    ignoring: bool = False
    """The text that comes now has no delimiters, whatever it looks like."""
    _written: list[Passage] = field(default_factory=list)
    _atoms: list[str] = field(default_factory=list)
    _in_list: bool = False

    def __post_init__(self) -> None:
        self._signs = grammar(self.page).signs if self.page is not None else re.compile("(?!)")

    def text(self, value: str) -> None:
        if not value.isascii():
            value = _PRIVATE.sub("", value)
        if self.ignoring:
            value = _DELIMITING.sub("\\g<0>\ue005", value.replace("$", "\ue002"))
        self._inline.append(value)

    def blank(self, value: str) -> None:
        """White space, which matters only after other text."""
        if self._inline:
            self._inline.append(value)

    def emphasis(self) -> None:
        """An edge of emphasis, which in a formula was a sign of TeX."""
        if self.page is not None:
            self._inline.append("\ue004")

    def line_break(self) -> None:
        self._inline.append(_BREAK)

    def formula(self, formula: Formula) -> None:
        self._inline.append(self._shown(formula))

    def _shown(self, formula: Formula) -> str:
        """What stands for a formula, "" if it shows nothing; it is counted."""
        tex = str(formula)
        if not tex:
            if formula.kind.endswith("/refused"):
                self.info[formula.kind] += 1
            elif formula.tex.strip():
                self.info[f"{formula.kind}/definition"] += 1
            return ""
        self.info[formula.kind] += 1
        self.formulas += 1
        return self._atom(tex)

    def code(self, source: str) -> None:
        """Code within a line."""
        stripped = " ".join(_PRIVATE.sub("", source).split())
        if stripped:
            code = self._atom(f"`` {stripped} ``" if "`" in stripped else f"`{stripped}`")
            self._inline += " " * source[0].isspace(), code, " " * source[-1].isspace()

    def code_block(self, source: str, language: str) -> None:
        """Code as it stands, in a fence longer than any run of backticks in it."""
        self.flush()
        source = _PRIVATE.sub("", source).strip("\r\n").rstrip()
        if not source:
            return
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", source)), default=0))
        lines = [fence + language, *source.splitlines(), fence]
        self._write(self._atom(("\n" + "".join(self.prefixes)).join(lines)))

    def indent(self, prefix: str) -> None:
        """Begin a list item or quotation; levels beyond DEEPEST are not indented, or hostile nesting would swell."""
        self.prefixes.append(prefix if len(self.prefixes) < DEEPEST else "")

    def flush(self) -> None:
        """End the block; within a table's cell it is only a blank."""
        if not self._inline:
            return
        if self.in_cell:
            self._inline.append(" ")
            return
        text = self.take(sep="\n")
        if text:
            self._write(text.replace("\n", "\n" + "".join(self.prefixes)))

    def take(self, sep: str = " ") -> str:
        """The inline text gathered so far, its blanks collapsed and the mathematics in it found."""
        if not self._inline:
            return ""
        gathered = "".join(self._inline)
        self._inline.clear()
        if gathered.isspace():
            return ""
        if self.page is not None and "%" in gathered:
            *lines, last = gathered.split("\n")
            gathered = "".join(line + ("\ue003 " if _COMMENT.search(line) else "\n") for line in lines) + last
        if _BREAK not in gathered:
            return self._with_formulas(_collapsed(gathered))
        lines = [" ".join(line.split()) for line in gathered.split(_BREAK)]
        text = _BREAKS.sub("\n\n", sep.join(lines).strip())
        return self._with_formulas(text)

    def table(self, rows: list[list[str]]) -> None:
        """A table of several columns in pipes; one of a single row or column is running text."""
        rows = [row for row in rows if any(row)]
        if not rows:
            return
        width = max(map(len, rows))
        while width > 1 and len(rows[0]) == 1 and len(rows) > 1:  # a caption, or a title over all columns
            self._write(rows.pop(0)[0])
        if width == 1 or len(rows) == 1:
            for row in rows:
                self._write(" ".join(filter(None, row)))
            return
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * len(rows[0]))
        self._write(("\n" + "".join(self.prefixes)).join(lines))

    def mark(self) -> Mark:
        """A place in the text to which `cut` can go back: the `Figures` so far, bare, as most marks are never used."""
        return (
            len(self._written), self.formulas, self.headings, self.letters, self.linked, self.links, self.inner,
            self.menu_linked, self.menu_links,
        )  # fmt: skip

    def since(self, mark: Mark) -> Figures:
        """What the text holds from the mark on."""
        return Figures(*map(sub, self.mark(), mark))

    def introduces(self) -> bool:
        """Whether the text so far ends in a sentence that says what comes next."""
        return bool(self._written) and not self._inline and self._written[-1].is_introduction

    def cut(self, mark: Mark) -> None:
        """Take a menu back."""
        menu = self.since(mark)
        del self._written[mark[0] :]
        self.dropped += 1
        self.menu_linked += menu.linked
        self.menu_links += menu.links
        self.headings, self.letters, self.linked, self.links, self.inner = mark[2:7]
        self._counted = (self.letters, self.linked, self.named, self.links)

    def render(self) -> str:
        """The whole text. A dollar that belongs to no formula is written `\\$`."""
        self.flush()
        text = "".join(mark + text for mark, text in self._mended()).strip("\n")
        text = text.replace("\ue005", "")
        # What stands for a formula must not touch what ends in a backslash or in another formula.
        text = text.replace("\\\ue000", "\\ \ue000").replace("\ue001\ue000", "\ue001 \ue000")
        if "\\\ue002" in text:
            text = _ESCAPED.sub(lambda match: match[1] or "\\$", text)
        text = text.replace("\ue002", "\\$")
        return self._with_atoms(text)

    def _with_atoms(self, text: str) -> str:
        """The text with the finished pieces in their places."""
        pieces = _ATOM.split(text)
        pieces[1::2] = [self._atoms[int(number)] for number in pieces[1::2]]
        return "".join(pieces)

    def _atom(self, text: str) -> str:
        self._atoms.append(text)
        return f"\ue000{len(self._atoms) - 1}\ue001"

    def _write(self, text: str) -> None:
        prefix = "".join(self.prefixes)
        in_list = bool(self.prefixes) and self.prefixes[-1].isspace()
        gap = "\n" if in_list and self._in_list else "\n\n"
        now = (self.letters, self.linked, self.named, self.links)
        letters, linked, named, links = self._counted
        counts = now[0] - letters, now[1] - linked, now[2] - named, now[3] - links
        self._written.append(Passage(gap, self.lead or prefix, text, *counts, self.dropped))
        self._in_list, self.lead, self._counted = in_list, "", now

    def _with_formulas(self, text: str) -> str:
        page = self.page
        if page is None:
            return text.replace("$", "\ue002")
        if not self._signs.search(text):
            return _unmarked(text)
        if "$\ue000" in text:
            text = _BACKTICKED.sub(self._backticked, text)
        pieces = [
            _plain(piece) if isinstance(piece, str) else self._shown(piece)
            for piece in split(text, page, not self.in_cell)
        ]
        return _unmarked("".join(pieces))

    def _backticked(self, match: re.Match[str]) -> str:
        """GitLab writes formulas as code between dollars."""
        atom = self._atoms[int(match[1])]
        return self._shown(Formula(atom.strip("`"), False, "delimiter")) if atom[0] == "`" else match[0]

    def _mended(self) -> list[Block]:
        blocks = [Block(passage.gap + passage.lead, passage.text) for passage in trimmed(self._written, self.dropped)]
        return blocks if self.page is None else mended(blocks, self.page, self._shown, self._source)

    def _source(self, text: str) -> str | None:
        """The text with its formulas written out; None if it holds code."""
        numbers = _ATOM.findall(text)
        if any(self._atoms[int(number)][0] == "`" for number in numbers):
            return None
        return self._with_atoms(text).replace("\ue002", "$")


def _collapsed(text: str) -> str:
    """The text with one space for all white space; of this a lone space only counts as printable."""
    return text.strip() if text.isprintable() and "  " not in text else " ".join(text.split())


def _plain(text: str) -> str:
    """Text whose dollars, also escaped ones, belong to no formula."""
    if "\\" not in text:
        return text.replace("$", "\ue002")
    return _PLAIN_DOLLAR.sub(lambda match: match[1] or "\ue002", text)


def _unmarked(text: str) -> str:
    """Text without the marks that only formulas need."""
    if "\ue004" in text:
        text = _EDGES.sub(" ", text).replace("\ue004", "")
    return text.replace("\ue003", "").strip()
