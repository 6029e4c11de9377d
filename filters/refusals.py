"""What a text must not hold: one scan for all signs, and a closer look only where it finds one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from filters.automaton import Automaton
from languages import Refusal


@dataclass(frozen=True)
class Refusals:
    """Looks for the signs that a file is not wanted."""

    signs: tuple[Refusal, ...]
    """The signs, in the order in which they are to be named."""

    @cached_property
    def _automaton(self) -> Automaton:
        return Automaton({str(number): sign.regex.pattern for number, sign in enumerate(self.signs)}, roughly=True)

    def first_in(self, text: str) -> tuple[Refusal, re.Match[str]] | None:
        """The first of the signs that is in the text, and where."""
        if not self.signs:
            return None
        found = sorted(map(int, self._automaton.found_in(text.encode("utf-8", "replace"))))
        places = ((self.signs[number], self.signs[number].regex.search(text)) for number in found)
        return next(((sign, place) for sign, place in places if place), None)
