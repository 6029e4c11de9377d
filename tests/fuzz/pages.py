"""Hostile pages from numbers: equal seeds give equal pages, so a find is a number until it is made small.

A page is put together from pieces of markup and mathematics, or is a real page with such pieces thrown into it. Now and
then a piece is repeated until the page is as large as hostile pages are.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from filters.document import Document, Drop

LARGEST = 300_000
"""Characters of a page with repeated pieces."""

PIECES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("pieces.toml").read_text())


@dataclass(frozen=True)
class Pages:
    """A source that makes its pages: of a file that holds a number, that many pages from that number on."""

    name: str
    count: int
    real: str = ""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        first = int(stream.read())
        for seed in range(first, first + self.count):
            yield Document(str(seed), self.name, raw=page(seed, self.real))


def page(seed: int, folder: str = "") -> bytes:
    """The page of a number; if a folder of real pages is given, every second one comes of one of them."""
    draw = random.Random(seed)
    real = _real_pages(folder) if folder and seed % 2 else ()
    text = _mutated(draw, real) if real else _made(draw)
    raw = text.encode(draw.choice(PIECES["encodings"]), "replace")
    return raw if draw.random() < 0.95 else _damaged(draw, raw)


@cache
def _real_pages(folder: str) -> tuple[Path, ...]:
    return tuple(sorted(path for path in Path(folder).rglob("*.htm*") if path.stat().st_size < LARGEST))


def _made(draw: random.Random) -> str:
    # Few kinds of tags a page: that they meet again and again is what confuses parsers.
    tags = draw.sample(PIECES["tags"], draw.randint(1, 12))
    pieces = [_piece(draw, tags) for _ in range(draw.choice((2, 5, 10, 30, 100, 300)))]
    return draw.choice(PIECES["heads"]) + "".join(pieces)


def _piece(draw: random.Random, tags: Sequence[str]) -> str:
    piece = _choose(draw)(draw, tags)
    if draw.random() < 0.004:
        unit = piece + "".join(_choose(draw)(draw, tags) for _ in range(draw.randint(0, 3)))
        return unit * min(draw.choice((10, 100, 900, 5_000, 30_000)), LARGEST // max(1, len(unit)))
    return piece


def _choose(draw: random.Random) -> Callable[[random.Random, Sequence[str]], str]:
    return draw.choices((_opening, _closing, _maths, _text, _code), (30, 20, 30, 17, 3))[0]


def _opening(draw: random.Random, tags: Sequence[str]) -> str:
    return f"<{draw.choice(tags)}{draw.choice(PIECES['attributes'])}>"


def _closing(draw: random.Random, tags: Sequence[str]) -> str:
    return f"</{draw.choice(tags)}>"


def _maths(draw: random.Random, tags: Sequence[str]) -> str:
    return draw.choice(PIECES["maths"])


def _text(draw: random.Random, tags: Sequence[str]) -> str:
    return draw.choice(PIECES["text"])


def _code(draw: random.Random, tags: Sequence[str]) -> str:
    return draw.choice(PIECES["code"])


def _mutated(draw: random.Random, real: Sequence[Path]) -> str:
    html = draw.choice(real).read_text("utf-8", "replace")
    for _ in range(draw.choice((1, 3, 10, 40))):
        start = draw.randint(0, len(html))
        end = start + draw.choice((0, 0, 1, 10, 100, 1000))
        new = html[end : end + draw.randint(0, 200)] * 2 if draw.random() < 0.2 else _piece(draw, PIECES["tags"])
        html = html[:start] + new + html[end:]
    return html[: 2 * LARGEST]


def _damaged(draw: random.Random, raw: bytes) -> bytes:
    """Bytes changed at random places, or the end cut off."""
    damaged = bytearray(raw)
    for _ in range(draw.randint(1, 20)):
        if damaged:
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged[: draw.randint(0, len(damaged))] if draw.random() < 0.3 else damaged)
