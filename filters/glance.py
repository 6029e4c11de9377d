"""A glance at a page before it is parsed: what it declares, and roughly what it says."""

from __future__ import annotations

import re

# What is not closed runs to the end, and no tag holds another's beginning: linear time whatever comes.
_MARKUP = re.compile(rb"<(script|style)[\s>].*?(?:</\1|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_LANGUAGE = re.compile(rb"<html\b[^<>]{0,1000}?\slang\s*=\s*[\"']?\s*([a-z]{2,3})(?![a-z])", re.IGNORECASE)
_HEAD = 5_000
"""Bytes in which a page begins."""


def rough_text(html: bytes, window: int) -> str:
    """The text in so many bytes of a page, from the beginning of its body on; not decoded as the page would ask."""
    start = max(0, html.find(b"<body"))
    return _MARKUP.sub(b" ", html[start : start + window]).decode("utf-8", "replace")


def declared_language(html: bytes) -> str:
    """The code of the language that the page's first element names, in lower case; empty if it names none."""
    found = _LANGUAGE.search(html, 0, _HEAD)
    return found[1].decode().lower() if found else ""
