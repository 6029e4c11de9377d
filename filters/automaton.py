"""Many words looked for at once: each byte is looked at once, however many they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import hyperscan

_LINES = hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_PREFILTER


class Automaton:
    """Regular expressions without captures, back references or looks around, each by a name.

    With `roughly` they are read as by `re.MULTILINE | re.ASCII`, on valid UTF-8, and may look around;
    what is found then need not be there, but what is not found is not there.
    """

    def __init__(self, expressions: Mapping[str, str], roughly: bool = False) -> None:
        self._names = tuple(expressions)
        self._expressions = [expression.encode() for expression in expressions.values()]
        self._roughly = roughly

    @cached_property
    def _database(self) -> hyperscan.Database:
        database = hyperscan.Database()
        flags = hyperscan.HS_FLAG_SINGLEMATCH | (_LINES if self._roughly else hyperscan.HS_FLAG_DOTALL)
        database.compile(expressions=self._expressions, flags=[flags] * len(self._expressions))
        return database

    def __reduce__(self) -> tuple[type[Automaton], tuple[dict[str, str], bool]]:
        """Another process compiles it anew: a compiled one cannot be sent."""
        expressions = (expression.decode() for expression in self._expressions)
        return Automaton, (dict(zip(self._names, expressions, strict=True)), self._roughly)

    def found_in(self, data: bytes) -> set[str]:
        """The names of the expressions that match somewhere."""
        found: set[str] = set()
        self._database.scan(data, lambda number, *_: found.add(self._names[number]))
        return found
