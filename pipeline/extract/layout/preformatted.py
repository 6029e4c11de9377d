"""Code as it is walked: blocks, words within a line, and text that is preformatted for its line ends only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resiliparse.parse.html import DOMNode

from pipeline.extract.layout.code import language, numbers_lines, reads_as_prose, verbatim
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula

if TYPE_CHECKING:
    from pipeline.extract.layout.text import Walk

_MATHS = "math, script, .katex, .MathJax, mjx-container"


def block(walk: Walk, node: DOMNode) -> None:
    if walk.in_lines:
        walk.children(node)
        return
    source, name = verbatim(node), language(node)
    if numbers_lines(node, source):
        return
    walk.blocks.letters += len(source)
    if name == "math":  # GitLab
        walk.formulas([Formula(source, True, "element")], "p")
    elif not name and (has(node, _MATHS) or reads_as_prose(source)):
        _lines(walk, node)
    else:
        walk.blocks.code_block(source, name)


def _lines(walk: Walk, node: DOMNode) -> None:
    """Text that is preformatted for its line ends only."""
    before, walk.in_lines = walk.in_lines, True

    def leave() -> None:
        walk.blocks.flush()
        walk.in_lines = before

    walk.blocks.flush()
    walk.children(node, leave)


def inline(walk: Walk, node: DOMNode) -> None:
    if walk.in_lines or has(node, _MATHS):
        walk.children(node)
        return
    source = verbatim(node) if node.first_element_child is not None else node.text
    walk.count(source)
    if "\n" in source.strip() and has(node, "br"):
        walk.blocks.code_block(source, language(node))
    else:
        walk.blocks.code(source)
