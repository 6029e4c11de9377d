"""What an element says of how its formula is set: displayed, or in the line."""

from __future__ import annotations

from resiliparse.parse.html import DOMNode

_SETTING = frozenset(("data-math-style", "inline", "mode", "env", "block", "display", "data-display"))
"""Attributes by which an element says how its formula is set."""
_DISPLAYS = ("block", "display")


def is_display(node: DOMNode, tag: str, classes: str) -> bool | None:
    """What an element says of how its formula is set; None if it says nothing."""
    names = classes.lower()
    if "inline" in names:
        return False
    said = _SETTING.intersection(node.attrs)  # of which most elements have none
    if said and _says_inline(node):
        return False
    if "display" in names or "block" in names or tag.startswith(_DISPLAYS) or tag.endswith((*_DISPLAYS, "div")):
        return True
    return True if (said and _says_display(node)) or tag in ("div", "p", "center", "figure", "pre") else None


def _says_inline(node: DOMNode) -> bool:
    return node.getattr("data-math-style") == "inline" or node.getattr("inline") not in (None, "false")


def _says_display(node: DOMNode) -> bool:
    if node.getattr("data-math-style") == "display" or "display" in (node.getattr("mode") or node.getattr("env") or ""):
        return True
    return node.hasattr("block") or (node.getattr("display") or node.getattr("data-display")) in ("true", "block")
