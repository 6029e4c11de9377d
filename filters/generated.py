"""What nobody wrote for the repository it lies in: copies of others' code, programs' output, tables, encoded data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar

from filters import wordlist
from filters.automaton import Automaton
from filters.document import Document, Drop
from filters.filter import refuse

FOLDERS = wordlist.load("filters", "vendored_folders.txt")
"""Folders in which repositories keep what others wrote."""
LIBRARIES: dict[str, dict[str, list[str]]] = tomllib.loads(
    files("filters").joinpath("library_copies.toml").read_text("utf-8")
)
"""Libraries, where they are at home, and folders that betray a copy of them."""
HEADERS = wordlist.load("filters", "generated_headers.txt")
"""What programs write at the head of the files that they write."""

_FOLDER = re.compile("/(" + "|".join(map(re.escape, FOLDERS)).replace(r"/\*", "/(?!tests?/)[^/]+") + ")/")
_CLAUSE = r"(?:^|[\r\n.:;!>({\[*%#-])[ \t*%#/;(-]*"
_BETWEEN = r"[\W_]+"
_LONG_LINES = 70  # characters on average; base64 has 76 a line
_MIN_DIGITS = 0.25  # share in the middle of a text below which no table is looked for
_SAMPLE = 2_000  # characters in the middle
_HEAD = 2_000  # characters: a licence may stand first
_DIGIT = re.compile("[0-9]")
# Lines with no letters but those of hexadecimal numbers and of suffixes, as in 0xFFul
_VALUES = re.compile(r"^[^g-km-tv-wyzG-KM-TV-WYZ\n]+$", re.MULTILINE)


@dataclass(frozen=True)
class Copied:
    """Refuses files in folders of dependencies, and copies of libraries outside the libraries' own repositories.

    Reads `meta["repo"]`, as owner/name, and `meta["path"]`. Without a repository the whole path is taken to be its own.
    """

    rule: ClassVar[str] = "copied"
    reasons: ClassVar[frozenset[str]] = frozenset({"dependency", "library"})

    def __call__(self, document: Document) -> Document | Drop:
        repository = str(document.meta.get("repo") or "")
        path = str(document.meta.get("path") or "")
        if folder := _FOLDER.search(f"/{path}"):
            return refuse(self, document, "dependency", folder[1])
        copy = _library().search(f"{repository and '/'}{path}")
        if copy and not _at_home(repository, str(copy.lastgroup)):
            return refuse(self, document, "library", copy[0].strip("/")[-100:])
        return document


@dataclass(frozen=True)
class Generated:
    """Refuses what a program wrote, by its own word or by its looks."""

    rule: ClassVar[str] = "generated"
    reasons: ClassVar[frozenset[str]] = frozenset({"header", "minified", "table"})

    max_word: float = 30
    """Most characters to one of white space, where lines are long too: encoded data and minified code have more."""
    max_values: float = 0.9
    """Largest share of the characters in lines without a word, such as rows of numbers."""
    min_table: int = 10_000
    """Smallest table refused, in characters."""

    def __call__(self, document: Document) -> Document | Drop:
        text = document.text
        if said := _header(text[:_HEAD]):
            return refuse(self, document, "header", said)
        if (word := _word(text)) > self.max_word:
            return refuse(self, document, "minified", f"{word:.0f} characters to one of white space")
        if len(text) >= self.min_table and (values := _values(text)) > self.max_values:
            return refuse(self, document, "table", f"{values:.3f}")
        return document


def _word(text: str) -> float:
    """Characters to one of white space; 0 where lines are not long."""
    lines = 1 + text.count("\n")
    return len(text) / (lines + text.count(" ") + text.count("\t")) if len(text) > _LONG_LINES * lines else 0


def _values(text: str) -> float:
    """Share of the characters in lines without a word; 0 where the middle of the text holds few digits."""
    middle = text[len(text) // 2 :][:_SAMPLE]
    if len(_DIGIT.findall(middle)) < _MIN_DIGITS * len(middle):
        return 0
    return sum(len(row[0]) for row in _VALUES.finditer(text)) / len(text)


@cache
def _headers() -> Automaton:
    return Automaton({header: "(?i)" + _expression(header) for header in HEADERS})


def _expression(header: str) -> str:
    words = _BETWEEN.join(map(re.escape, header.removeprefix("^").split()))
    return (_CLAUSE if header.startswith("^") else r"\b") + words + r"\b"


def _header(head: str) -> str:
    """The first of the headers that is in the head of a file, or nothing."""
    return min(_headers().found_in(head.encode("utf-8", "surrogatepass")), default="")


@cache
def _library() -> re.Pattern[str]:
    """Finds a folder of a library; the name of the group is that of the library, by its number."""
    groups = (f"(?P<_{number}>{_folders(facts)})" for number, facts in enumerate(LIBRARIES.values()))
    return re.compile("|".join(groups))


def _folders(facts: dict[str, list[str]]) -> str:
    releases = "|".join(map(re.escape, facts["home"]))
    return f"/(?:{'|'.join(map(re.escape, facts['folders']))})/|/(?i:{releases})[_-]?v?\\d+[._]\\d[\\w.-]*/"


def _at_home(repository: str, group: str) -> bool:
    home = tuple(list(LIBRARIES.values())[int(group[1:])]["home"])
    return any(name.removeprefix("lib").startswith(home) for name in repository.lower().split("/"))
