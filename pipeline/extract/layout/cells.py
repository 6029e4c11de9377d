"""Tables: those of data become rows in pipes, those of layout are walked through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resiliparse.parse.html import DOMNode

from pipeline.extract.parser import has

if TYPE_CHECKING:
    from pipeline.extract.layout.text import Walk

_LAYOUT = "table, pre, ul, ol, dl, h1, h2, h3, h4, blockquote"
"""What tables of data do not hold."""
_BLOCKS = f"{_LAYOUT}, h5, h6, p, div, form"
_LONGEST_LINE = 300
"""Characters of a row that is one line."""


def table(walk: Walk, node: DOMNode) -> None:
    blocks = walk.blocks
    if blocks.in_cell or has(node, _LAYOUT):
        walk.block_or_menu(node)
        return
    blocks.flush()
    end = walk.unless_menu()
    walk.rows, blocks.in_cell = [], True

    def leave() -> None:
        _between_cells(walk)
        blocks.in_cell = False
        blocks.table(walk.rows)
        end()

    walk.children(node, leave)


def row(walk: Walk, node: DOMNode) -> None:
    if not walk.blocks.in_cell:
        if _is_line(node):
            _line(walk, node)
        else:
            walk.block(node)
        return
    _between_cells(walk)
    walk.rows.append([])
    walk.children(node)


def _is_line(row: DOMNode) -> bool:
    """Whether a row in a table of layout is one line all the same, as the members of a class that Doxygen lists."""
    if has(row, _BLOCKS) or len(row.text) > _LONGEST_LINE:
        return False
    return sum(1 for part in row.child_nodes if part.tag in ("td", "th") and part.text.strip()) > 1


def _line(walk: Walk, node: DOMNode) -> None:
    walk.blocks.flush()
    walk.rows, walk.blocks.in_cell = [[]], True

    def leave() -> None:
        _between_cells(walk)
        walk.blocks.in_cell = False
        walk.blocks.table(walk.rows)

    walk.children(node, leave)


def cell(walk: Walk, node: DOMNode) -> None:
    if not walk.blocks.in_cell or not walk.rows:
        walk.block_or_menu(node)
        return

    def leave() -> None:
        text = walk.blocks.take()
        if text or not _is_picture(node):
            walk.rows[-1].append(text.replace("|", "\\|"))

    walk.children(node, leave)


def _is_picture(node: DOMNode) -> bool:
    """Whether a cell without text holds the sign beside several rows that make up a note or a warning."""
    return (node.getattr("rowspan") or "1") != "1" and has(node, "img, svg")


def _between_cells(walk: Walk) -> None:
    """Text in a table outside of its cells, such as a caption, is a row of its own."""
    stray = walk.blocks.take()
    if stray:
        walk.rows.append([stray])
