"""Lists, definitions, footnotes and quotations: what every line begins with while they last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resiliparse.parse.html import DOMNode

from pipeline.extract.layout.links import NOTE_NAME

if TYPE_CHECKING:
    from pipeline.extract.layout.text import Walk


def list_(walk: Walk, node: DOMNode) -> None:
    walk.blocks.flush()
    end = walk.unless_menu()

    def leave() -> None:
        walk.lists.pop()
        end()

    walk.lists.append(_number(node, "start", 1) if node.tag == "ol" else None)
    walk.children(node, leave)


def item(walk: Walk, node: DOMNode) -> None:
    blocks = walk.blocks
    blocks.flush()
    number = walk.lists[-1] if walk.lists else None
    if number is not None:
        number = _number(node, "value", number)
    mark = "- " if number is None else f"{number}. "
    if number is not None:
        walk.lists[-1] = number + 1

    def leave() -> None:
        blocks.flush()
        blocks.prefixes.pop()
        blocks.lead = ""

    blocks.lead = "".join(blocks.prefixes) + mark
    blocks.indent(" " * len(mark))
    walk.children(node, leave)


def term(walk: Walk, node: DOMNode) -> None:
    """A term that is defined; the mark of a footnote leads its first line."""
    name = NOTE_NAME.fullmatch(node.text.strip()) if "label" in node.class_name.split() else None
    if name is None:
        walk.block(node)
        return
    walk.blocks.flush()
    walk.blocks.lead = "".join(walk.blocks.prefixes) + f"[{name[1]}] "


def quote(walk: Walk, node: DOMNode) -> None:
    def leave() -> None:
        walk.blocks.flush()
        walk.blocks.prefixes.pop()

    walk.blocks.flush()
    walk.blocks.indent("> ")
    walk.children(node, leave)


def classifier(walk: Walk, node: DOMNode) -> None:
    walk.blocks.text(" : ")  # docutils leaves the colon after a term to the style sheet
    walk.children(node)


def _number(node: DOMNode, attribute: str, otherwise: int) -> int:
    """The number of a list item that an attribute sets."""
    value = node.getattr(attribute) or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else otherwise
