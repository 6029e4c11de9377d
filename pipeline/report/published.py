"""The papers' figures, each with where it was read and whether that was verified."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from manifests import Total


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

    def counts(self, source: str, subset: str) -> bool:
        """Whether it is about documents of this source and subset."""
        return source in self.sources or subset in self.subsets

    def measured(self, total: Total) -> int:
        """The number of a run that belongs beside it."""
        return {"documents": total.documents, "bytes": total.bytes, "tokens": total.tokens}[self.measure]


def published_figures() -> list[Figure]:
    """All figures of `published.toml`, in its order."""
    table = tomllib.loads(files("manifests").joinpath("published.toml").read_text("utf-8"))
    return [Figure.model_validate(figure) for figure in table["figures"]]
