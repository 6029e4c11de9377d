"""From a manifest to a list of stages: read `corpus` and you know how a corpus comes about."""

from __future__ import annotations

import dataclasses
import hashlib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

import languages
from filters.code import Code, Decode, FileType
from filters.filter import Filter, Where
from filters.heldout import Heldout
from filters.heldout import load as load_heldout
from filters.heldout_lists import Benchmark
from filters.heldout_published import PublishedHeldout
from filters.language_id import DeclaredLanguage, LanguageId
from filters.latex import FlattenLatex
from filters.license import License, OptOut, read_opt_outs
from filters.math_score import MathScore
from filters.models import Model, pin, resolve
from filters.perplexity import Perplexity
from filters.prefilter import Prefilter
from filters.published import PublishedCode
from filters.web import Accents, HtmlType, Length, NewcommandLines, UrlBan
from languages import published
from manifests import Manifest, ManifestError, unknown_key
from manifests.sections import BenchmarkSection, below
from manifests.sources import AnySource, CcIndex, CodeSection, Github, Warc
from pipeline.benchmarks import BenchmarkFile
from pipeline.extract.filter import ExtractHtml
from pipeline.lock import check_pin, read_lock
from pipeline.outside import Outside
from pipeline.path_list import PathList
from pipeline.repositories import RepositoryList
from pipeline.sources.arxiv import Arxiv
from pipeline.sources.cc_index import CcIndex as WarcRecords
from pipeline.sources.github import Github as GithubTarballs
from pipeline.sources.jsonl import Jsonl
from pipeline.sources.source import Source
from pipeline.sources.stack import Stack
from pipeline.sources.warc import Warc as WarcFiles
from pipeline.stage import Stage
from pipeline.stages.chunks import AsPublished
from pipeline.stages.decontaminate import decontaminate_stage, decontaminate_stages
from pipeline.stages.dedup import dedup_stages
from pipeline.stages.ingest import Ingest
from pipeline.stages.mixture import MixtureStage
from pipeline.stages.pack import Pack
from pipeline.stages.tokenizer import TrainTokenizer
from pipeline.stages.tokens import Tokens
from pipeline.tokenization import load_tokenizer

WEB: tuple[type[Filter], ...] = (
    HtmlType,
    UrlBan,
    Prefilter,
    DeclaredLanguage,
    ExtractHtml,
    NewcommandLines,
    Length,
    LanguageId,
    MathScore,
    Perplexity,
    Accents,
)

CHAINS: Mapping[str, tuple[type[Filter], ...]] = {
    "warc": WEB,
    "cc-index": WEB,
    "stack": (OptOut, License, Code, LanguageId),
    "github": (FileType, OptOut, License, Code, LanguageId),
    "arxiv": (FlattenLatex, Length),
    "jsonl": (Decode,),
}
"""Filters by kind of source, in their order: what is cheap and refuses much comes first."""

PUBLISHED_CHAINS = {
    kind: tuple(PublishedCode if step is Code else step for step in steps) for kind, steps in CHAINS.items()
}
"""The same for the recipe `published`."""

EARLY = frozenset({HtmlType.rule, Prefilter.rule, FileType.rule})
"""Rules that refuse most of what is read; their refusals are counted, and listed only if the manifest asks for it."""

MODELS = {LanguageId.rule: LanguageId.model, MathScore.rule: MathScore.model, Perplexity.rule: Perplexity.model}
"""The models that filters ask, unless the manifest names others."""

_ASKED_EARLY = {Prefilter.rule: MathScore.rule, DeclaredLanguage.rule: LanguageId.rule}
"""Filters that ask the model of a later one."""


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
    _known("models", manifest.models, [*MODELS, "tokenizer"])
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


def corpus(asked: Asked) -> list[Stage]:
    """The stages that bring about what was asked for, in order."""
    names = tuple(source.name for source in asked.manifest.sources)
    ingest = [_ingest(asked, number) for number in range(len(names))]
    documents = tuple(stage.name for stage in ingest)
    return [
        *ingest,
        *dedup_stages(documents, asked.manifest.dedup, _as_published(asked.manifest)),
        *_decontaminate(asked, names),
        *_tokenizer(asked.manifest, documents),
        *(_tokens(asked, name) for name in names),
        MixtureStage(names, asked.manifest.mixture),
        *_pack(asked.manifest, names),
    ]


