"""What was asked for: the schema of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
        unknown = sorted({*self.mixture.sources, *self.dedup.priority} - set(names))
        if called := sorted(self.mixture.groups.keys() & set(names)):
            raise ValueError(f"{called[0]} is a source; call the group of the mixture otherwise")
        if unknown:
            raise ValueError(f"no source is called {unknown[0]}; there are {', '.join(names)}")
        return self

    def located(self, folder: Path) -> Manifest:
        """The same with absolute locations: roots and the lock start at the manifest's folder, models at `root`."""
        root = below(str(folder), self.root)
        sources = tuple(_located(source, str(folder), root) for source in self.sources)
        models = {
            name: model.model_copy(update={"path": below(root, model.path)}) for name, model in self.models.items()
        }
        heldout = {
            name: section.model_copy(update={"lists": tuple(below(root, one) for one in section.lists)})
            for name, section in self.heldout.items()
        }
        tokenizer = self.tokenizer.model_copy(update={"path": below(root, self.tokenizer.path)})
        benchmarks = tuple(
            one.model_copy(update={"path": below(root, one.path)}) for one in self.decontaminate.benchmarks
        )
        decontaminate = self.decontaminate.model_copy(update={"benchmarks": benchmarks})
        lock = below(str(folder), self.lock)
        found = {"root": root, "lock": lock, "sources": sources, "models": models, "tokenizer": tokenizer}
        against = below(str(folder), self.dedup.against)
        found |= {"heldout": heldout, "dedup": self.dedup.model_copy(update={"against": against})}
        return self.model_copy(update=found | {"decontaminate": decontaminate})


def _located(source: AnySource, folder: str, root: str) -> AnySource:
    found = {"root": below(folder, source.root) or root}
    if isinstance(source, (CcIndex, Github)):
        found["archives"] = below(folder, source.archives)
    return source.model_copy(update=found)
