"""The manual rules on web pages: what is no page at all, where it comes from, how long it is, what litters it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlsplit

from filters import wordlist
from filters.document import Document, Drop
from filters.filter import refuse

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|div|p|h1|table|script)\b",
    re.I | re.S,
)
_SNIFFED = 1024
"""Bytes at the beginning of a record in which a page of unknown type must show that it is HTML."""


@dataclass(frozen=True)
class HtmlType:
    """Refuses what is not a page: by `meta["status"]`, `meta["content_type"]`, or its first bytes if it has no type."""

    rule: ClassVar[str] = "html-type"
    reasons: ClassVar[frozenset[str]] = frozenset({"status", "content-type", "empty"})

    def __call__(self, document: Document) -> Document | Drop:
        status = document.meta.get("status", 200)
        if str(status) != "200":
            return refuse(self, document, "status", str(status) or "none")
        if not document.raw.strip():
            return refuse(self, document, "empty")
        kind = str(document.meta.get("content_type") or "").partition(";")[0].strip().lower()
        if kind in HTML_TYPES or (not kind and _HTML_START.match(document.raw[:_SNIFFED])):
            return document
        return refuse(self, document, "content-type", kind or "unknown")


@dataclass(frozen=True)
class UrlBan:
    """Refuses addresses on the list of hosts and path fragments (`filters/banned_urls.txt` says how entries read)."""

    rule: ClassVar[str] = "url"
    reasons: ClassVar[frozenset[str]] = frozenset({"banned"})

    banned: tuple[str, ...] = field(default_factory=lambda: wordlist.load("filters", "banned_urls.txt"))
    """Hosts, and fragments of the path and query, that are refused."""

    def __call__(self, document: Document) -> Document | Drop:
        try:
            parts = urlsplit(document.url.lower())
            host = parts.hostname or ""
        except ValueError:  # an address that cannot be read is on no list
            return document
        entry = self._banned_host(host) or self._banned_part(f"{parts.path}?{parts.query}")
        return refuse(self, document, "banned", entry) if entry else document

    def _banned_host(self, host: str) -> str:
        while host and host not in self._hosts:
            host = host.partition(".")[2]
        return host

    def _banned_part(self, where: str) -> str:
        found = self._parts.search(where)
        return found[0].replace("&", "?") if found else ""

    @cached_property
    def _hosts(self) -> frozenset[str]:
        return frozenset(entry for entry in self.banned if entry[0] not in "/?")

    @cached_property
    def _parts(self) -> re.Pattern[str]:
        paths = (re.escape(entry) for entry in self.banned if entry[0] == "/")
        ends = (path if path[-1] == "/" else path + r"(?![\w-])" for path in paths)
        keys = (re.escape(entry[1:]) for entry in self.banned if entry[0] == "?")
        return re.compile("|".join([*ends, *(f"[?&]{key}" for key in keys)]) or "(?!)")


@dataclass(frozen=True)
class Length:
    """Refuses texts by their number of characters (OpenWebMath keeps those of 100 and more)."""

    rule: ClassVar[str] = "length"
    reasons: ClassVar[frozenset[str]] = frozenset({"short", "long"})

    shortest: int = 100
    """Characters that a text must have."""
    longest: int = 0
    """Characters that a text may have; 0 for no limit."""

    def __call__(self, document: Document) -> Document | Drop:
        length = len(document.text)
        if length < self.shortest:
            return refuse(self, document, "short", f"{length} characters")
        if self.longest and length > self.longest:
            return refuse(self, document, "long", f"{length} characters")
        return document


@dataclass(frozen=True)
class Accents:
    """Refuses texts that accented letters show to be in another language than English."""

    rule: ClassVar[str] = "accents"
    reasons: ClassVar[frozenset[str]] = frozenset({"accented"})

    most: float = 0.015
    """Share of the characters that may be accented letters (OpenWebMath: 1.5 %)."""
    letters: str = "áàâäãåāéèêëēěíìîïīóòôöõøōúùûüūůýÿçčćñńšśžźżæœłřťďğş"
    """What counts as an accented letter, in lower case."""

    def __call__(self, document: Document) -> Document | Drop:
        text = document.text.lower()
        if text.isascii():
            return document
        share = len(re.findall(f"[{re.escape(self.letters)}]", text)) / len(text)
        return refuse(self, document, "accented", f"{share:.4f}") if share > self.most else document


@dataclass(frozen=True)
class NewcommandLines:
    r"""Removes lines with more than one `\newcommand`: preambles that MathJax pages carry. Refuses nothing."""

    rule: ClassVar[str] = "newcommand"
    reasons: ClassVar[frozenset[str]] = frozenset()

    most: int = 1
    r"""Definitions by `\newcommand` that a line may hold."""

    def __call__(self, document: Document) -> Document | Drop:
        if document.text.count("\\newcommand") <= self.most:
            return document
        lines = document.text.split("\n")
        kept = [line for line in lines if line.count("\\newcommand") <= self.most]
        return document if len(kept) == len(lines) else replace(document, text="\n".join(kept).strip())
