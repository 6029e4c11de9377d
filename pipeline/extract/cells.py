"""Tables: those of data become rows in pipes, those of layout are walked through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resiliparse.parse.html import DOMNode

if TYPE_CHECKING:
    from pipeline.extract.text import Walk

_LAYOUT = "table, pre, ul, ol, dl, h1, h2, h3, h4, blockquote"
"""What tables of data do not hold."""


def table(walk: Walk, node: DOMNode) -> None:
    blocks = walk.blocks
    if blocks.in_cell or node.query_selector(_LAYOUT) is not None:
        walk.block(node, "table")
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
        walk.block(node, "tr")
        return
    _between_cells(walk)
    walk.rows.append([])
    walk.children(node)


def cell(walk: Walk, node: DOMNode) -> None:
    if not walk.blocks.in_cell or not walk.rows:
        walk.block(node, "td")
        return

    def leave() -> None:
        walk.rows[-1].append(walk.blocks.take().replace("|", "\\|"))

    walk.children(node, leave)


def _between_cells(walk: Walk) -> None:
    """Text in a table outside of its cells, such as a caption, is a row of its own."""
    stray = walk.blocks.take()
    if stray:
        walk.rows.append([stray])
