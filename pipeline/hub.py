"""Repositories on Hugging Face's hub: `hf://datasets/OWNER/NAME@REVISION/FOLDER`, listed and read over http.

Its own client keeps a cache of whole files and knows nothing of our gate; three of the hub's addresses are all we need:
https://huggingface.co/docs/hub/api (tree) and `resolve`, which leads to the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import quote, unquote

from fsspec.utils import glob_translate
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pipeline import credentials, http

SCHEME = "hf://"
_ADDRESS = re.compile(
    r"hf://(?P<kind>(?:datasets|spaces)/)?(?P<name>(?!datasets/|spaces/)[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?(?:/(?P<folder>.*))?"
)
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="next"')
PAGE_BYTES = 64 << 20
"""Largest page of a listing; the hub's have 1,000 files."""


@dataclass(frozen=True)
class Entry:
    """One file: its path below the folder, its size in bytes, and a hash that tells its version."""

    path: str
    size: int
    version: str


class _Content(BaseModel):
    size: int = Field(0, ge=0)
    oid: str = ""


class _Item(_Content):
    """A line of a listing, as the hub gives it."""

    type: str
    path: str
    lfs: _Content | None = None


_LISTING = TypeAdapter(list[_Item])


@dataclass(frozen=True)
class Folder:
    """A folder of a repository at a revision."""

    kind: str
    """`datasets/`, `spaces/`, or nothing for a model."""
    name: str
    revision: str
    path: str

    def url(self, path: str) -> str:
        """Where a file can be read."""
        return f"{credentials.hub()}/{self.kind}{self.name}/resolve/{self._revision}/{quote(self._full(path))}"

    def glob(self, pattern: str) -> Iterator[Entry]:
        """The files that match, as in a shell. Raises FetchError, FileNotFoundError if the folder is not there."""
        above = pattern.split("/")[:-1]
        fixed = list(takewhile(lambda part: not re.search(r"[*?\[]", part), above))
        wanted = re.compile(glob_translate(pattern))
        found = (
            _entry(item, self.path) for item in self._files("/".join(fixed), deep=fixed != above or "**" in pattern)
        )
        return (entry for entry in found if wanted.match(entry.path))

    def _files(self, folder: str, deep: bool) -> Iterator[_Item]:
        kind = self.kind or "models/"
        url = f"{credentials.hub()}/api/{kind}{self.name}/tree/{self._revision}/{quote(self._full(folder))}"
        url = url.rstrip("/") + ("?recursive=true" if deep else "")
        while url:
            page = http.read_page(url, PAGE_BYTES)
            yield from (item for item in _items(page.body, url) if item.type == "file")
            url = _following(page.link)

    def _full(self, path: str) -> str:
        return "/".join(part for part in (self.path, path) if part)

    @property
    def _revision(self) -> str:
        return quote(self.revision, safe="")


def folder(url: str) -> Folder:
    """The folder that a URL names. Raises OSError if it names none."""
    found = _ADDRESS.fullmatch(url.rstrip("/"))
    if not found:
        raise OSError(f"{url} is no address on the hub: hf://datasets/OWNER/NAME@REVISION is")
    revision = unquote(found["revision"] or "main")
    return Folder(found["kind"] or "", found["name"], revision, found["folder"] or "")


def _following(link: str) -> str:
    """The address of a listing's next page, empty after the last. Raises FetchError if it is another host's."""
    found = _NEXT.search(link)
    if found and not found[1].startswith(f"{credentials.hub()}/"):
        raise http.FetchError(f"the listing goes on at {http.public(found[1])}, which is not at {credentials.hub()}")
    return found[1] if found else ""


def _items(page: bytes, url: str) -> list[_Item]:
    try:
        items = _LISTING.validate_json(page)
    except ValidationError:
        raise http.FetchError(f"{http.public(url)} is no listing") from None
    if any(".." in item.path.split("/") for item in items):  # paths become names of files of the run
        raise http.FetchError(f"{http.public(url)} lists paths that leave their folder")
    return items


def _entry(item: _Item, below: str) -> Entry:
    """Of a large file the item's own hash and size may be those of its pointer."""
    of = item.lfs or item
    return Entry(item.path.removeprefix(f"{below}/" if below else ""), of.size, of.oid)
