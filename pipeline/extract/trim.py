"""The last look at the text: blocks that are furniture by what they say and where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from filters import wordlist

PROSE = 60
"""Characters outside links from which on a block reads as a sentence."""
LONGEST = 200
"""Characters of the longest block that is furniture for what it says."""
LABEL = 40
"""Characters of a link that is the label of a place rather than the title of a text."""

_PHRASES = frozenset(wordlist.load("pipeline.extract", "phrases.txt"))
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_COPYRIGHT = re.compile(r"(?:copyright\s*)?(?:©|\(c\)|copyright)\s*(?:©\s*)?(?:\d{4}|by\b)", re.IGNORECASE)


@dataclass(slots=True)
class Passage:
    """One block of the text, and what tells it from furniture."""

    gap: str
    """The line ends that set it apart from the passage before."""
    lead: str
    """What its first line begins with: prefixes, and the mark of a heading or list item."""
    text: str
    letters: int
    linked: int
    """How many of its letters are in links."""
    links: int

    @property
    def is_solid(self) -> bool:
        """It holds a formula, code or a table."""
        return "\ue000" in self.text or self.text.startswith("|")

    @property
    def is_prose(self) -> bool:
        return self.is_solid or self.letters - self.linked >= PROSE

    @property
    def is_furniture(self) -> bool:
        """A set phrase, a note of copyright, or a row of links with nothing but marks between them."""
        if len(self.text) > LONGEST or self.is_solid:
            return False
        is_item = self.lead.endswith((". ", "- ", "  "))
        labels = self.links >= 2 and not is_item and self.linked < LABEL * self.links
        if labels and sum(map(str.isalnum, self.text)) <= self.linked:
            return True
        if not is_item and _COPYRIGHT.match(self.text):
            return True
        words = _EDGES.sub("", self.text.lower())
        # A single word may well be the title of a section or an item of a list.
        return words in _PHRASES and (" " in words or not (is_item or self.lead.endswith("# ")))


def trimmed(passages: list[Passage]) -> list[Passage]:
    """The text without furniture, and without what stands before its title and is no prose, as a site's bars do."""
    left = [passage for passage in passages if not passage.is_furniture]
    title = next((at for at, passage in enumerate(left) if passage.lead == "# "), 0)
    first = next((at for at, passage in enumerate(left[:title]) if passage.is_prose), title)
    return left[first:]


def is_link_list(letters: int, linked: int, links: int, inner: int) -> bool:
    """Whether a block is a menu by its figures: hardly anything but links, to places in the page or with labels."""
    if links < 3 or linked <= 0.8 * letters:
        return False
    return inner == links or (links >= 4 and linked < LABEL * links)
