"""Theorems that a model is to be tested on are cut out of what it learns from.

A list tells of a theorem its name, its file, its statement, or some of them; the same theorem is known wherever it
stands, since libraries are copied into other repositories, and files are moved and renamed:

- a statement, in tokens without white space and comments: anywhere, if it is long enough to be no coincidence; a short
  one only under the same name or in the same file (folder and name);
- a name together with the file, if the list tells both: of a theorem whose statement has been edited since;
- a full name alone, if the list tells no statement. A name of one or two words without a namespace (`aux`, `T_pos`)
  counts only in the same file, if the list tells one. Of a benchmark whose names are said to be unmistakable all
  names count.

A whole declaration goes, with its documentation and all of its proof.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import ClassVar

from filters import heldout_isabelle, heldout_lean, heldout_steps
from filters.document import Document, Drop
from filters.filter import refuse
from filters.heldout_lists import Benchmark, Item, digest, place, read_items
from filters.heldout_mask import Declaration, Masked

_WORDS = re.compile(r"[^\W_]+")
_TELLING = re.compile(r"\.|_.+_")
MIN_STATEMENT = {"isabelle": 30, "lean": 10}
"""Characters of a statement from which it identifies a theorem by itself. Isabelle's constants and variables are those
of the theory around: of PISA's 3,000 statements 185 stand in other files of the AFP of 2021, too, most of them copies,
some coincidences such as `finite E`. In Lean miniF2F and ProofNet coincide with nothing in mathlib, however short."""
MAX_SHARED = 10
"""Theorems that are named of all in whose proofs one goal occurs."""

_READ: Mapping[str, Callable[[str], tuple[Masked, list[Declaration]]]] = {
    "lean": heldout_lean.declarations,
    "isabelle": heldout_isabelle.declarations,
    "lean-proofsteps": heldout_steps.lean_steps,
    "isabelle-proofsteps": heldout_steps.isabelle_steps,
}
"""How documents are read, by subset; others are not looked at."""


@dataclass(frozen=True)
class Index:
    """The theorems of benchmarks, by what they are recognised by."""

    items: tuple[Item, ...]
    names: Mapping[str, tuple[Item, ...]]
    """By language and full name, as `lean nat.add_comm`."""
    statements: Mapping[str, tuple[Item, ...]]
    """By language and digest."""
    goals: Mapping[bytes, tuple[Item, ...]]

    @staticmethod
    def of(items: Iterable[Item]) -> Index:
        names: dict[str, tuple[Item, ...]] = {}
        statements: dict[str, tuple[Item, ...]] = {}
        goals: dict[bytes, tuple[Item, ...]] = {}
        known = tuple(dict.fromkeys(items))
        for item in known:
            if item.name:
                key = f"{item.language} {item.name}"
                names[key] = (*names.get(key, ()), item)
            if item.statement:
                key = f"{item.language} {item.statement.hex()}"
                statements[key] = (*statements.get(key, ()), item)
            for goal in dict.fromkeys(item.goals):
                goals[goal] = (*goals.get(goal, ())[:MAX_SHARED], item)
        return Index(known, names, statements, goals)

    def find(self, language: str, file: str, declared: Declaration) -> list[Item]:
        """The theorems of benchmarks that a declaration is."""
        if declared.kind == "goal":
            return list(self.goals.get(digest(declared.statement), ()))
        named = self.names.get(f"{language} {declared.name}", ()) if declared.name else ()
        found = [item for item in named if _by_name(item, file)]
        stated = self.statements.get(f"{language} {digest(declared.statement).hex()}", ()) if declared.statement else ()
        for item in stated:
            same = item.name == declared.name != "" or _in_file(item, file)
            if (same or len(declared.statement) >= MIN_STATEMENT[language]) and item not in found:
                found.append(item)
        return found


def _by_name(item: Item, file: str) -> bool:
    if item.by_name or _in_file(item, file):
        return True
    return not item.statement and (not item.file or bool(_TELLING.search(item.name)))


def _in_file(item: Item, file: str) -> bool:
    return bool(item.file) and f"/{file}".endswith(f"/{place(item.file)}")


@cache
def _load(benchmarks: tuple[Benchmark, ...], paths: tuple[str, ...]) -> Index:
    """One index a process; an unpinned list is told from another by its path."""
    return Index.of(item for benchmark in benchmarks for item in read_items(benchmark))


def load(benchmarks: tuple[Benchmark, ...]) -> Index:
    """The index of benchmarks. Raises ModelError if a list is missing or is not what it should be."""
    return _load(benchmarks, _paths(benchmarks))


def _paths(benchmarks: tuple[Benchmark, ...]) -> tuple[str, ...]:
    return tuple(one.path for benchmark in benchmarks for one in benchmark.lists)


@dataclass(frozen=True)
class Heldout:
    """Cuts the theorems of benchmarks out of Lean and Isabelle sources and proof steps.

    What was cut is in `meta["heldout"]`: how many declarations, and by benchmark which theorems they are. A document
    that declares nothing else is refused, and so is one of a repository that is a copy of a benchmark; their detail
    says the same.
    """

    rule: ClassVar[str] = "heldout"
    reasons: ClassVar[frozenset[str]] = frozenset({"benchmark-file", "emptied"})

    benchmarks: tuple[Benchmark, ...] = field(default=())
    """What is held out."""

    def __call__(self, document: Document) -> Document | Drop:
        read = _READ.get(document.subset)
        if not read:
            return document
        language, index = document.subset.partition("-")[0], load(self.benchmarks)
        file = place(str(document.meta.get("path") or ""))
        masked, declared = read(document.text)
        found = [(one, items) for one in declared if (items := index.find(language, file, one))]
        labels = _labels(item for _, items in found for item in items)
        if copied := _copied(self.benchmarks, str(document.meta.get("repo") or "")):
            return refuse(self, document, "benchmark-file", _shown({copied: [], **labels}))
        if not found:
            return document
        if len(found) == len(declared):
            return refuse(self, document, "emptied", _shown(labels))
        meta = {**document.meta, "heldout": {"cut": len(found), "items": labels}}
        return replace(document, text=_without(masked.source, [one for one, _ in found]), meta=meta)


def _copied(benchmarks: Iterable[Benchmark], repository: str) -> str:
    """The benchmark that a repository's name says it is a copy of; empty if none. Owners do not count."""
    words = _WORDS.findall(repository.rpartition("/")[2].casefold())
    return next((one.name for one in benchmarks for word in one.repositories if word.casefold() in words), "")


def _labels(items: Iterable[Item]) -> dict[str, list[str]]:
    labels: dict[str, dict[str, None]] = {}
    for item in items:
        labels.setdefault(item.benchmark, {})[item.label] = None
    return {benchmark: list(names) for benchmark, names in labels.items()}


def _shown(labels: Mapping[str, list[str]]) -> str:
    return json.dumps(labels, ensure_ascii=False)


def _without(source: str, cuts: Iterable[Declaration]) -> str:
    """The text without the declarations; `source` has a line feed before it that was not there."""
    pieces, at = [], 1
    for one in cuts:
        pieces.append(source[at : one.start])
        at = max(at, one.end)
    return "".join([*pieces, source[at:]])
