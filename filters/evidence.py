"""Whether a source file holds mathematics: one scan for all words of its language, a closer look only where needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from filters.automaton import Automaton
from filters.syntax import Statements
from languages import Language


@dataclass(frozen=True)
class Evidence:
    """Looks for what the language's `any_of`, `statements` and `content` ask for; any of the three suffices."""

    language: Language
    """The language whose signs are looked for."""

    @property
    def wanted(self) -> bool:
        """Whether the language asks for evidence at all."""
        return bool(self.language.any_of or self.language.statements or self.language.content)

    @cached_property
    def _signs(self) -> dict[str, tuple[str, int]]:
        """Each word to look for, by a name: its expression and what it adds to the score."""
        content = self.language.content
        words = {
            f"statement {word}": (re.escape(word), 0) for marker in self.language.statements for word in marker.words
        }
        for number, sign in enumerate(content.signs if content else ()):
            words |= {f"{number} {word}": (sign.expression(word), sign.weight) for word in sign.words or ("",)}
        return words

    @cached_property
    def _automaton(self) -> Automaton:
        return Automaton({name: expression for name, (expression, _) in self._signs.items()})

    @cached_property
    def _statements(self) -> Statements:
        return Statements(self.language)

    def found_in(self, text: str, path: str = "") -> bool:
        """Whether the text holds enough; a word counts in the text and in the folders' names, its repository's too."""
        if any(marker.regex.search(text) for marker in self.language.any_of):
            return True
        if not self._signs:
            return False
        data = text.encode("utf-8", "surrogatepass")
        folders = path.rpartition("/")[0].encode("utf-8", "replace")
        found = [self._automaton.found_in(part) for part in (data, folders)]
        weights = [self._signs[name][1] for names in found for name in names]
        content = self.language.content
        if content and sum(weights) >= content.min_score + len(data) // content.bytes_per_point:
            return True
        return 0 in weights and self._statements.found_in(text)
