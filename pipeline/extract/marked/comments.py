"""LaTeX2HTML leaves the source of a formula in a comment before what it drew."""

from __future__ import annotations

import re

from resiliparse.parse.html import DOMNode

from pipeline.extract.marked.markup import unwrapped
from pipeline.extract.tex import Formula, undelimited

SIGN = "<!-- MATH"
"""What a page with such comments contains."""
_MATH = re.compile(r"\s*MATH\s+(.*\S)\s*", re.DOTALL)
_NUMBER = re.compile(r"\(\s*[\w.]{1,8}\s*\)\s*\Z")


def read(node: DOMNode) -> list[Formula | str] | None:
    """The formula that the comment before an element gives it, with its number; None if there is no such comment."""
    comment = _before(node)
    match = _MATH.fullmatch(comment) if comment else None
    if match is None:
        return None
    source = match[1]
    formula = undelimited(unwrapped(source), not source.startswith("$"), "comment")
    number = _NUMBER.search(node.text[-20:])
    return [formula, number[0].strip()] if formula.display and number else [formula]


def _before(node: DOMNode) -> str:
    """The comment before an element, or alone in a paragraph before it."""
    previous = node.prev
    while previous is not None and previous.tag == "#text" and not (previous.value or "").strip():
        previous = previous.prev
    if previous is not None and previous.tag == "p" and not previous.text.strip():
        previous = next((child for child in previous.child_nodes if child.tag == "#comment"), None)
    return (previous.value or "") if previous is not None and previous.tag == "#comment" else ""
