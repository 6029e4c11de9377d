"""The cheapest rule of the web: does the raw page show any sign of mathematics?

OpenWebMath (arXiv:2310.06786, section 3.3) keeps under 1 % of CommonCrawl here, so nearly every page ends in this file:
it works on the bytes as they came, before any decoding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.glance import rough_text
from filters.math_score import MATH_SCORE_MODEL, math_score
from filters.models import Model
from filters.signs import maths_sign


@dataclass(frozen=True)
class Prefilter:
    """Refuses pages without a maths keyword or LaTeX command, unless their words read like mathematics.

    Words are judged, as in OpenWebMath's code, only where a backslash begins something like a command; of 2,636 real
    pages without any surer sign those are 143, and one of them is let through. `meta["prefilter"]` notes what the page
    passed for: "keyword", "command" or "score".
    """

    rule: ClassVar[str] = "prefilter"
    reasons: ClassVar[frozenset[str]] = frozenset({"no-maths"})

    limit: float = 0.8
    """Probability, 0 to 1, above which words without keyword or command are let through."""
    shortest: int = 500
    """Characters that such words must have."""
    window: int = 20_000
    """Bytes of the page, from the beginning of its body on, in which such words are looked for."""
    model: Model = MATH_SCORE_MODEL
    """The classifier of `math-score`."""

    def __call__(self, document: Document) -> Document | Drop:
        sign = maths_sign(document.raw)
        if sign == "backslash":
            sign = "score" if self._reads_like_maths(document.raw) else ""
        if not sign:
            return refuse(self, document, "no-maths")
        return replace(document, meta={**document.meta, "prefilter": sign})

    def _reads_like_maths(self, html: bytes) -> bool:
        words = rough_text(html, self.window)
        return len(words) > self.shortest and math_score(self.model, words) > self.limit
