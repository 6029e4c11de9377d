"""Source code as the published code judged it, math-lm's defects included: languages/published.py has the rules.

What only made that code crash is not here: a blank file, on which it divides by zero in ten languages, is a Drop.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import languages
from filters import notebook_format
from filters.document import Document, Drop
from filters.filter import refuse
from filters.notebook import Notebook
from languages import published
from languages.published import PublishedRules, PublishedSign

_LONGEST_NAME = 200  # characters; GitHub allows 100 and 39 for the owner
_NEWLINES = re.compile(r"\r\n?")
_NOTEBOOK = Notebook(max_bytes=1 << 40, clear_cells=True)  # there was no limit
_NOT_DIGITS = bytes(set(range(256)) - set(string.digits.encode()))


def _all_languages() -> tuple[PublishedRules, ...]:
    return tuple(map(published.load, languages.names()))


@dataclass(frozen=True)
class PublishedCode:
    """Keeps the files that the published code kept of the language that the document's subset names."""

    rule: ClassVar[str] = "published-code"
    reasons: ClassVar[frozenset[str]] = frozenset(
        {"unknown-language", "path", "repository", "encoding", "blank", "too-large", "digits", "large-file"}
        | {"refused-marker", "no-marker", "notebook"}
    )

    languages: tuple[PublishedRules, ...] = field(default_factory=_all_languages)
    """Languages that are wanted, with all their rules: they are part of what a corpus is made by."""

    @cached_property
    def _rules(self) -> dict[str, PublishedRules]:
        return {rules.name: rules for rules in self.languages}

    def __call__(self, document: Document) -> Document | Drop:
        rules = self._rules.get(document.subset)
        if rules is None:
            return refuse(self, document, "unknown-language", document.subset[:100])
        try:
            text = document.raw.decode() if document.raw else document.text.encode().decode()
        except UnicodeError as error:
            return refuse(self, document, "encoding", str(error)[-100:])
        if rules.universal_newlines:
            text = _NEWLINES.sub("\n", text)
        if not text or text.isspace():
            return refuse(self, document, "blank")
        decoded = replace(document, text=text, raw=b"")
        reason, detail = _place(rules, document) or _standard(rules, decoded) or _signs(rules, text) or ("", "")
        if reason:
            return refuse(self, decoded, reason, detail[:100])
        if not rules.notebook:
            return decoded
        if wrong := notebook_format.fault(text):
            return refuse(self, decoded, "notebook", wrong[:100])
        return _NOTEBOOK(decoded)


Refused = tuple[str, str] | None
"""Reason and detail."""


def _place(rules: PublishedRules, document: Document) -> Refused:
    """Whether the path or the repository's name forbids the file."""
    path, repository = str(document.meta.get("path") or ""), str(document.meta.get("repo") or "")
    if rules.extensions and not path.endswith(rules.extensions):
        return "path", path
    if sign := _found(rules.refused_paths, path):
        return "path", sign
    # tarballs join owner and name by a hyphen, and either may hold one: the name may begin after any of them
    name = repository.rpartition("/")[2][:_LONGEST_NAME]
    names = [name] if "/" in repository else [name[at.end() :] for at in re.finditer("-", name)]
    sign = next(filter(None, (_found(rules.refused_repositories, one) for one in names)), "")
    return ("repository", sign) if sign else None


def _standard(rules: PublishedRules, document: Document) -> Refused:
    """Size and share of digits."""
    size = document.size
    if rules.standard:
        if size > rules.max_bytes:
            return "too-large", f"{size} bytes"
        share = _density(document.text)
        return ("digits", f"{share:.3f}") if share > rules.max_density else None
    large = rules.large_files
    if large is None or size < large.min_bytes:
        return None
    lines, hits = document.text.count("\n") + 1, document.text.count(large.line)
    if hits < large.min_share * lines or _density(document.text) > rules.max_density:
        return "large-file", f"{large.line} {hits} times in {lines} lines"
    return None


def _density(text: str) -> float:
    """Digits among the characters that are not white space."""
    return len(text.encode().translate(None, _NOT_DIGITS)) / len("".join(text.split()))


def _signs(rules: PublishedRules, text: str) -> Refused:
    if sign := _found(rules.none_of, text):
        return "refused-marker", sign
    if rules.any_of and not _found(rules.any_of, text):
        return "no-marker", ""
    return None


def _found(signs: Iterable[PublishedSign], text: str) -> str:
    """The first sign that is found, as it stands in the text."""
    return next((found[0] for sign in signs if (found := sign.regex.search(text))), "")
