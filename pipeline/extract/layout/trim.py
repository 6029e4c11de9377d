"""The last look at the text: blocks that are furniture by what they say and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from filters import wordlist

PROSE = 60
"""Characters outside links from which on a block reads as a sentence."""
LONGEST = 200
"""Characters of the longest block that is furniture for what it says."""
TITLE = 80
"""Characters of the longest line that is furniture for how it begins."""
LABEL = 40
"""Characters of a link that is the label of a place rather than the title of a text."""

_PHRASES = frozenset(wordlist.load("pipeline.extract.layout", "phrases.txt"))
LONGEST_PHRASE = 20 + max(map(len, _PHRASES))
"""Characters of a set phrase with the marks around it."""
_OPENINGS = re.compile(
    rf"\W*(?:{'|'.join(wordlist.load('pipeline.extract.layout', 'openings.txt'))})(?!\w)", re.IGNORECASE
)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_MADE = re.compile(
    r"(?:proudly )?powered by\b|"
    r"(?:created|built|made|generated|published|hosted|rendered)(?: \w+)? (?:using|with|by|from|on) (?:the )?"
    r"(?:sphinx|wordpress|doxygen|mkdocs|jekyll|hugo|docusaurus|quarto|bookdown|documenter|latexml|latex2html|gitbook|"
    r"read the docs|github pages|pandoc|hexo|pelican|ghost|blogger|mdbook|jupyter book|javadoc|haddock|tex4ht|hevea|"
    r"gapdoc2html)\b|"
    r"(?:this page was |page )?last (?:updated?|modified|edited|changed?|revised)\b|all times are (?:GMT|UTC)\b|"
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies\b",
    re.IGNORECASE,
)
"""How lines begin that name a page's maker, its date or its cookies."""
_RIGHTS = "all rights reserved"
_LABEL = re.compile(r"(\w[\w ]{0,30}):")
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
    """How many of its characters are in links."""
    named: int
    """How many letters and digits are among these."""
    links: int
    dropped: int
    """Pieces of furniture that were left out before it, from the beginning of the page."""

    @property
    def level(self) -> int:
        """The level of a heading; 0 for other text."""
        return self.lead.count("#") if self.lead.endswith("# ") else 0

    @property
    def is_solid(self) -> bool:
        """It holds a formula, code or a table."""
        return "\ue000" in self.text or self.text.startswith("|")

    @property
    def is_prose(self) -> bool:
        return self.is_solid or self.letters - self.linked >= PROSE

    @property
    def is_introduction(self) -> bool:
        return self.text.endswith((":", "：")) and self.is_prose

    @property
    def is_link(self) -> bool:
        """It says nothing but what a link leads to."""
        return self.links > 0 and not self.is_solid and sum(map(str.isalnum, self.text)) <= self.named

    @property
    def is_furniture(self) -> bool:
        """A set phrase, alone or before links; a note of who made the page; a row of links with marks between them."""
        if len(self.text) > LONGEST or self.is_solid:
            return False
        if self.level and not any(map(str.isalnum, self.text)):
            return True
        is_item = self.lead.endswith((". ", "- ", "  "))
        if not self.level and not is_item and self._is_imprint():
            return True
        if len(self.text) <= TITLE and _OPENINGS.match(self.text) and not self.text.endswith((".", ":")):
            return True
        if not self.links:  # a single word may well be the title of a section or a term of a list
            return _is_phrase(self.text) and not self.text.isalpha()
        letters = sum(map(str.isalnum, self.text))
        if self.links >= 2 and not is_item and letters <= self.named < LABEL * self.links:
            return True
        if self.links >= 2 and " | " in self.text and letters <= 3 * self.named:
            return True
        labels = _LABEL.findall(self.text) if ":" in self.text else ()
        if labels and letters <= self.named + sum(map(len, labels)) and all(map(_is_phrase, labels)):
            return True
        is_label = not is_item and not self.level and self.named >= letters
        return _is_phrase(self.text) and (is_label or not self.text.isalpha())

    def _is_imprint(self) -> bool:
        text = self.text
        return bool(_COPYRIGHT.match(text) or _MADE.match(text)) or _RIGHTS in text.lower()


def _is_phrase(text: str) -> bool:
    return len(text) < LONGEST_PHRASE and _EDGES.sub("", text.lower()) in _PHRASES


def trimmed(passages: list[Passage], dropped: int) -> list[Passage]:
    """The text without furniture, without the titles of furniture, and without the bars of a site above its title.

    `dropped` is how many pieces of furniture were left out of the whole page.
    """
    left = list(_without_furniture(passages))
    title = next((at for at, passage in enumerate(left) if passage.lead == "# "), 0)
    first = next((at for at, passage in enumerate(left[:title]) if passage.is_prose), title)
    end = Passage("", "# ", "", 0, 0, 0, 0, dropped)
    return [one for one, after in pairwise([*left[first:], end]) if not _is_bare(one, after)]


def _without_furniture(passages: list[Passage]) -> Iterator[Passage]:
    """The text without set phrases, and without the links that such a phrase is the title of."""
    titled = False
    for passage in passages:
        if passage.is_furniture:
            titled = not passage.links
        elif not (titled and passage.is_link):
            titled = False
            yield passage


def _is_bare(passage: Passage, after: Passage) -> bool:
    """Whether all that a heading stood over was furniture."""
    return passage.level > 1 and 0 < after.level <= passage.level and after.dropped > passage.dropped


class Figures(NamedTuple):
    """What a text, or a part of it, holds so far."""

    passages: int
    formulas: int
    headings: int
    letters: int
    linked: int
    """How many of its characters are in links."""
    links: int
    inner: int
    """Links to places in the page itself."""
    menu_linked: int
    """Characters of links in the menus that were taken out of it."""
    menu_links: int

    def is_menu(self, *, introduced: bool) -> bool:
        """Whether it is hardly anything but links, to places in the page or with labels.

        Labels are no menu where a sentence introduces them. A link or two above a menu are a part of it.
        """
        if self.linked <= 0.8 * self.letters or self.formulas:
            return False
        if self.links >= 3 and self.inner == self.links:
            return True
        linked, links = self.linked, self.links
        if not self.headings:
            linked, links = linked + self.menu_linked, links + self.menu_links
        return not introduced and links >= 4 and linked < LABEL * links
