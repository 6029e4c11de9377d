"""Jupyter notebooks as Markdown: prose as it stands, code and text output in fences, pictures and errors left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from filters.document import Document, Drop
from filters.filter import refuse

_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])")
_EMPTY_LINK = re.compile(r"\[\s*\]\([^()]*\)")
_TAG = re.compile(r"<(?P<end>/?)(?P<name>iframe|img|script|style|video)\b[^<>]*>", re.IGNORECASE)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")
_LANGUAGE = re.compile(r"[A-Za-z][\w+#-]{0,30}\Z", re.ASCII)
_DATA = re.compile(r"data:image/[\w.+-]{1,30};base64,[\w+/=%-]*", re.ASCII)
_OBJECT = re.compile(r"<[^<>\n]{1,300}?(?: object| at 0x[0-9A-Fa-f]{1,16})>")
_LIST_SIGNS = re.compile(r"[\s\[\](),]*")
_FORMATTED = ("text/latex", "latex", "output_latex", "text/markdown")
_PLAIN = ("text/plain", "text", "output_text")
_PICTURES = frozenset({"png", "jpeg", "svg", "output_png", "output_jpeg", "output_svg"})
"""Names that outputs have in formats 2 and 3; format 4 has media types."""


@dataclass(frozen=True)
class Notebook:
    """Turns the JSON of a Jupyter notebook (nbformat 1 to 4) in a document's text into Markdown.

    Of a cell's outputs those with a picture or a traceback are left out, unless they also give LaTeX or Markdown; from
    prose go pictures, frames, videos and scripts. The published code cleared all outputs of such a cell.

    It differs from nbconvert on purpose: outputs stand in fences, not indented; a table is what the kernel printed of
    it, not HTML; style sheets, terminal colours, lines that a progress bar overwrote, and what only names an object
    (`<Figure size 640x480 with 1 Axes>` goes with its picture, `<Axes at 0x7f…>` by itself) are left out.
    """

    rule: ClassVar[str] = "notebook"
    reasons: ClassVar[frozenset[str]] = frozenset({"broken-json", "not-a-notebook", "empty", "too-large"})

    max_bytes: int = 1_048_575
    """Largest Markdown kept, in bytes of UTF-8 (Llemma, Appendix A: the limit for all code)."""
    clear_cells: bool = False
    """Leave out all outputs of a cell if one of them is a PNG or a traceback, as the published code did."""

    def __call__(self, document: Document) -> Document | Drop:
        try:
            notebook = json.loads(document.text)
        except (ValueError, RecursionError) as error:
            return refuse(self, document, "broken-json", f"{type(error).__name__}: {error}"[:100])
        cells = _cells(notebook)
        if cells is None:
            return refuse(self, document, "not-a-notebook")
        if self.clear_cells:
            cells = [_cleared(_dict(cell)) for cell in cells]
        text = _markdown(cells, _kernel_language(notebook))
        if not text:
            return refuse(self, document, "empty", f"{len(cells)} cells")
        size = len(text.encode())
        if size > self.max_bytes:
            return refuse(self, document, "too-large", f"{size} bytes of Markdown")
        return replace(document, text=text)


def _cells(notebook: Any) -> list[Any] | None:
    """Cells of a notebook; before nbformat 4 they lie in worksheets. None if this is no notebook."""
    if not isinstance(notebook, dict):
        return None
    if isinstance(notebook.get("cells"), list):
        return list(notebook["cells"])
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        return None
    return [cell for sheet in sheets for cell in _list(_dict(sheet).get("cells"))]


def _kernel_language(notebook: Mapping[str, Any]) -> str:
    metadata = _dict(notebook.get("metadata"))
    declared = (_dict(metadata.get("language_info")).get("name"), _dict(metadata.get("kernelspec")).get("language"))
    return next((name for name in map(_language, declared) if name), "")


def _markdown(cells: list[Any], language: str) -> str:
    parts = [part for cell in cells for part in _cell(_dict(cell), language)]
    text = _BLANK_LINES.sub("\n\n", "\n\n".join(part for part in parts if part)).strip()
    return text.encode("utf-8", "replace").decode()  # JSON may hold half a character: \ud800


def _cell(cell: Mapping[str, Any], language: str) -> Iterator[str]:
    kind, source = cell.get("cell_type"), _text(cell.get("source"))
    if kind == "code":
        code = source or _first(cell, ("input", "code"))
        yield _fenced(code, language or _language(cell.get("language")))
        for output in _list(cell.get("outputs")):
            yield _output(_dict(output))
    elif kind == "heading":
        level = cell.get("level")
        yield "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + " " + _prose(source)
    elif kind in ("markdown", "html", "text"):
        yield _prose(source or _text(cell.get("text")))
    elif kind == "raw":
        yield source.strip("\n")


def _cleared(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cell, without its outputs if one of them is a PNG or a traceback."""
    outputs = map(_dict, _list(cell.get("outputs")))
    spoilt = any(
        _dict(output.get("data")).get("image/png") or output.get("png") or {"ename", "traceback"} <= output.keys()
        for output in outputs
    )
    return {**cell, "outputs": []} if spoilt else cell


def _output(output: Mapping[str, Any]) -> str:
    """An output as LaTeX or Markdown where it offers that, else its plain text unless it is a picture or an error."""
    data = _dict(output.get("data")) or output
    if formatted := _first(data, _FORMATTED):
        return _prose(formatted)
    if "traceback" in output or any(key in _PICTURES or key.startswith("image/") for key in data):
        return ""
    text = _last_words(_ANSI.sub("", _first(data, _PLAIN)))
    return "" if _LIST_SIGNS.fullmatch(_OBJECT.sub("", text)) else _fenced(text, "output")


def _last_words(text: str) -> str:
    """What a terminal shows in the end: a carriage return goes back to the beginning of the line."""
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _prose(markdown: str) -> str:
    """Markdown without pictures, frames, videos and scripts."""
    return _EMPTY_LINK.sub("", _IMAGE.sub("", _without_elements(_DATA.sub("", markdown)))).strip("\n")


def _without_elements(markdown: str) -> str:
    """Cuts each unwanted tag, up to its end tag if one follows; one pass from the end keeps this linear."""
    cuts: list[tuple[int, int]] = []
    end_tags: dict[str, int] = {}
    for tag in reversed(list(_TAG.finditer(markdown))):
        name, end = tag["name"].lower(), tag.end()
        if tag["end"]:
            end_tags[name] = end
        elif not tag[0].endswith("/>"):
            end = end_tags.get(name, end)
        cuts.append((tag.start(), end))
    kept, position = [], 0
    for start, end in reversed(cuts):
        kept.append(markdown[position:start])
        position = max(position, end)
    return "".join(kept) + markdown[position:]


def _fenced(text: str, language: str) -> str:
    """The text in a fence longer than any run of backticks in it; nothing if it is blank."""
    text = text.strip("\n")
    if not text.strip():
        return ""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _language(name: Any) -> str:
    return name.lower() if isinstance(name, str) and _LANGUAGE.match(name) else ""


def _text(value: Any) -> str:
    """A string, or the join of a list of strings: both stand for text in a notebook."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _first(values: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first of these that holds text."""
    return next((text for name in names if (text := _text(values.get(name)))), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
