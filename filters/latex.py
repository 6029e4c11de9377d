r"""A LaTeX project becomes one text: \input resolved, comments gone, the author's macros expanded, no bibliography.

What RedPajama's cleaner does to the same papers (title and abstract lost, appendices cut, files in archive order, only
macros without arguments) is what this is written against.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.tex_macros import BombError, Expander
from filters.tex_source import Shelf, braces, strip_comments

_CLASS = re.compile(r"(?<!\\)\\document(?:class|style)\s*(?:\[[^\]]{0,2000}\])?\s*\{(?P<name>[^{}]*)\}")
_BEGIN = re.compile(r"\\begin\s*\{document\}")
_END = re.compile(r"\\end\s*\{document\}")
_PLAIN_TEX = re.compile(r"\\(?:bye|magnification|documentstyle|input\s+(?:amstex|amsppt))(?![a-zA-Z])")
_PART_CLASSES = ("subfiles", "standalone")
_MAIN_NAMES = ("main", "ms", "paper", "article", "root", "arxiv", "manuscript", "thesis")
_INPUT = re.compile(
    r"(?<!\\)\\(?:"
    r"(?:input|include|subfile|subfileinclude)\s*\{(?P<name>[^{}\n]*)\}"
    r"|input\s+(?P<bare>[^\s\\{}]+)"
    r"|(?:sub)?import\*?\s*\{(?P<folder>[^{}\n]*)\}\s*\{(?P<file>[^{}\n]*)\}"
    r"|(?:usepackage|RequirePackage)\s*(?:\[[^\]]{0,2000}\])?\s*\{(?P<package>[^{},\n]*)\}"
    r")"
)
_FRONT = re.compile(r"(?<!\\)\\(?:title\s*(?:\[[^\]]{0,2000}\])?\s*\{|abstract\s*\{|begin\{abstract\})")
_BIBLIOGRAPHY = re.compile(
    r"(?<!\\)\\(?:begin\s*\{(?P<environment>thebibliography|references|REFERENCES|biblist)\}"
    r"|(?:bibliography|bibliographystyle|nocite)\s*\{[^{}]*\}"
    r"|printbibliography(?![a-zA-Z])(?:\s*\[[^\]]{0,2000}\])?)[ \t]*\n?"
)


def encode_project(files: Mapping[str, str]) -> bytes:
    """A project's text files as the `raw` of a document: a JSON object {name in the archive: text}, in UTF-8."""
    return json.dumps(dict(files), ensure_ascii=False).encode("utf-8", "replace")


def decode_project(raw: bytes) -> dict[str, str]:
    """What `encode_project` wrote; raises ValueError for anything else."""
    files = json.loads(raw)
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise ValueError("not an object of strings")
    return files


class TooLargeError(Exception):
    r"""The \input commands of a project add up to more than the bounds."""


@dataclass(frozen=True)
class FlattenLatex:
    """Turns a document whose `raw` is an encoded project into the text of its paper, from title to appendix."""

    rule: ClassVar[str] = "latex"
    reasons: ClassVar[frozenset[str]] = frozenset({"not-a-project", "no-main", "empty", "too-large", "macro-bomb"})

    max_chars: int = 8 << 20
    """Largest text, in characters, with every \\input in its place."""
    max_inputs: int = 5_000
    """Most files put in place, one file counted every time."""
    max_expansions: int = 500_000
    """Most macro calls replaced."""

    def __call__(self, document: Document) -> Document | Drop:
        try:
            project = _Project(decode_project(document.raw), self.max_chars, self.max_inputs)
        except (ValueError, RecursionError) as error:
            return refuse(self, document, "not-a-project", type(error).__name__)
        expander = Expander(self.max_expansions, self.max_chars)
        try:
            mains = project.mains()
            if not mains:
                return refuse(self, document, "no-main", f"{len(project.files)} files")
            text = self._text(project, mains[0], expander)
        except TooLargeError as error:
            return refuse(self, document, "too-large", str(error))
        except BombError:
            return refuse(self, document, "macro-bomb", f"after {expander.expansions} expansions")
        if not any(char.isalnum() for char in text):
            return refuse(self, document, "empty", mains[0])
        meta = {"main": mains[0], "mains": len(mains), "inputs": project.inputs, "missing": project.missing}
        meta["expansions"] = expander.expansions
        return replace(document, text=text, raw=b"", meta=document.meta | meta)

    def _text(self, project: _Project, main: str, expander: Expander) -> str:
        preamble, body = _divide(project.resolve(main))
        expander.learn(preamble)
        text = cut_bibliography(expander.expand("".join(_front_matter(preamble)) + body))
        if project.shelf.size(text) > self.max_chars:
            raise TooLargeError("verbatim")
        return project.shelf.restore(text).strip()


