"""What a manifest points to, looked up before any work is done: models, lists, opt-outs, held-out theorems."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from filters.heldout import load as load_heldout
from filters.heldout_lists import Benchmark
from filters.license import OptOut, read_opt_outs
from filters.models import Model, pin, resolve
from manifests import Manifest, ManifestError, check_known
from manifests.sections import BenchmarkSection, below
from manifests.sources import AnySource, CodeSection, Github, Warc
from pipeline.chains import MODELS
from pipeline.lock import check_pin, read_lock
from pipeline.outside import Outside
from pipeline.path_list import PathList
from pipeline.repositories import RepositoryList
from pipeline.tokenization import load_tokenizer


@dataclass(frozen=True)
class Asked:
    """A manifest with what it points to: pinned models and inputs."""

    manifest: Manifest
    models: Mapping[str, Model]
    pins: Mapping[str, str] = field(default_factory=dict)
    sample: float = 1.0
    lists: Mapping[str, tuple[PathList | RepositoryList, ...]] = field(default_factory=dict)
    """Pinned lists of what is to be read, by source."""
    opt_outs: Mapping[str, OptOut] = field(default_factory=dict)
    """Who does not want to be read, by source."""
    heldout: tuple[Benchmark, ...] = ()
    """Benchmarks with their pinned lists, which are among the models, too, as `heldout/NAME/0`."""
    engine: str = ""
    """The library that tokenizes here, if the manifest names a tokenizer; ids do not depend on it."""

    @property
    def list_hashes(self) -> dict[str, str]:
        """The hashes of all lists, by key."""
        hashes = {one.key: one.sha256 for of_source in self.lists.values() for one in of_source}
        for section in self.manifest.sources:
            if isinstance(section, CodeSection):
                hashes |= zip(section.opt_out, self.opt_outs[section.name].sha256, strict=True)
        return hashes


def ask(manifest: Manifest, sample: float = 1.0) -> Asked:
    """Look up what a manifest points to. Raises ManifestError, ModelError, StorageError."""
    inputs, locked = read_lock(manifest.lock) if manifest.lock else ({}, {})
    check_known("models", manifest.models, [*MODELS, "tokenizer"])
    chosen = {rule: _chosen(manifest, rule, locked, default) for rule, default in MODELS.items()}
    if manifest.tokenizer.path:
        section = manifest.tokenizer
        chosen["tokenizer"] = Model(section.path, section.sha256 or locked.get("tokenizer", ""))
    models = {rule: pin(model) for rule, model in chosen.items()}
    files = {rule: resolve(model) for rule, model in models.items()}
    engine = ""
    if "tokenizer" in files:  # a token that is not in it must not show only after the corpus is built
        engine = load_tokenizer(files["tokenizer"], manifest.tokenizer.end_of_document).engine
    lists = {source.name: _pinned(source, inputs) for source in manifest.sources}
    opt_outs = {one.name: _opt_out(one, inputs) for one in manifest.sources if isinstance(one, CodeSection)}
    heldout = tuple(_benchmark(manifest, name, locked) for name in manifest.heldout)
    load_heldout(heldout)  # a list that cannot be read must show now
    models |= {f"heldout/{one.name}/{n}": listed for one in heldout for n, listed in enumerate(one.lists)}
    models |= {f"benchmark/{one.name}": _pinned_benchmark(one, locked) for one in manifest.decontaminate.benchmarks}
    return Asked(manifest, models, inputs, sample, lists, opt_outs, heldout, engine)


def _pinned_benchmark(section: BenchmarkSection, locked: Mapping[str, str]) -> Model:
    return pin(Model(section.path, section.sha256 or locked.get(f"benchmark/{section.name}", "")))


def _benchmark(manifest: Manifest, name: str, locked: Mapping[str, str]) -> Benchmark:
    section = manifest.heldout[name]
    hashes = section.sha256 or tuple(locked.get(f"heldout/{name}/{n}", "") for n in range(len(section.lists)))
    lists = tuple(pin(Model(path, sha256)) for path, sha256 in zip(section.lists, hashes, strict=True))
    return Benchmark(name, lists, section.repositories, section.by_name)


def _pinned(section: AnySource, pins: Mapping[str, str]) -> tuple[PathList | RepositoryList, ...]:
    lists: tuple[PathList | RepositoryList, ...] = ()
    if isinstance(section, Warc):
        lists = tuple(PathList(key, section.slice).pinned(Outside(section.root)) for key in section.lists)
    elif isinstance(section, Github) and section.repositories:
        lists = (RepositoryList(section.repositories, section.root).pinned(),)
    for one in lists:
        check_pin(one.key, one.sha256, pins)
    return lists


def _opt_out(section: CodeSection, pins: Mapping[str, str]) -> OptOut:
    """Who has opted out of a source. Raises ManifestError, StorageError."""
    names: set[str] = set()
    hashes = []
    for key in section.opt_out:
        folder, _, name = below(section.root, key).rpartition("/")
        data = Outside(folder).read(name)
        hashes.append(hashlib.sha256(data).hexdigest())
        check_pin(key, hashes[-1], pins)
        try:
            names |= read_opt_outs(data.decode())
        except ValueError as error:
            raise ManifestError(f"sources.{section.name}.opt_out: {key}: {error}") from None
    return OptOut(frozenset(names), tuple(hashes))


def _chosen(manifest: Manifest, rule: str, locked: Mapping[str, str], default: Model) -> Model:
    section = manifest.models.get(rule)
    if section is None:
        return replace(default, sha256=locked.get(rule, default.sha256))
    return Model(section.path, section.sha256 or locked.get(rule, ""))
