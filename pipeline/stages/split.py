"""Train, validation and test: a document goes where its group goes, so that near-copies do not straddle the splits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import xxhash

TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")

REPOSITORY_FIELDS = ("fork_of", "repo", "repo_name")
"""Where sources note the repository: that of which it is a fork, its own, and as RedPajama's GitHub rows have it."""
PAPER_FIELDS = ("arxiv_id",)
"""Where sources note the paper, as RedPajama's arXiv rows do."""

_PAPER_URL = re.compile(r"/(?:abs|pdf|e-print|src|html|format)/(?P<paper>.+?)(?:\.pdf)?")
_VERSION = re.compile(r"v\d+$")


def group_of(row: Mapping[str, Any]) -> str:
    """What a row of a documents shard must not be parted from: its repository, paper or site, else itself."""
    meta = json.loads(row["meta"] or "{}")
    host, path = _host_and_path(row["url"])
    repository = _first(meta, REPOSITORY_FIELDS) or _repository(host, path)
    if repository:
        # GitHub's tarballs join owner and name by a hyphen; the same repository may come from The Stack, too.
        return "repository:" + repository.replace("/", "-").lower()
    paper = _first(meta, PAPER_FIELDS) or _paper(host, path)
    if paper:
        return "paper:" + _VERSION.sub("", paper)
    return f"site:{host}" if host else f"id:{row['id']}"


def own_group(row: Mapping[str, Any]) -> str:
    """A document's group where each is one by itself, as in the published code, which parted files, not repositories.

    It shuffled what it had read with a seed, or took papers in their order: where a file went depended on all others.
    """
    return f"id:{row['id']}"


def split_of(seed: int, group: str, validation: float, test: float) -> str:
    """The split of a group, by a hash of seed and group. `validation` and `test` are shares of all groups."""
    place = xxhash.xxh3_64_intdigest(f"split/{seed}/{group}".encode("utf-8", "surrogatepass")) / 2**64
    if place < test:
        return TEST
    return VALIDATION if place < test + validation else TRAIN


def _first(meta: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(meta[name]) for name in names if meta.get(name)), "")


def _host_and_path(url: str) -> tuple[str, str]:
    """The site of a URL without `www.`, and the path; empty if it has none or is malformed."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").removeprefix("www."), parts.path
    except ValueError:
        return "", ""


def _repository(host: str, path: str) -> str:
    steps = path.strip("/").split("/")
    return "/".join(steps[:2]) if host == "github.com" and len(steps) > 1 else ""


def _paper(host: str, path: str) -> str:
    """The number in an arXiv URL: all papers share one site, which is no group."""
    found = _PAPER_URL.fullmatch(path.rstrip("/")) if host in ("arxiv.org", "export.arxiv.org") else None
    return found["paper"] if found else ""
