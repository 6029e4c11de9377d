"""The one verb of this room: a Filter takes a Document and answers with a Document or a Drop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from filters.document import Document, Drop


class Filter(Protocol):
    """A pure function on documents: a frozen dataclass whose fields are its thresholds.

    `rule` is the filter's name in the ledger and `reasons` are all the words it may refuse with.
    """

    rule: ClassVar[str]
    reasons: ClassVar[frozenset[str]]

    def __call__(self, document: Document) -> Document | Drop: ...


def refuse(by: Filter, document: Document, reason: str, detail: str = "") -> Drop:
    """The Drop that `by` answers with; an undeclared reason is a programming error and raises ValueError."""
    if reason not in by.reasons:
        raise ValueError(f"{by.rule} refuses with {reason!r}, which is not among its reasons {sorted(by.reasons)}")
    return Drop(document.id, by.rule, reason, detail, document.url, document.size)


def apply(filters: Iterable[Filter], document: Document) -> Document | Drop:
    """Pass a document through filters in order; the first refusal ends it."""
    for step in filters:
        outcome = step(document)
        if isinstance(outcome, Drop):
            return outcome
        document = outcome
    return document


@dataclass(frozen=True)
class Where:
    """A filter for some subsets only; documents of others pass untouched. It refuses in the name of that filter."""

    then: Filter
    """The filter."""
    subsets: frozenset[str]
    """Subsets that it looks at."""

    rule: ClassVar[str] = "where"
    reasons: ClassVar[frozenset[str]] = frozenset()

    def __call__(self, document: Document) -> Document | Drop:
        return self.then(document) if document.subset in self.subsets else document
