"""From a manifest to a list of stages: read `corpus` and you know how a corpus comes about."""

from __future__ import annotations

from importlib.util import find_spec

import languages
from filters.filter import Filter
from filters.heldout import Heldout
from filters.heldout_published import PublishedHeldout
from filters.license import OptOut
from languages import published
from manifests import Manifest, ManifestError
from manifests.sources import AnySource, CcIndex, Github
from pipeline.asked import Asked
from pipeline.benchmarks import BenchmarkFile
from pipeline.chains import EARLY, chain
from pipeline.outside import Outside
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
from pipeline.stages.litdata import LitData
from pipeline.stages.mixture import MixtureStage
from pipeline.stages.pack import Pack
from pipeline.stages.published_split import PublishedSplit, split_stage
from pipeline.stages.tokenizer import TrainTokenizer
from pipeline.stages.tokens import Tokens


def corpus(asked: Asked) -> list[Stage]:
    """The stages that bring about what was asked for, in order."""
    names = tuple(source.name for source in asked.manifest.sources)
    ingest = [_ingest(asked, number) for number in range(len(names))]
    documents = tuple(stage.name for stage in ingest)
    return [
        *ingest,
        *dedup_stages(documents, asked.manifest.dedup, _as_published(asked.manifest)),
        *_decontaminate(asked, names),
        *_published_splits(asked.manifest),
        *_tokenizer(asked.manifest, documents),
        *(_tokens(asked, name) for name in names),
        *_litdata(asked.manifest, names),
        MixtureStage(names, asked.manifest.mixture),
        *_pack(asked.manifest, names),
    ]


def _as_published(manifest: Manifest) -> AsPublished | None:
    """What the recipe `published` compares otherwise than `fixed`."""
    code = tuple(section.name for section in manifest.sources if section.kind in ("stack", "github"))
    if manifest.recipe == "fixed" or not code:
        return None
    return AsPublished(code, tuple(map(published.load, languages.names())), manifest.split, manifest.seed)


def _published_splits(manifest: Manifest) -> list[Stage]:
    """The stages that split code as the recipe `published` does."""
    published = _as_published(manifest)
    return [PublishedSplit(source, published) for source in published.sources] if published else []


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
    published = _as_published(manifest)
    return Tokens(
        source=source,
        tokenizer=asked.models.get("tokenizer"),
        end_of_document=manifest.tokenizer.end_of_document,
        split=manifest.split,
        seed=manifest.seed,
        cleaned=_cleaned(manifest, source),
        by_document=manifest.recipe == "published",
        parted=split_stage(source) if published and source in published.sources else "",
        shard_bytes=manifest.tokenizer.shard_bytes,
        input_ids=manifest.tokenizer.input_ids,
    )


def _litdata(manifest: Manifest, sources: tuple[str, ...]) -> list[Stage]:
    """The stages that write tokens for LitData, if the manifest asks for them. Raises ManifestError without it."""
    if manifest.tokenizer.litdata and not find_spec("litdata"):
        raise ManifestError("tokenizer.litdata: LitData is not installed; pip install '.[litdata]'")
    return [LitData(source) for source in sources] if manifest.tokenizer.litdata else []


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
            wanted = (languages.load(name) for name in section.languages)
            return GithubTarballs(section.name, frozenset(ending for one in wanted for ending in one.extensions))
        case "arxiv":
            return Arxiv(section.name)
        case "jsonl":
            fields = {"text_field", "id_field", "url_field", "date_field", "subset"}
            return Jsonl(section.name, **section.model_dump(include=fields))


def reads_web(manifest: Manifest) -> bool:
    """Whether any input lies on a web server."""
    archives = [section.archives for section in manifest.sources if isinstance(section, CcIndex)]
    places = [place for section in manifest.sources for place in (section.root, _place(section))]
    return any(Outside(place).is_web for place in (*archives, *places))