def _as_published(manifest: Manifest) -> AsPublished | None:
    """What the recipe `published` compares otherwise than `fixed`."""
    code = tuple(section.name for section in manifest.sources if section.kind in ("stack", "github"))
    if manifest.recipe == "fixed" or not code:
        return None
    return AsPublished(code, tuple(map(published.load, languages.names())), manifest.split, manifest.seed)


def _ingest(asked: Asked, number: int) -> Ingest:
    manifest, section = asked.manifest, asked.manifest.sources[number]
    filters = chain(section, asked.models, f"sources.{section.name}", manifest.recipe)
    return Ingest(
        source=source_of(section),
        filters=(
            *(asked.opt_outs[section.name] if isinstance(step, OptOut) else step for step in filters),
            *_heldout(asked, section),
        ),
        unlisted=frozenset() if manifest.list_early_drops else EARLY,
        # a table is a unit: each of its rows stands for some 20 kB
        unit_bytes=1 if isinstance(section, CcIndex) else manifest.limits.unit_bytes,
        sample=asked.sample,
        seed=manifest.seed,
        outside=Outside(_place(section)),
        paths=section.paths,
        lists=asked.lists.get(section.name, ()),
        exclude=section.exclude,
        pins=asked.pins,
    )


def _heldout(asked: Asked, section: AnySource) -> tuple[Filter, ...]:
    """What cuts held-out theorems out of a source: last, since it reads a file whole."""
    if not asked.heldout or section.kind not in ("stack", "github", "jsonl"):
        return ()
    return (PublishedHeldout(asked.heldout) if asked.manifest.recipe == "published" else Heldout(asked.heldout),)


def _place(section: AnySource) -> str:
    """Where the objects lie that a source reads."""
    return section.archives if isinstance(section, Github) and section.repositories else section.root


def _decontaminate(asked: Asked, names: tuple[str, ...]) -> list[Stage]:
    """The stages that take benchmarks out, if the manifest names any."""
    wanted = asked.manifest.decontaminate
    benchmarks = tuple(
        BenchmarkFile(one.name, asked.models[f"benchmark/{one.name}"], one.fields) for one in wanted.benchmarks
    )
    return decontaminate_stages(names, benchmarks, wanted.action, wanted.methods)


def _tokenizer(manifest: Manifest, documents: tuple[str, ...]) -> list[Stage]:
    """The stage that trains a tokenizer, if the manifest does not bring one."""
    wanted = manifest.tokenizer
    if not wanted.train_vocabulary:
        return []
    names = (name.removeprefix("documents/") for name in documents)
    cleaned = tuple(filter(None, (_cleaned(manifest, name) for name in names)))
    seed = manifest.seed
    return [TrainTokenizer(documents, wanted.train_vocabulary, wanted.end_of_document, seed, cleaned=cleaned)]


def _cleaned(manifest: Manifest, source: str) -> str:
    """The stage that decontaminates a source, if there is one."""
    return decontaminate_stage(source) if manifest.decontaminate.benchmarks else ""


def _tokens(asked: Asked, source: str) -> Tokens:
    manifest = asked.manifest
    return Tokens(
        source=source,
        tokenizer=asked.models.get("tokenizer"),
        end_of_document=manifest.tokenizer.end_of_document,
        split=manifest.split,
        seed=manifest.seed,
        cleaned=_cleaned(manifest, source),
        by_document=manifest.recipe == "published",
        shard_bytes=manifest.tokenizer.shard_bytes,
        input_ids=manifest.tokenizer.input_ids,
    )


def _pack(manifest: Manifest, sources: tuple[str, ...]) -> list[Stage]:
    """The stage that writes the mixture as sequences, if the manifest asks for it."""
    return [Pack(sources, manifest.mixture, manifest.packed.sequence, manifest.seed)] if manifest.packed else []


