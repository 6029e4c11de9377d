"""Source code: is the file text, is it of the language it claims, and does it hold mathematics?"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import ClassVar

import languages
from filters.document import Document, Drop
from filters.encoding import decode, is_binary
from filters.evidence import Evidence
from filters.filter import Filter, apply, refuse
from filters.generated import Copied, Generated
from filters.language_id import LanguageId
from filters.notebook import Notebook
from filters.refusals import Refusals
from languages import Language, Refusal

_BEGINNING = 100_000
"""Bytes in which a file's language is looked for, where its ending does not tell it."""
_NOT_DIGITS = bytes(set(range(256)) - set(string.digits.encode()))
_NOT_CHARACTERS = string.whitespace.encode() + bytes(range(0x80, 0xC0))  # the latter continue a UTF-8 character


@dataclass(frozen=True)
class FileType:
    """Finds a file's language by the ending of its path, `meta["path"]`, and makes it the document's subset.

    Where several languages claim an ending, as C and C++ do `.h`, the beginning of the file tells them apart.
    """

    rule: ClassVar[str] = "file-type"
    reasons: ClassVar[frozenset[str]] = frozenset({"extension"})

    among: tuple[str, ...] = field(default_factory=languages.names)
    """Languages that are wanted; of two that nothing tells apart the first named gets the file."""

    def __call__(self, document: Document) -> Document | Drop:
        path = _path(document)
        found = languages.by_extension(path, self.among)
        if not found:
            return refuse(self, document, "extension", path[-100:])
        if len(found) == 1:
            return replace(document, subset=found[0])
        beginning = document.raw[:_BEGINNING].decode("latin-1")
        return replace(document, subset=languages.told_apart(found, beginning))


@dataclass(frozen=True)
class Size:
    """Refuses what is too large to be written by hand."""

    rule: ClassVar[str] = "size"
    reasons: ClassVar[frozenset[str]] = frozenset({"too-large"})

    max_bytes: int = 1_048_575
    """Largest document kept, in bytes (Llemma, Appendix A)."""

    def __call__(self, document: Document) -> Document | Drop:
        size = document.size
        return document if size <= self.max_bytes else refuse(self, document, "too-large", f"{size} bytes")


@dataclass(frozen=True)
class Decode:
    """Turns raw bytes into text, in whatever encoding (`filters/encoding.py`). What came as text is checked."""

    rule: ClassVar[str] = "decode"
    reasons: ClassVar[frozenset[str]] = frozenset({"encoding", "binary", "blank"})

    def __call__(self, document: Document) -> Document | Drop:
        try:
            text = decode(document.raw) if document.raw else _encodable(document.text)
        except UnicodeError as error:
            reason = "binary" if is_binary(document.raw) else "encoding"
            return refuse(self, document, reason, str(error)[-100:])
        if "\0" in text:
            return refuse(self, document, "binary", f"{text.count(chr(0))} NUL characters")
        if not text or text.isspace():
            return refuse(self, document, "blank")
        return replace(document, text=text, raw=b"")


@dataclass(frozen=True)
class Density:
    """Refuses tables of numbers: too many digits among the characters that are not white space.

    The paper says digits to non-digits, its code divides by all characters; the limits were chosen with the code.
    """

    rule: ClassVar[str] = "density"
    reasons: ClassVar[frozenset[str]] = frozenset({"digits"})

    max_density: float = 0.5
    """Largest share of digits kept, between 0 and 1 (Llemma, Appendix A)."""

    def __call__(self, document: Document) -> Document | Drop:
        data = document.text.encode("utf-8", "surrogatepass")
        digits = len(data.translate(None, _NOT_DIGITS))
        characters = len(data.translate(None, _NOT_CHARACTERS))
        if digits <= self.max_density * characters:
            return document
        return refuse(self, document, "digits", f"{digits / characters:.3f}")


