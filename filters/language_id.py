"""Keeps documents in the wanted languages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.glance import declared_language, rough_text
from filters.models import Model, predict
from filters.normalise import ascii_letters, prose, windows

LANGUAGE_MODEL = Model("builtin:language", "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83")
"""fastText's lid.176.ftz."""


@dataclass(frozen=True)
class LanguageId:
    """Keeps a document if the likeliest language of its prose is wanted and likely enough (OpenWebMath, section 3.5).

    Formulas, LaTeX commands, fenced code, digits and ASCII punctuation are taken out first: of 1,647 English pages of
    software and mathematics that refuses 61, raw text 120, lower case 76; of 585 others it keeps 1, 2 and 1. Of a long
    text the beginning and the middle are read: of 1,744 pages 249 are refused, as many as if five times the characters
    were read, which takes three times as long; the few on which the two disagree are lists of names and code.

    Adds `language` (code) and `language_score` (probability, 4 decimals) to the document's meta.
    """

    rule: ClassVar[str] = "language-id"
    reasons: ClassVar[frozenset[str]] = frozenset({"blank", "language", "uncertain"})

    wanted: tuple[str, ...] = ("en",)
    """Codes of the languages to keep, as fastText names them (ISO 639-1, else 639-3)."""

    threshold: float = 0.5
    """Least probability of the language, 0 to 1."""

    model: Model = LANGUAGE_MODEL
    """A fastText classifier whose labels are language codes."""

    window: int = 1_000
    """Characters read at the beginning and again in the middle."""

    def __call__(self, document: Document) -> Document | Drop:
        text = ascii_letters(prose(windows(document.text, self.window)))
        if not any(map(str.isalpha, text)):
            return refuse(self, document, "blank")
        language, score = next(iter(predict(self.model, text)), ("und", 0.0))
        detail = f"{language} {score:.4f}"
        if language not in self.wanted:
            return refuse(self, document, "language", detail)
        if score < self.threshold:
            return refuse(self, document, "uncertain", detail)
        return replace(document, meta=document.meta | {"language": language, "language_score": round(score, 4)})


@dataclass(frozen=True)
class DeclaredLanguage:
    """Spares a page the extraction that declares a language which is not wanted, if its text is not in a wanted one.

    Two thirds of the mathematical pages of CommonCrawl are not English (OpenWebMath, figure 1), and most say so. Either
    sign alone errs: themes leave their own language in pages, and formulas and code read like any. Of 4,494 pages 44
    end here, none of which `language-id` would keep.
    """

    rule: ClassVar[str] = "declared-language"
    reasons: ClassVar[frozenset[str]] = frozenset({"language"})

    wanted: tuple[str, ...] = ("en",)
    """Codes of the languages to keep; those of `language-id`, unless others are given."""
    threshold: float = 0.5
    """Least probability of a language that is not wanted, 0 to 1."""
    window: int = 20_000
    """Bytes of the page, from the beginning of its body on, that are read."""
    model: Model = LANGUAGE_MODEL
    """The classifier of `language-id`."""

    def __call__(self, document: Document) -> Document | Drop:
        declared = declared_language(document.raw)
        if not declared or declared in self.wanted:
            return document
        text = ascii_letters(rough_text(document.raw, self.window))
        language, score = next(iter(predict(self.model, text)), ("und", 0.0)) if text.strip() else ("und", 0.0)
        if language in self.wanted or score < self.threshold:
            return document
        return refuse(self, document, "language", f"declares {declared}; {language} {score:.4f}")
