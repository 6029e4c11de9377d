"""Keeps documents whose prose reads like mathematics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.models import Model, predict
from filters.normalise import has_latex, plain_prose, windows, words

MATH_SCORE_MODEL = Model("builtin:math-score", "9331aaec93d43c3305f4254d4afb4b348a195f0446574c992de7e468cbd92c6c")
"""Trained by `make weights`; what on, is in weights/README.md."""

MATH = "math"
"""The classifier's label of a text that has LaTeX mathematics."""


WINDOW = 5_000
"""Characters of prose read at the beginning and again in the middle: the whole of a long text tells no more."""


def features(text: str) -> str:
    """What the classifier reads: the words of two letters and more, all LaTeX and fenced code taken out.

    One-letter words would give away formulas that escaped, and with them the label the classifier learns.
    """
    return " ".join(word for word in words(windows(plain_prose(text), WINDOW)) if len(word) > 1)


def math_score(model: Model, text: str) -> float:
    """Probability, 0 to 1, that a text with such prose has LaTeX mathematics; 0 if it has no words."""
    return math_probability(model, features(text))


def math_probability(model: Model, line: str) -> float:
    """The same of features that are taken already."""
    return dict(predict(model, line, k=2)).get(MATH, 0.0) if line else 0.0


@dataclass(frozen=True)
class MathScore:
    """Keeps a document if its MathScore is above a limit, lower where LaTeX was found (OpenWebMath, section 3.5.1).

    LaTeX was found if the extractor counted some (meta `extraction`) or the text has a LaTeX mathematics command.
    Adds `math_score` (probability, 4 decimals) to the document's meta.
    """

    rule: ClassVar[str] = "math-score"
    reasons: ClassVar[frozenset[str]] = frozenset({"low"})

    limit_with_latex: float = 0.17
    """A document with LaTeX is kept above this probability, 0 to 1."""

    limit_without_latex: float = 0.8
    """A document without LaTeX is kept above this probability, 0 to 1."""

    model: Model = MATH_SCORE_MODEL
    """A fastText classifier with the label `math`."""

    def __call__(self, document: Document) -> Document | Drop:
        score = math_score(self.model, document.text)
        latex = _formulas_kept(document) or has_latex(document.text)
        limit = self.limit_with_latex if latex else self.limit_without_latex
        if score <= limit:
            return refuse(self, document, "low", f"{score:.4f} <= {limit} ({'with' if latex else 'without'} LaTeX)")
        return replace(document, meta=document.meta | {"math_score": round(score, 4)})


def _formulas_kept(document: Document) -> bool:
    """Whether the extractor put formulas into the text; those that it found without a source do not count."""
    counts = document.meta.get("extraction")
    return isinstance(counts, dict) and any(not kind.endswith(("/refused", "/definition")) for kind in counts)
