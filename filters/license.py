"""Who does not want their code in a corpus, and which licences do: both are recorded, and a manifest may heed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from filters.wordlist import load

PERMISSIVE = "permissive"
"""Stands for the licences of `permissive_licenses.txt`."""

UNKNOWN = frozenset({"", "noassertion", "none", "other", "unknown"})
"""How sources say that nobody knows the licence; GitHub's word for a text that it does not recognise is NOASSERTION."""

_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class License:
    """Refuses files of repositories under other licences than those allowed.

    A file is judged by all licences that its source names for the repository: each must be allowed.
    """

    rule: ClassVar[str] = "license"
    reasons: ClassVar[frozenset[str]] = frozenset({"not-allowed", "unknown"})

    allowed: tuple[str, ...] = ()
    """SPDX names, in any case; `permissive` stands for a list of them; none: everything is allowed."""

    @cached_property
    def _allowed(self) -> frozenset[str]:
        listed = load("filters", "permissive_licenses.txt") if PERMISSIVE in self.allowed else ()
        return frozenset(name.lower() for name in (*self.allowed, *listed))

    def __call__(self, document: Document) -> Document | Drop:
        if not self.allowed:
            return document
        known = [name for name in _licenses(document) if name.lower() not in UNKNOWN]
        if not known:
            return refuse(self, document, "unknown")
        others = [name for name in known if name.lower() not in self._allowed]
        return refuse(self, document, "not-allowed", ", ".join(others)[:100]) if others else document


@dataclass(frozen=True)
class OptOut:
    """Refuses files of repositories, and of all repositories of users, that are on a list; of their forks, too."""

    rule: ClassVar[str] = "opt-out"
    reasons: ClassVar[frozenset[str]] = frozenset({"repository", "user"})

    names: frozenset[str] = field(default=frozenset(), metadata={"location": True})
    """`owner/repository` or `owner`, in lower case."""
    sha256: tuple[str, ...] = ()
    """Hashes of the files that the names come from: what a recipe says of them."""

    def __call__(self, document: Document) -> Document | Drop:
        for of in ("repo", "fork_of"):
            for owner, repository in readings(str(document.meta.get(of) or "").lower()):
                if f"{owner}/{repository}" in self.names:
                    return refuse(self, document, "repository", f"{owner}/{repository}")
                if owner in self.names:
                    return refuse(self, document, "user", owner)
        return document


def readings(repository: str) -> Iterator[tuple[str, str]]:
    """Owner and name. The folder of a tarball joins them by a hyphen: then every hyphen may be the one."""
    if "/" in repository:
        owner, _, name = repository.partition("/")
        yield owner, name
    else:
        for hyphen in re.finditer("-", repository):
            yield repository[: hyphen.start()], repository[hyphen.end() :]


def read_opt_outs(text: str) -> frozenset[str]:
    """The names of a list: a repository or user a line; what follows `#` is a comment. Raises ValueError."""
    names = set()
    for number, line in enumerate(text.splitlines(), 1):
        name = line.partition("#")[0].strip().lower()
        if not name:
            continue
        if len(name.split("/")) > 2 or not all(map(_NAME.fullmatch, name.split("/"))):
            raise ValueError(f"line {number}: {line[:80]!r} is neither `owner/repository` nor `owner`")
        names.add(name)
    return frozenset(names)


def _licenses(document: Document) -> Iterable[str]:
    several = document.meta.get("licenses")
    return [str(name) for name in several] if isinstance(several, list) and several else [document.license]