@dataclass(frozen=True)
class LargeFiles:
    """Refuses a large file unless enough of its lines hold a certain text."""

    rule: ClassVar[str] = "large-file"
    reasons: ClassVar[frozenset[str]] = frozenset({"few-lines"})

    facts: languages.LargeFiles
    """What counts as large, and what its lines must hold."""

    def __call__(self, document: Document) -> Document | Drop:
        if document.size < self.facts.min_bytes:
            return document
        lines = document.text.splitlines()
        hits = sum(self.facts.line in line for line in lines)
        if hits >= self.facts.min_share * len(lines):
            return document
        return refuse(self, document, "few-lines", f"{self.facts.line} in {hits} of {len(lines)} lines")


@dataclass(frozen=True)
class Markers:
    """Refuses a file that its path, its beginning or a word in it betrays, or that has no sign of mathematics."""

    rule: ClassVar[str] = "language"
    reasons: ClassVar[frozenset[str]] = frozenset({"refused-path", "refused-start", "refused-marker", "no-marker"})

    language: Language
    """The language whose signs are looked for."""

    def __call__(self, document: Document) -> Document | Drop:
        found = self._refusal(document)
        if found:
            reason, refusal, sign = found
            return refuse(self, document, reason, f"{refusal.reason}: {sign[0].strip()[:100]}")
        if not self._evidence.wanted or self._evidence.found_in(document.text, _path(document)):
            return document
        return refuse(self, document, "no-marker")

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(self.language)

    @cached_property
    def _refusals(self) -> Refusals:
        return Refusals(self.language.none_of)

    def _refusal(self, document: Document) -> tuple[str, Refusal, re.Match[str]] | None:
        path, text, start = _path(document), document.text, _start(document.text)
        for refusal in self.language.refused_paths:
            if sign := refusal.regex.search(path):
                return "refused-path", refusal, sign
        for refusal in self.language.refused_starts:
            if sign := refusal.regex.match(text, start):
                return "refused-start", refusal, sign
        found = self._refusals.first_in(text)
        return ("refused-marker", *found) if found else None


def code_filters(language: Language) -> tuple[Filter, ...]:
    """All that a file of the language must pass, the cheapest first."""
    steps: list[Filter] = [Copied(), Size(language.max_bytes), Decode()]
    if language.max_density < 1:
        steps.append(Density(language.max_density))
    if language.large_files:
        steps.append(LargeFiles(language.large_files))
    if language.notebook:
        steps.append(Notebook())  # before the signs: a picture, as JSON holds it, has letters enough for any short word
    return (*steps, Markers(language), Generated())


def _all_languages() -> tuple[Language, ...]:
    return tuple(map(languages.load, languages.names()))


@dataclass(frozen=True)
class Code:
    """Passes a document through the filters of the language that its subset names.

    A refusal bears the rule of the filter that refused; only a subset that is no language is refused by this one.
    """

    rule: ClassVar[str] = "code"
    reasons: ClassVar[frozenset[str]] = frozenset({"unknown-language"})

    languages: tuple[Language, ...] = field(default_factory=_all_languages)
    """Languages that are wanted, with all their rules: they are part of what a corpus is made by."""

    @cached_property
    def _steps(self) -> dict[str, tuple[Filter, ...]]:
        return {language.name: code_filters(language) for language in self.languages}

    def __call__(self, document: Document) -> Document | Drop:
        steps = self._steps.get(document.subset)
        return apply(steps, document) if steps else refuse(self, document, "unknown-language", document.subset[:100])


@cache
def _code() -> Code:
    return Code()


def classify(language: str, path: str, raw: bytes) -> Document | Drop:
    """What becomes of one file if it is taken to be of the language; ValueError if there is no such language.

    That is what a corpus of the Stack or of GitHub does with it, as long as the manifest sets no thresholds.
    """
    facts = languages.load(language)
    steps: tuple[Filter, ...] = (_code(), LanguageId()) if facts.english else (_code(),)
    return apply(steps, Document(path, "file", facts.name, meta={"path": path}, raw=raw))


def _encodable(text: str) -> str:
    """The text itself; UnicodeEncodeError for lone surrogates, which JSON may smuggle in."""
    if not text.isascii():
        text.encode()
    return text


def _path(document: Document) -> str:
    """`owner/repository/path` as far as they are known."""
    known = (document.meta.get("repo"), document.meta.get("path"))
    return "/".join(str(part) for part in known if part)


def _start(text: str) -> int:
    return len(text) - len(text.lstrip())
