"""Page furniture: what is not the page's own text. Judged by elements only; no line is deleted for a word in it."""

from __future__ import annotations

import re
from functools import lru_cache

from resiliparse.parse.html import DOMNode

from filters import wordlist

DROPPED = frozenset(
    ("#comment", "script", "style", "nav", "footer", "aside", "button", "noscript", "iframe", "object", "embed", "svg",
     "canvas", "select", "option", "input", "textarea", "template", "dialog", "video", "audio", "map", "head", "link",
     "meta", "img", "picture", "menu")
)  # fmt: skip
"""Elements that never hold the text of a page."""

SIZEABLE = 4000
"""Characters from which on running text is content, whatever its element is called: some pages are one form."""

_WORDS = wordlist.load("pipeline.extract", "boilerplate.txt")
_NAME = re.compile(rf"(?:^|[-_\s])(?:{'|'.join(map(re.escape, _WORDS))})(?:$|[-_\s])")
_LAYOUT = re.compile(r"(?:^|\s)(?:has|no|with|without|hide|is|page|layout|wp)-\S+")
_HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_ROLES = frozenset(
    ("navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "dialog", "alert")
)
_CONTENT = "h1, main, article, [role=main], [itemprop=articleBody]"


@lru_cache(maxsize=16384)
def names_furniture(names: str) -> bool:
    """Whether a class attribute or id names page furniture; `has-sidebar` speaks of the layout, not of itself."""
    return _NAME.search(_LAYOUT.sub(" ", names.lower())) is not None


def is_furniture(node: DOMNode, tag: str, classes: str) -> bool:
    """Whether an element and all that is in it should be left out."""
    if tag in DROPPED:
        return True
    if node.hasattr("hidden") or _HIDDEN.search(node.getattr("style") or ""):
        return True
    if tag == "header":
        return node.query_selector("h1") is None
    if tag == "form":
        return not _is_sizeable(node)
    named = (classes and names_furniture(classes[:200])) or (node.hasattr("id") and names_furniture(node.id[:200]))
    if not named and node.getattr("role") not in _ROLES:
        return False
    return (
        tag not in ("body", "main", "article", "h1")
        and node.query_selector(_CONTENT) is None
        and not _is_sizeable(node)
    )


def _is_sizeable(node: DOMNode) -> bool:
    characters = len(node.text)
    return characters > SIZEABLE and sum(len(link.text) for link in node.query_selector_all("a")) < characters / 2


def is_link_list(characters: int, linked: int, links: int) -> bool:
    """Whether a block is a menu by its figures: four links or more that make up over four fifths of its letters."""
    return links >= 4 and linked > 0.8 * characters
