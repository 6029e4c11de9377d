"""Page furniture: what is not the page's own text.

Judged by elements, by the names that authors give to blocks, and by how much of the page's running text a block holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

import numpy as np
from resiliparse.parse.html import DOMNode

from filters import wordlist
from pipeline.extract.parser import has

DROPPED = frozenset(
    ("#comment", "script", "style", "nav", "button", "iframe", "object", "embed", "svg", "canvas", "select", "option",
     "input", "textarea", "template", "dialog", "video", "audio", "map", "head", "link", "meta", "img", "picture",
     "menu", "search", "title")
)  # fmt: skip
"""Elements that never hold the text of a page."""

_SUSPECT = frozenset(("footer", "aside", "address", "header", "form", "noscript"))
"""Elements that hold furniture unless their name, or what they hold, says otherwise."""
_FRAMES = frozenset(("header", "form", "noscript"))
"""Those of them that never stand aside from the text: they are around all of it or no part of it."""
_MASTHEADS = frozenset(("header", "masthead", "banner", "branding"))
"""Ids of a site's header where it is no `header` element."""
JUDGED = DROPPED | _SUSPECT
"""Elements that may be furniture whatever their attributes say."""
TELLING = frozenset(("id", "role", "hidden", "style"))
"""Attributes beside the class by which an element may be furniture."""
_NEVER = frozenset(("body", "main", "pre", "code"))
"""Elements whose name speaks of the layout or of a highlighter."""
_ROLES = frozenset(
    ("navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "dialog", "alert",
     "alertdialog", "toolbar", "tooltip")
)  # fmt: skip
_TITLES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"))
_MAIN = {"<main": "main", "role=main": "[role=main]"}
_HEADINGS = frozenset(("<h1", "<h2", "<h3"))
_SOLID = {
    "<pre": "pre", "<math": "math", "type=math": "script[type^=math]", "<mjx-container": "mjx-container",
    "latex": "img[class*=latex]", "katex": ".katex", "math": ".math", "comment": ".comment, .commentlist",
}  # fmt: skip
"""What must not be lost beside an article, by the signs without which there is none of it."""
ELEMENTS = ("main", "article", "h1", "h2", "h3", "pre", "math", "mjx-container")
"""Elements that are looked for in all of a page, if its source has a sign of them."""
SIGNS = {
    "role=main": r"(?i)role\s*=\s*[\"']?(?:main|&)",
    "type=math": r"(?i)type\s*=\s*[\"']?\s*(?:math|&)",
    **{word: f"(?i){word}" for word in ("latex", "katex", "math", "comment")},
}
"""Signs in the source of what else is looked for; a value may begin with a reference to a character."""
_ARTICLES = 50
"""Articles of a page that is no list of them."""
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_LONGEST_NAME = 200
"""Characters of a class attribute or id that are looked at."""

MAJORITY = 0.5
"""The share of the page's running text from which on a block is content, whatever it is called."""
NEARLY = 0.8
"""The share of it from which on an article is all that there is to read."""
LEAST = 200
"""Characters of running text without which no block is content for its size alone."""
_PATIENCE = 20
"""How many times the length of the page may be read to find such blocks, or hostile nesting would be quadratic."""


_WORDS = wordlist.load("pipeline.extract.layout", "boilerplate.txt")


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_PARTS = _any(word for word in _WORDS if word[0] != "=")
_FURNITURE = re.compile(
    rf"(?:^|[-\s])(?:{_PARTS})(?=$|[-\s])|(?:^|\s)(?:{_any(word[1:] for word in _WORDS if word[0] == '=')})(?=$|\s)"
)
_PLACES = (
    "site|page|main|global|top|bottom|left|right|primary|secondary|mobile|post|block|section|wrapper|wrap|container|"
    "box|bar|area|inner|content|list|[0-9]+"
)
# The ids of sections are made of their titles ("related-work"): they name furniture only as a whole.
_FURNITURE_ID = re.compile(rf"(?:(?:{_PLACES})-)*=?(?:{_any(word.lstrip('=') for word in _WORDS)})(?:-(?:{_PLACES}))*")
_CONTENT = re.compile(rf"(?:^|[-\s])(?:{_any(wordlist.load('pipeline.extract.layout', 'asides.txt'))})(?=$|[-\s])")
_OVERLAY = re.compile(r"cookie|consent|gdpr|modal|popup|onetrust")
_LAYOUT = re.compile(
    r"(?:^|(?<=[-\s]))(?:has|no|with|without|hide|show|layout)-\S+|"
    r"\S+-(?:enabled|disabled|open|opened|closed|active|visible|trigger|ready)(?=$|\s)"
)
"""Names that speak of the layout, or of the state that some furniture is in."""
_LETTER = re.compile(r"[^\W\d_]")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _plain(names: str) -> str:
    return _HUMP.sub("-", names[:_LONGEST_NAME]).lower().replace("_", "-").replace("--", "-")


