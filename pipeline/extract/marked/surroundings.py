"""Where a formula stands: alone on its line, or within a sentence."""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode

BLOCKS = frozenset(("p", "div", "center", "dd", "figure", "body", "section", "article", "blockquote"))
"""Elements in which a formula that stands alone is displayed; in a table or list it may be one of many."""
CENTRED = frozenset(("center", "dd", "figure"))
"""Those of them that are seldom a paragraph."""
_INLINE = frozenset(("span", "a", "b", "i", "em", "strong", "font", "nobr", "big", "noscript", "picture"))
_BREAKS = BLOCKS | frozenset(("br", "hr", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "dl"))
_LISTS = frozenset(("li", "td", "th"))
_LONGEST = 40
"""Characters of an element that may be an equation's number."""
_MOST_NODES = 40
_FARTHEST = 6
"""Blank nodes that are passed over on the way to what stands beside a formula."""
NUMBER = re.compile(
    r"[\s.,;:]*(?:[(\[]\s*[A-Za-z]{0,3}\.?\s?\d{0,4}(?:[.\-–]\d{1,4}){0,3}[a-z*′']{0,2}\s*[)\]])?[\s.,;¶#]*"
)
"""An equation's number, the full stop after it, and the mark that links to it."""


def stands_alone(node: DOMNode, blocks: frozenset[str] = BLOCKS, first: DOMNode | None = None) -> bool:
    """Whether nothing but an equation's number stands on the line of a formula, in one of the elements `blocks`.

    `first` is where the formula begins if it has several elements, of which `node` is the last.
    """
    for _ in range(_FARTHEST):
        if not (_ends((first or node).prev, forward=False) and _ends(node.next, forward=True)):
            return False
        parent = node.parent
        if parent is None or parent.tag not in _INLINE:
            return parent is not None and parent.tag in blocks and not _is_all_of_an_item(parent)
        node = parent
    return False


def _is_all_of_an_item(block: DOMNode) -> bool:
    """Whether a paragraph is the only one of a list's item or a table's cell, as some software has it everywhere."""
    around = block.parent
    alone = block.prev_element is None and block.next_element is None
    return block.tag == "p" and alone and around is not None and around.tag in _LISTS


def _ends(sibling: DOMNode | None, forward: bool) -> bool:
    """Whether the line ends at `sibling` or beyond it, without a word in between."""
    for _ in range(_FARTHEST):
        if sibling is None or sibling.tag in _BREAKS:
            return True
        if sibling.tag == "#text" and not NUMBER.fullmatch((sibling.value or "")[:60]):
            return False
        if sibling.tag[0] != "#" and (sibling.tag == "img" or not _is_number(sibling)):
            return False
        sibling = sibling.next if forward else sibling.prev
    return False


def _is_number(element: DOMNode) -> bool:
    """Whether an element holds no text but an equation's number. Of a long one only the beginning is read."""
    if element.first_element_child is None:
        return len(element.text) <= _LONGEST and NUMBER.fullmatch(element.text) is not None
    text, pending = "", [element.first_child]
    for _ in range(_MOST_NODES):
        while pending and pending[-1] is None:
            pending.pop()
        item = pending.pop() if pending else None
        if item is None or len(text) > _LONGEST:
            break
        text += item.value or "" if item.tag == "#text" else ""
        pending += item.next, item.first_child
    return not any(pending) and len(text) <= _LONGEST and NUMBER.fullmatch(text) is not None
