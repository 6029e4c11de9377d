"""Benchmarks as their authors publish them, read into what their theorems can be recognised by."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from filters import heldout_isabelle, heldout_lean
from filters.models import Model, ModelError, resolve

_ISABELLE = re.compile(
    r'\s*(?:theorem|lemma)\b[^:"]*:?\s*(?:assumes|defines|fixes|includes|notes|obtains|shows|"|\\<open>|‹)'
)
_NAMES = ("full_name", "problem_name", "name", "id")
_STATEMENTS = ("formal_statement", "statement", "theorem_statement")
THEOREMS = ("theorem", "lemma", "example")
_JSON = ("json", "jsonl", "gz", "tgz", "tar")
MAX_LIST_BYTES = 1 << 30
"""Largest member of an archive of lists that is read."""


@dataclass(frozen=True)
class Benchmark:
    """Theorems to hold out."""

    name: str
    """What the benchmark is called in counts."""
    lists: tuple[Model, ...] = ()
    """The files that name its theorems."""
    repositories: tuple[str, ...] = ()
    """Words in the names of repositories that are copies of it, such as `minif2f`: nothing of them is kept."""
    by_name: bool = False
    """Whether its names are unmistakable: what bears one is a theorem of it, though its statement be another."""


@dataclass(frozen=True)
class Item:
    """One theorem of a benchmark, and what it is recognised by."""

    benchmark: str
    language: str
    """`lean` or `isabelle`."""
    label: str
    """What it is called in reports."""
    name: str = ""
    """Full name; empty if it has none."""
    file: str = ""
    """Path of the file that it stands in, if the list tells."""
    statement: bytes = b""
    """Digest of its statement, if the list tells."""
    goals: tuple[bytes, ...] = ()
    """Digests of the goals in its proof, if the list tells."""
    text: str = ""
    """Its statement as the list has it."""
    by_name: bool = False
    """Whether its name alone tells it."""


def digest(text: str) -> bytes:
    """What a statement or goal is compared by; white space does not count."""
    return blake2b("".join(text.split()).encode("utf-8", "surrogatepass"), digest_size=12).digest()


def place(path: str) -> str:
    """Folder and name of a file: what of its path is the same in every copy of a library."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def read_items(benchmark: Benchmark) -> Iterator[Item]:
    """The theorems of a benchmark's lists; a list that names none is an error. Raises ModelError."""
    for listed in benchmark.lists:
        try:
            items = list(_items(benchmark.name, listed))
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, tarfile.TarError) as error:
            raise ModelError(f"held-out list {listed.path} cannot be read: {type(error).__name__}: {error}") from error
        if not items:
            raise ModelError(f"held-out list {listed.path} names no theorem. Is it a list of {benchmark.name}?")
        yield from (replace(item, by_name=True) for item in items) if benchmark.by_name else items


def _items(benchmark: str, listed: Model) -> Iterator[Item]:
    """By the ending of its name: JSON in some form, sources, or names."""
    ending = _ending(listed)
    if ending in _JSON:
        for row in json_rows(listed):
            yield from _item(benchmark, row)
        return
    text = resolve(listed).read_text("utf-8-sig")
    if ending in ("lean", "thy"):
        whole = _stated(benchmark, "lean" if ending == "lean" else "isabelle", text, "", "")
        yield from (replace(item, text="") for item in whole)  # not the whole file with each item
    else:
        names = (line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#"))
        yield from (Item(benchmark, "lean", _bare(name), _bare(name)) for name in names)


def json_rows(listed: Model) -> Iterator[Any]:
    """The rows of a list that is JSON, JSON lines or an archive of JSON files; of others nothing.

    LeanDojo's are objects that tell name, file and traced tactics, PISA's are pairs of file and statement, miniF2F's
    and ProofNet's are objects that tell a statement. Raises ValueError, OSError, TarError, ModelError.
    """
    path, ending = resolve(listed), _ending(listed)
    if ending == "json":
        yield from json.loads(path.read_text("utf-8-sig"))
    elif ending == "jsonl":
        yield from (json.loads(line) for line in path.read_text("utf-8-sig").split("\n") if line.strip())
    elif ending in _JSON:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".json") and member.size <= MAX_LIST_BYTES:
                    stream = archive.extractfile(member)
                    yield from json.loads(stream.read()) if stream else ()


def _ending(listed: Model) -> str:
    return listed.path.partition("@")[0].rpartition(".")[2].lower()


def _item(benchmark: str, row: Any) -> Iterator[Item]:
    if isinstance(row, list):
        yield from _stated(benchmark, "isabelle", row[1], row[0], "")
        return
    name = next((str(row[key]) for key in _NAMES if row.get(key)), "")
    file = str(row.get("file_path") or "")
    statement = next((str(row[key]) for key in _STATEMENTS if row.get(key)), "")
    if "traced_tactics" in row or not statement:
        yield _traced(benchmark, row, _bare(name), file)
    else:
        yield from _stated(benchmark, _language(row, statement), statement, file, name)


def _traced(benchmark: str, row: dict[str, Any], name: str, file: str) -> Item:
    if not name:
        raise ValueError(f"a row has neither name nor statement: {str(row)[:100]}")
    states = [str(one["state_before"]) for one in row.get("traced_tactics") or ()]
    return Item(benchmark, "lean", name, name, file, goals=tuple(map(digest, states)))


def _language(row: dict[str, Any], statement: str) -> str:
    isabelle = str(row.get("header", "")).find("imports") >= 0 or _ISABELLE.match(statement)
    return "isabelle" if isabelle else "lean"


def _stated(benchmark: str, language: str, text: str, file: str, label: str) -> Iterator[Item]:
    """What a text declares, which may be one statement without its proof."""
    read = heldout_lean.declarations if language == "lean" else heldout_isabelle.declarations
    for found in read(text)[1]:
        if found.statement and found.kind in THEOREMS:
            shown = label or f"{place(file)} {found.name or found.statement[:80]}".strip()
            yield Item(benchmark, language, shown, found.name, file, digest(found.statement), text=text)


def _bare(name: str) -> str:
    """A name without `_root_`, which LeanDojo leaves inside the names of what is declared in a namespace."""
    return name.rpartition("_root_.")[2]
