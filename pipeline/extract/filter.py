"""The extraction as a filter: raw bytes of a page in, text out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from pipeline.extract.bounds import REASONS, ExtractError, Limits
from pipeline.extract.page import extract


@dataclass(frozen=True)
class ExtractHtml(Limits):
    """Turns `raw` HTML into `text`; puts the counts of formulas into `meta["extraction"]`, the encoding into `charset`.

    `meta["charset"]`, if there is one before, is that of the HTTP header. Pages beyond the limits are refused unparsed.
    """

    rule: ClassVar[str] = "extract"
    reasons: ClassVar[frozenset[str]] = REASONS | {"empty"}

    def __call__(self, document: Document) -> Document | Drop:
        charset = document.meta.get("charset")
        try:
            page = extract(document.raw, charset if isinstance(charset, str) else None, self)
        except ExtractError as error:
            return refuse(self, document, error.reason, error.detail)
        if not page.text:
            return refuse(self, document, "empty")
        meta = {**document.meta, "extraction": page.info, "charset": page.charset}
        return replace(document, text=page.text, raw=b"", meta=meta)
