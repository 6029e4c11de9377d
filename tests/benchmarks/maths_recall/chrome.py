"""The furniture around an article, with marker words of its own: what of it comes out has leaked."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from documents import Document

TEMPLATES = Path(__file__).parent / "chrome"
_PLACE = re.compile("«(\\w+)»")
_HEAD = re.compile(r"<head>.*</head>", re.DOTALL | re.IGNORECASE)


@cache
def template(name: str) -> str:
    return (TEMPLATES / f"{name}.html").read_text(encoding="utf-8")


def wrap(name: str, title: str, head: str, body: str, document: Document) -> str:
    """A whole page in the template `name`."""
    words = iter(document.chrome)
    parts = {"title": title, "head": head, "body": body}
    return _PLACE.sub(lambda place: next(words) if place[1] == "w" else parts[place[1]], template(name))


def markers(name: str, document: Document) -> list[str]:
    """The marker words that a person would see around the article."""
    count = template(name).count("«w»")
    hidden = len(re.findall("«w»", _HEAD.search(template(name))[0]))
    return list(document.chrome[hidden:count])
