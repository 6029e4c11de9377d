"""Refuses documents that do not read like prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.models import Model, kenlm_model
from filters.normalise import FORMULA_SIGN, plain_prose, windows

PERPLEXITY_MODEL = Model("builtin:perplexity", "44779fb0a7068b34e6fb6f24fa9ad2c659c3ad79764f26ecdbeff202f72dc1f0")
"""Trained by `make weights`; what on, is in weights/README.md."""

FORMULA = "formula"
"""The word that stands in a sentence for one formula."""

_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"[^\W0_]+|\S")


WINDOW = 2_000
"""Characters of prose judged at the beginning and again in the middle: of 1,700 pages, 98 of them refused, none was
judged otherwise for all of its prose, which takes several times as long."""


def sentences(text: str, window: int = 0) -> Iterator[str]:
    """The lines of a text as the model reads them, blank ones left out; with `window`, of `windows` of its prose.

    Fenced code and LaTeX commands are gone, a formula is the word `formula`, a number is `0`, letters are lower case
    without accents, every other mark is a token; tokens are joined by one space.
    """
    text = windows(plain_prose(text), window) if window else plain_prose(text)
    text = _NUMBER.sub("0", text.replace(FORMULA_SIGN, FORMULA))
    for line in text.splitlines():
        if tokens := _TOKEN.findall(line):
            yield " ".join(tokens)


def perplexity(model: Model, text: str) -> float | None:
    """10 ** (-S / N) over the `sentences` of a text, of a long one in its windows; None if it has none.

    S is the sum of log10 P(line) with begin- and end-of-sentence, N the number of tokens and one end of sentence
    a line: KenLM's own measure, and cc_net's, which OpenWebMath follows. An unknown word counts as `<unk>`.
    """
    score = kenlm_model(model).score
    total, length = 0.0, 0
    for sentence in sentences(text, WINDOW):
        total += score(sentence.encode("utf-8", "replace").decode("utf-8"), bos=True, eos=True)
        length += sentence.count(" ") + 2
    return 10.0 ** (-total / length) if length else None


@dataclass(frozen=True)
class Perplexity:
    """Keeps a document if its perplexity under a model of mathematical prose is not high (OpenWebMath, section 3.5).

    Adds `perplexity` (per token, see `perplexity`; 1 decimal) to the document's meta.
    """

    rule: ClassVar[str] = "perplexity"
    reasons: ClassVar[frozenset[str]] = frozenset({"blank", "high"})

    limit: float = 2_000.0
    """Greatest perplexity that is kept.

    The default belongs to the model that ships: of 695 unseen pages with formulas it refuses none (the highest has
    1,757), of 366 German ones it keeps 3. OpenWebMath's 15,000 belongs to its own model, which was never published.
    """

    model: Model = PERPLEXITY_MODEL
    """A KenLM model of lines as `sentences` gives them."""

    def __call__(self, document: Document) -> Document | Drop:
        value = perplexity(self.model, document.text)
        if value is None:
            return refuse(self, document, "blank")
        if value > self.limit:
            return refuse(self, document, "high", f"{value:.1f} > {self.limit}")
        return replace(document, meta=document.meta | {"perplexity": round(value, 1)})
