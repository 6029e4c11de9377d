"""The one way to the HTML parser: what it would choke on is mended before it reads."""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode, HTMLTree

# A character reference that is shorter than what it stands for in UTF-8 makes lexbor (resiliparse 1.1.0) write past the
# end of its buffer, from 24 kB of such text on. These two are all that HTML has.
_GROWING = re.compile("&n([GL])t;")
_GROWN = {"G": "\u226b\u20d2", "L": "\u226a\u20d2"}
_PREFIX = re.compile(r"<([a-zA-Z][\w.-]{0,30}):math[\s>]")
_PREFIXED = re.compile(r"<(/?)([a-zA-Z][\w.-]{0,30}):")


def parse(html: str) -> HTMLTree:
    """The tree of a page or of a piece of one. Raises ValueError for what cannot be parsed."""
    html = _GROWING.sub(lambda reference: _GROWN[reference[1]], html)
    return HTMLTree.parse(without_prefixes(html))


def has(node: DOMNode, selector: str) -> bool:
    """Whether there is an element within `node` to which `selector` applies; leaves, as most are, are not searched."""
    return node.first_element_child is not None and node.query_selector(selector) is not None


def without_prefixes(html: str) -> str:
    """The page with bare names: parsers close `<mspace/>`, but leave `<m:mspace/>` open to all that follows."""
    prefixes = set(_PREFIX.findall(html)) if ":math" in html else ()
    if not prefixes:
        return html
    return _PREFIXED.sub(lambda tag: f"<{tag[1]}" if tag[2] in prefixes else tag[0], html)
