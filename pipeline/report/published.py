"""The papers' figures, each with where it was read and whether that was verified."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

import languages
from languages import Language
from manifests import Total

TABLE_9 = "Llemma (arXiv 2310.10631), table 9"


class Figure(BaseModel):
    """One published number."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    what: str
    measure: Literal["documents", "bytes", "tokens"]
    value: int = Field(gt=0)
    origin: str = Field(alias="from")
    """Paper and section, or data set."""
    verified: bool
    """Whether it was read there; otherwise it was recalled, or quoted by a third party."""
    sources: tuple[str, ...] = ()
    """Sources whose documents it counts, by their usual names."""
    subsets: tuple[str, ...] = ()
    """Subsets whose documents it counts, in whatever source they are."""
    split: str = ""
    """The only split that it counts, where it does not count all."""

    def counts(self, source: str, subset: str, split: str) -> bool:
        """Whether it is about these documents; what has not been split yet counts whole."""
        return (source in self.sources or subset in self.subsets) and (not split or self.split in ("", split))

    def measured(self, total: Total) -> int:
        """The number of a run that belongs beside it."""
        return {"documents": total.documents, "bytes": total.bytes, "tokens": total.tokens}[self.measure]


def published_figures() -> list[Figure]:
    """All figures of `published.toml`, in its order, and those that languages bring."""
    table = tomllib.loads(files("manifests").joinpath("published.toml").read_text("utf-8"))
    of_languages = (_of_language(languages.load(name)) for name in languages.names())
    return [*map(Figure.model_validate, table["figures"]), *of_languages]


def _of_language(language: Language) -> Figure:
    """Table 9 counts a language's proof steps with it."""
    published = language.published
    return Figure.model_validate(
        {
            "what": language.name,
            "measure": "tokens",
            "value": published.tokens,
            "from": TABLE_9 if published.verified else f"{TABLE_9}; recalled, not verified",
            "verified": published.verified,
            "subsets": (language.name, f"{language.name}-proofsteps"),
        }
    )
