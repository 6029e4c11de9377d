"""Many words looked for at once: each byte is looked at once, however many they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import hyperscan


class Automaton:
    """Regular expressions without captures, back references or looks around, each by a name."""

    def __init__(self, expressions: Mapping[str, str]) -> None:
        self._names = tuple(expressions)
        self._expressions = [expression.encode() for expression in expressions.values()]

    @cached_property
    def _database(self) -> hyperscan.Database:
        database = hyperscan.Database()
        flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL
        database.compile(expressions=self._expressions, flags=[flags] * len(self._expressions))
        return database

    def __reduce__(self) -> tuple[type[Automaton], tuple[dict[str, str]]]:
        """Another process compiles it anew: a compiled one cannot be sent."""
        expressions = (expression.decode() for expression in self._expressions)
        return Automaton, (dict(zip(self._names, expressions, strict=True)),)

    def found_in(self, data: bytes) -> set[str]:
        """The names of the expressions that match somewhere."""
        found: set[str] = set()
        self._database.scan(data, lambda number, *_: found.add(self._names[number]))
        return found
