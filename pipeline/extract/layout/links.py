"""Links, and what is raised: the marks of footnotes among both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resiliparse.parse.html import DOMNode

from pipeline.extract.parser import has

if TYPE_CHECKING:
    from pipeline.extract.layout.text import Walk

_SHARING = re.compile(
    r"//(?:www\.)?(?:twitter\.com/(?:intent/|share)|x\.com/intent/|facebook\.com/share|linkedin\.com/share|"
    r"reddit\.com/submit|pinterest\.com/pin/create|t\.me/share|wa\.me/\?|api\.whatsapp\.com/send)|^mailto:\?"
)
"""Addresses at which a page is shared."""
_RELATIONS = frozenset(("prev", "next", "tag", "category tag"))
"""Relations of links that turn pages or name labels."""
_ANCHORS = " \n\t¶#§🔗↩↵↑^⇑⬆\ufe0e\ufe0f"
"""What a link shows that leads to where it stands, or back to where its reader came from."""
_NOTE = re.compile(r"\[?[\w*†‡§]{1,4}\]?")
NOTE_NAME = re.compile(r"\[?([^\s\[\]]{1,20})\]?")
"""A number, or what a cited work is called."""
_ORDINAL = re.compile(r"(?:st|nd|rd|th|[A-Za-z]{3,}|[*†‡§\[(].*|TM|SM|®|™)", re.DOTALL)


def link(walk: Walk, node: DOMNode) -> None:
    def leave() -> None:
        walk.in_link = False

    if node.getattr("rel") in _RELATIONS:
        return
    if not node.hasattr("href") and (node.hasattr("id") or node.hasattr("name")):  # only the name of a place
        walk.children(node)
        return
    target = node.getattr("href") or ""
    if _SHARING.search(target):
        return
    if "#" in target and not node.text.strip(_ANCHORS):
        return
    is_inner = target.startswith("#")
    walk.blocks.inner += is_inner
    walk.in_link = True
    walk.blocks.links += 1
    if is_inner and "brackets" in node.class_name and (name := NOTE_NAME.fullmatch(node.text.strip())):
        walk.blocks.text(f"[{name[1]}]")  # docutils leaves the brackets to the style sheet
        leave()
        return
    walk.children(node, leave)


def raised(walk: Walk, node: DOMNode) -> None:
    """`x<sup>2</sup>` is x^2, but an ordinal or a footnote's mark is only text."""
    text = node.text.strip()
    if _refers(node):
        walk.blocks.text(text if text.startswith("[") else f"[^{text}]")
        return
    plain = not text or len(text) > 20 or _ORDINAL.fullmatch(text)
    if plain or has(node, "a, img, math, script, sup, sub, .katex"):
        walk.children(node)
        return
    sign = "^" if node.tag == "sup" else "_"
    walk.text(sign + (text if text.isalnum() else f"{{{text}}}"))


def _refers(node: DOMNode) -> bool:
    """Whether something raised is the mark of a footnote: a short link within the page, or in one."""
    link = node.query_selector("a[href]") or (node.parent if node.parent and node.parent.tag == "a" else None)
    if link is None or not (link.getattr("href") or "").startswith("#"):
        return False
    return node.tag == "sup" and _NOTE.fullmatch(node.text.strip()) is not None
