"""What was asked for: the schema of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, model_validator

from manifests.sections import (
    Decontaminate,
    Dedup,
    Fetch,
    HeldoutSection,
    Limits,
    Location,
    Mixture,
    ModelSection,
    Name,
    Packed,
    Section,
    Split,
    Tokenizer,
    below,
)
from manifests.sources import AnySource, CcIndex, Github

Table = TypeVar("Table", bound=Section)


class Manifest(Section):
    """A corpus, as it was asked for."""

    name: Name
    """Name of the corpus."""
    recipe: Literal["fixed", "published"] = "fixed"
    """Which rules code is judged and deduplicated by: what the paper meant, or what the published code did, with the
    defects that change which documents are kept."""
    seed: int = 74
    """Seed of every random choice, which is always a hash of seed and id."""
    root: Location = "."
    """Where inputs lie: a folder or URL; relative to the manifest's folder. `sample:` is the embedded sample."""
    lock: Location = ""
    """A `lock.toml` of an earlier run: inputs and models must have the hashes it records."""
    list_early_drops: bool = False
    """List refusals before the prefilter (not HTML, no maths) in the ledger, besides counting them."""
    sources: tuple[AnySource, ...] = Field(min_length=1)
    """What to read."""
    models: dict[str, ModelSection] = Field(default={})
    """Models by filter: `language-id`, `math-score`, `perplexity`. Built-in ones are the default."""
    heldout: dict[Name, HeldoutSection] = Field(default={})
    """Theorems to test on, by benchmark: `[heldout.leandojo]`, `lists = ["random/val.json", "random/test.json"]`."""
    dedup: Dedup = Dedup()
    decontaminate: Decontaminate = Decontaminate()
    split: Split = Split()
    tokenizer: Tokenizer = Tokenizer(train_vocabulary=32_000)
    mixture: Mixture = Mixture()
    packed: Packed | None = None
    """Write the packed mixture, too: `[packed]`, `sequence = 4096`."""
    limits: Limits = Limits()
    fetch: Fetch = Fetch()

    @model_validator(mode="after")
    def names_are_unique(self) -> Manifest:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]}; give each its own name")
        if called := sorted(self.mixture.groups.keys() & set(names)):
            raise ValueError(f"{called[0]} is a source; call the group of the mixture otherwise")
        if unknown := sorted({*self.mixture.sources, *self.dedup.priority} - set(names)):
            raise ValueError(f"no source is called {unknown[0]}; there are {', '.join(names)}")
        return self

    def located(self, folder: Path) -> Manifest:
        """The same with absolute locations: roots, lock, runs start at the manifest's folder, files at `root`."""
        here = str(folder)
        root = below(here, self.root)
        benchmarks = tuple(_moved(one, root, "path") for one in self.decontaminate.benchmarks)
        found = {
            "root": root,
            "lock": below(here, self.lock),
            "sources": tuple(_located(source, here, root) for source in self.sources),
            "models": {name: _moved(model, root, "path") for name, model in self.models.items()},
            "heldout": {name: _moved(section, root, "lists") for name, section in self.heldout.items()},
            "dedup": _moved(self.dedup, here, "against"),
            "decontaminate": self.decontaminate.model_copy(update={"benchmarks": benchmarks}),
            "tokenizer": _moved(self.tokenizer, root, "path"),
        }
        return self.model_copy(update=found)


def _located(source: AnySource, here: str, root: str) -> AnySource:
    moved = _moved(source, here, "archives") if isinstance(source, (CcIndex, Github)) else source
    return moved.model_copy(update={"root": below(here, source.root) or root})


def _moved(section: Table, base: str, key: str) -> Table:
    """The same with one location, or a tuple of them, below a base."""
    value = getattr(section, key)
    moved = below(base, value) if isinstance(value, str) else tuple(below(base, one) for one in value)
    return section.model_copy(update={key: moved})
