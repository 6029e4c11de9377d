"""A faster tokenizer, used only where its ids prove equal to those of the library that a tokenizer was made for.

gigatoken keeps what it has once tokenized, and is some ten times as fast; it takes time in proportion to a document's
length where `tokenizers` takes more. What it does not read, or reads otherwise, the library itself tokenizes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import metadata, resources
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint32]

RENEW_BYTES = 64_000_000
"""Text after which the engine is loaded anew, in characters: it keeps every word that it has met, up to 100 bytes for
each byte of text. Loading takes 0.1 to 0.2 s."""
PROBED_IDS, PROBE_LENGTH = 30_000, 500
"""Entries of the vocabulary that are probed, and how many of them make one text."""


class EngineError(Exception):
    """gigatoken does not read a tokenizer file, reads it otherwise, or broke down over a text."""


class FastTokenizer:
    """gigatoken, forgetting from time to time. Raises EngineError for a tokenizer that it cannot load."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._engine: Any = None
        self._renew()

    def _renew(self) -> None:
        self._engine = None  # its memory goes before that of the next is asked for
        try:
            self._engine = self._load()
        except BaseException as error:
            raise explained(error) from error
        self._left = RENEW_BYTES

    def encode(self, text: str) -> Ids:
        """The ids of a text. Raises EngineError."""
        if self._left < 0:
            self._renew()
        self._left -= len(text)
        try:
            return self._engine.encode(text)  # type: ignore[no-any-return]
        except BaseException as error:
            self._left = -1  # what a panic left behind is not trusted
            raise explained(error) from error


def explained(error: BaseException) -> BaseException:
    """The EngineError for what the engine raised. A panic of Rust is no Exception; Ctrl-C stays what it is."""
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        return EngineError(str(error).partition("\n")[0])
    return error


def prove(load: Callable[[], Any], encode: Callable[[str], Ids], probe: Iterator[str]) -> FastTokenizer:
    """The engine that `load` gives. Raises EngineError if its ids are not those of `encode` on every probe."""
    fast = FastTokenizer(load)
    for text in probe:
        if not np.array_equal(fast.encode(text), encode(text)):
            raise EngineError(f"other ids for {text[:40]!r}")
    return fast


def probes(width: int, specials: Mapping[int, str], decode: Callable[[list[int]], str]) -> Iterator[str]:
    """Texts that tell tokenizers apart: written ones, spelled control tokens, and the vocabulary itself, shuffled.

    Two neighbours of such a shuffle have never met in training, so that every rule of merging shows.
    """
    yield from written_probes()
    yield from (f"{start}{token}{token} b" for token in specials.values() for start in ("", "a", "a "))
    shuffled = np.random.default_rng(0).permutation(width)[:PROBED_IDS]
    ids = shuffled[~np.isin(shuffled, list(specials))].tolist()
    for start in range(0, len(ids), PROBE_LENGTH):
        yield decode(ids[start : start + PROBE_LENGTH])


@cache
def written_probes() -> tuple[str, ...]:
    """The texts of `probes.toml`."""
    tables = tomllib.loads(resources.files("pipeline").joinpath("probes.toml").read_text("utf-8"))
    return tuple(text for table in tables.values() for text in table["texts"])


def engine_name(library: str) -> str:
    """A library with its version."""
    return f"{library} {metadata.version(library)}"