class _Project:
    """The files of one paper and how they hang together."""

    def __init__(self, files: dict[str, str], max_chars: int, max_inputs: int) -> None:
        self.files = files
        self.shelf = Shelf()
        self.inputs = 0
        self.missing = 0
        self._chars = 0
        self._max_chars = max_chars
        self._max_inputs = max_inputs
        self._stripped: dict[str, str] = {}

    def text(self, name: str) -> str:
        if name not in self._stripped:
            self._stripped[name] = strip_comments(self.files[name], self.shelf)
        return self._stripped[name]

    def mains(self) -> list[str]:
        """The files that are whole documents, the likeliest paper first; those put in place by another come last."""
        sources = sorted(name for name in self.files if not name.lower().endswith((".sty", ".bbl")))
        whole = [name for name in sources if _CLASS.search(self.text(name))]
        whole = whole or [name for name in sources if _PLAIN_TEX.search(self.text(name))]
        parts = {part for name in sources for part in self._named_in(name) if part != name}
        return sorted(whole, key=lambda name: self._rank(name, name in parts))

    def _named_in(self, name: str) -> list[str]:
        return [part for call in _INPUT.finditer(self.text(name)) if (part := self._find(call, name, name))]

    def _rank(self, name: str, is_part: bool) -> tuple[bool, bool, bool, int, int, str]:
        text = self.text(name)
        document_class = _CLASS.search(text)
        stem = posixpath.splitext(posixpath.basename(name))[0].lower()
        return (
            is_part or bool(document_class and document_class["name"].strip() in _PART_CLASSES),
            not _BEGIN.search(text),
            stem not in _MAIN_NAMES,
            name.count("/"),
            -len(text),
            name,
        )

    def resolve(self, main: str) -> str:
        r"""The text of `main` with every \input in its place; one that is not in the project stays as it is."""
        return self._resolve(main, main, ())

    def _resolve(self, name: str, main: str, above: tuple[str, ...]) -> str:
        self.inputs += 1
        text = self.text(name)
        if above and _CLASS.search(text):
            text = _divide(text)[1]
        self._chars += len(text)
        if self._chars > self._max_chars or self.inputs > self._max_inputs:
            raise TooLargeError(f"{self.inputs} files, {self._chars} characters")
        return _INPUT.sub(lambda call: self._replacement(call, name, main, (*above, name)), text)

    def _replacement(self, call: re.Match[str], name: str, main: str, above: tuple[str, ...]) -> str:
        found = self._find(call, name, main)
        if found and found not in above:
            return self._resolve(found, main, above)
        self.missing += call["package"] is None
        return call[0]

    def _find(self, call: re.Match[str], name: str, main: str) -> str:
        """The file that a call names: seen from the main file's folder, as TeX does, or from the caller's."""
        asked = call["package"] or call["name"] or call["bare"]
        if asked is None:
            asked = posixpath.join(call["folder"].strip(), call["file"].strip())
        endings = (".sty",) if call["package"] else ("", ".tex", ".ltx")
        for folder in (posixpath.dirname(main), posixpath.dirname(name)):
            for ending in endings:
                path = posixpath.normpath(posixpath.join(folder, asked.strip() + ending))
                if path in self.files:
                    return path
        return ""


def _divide(text: str) -> tuple[str, str]:
    r"""(preamble, body): what stands before and within the document environment; without one all is body."""
    begin = _BEGIN.search(text)
    if not begin:
        return "", text
    end = _END.search(text, begin.end())
    return text[: begin.start()], text[begin.end() : end.start() if end else len(text)]


def _front_matter(preamble: str) -> list[str]:
    """Title and abstract, where the preamble declares them."""
    partners = braces(preamble)
    parts = []
    for start in _FRONT.finditer(preamble):
        if start[0].endswith("{abstract}"):
            end = preamble.find("\\end{abstract}", start.end()) + len("\\end{abstract}")
        else:
            end = partners.get(start.end() - 1, -1) + 1
        if end > start.end():
            parts.append(preamble[start.start() : end] + "\n\n")
    return parts


def cut_bibliography(text: str) -> str:
    """The text without its list of references; what follows the list, such as appendices, stays."""
    parts = []
    position = 0
    while cut := _BIBLIOGRAPHY.search(text, position):
        parts.append(text[position : cut.start()])
        position = cut.end()
        if name := cut["environment"]:
            end = text.find(f"\\end{{{name}}}", position)
            position = end + len(f"\\end{{{name}}}") if end >= 0 else len(text)
    return "".join((*parts, text[position:]))