def source_of(section: AnySource) -> Source:
    """The reader of a section's kind of archive."""
    match section.kind:
        case "warc":
            return WarcFiles(section.name)
        case "cc-index":
            return WarcRecords(section.name, Outside(section.archives))
        case "stack":
            return Stack(section.name)
        case "github":
            wanted = (languages.load(name) for name in _languages(section))
            return GithubTarballs(section.name, frozenset(ending for one in wanted for ending in one.extensions))
        case "arxiv":
            return Arxiv(section.name)
        case "jsonl":
            fields = {"text_field", "id_field", "url_field", "date_field", "subset"}
            return Jsonl(section.name, **section.model_dump(include=fields))


def chain(section: AnySource, models: Mapping[str, Model], where: str, recipe: str = "fixed") -> tuple[Filter, ...]:
    """The filters of a source, with the manifest's thresholds. Raises ManifestError for what nobody knows."""
    kinds = (PUBLISHED_CHAINS if recipe == "published" else CHAINS)[section.kind]
    rules = [kind.rule for kind in kinds]
    _known(f"{where}.filters", section.filters, rules)
    _known(f"{where}.skip", section.skip, rules)
    skipped = {*section.skip, DeclaredLanguage.rule} if LanguageId.rule in section.skip else section.skip
    wanted = [kind for kind in kinds if kind.rule not in skipped]
    steps = tuple(_filter(kind, section, models, f"{where}.filters.{kind.rule}") for kind in wanted)
    if section.kind not in ("stack", "github"):
        return steps
    return tuple(_of_english(step, recipe) if isinstance(step, LanguageId) else step for step in steps)


def _of_english(step: LanguageId, recipe: str) -> Where:
    """Asks of those languages that must be English. The published code took the likeliest, however unlikely it was."""
    if recipe == "published":
        english = frozenset(name for name in languages.names() if published.load(name).english)
        return Where(replace(step, threshold=0.0), english)
    return Where(step, frozenset(name for name in languages.names() if languages.load(name).english))


def _filter(kind: type[Filter], section: AnySource, models: Mapping[str, Model], where: str) -> Filter:
    given = dict(section.filters.get(kind.rule, {}))
    if kind is DeclaredLanguage and "wanted" in (later := section.filters.get(LanguageId.rule, {})):
        given.setdefault("wanted", later["wanted"])
    built = build(kind, given, where)
    asked = _ASKED_EARLY.get(kind.rule, kind.rule)
    if asked in models:
        built = replace(typing.cast(Any, built), model=models[asked])
    if isinstance(section, Github) and kind is FileType:
        built = FileType(_languages(section))
    if isinstance(section, CodeSection) and kind is License:
        built = License(section.licenses)
    return built


def build(kind: type[Filter], given: Mapping[str, Any], where: str) -> Filter:
    """A filter with the given thresholds, checked against the types of its fields. Raises ManifestError."""
    hints = typing.get_type_hints(kind)
    _known(where, given, thresholds(kind))
    try:
        values = {name: TypeAdapter(hints[name]).validate_python(value) for name, value in given.items()}
    except ValidationError as error:
        item = error.errors()[0]
        raise ManifestError(f"{where}: {item['msg']} (given: {item['input']!r})") from None
    return kind(**values)


def thresholds(kind: type[Filter]) -> list[str]:
    """The fields of a filter that a manifest may set: all but those that it sets by other keys."""
    elsewhere = {"model", "languages", "among", "allowed", "names", "sha256"}
    return [item.name for item in dataclasses.fields(typing.cast(Any, kind)) if item.name not in elsewhere]


def _known(where: str, given: Mapping[str, Any] | Sequence[str], allowed: Sequence[str]) -> None:
    for name in given:
        if name not in allowed:
            raise ManifestError(unknown_key(f"{where}.{name}", name, allowed))


def _languages(section: Github) -> tuple[str, ...]:
    _known(f"sources.{section.name}.languages", section.languages, languages.names())
    return section.languages


def reads_web(manifest: Manifest) -> bool:
    """Whether any input lies on a web server."""
    archives = [section.archives for section in manifest.sources if isinstance(section, CcIndex)]
    places = [place for section in manifest.sources for place in (section.root, _place(section))]
    return any(Outside(place).is_web for place in (*archives, *places))