@lru_cache(maxsize=16384)
def names_furniture(names: str) -> bool:
    """Whether a class attribute or id names page furniture; `has-sidebar` speaks of the layout, not of itself."""
    return _FURNITURE.search(_LAYOUT.sub(" ", _plain(names))) is not None


@lru_cache(maxsize=4096)
def _id_is_furniture(name: str) -> bool:
    return _FURNITURE_ID.fullmatch(_plain(name)) is not None


@lru_cache(maxsize=4096)
def names_content(names: str) -> bool:
    """Whether a class attribute names something that belongs to the text though it stands aside or is folded away."""
    return _CONTENT.search(_plain(names)) is not None


class Furniture:
    """Judges the elements of one page."""

    def __init__(self, body: DOMNode, signs: frozenset[str], by_names: bool = True) -> None:
        self.body = body
        self.signs = signs
        self.by_names = by_names
        self._asked = self._read = 0

    def content(self) -> list[DOMNode]:
        """Where the text of the page is: its `main` elements or its article, and its title, else all of the body."""
        mains, length = self._mains()
        article = self._article(mains, length) if len(mains) <= 1 and "<article" in self.signs else None
        parts = [article] if article is not None else mains
        if not parts:
            return [self.body]
        if not self.titles or any(has(node, "h1") for node in parts):
            return parts
        return [*self.titles, *parts] if len(self.titles) == 1 else parts

    def _mains(self) -> tuple[list[DOMNode], int]:
        """The `main` elements, if they hold the text, and how many characters of it."""
        # Not one selector for both: resiliparse gives an element twice that both halves match.
        found = self.body.query_selector_all("main") if "<main" in self.signs else []
        if not found and "role=main" in self.signs:
            found = self.body.query_selector_all("[role=main]")
        mains = [node for node in found if not _within_main(node)] if len(found) <= _ARTICLES else []
        length = sum(map(running, mains))
        return (mains, length) if mains and length >= MAJORITY * self.total else ([], 0)

    def _article(self, mains: list[DOMNode], length: int) -> DOMNode | None:
        """The one article with nearly all of the text, and with all of its code and mathematics."""
        whole = mains[0] if mains else self.body
        articles = whole.query_selector_all("article")
        if not 0 < len(articles) <= _ARTICLES:
            return None
        article = articles[0]
        if len(article.query_selector_all("article")) != len(articles) - 1:
            return None
        titles = whole.query_selector_all("h1") if self.titles and mains else self.titles
        if len(titles) > 1 and not has(article, "h1"):
            return None
        solid = ", ".join(selector for sign, selector in _SOLID.items() if sign in self.signs)
        if solid and len(article.query_selector_all(solid)) != len(whole.query_selector_all(solid)):
            return None
        length = length if mains else self.total
        return article if running(article) >= max(NEARLY * length, LEAST) else None

    def holds(self, node: DOMNode, tag: str, classes: str, attributes: list[str]) -> bool:
        """Whether an element and all that is in it is furniture."""
        if tag in DROPPED:
            return tag != "button" or not _unfolds(node, classes)
        if not attributes:
            return tag in _SUSPECT and not self._is_content(node, tag)
        name = node.id if "id" in attributes else ""
        if tag == "div" and name.lower() in _MASTHEADS:
            return not self._is_content(node, "header")
        if self.by_names and (names_furniture(classes) or (_id_is_furniture(name) and not _is_titled(node, name))):
            overlay = _OVERLAY.search(classes + name) is not None
            return tag not in _NEVER and not (tag == "a" and overlay) and not self._is_content(node, tag, overlay)
        if "role" in attributes and node.getattr("role") in _ROLES:
            return not self._is_content(node, tag)
        if tag in _SUSPECT or "hidden" in attributes or ("style" in attributes and _is_hidden(node)):
            kept = any(map(names_content, (classes, name, node.getattr("role") or "")))
            if tag in _FRAMES:  # a note may have a header
                kept = kept and node.parent is not None and names_content(node.parent.class_name)
            return not kept and not self._is_content(node, tag)
        return False

    def took_all(self, letters: int) -> bool:
        """Whether so few letters of a page with a text are left that its names cannot have meant what they say."""
        return self.by_names and letters < LEAST and self.total > 4 * LEAST

    @cached_property
    def total(self) -> int:
        """Characters of the page's running text."""
        return running(self.body)

    @cached_property
    def titles(self) -> list[DOMNode]:
        """The headings of the first level."""
        return self.body.query_selector_all("h1") if "<h1" in self.signs else []

    def _is_content(self, node: DOMNode, tag: str, overlay: bool = False) -> bool:
        """Whether an element that looks like furniture holds the title, code, or most of the text of the page."""
        length = len(node.text)
        if not self._may_read(length):
            return False
        if not self.signs.isdisjoint(_MAIN) and has(node, ", ".join(_MAIN.values())):
            return True
        if tag == "header" and self._has_heading(node) and not self._is_masthead(node):
            return True
        if tag == "footer" and node.parent is not None and node.parent.tag == "blockquote":
            return True
        if not overlay and (self._holds_code(node) or (length >= LEAST and self._holds_most(node))):
            return True
        return self._is_title(node, tag)

    def _may_read(self, length: int) -> bool:
        """Whether there is patience for so many characters more; no block is longer than the page."""
        self._asked += 1
        self._read += length
        return self._asked <= _PATIENCE or self._read <= _PATIENCE * self._length

    @cached_property
    def _length(self) -> int:
        return len(self.body.text)

    def _holds_most(self, node: DOMNode) -> bool:
        length = running(node)
        return length >= LEAST and length >= MAJORITY * self.total

    def _has_heading(self, node: DOMNode) -> bool:
        return not self.signs.isdisjoint(_HEADINGS) and has(node, "h1, h2, h3")

    def _holds_code(self, node: DOMNode) -> bool:
        """Whether there is code inside, not only the numbers of its lines."""
        codes = node.query_selector_all("pre") if "<pre" in self.signs else ()
        return any(_LETTER.search(code.text) for code in codes)

    def _is_masthead(self, header: DOMNode) -> bool:
        """Whether a header is that of the site: its name or its menus are here, the title of the page elsewhere."""
        own = len(header.query_selector_all("h1"))
        if own == len(self.titles) or self.by_names is False:
            return False
        named = names_furniture(header.class_name) or header.id.lower() in _MASTHEADS
        return named or has(header, "nav, form, [role=search]")

    def _is_title(self, node: DOMNode, tag: str) -> bool:
        """Whether the page's only heading of the first level is here."""
        return len(self.titles) == 1 and (tag == "h1" or has(node, "h1"))


def _is_titled(node: DOMNode, name: str) -> bool:
    """Whether the id of a section is the one word of its title."""
    heading = node.query_selector("h1, h2, h3, h4, h5, h6") if node.tag in ("section", "div") else node
    return heading is not None and heading.text.strip(" \n\t¶#").lower() == name.lower()


def running(node: DOMNode) -> int:
    """Characters of the text in an element, blanks and what is in links and scripts left out."""
    aside = node.query_selector_all("a, script, style, select")
    return _letters(node.text) - _letters("".join([part.text for part in aside]))


def _letters(text: str) -> int:
    codes = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
    return int(np.count_nonzero(codes > ord(" ")))  # many times as fast as asking the text


def _is_hidden(node: DOMNode) -> bool:
    return _HIDDEN.search(node.getattr("style") or "") is not None


def _unfolds(node: DOMNode, classes: str) -> bool:
    """Whether a button is the title of a part of the text that it unfolds."""
    in_title = node.parent is not None and node.parent.tag in _TITLES
    return in_title or (names_content(classes) and not names_furniture(classes))


def _within_main(node: DOMNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag != "body":
        if parent.tag == "main" or parent.getattr("role") == "main":
            return True
        parent = parent.parent
    return False
