"""Parts of a published corpus that are not wanted: what stands in another source, or in the corpus that is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse


@dataclass(frozen=True)
class Unwanted:
    """Refuses documents by what a field of their `meta` says, such as those of the Pile's set `ArXiv`."""

    rule: ClassVar[str] = "unwanted"
    reasons: ClassVar[frozenset[str]] = frozenset({"part"})

    field: str = ""
    """Name of the field, such as `pile_set_name`."""
    parts: tuple[str, ...] = ()
    """What it must not say; none: everything is wanted."""

    def __call__(self, document: Document) -> Document | Drop:
        part = document.meta.get(self.field)
        return refuse(self, document, "part", str(part)) if part in self.parts else document
