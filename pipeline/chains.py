"""The filters of each kind of source, in their order, with the thresholds and models of a manifest."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

import languages
from filters.code import Code, Decode, FileType
from filters.filter import Filter, Where
from filters.language_id import DeclaredLanguage, LanguageId
from filters.latex import FlattenLatex
from filters.license import License, OptOut
from filters.math_score import MathScore
from filters.models import Model
from filters.perplexity import Perplexity
from filters.prefilter import Prefilter
from filters.published import PublishedCode
from filters.unwanted import Unwanted
from filters.web import Accents, HtmlType, Length, NewcommandLines, UrlBan
from languages import published
from manifests import ManifestError, check_known
from manifests.sources import AnySource, CodeSection, Github
from pipeline.extract.filter import ExtractHtml

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
    "jsonl": (Unwanted, Decode),
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


def chain(section: AnySource, models: Mapping[str, Model], where: str, recipe: str = "fixed") -> tuple[Filter, ...]:
    """The filters of a source, with the manifest's thresholds. Raises ManifestError for what nobody knows."""
    kinds = (PUBLISHED_CHAINS if recipe == "published" else CHAINS)[section.kind]
    rules = [kind.rule for kind in kinds]
    check_known(f"{where}.filters", section.filters, rules)
    check_known(f"{where}.skip", section.skip, rules)
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
        check_known(f"sources.{section.name}.languages", section.languages, languages.names())
        built = FileType(section.languages)
    if isinstance(section, CodeSection) and kind is License:
        built = License(section.licenses)
    return built


def build(kind: type[Filter], given: Mapping[str, Any], where: str) -> Filter:
    """A filter with the given thresholds, checked against the types of its fields. Raises ManifestError."""
    hints = typing.get_type_hints(kind)
    check_known(where, given, thresholds(kind))
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
