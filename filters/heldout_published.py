"""How the published code cut held-out theorems out of formal proofs: too few in Lean, too many in Isabelle.

math-lm process_github.py, `transform_lean` and `transform_isabelle`.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.heldout_lists import Benchmark, json_rows
from filters.models import ModelError

_PARAGRAPH = "\n\n"


@dataclass(frozen=True)
class PublishedHeldout:
    """Cuts theorems of LeanDojo and PISA out of Lean and Isabelle sources as the published code did.

    Of the lists only LeanDojo's rows, which tell `file_path` and `full_name`, and PISA's, which are file and statement,
    are heeded. What was cut is in `meta["heldout"]`.
    """

    rule: ClassVar[str] = "heldout"
    reasons: ClassVar[frozenset[str]] = frozenset({"emptied"})

    benchmarks: tuple[Benchmark, ...] = field(default=())
    """What is held out; of two theorems of one file the later in these lists counts."""

    def __call__(self, document: Document) -> Document | Drop:
        if document.subset == "lean":
            file = f"{document.meta.get('repo') or ''}/{document.meta.get('path') or ''}"
            text, cut = cut_lean(document.text, file, _lean_names(self.benchmarks))
        elif document.subset == "isabelle":
            text, cut = cut_isabelle(document.text, _isabelle_names(self.benchmarks))
        else:
            return document
        if not cut:
            return document
        if not text or text.isspace():
            return refuse(self, document, "emptied", "; ".join(cut)[:1000])
        meta = {**document.meta, "heldout": {"cut": len(cut), "items": {"published": cut}}}
        return replace(document, text=text, meta=meta)


@cache
def _lean_names(benchmarks: tuple[Benchmark, ...]) -> dict[str, str]:
    rows = (row for row in _rows(benchmarks) if isinstance(row, dict) and {"file_path", "full_name"} <= row.keys())
    return one_name_a_file((str(row["file_path"]), str(row["full_name"])) for row in rows)


@cache
def _isabelle_names(benchmarks: tuple[Benchmark, ...]) -> tuple[str, ...]:
    return isabelle_names(str(row[1]) for row in _rows(benchmarks) if isinstance(row, list))


def _rows(benchmarks: tuple[Benchmark, ...]) -> Iterator[Any]:
    """The rows of all lists in JSON. Raises ModelError."""
    for listed in (listed for benchmark in benchmarks for listed in benchmark.lists):
        try:
            yield from json_rows(listed)
        except (OSError, ValueError, tarfile.TarError) as error:
            raise ModelError(f"held-out list {listed.path} cannot be read: {error}") from error


def one_name_a_file(theorems: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of a benchmark's theorems, by file and full name, the last of each file: a dictionary held them."""
    return dict(theorems)


def cut_lean(text: str, path: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text without the benchmark's theorem of the file whose path is part of this path, and what was cut.

    It goes up to the next blank line, where its name is followed by a blank, once as `theorem` and once as `lemma`. The
    full name is never tried, only its endings, and so no name without a dot.
    """
    cut = []
    for file, name in names.items():
        if file not in path:
            continue
        parts = name.split(".")
        for keyword in ("theorem", "lemma"):
            endings = (f"{keyword} {'.'.join(parts[-count:])} " for count in range(1, len(parts)))
            found = next((ending for ending in endings if ending in text), None)
            if found:
                text = _without(text, found)
                cut.append(name)
    return text, cut


def isabelle_names(statements: Iterable[str]) -> tuple[str, ...]:
    """What was looked for of a benchmark's statements: all before the first colon, and a colon.

    Of an unnamed lemma that is `lemma [simp]:`. They came in the order of a set of strings, which differs from run to
    run; here they are sorted.
    """
    return tuple(sorted({statement.partition(":")[0] + ":" for statement in statements}))


def cut_isabelle(text: str, names: Iterable[str]) -> tuple[str, list[str]]:
    """The text without the first place of each name, up to the next blank line, and what was cut."""
    cut = []
    for name in names:
        if name in text:
            text = _without(text, name)
            cut.append(name)
    return text, cut


def _without(text: str, name: str) -> str:
    start = text.find(name)
    end = text.find(_PARAGRAPH, start)
    return text[:start] + (text[end:] if end >= 0 else "")
