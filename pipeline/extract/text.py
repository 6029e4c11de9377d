"""One walk over the page: DOM to Markdown-like text in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable

from resiliparse.parse.html import DOMNode

from pipeline.extract.blocks import Blocks
from pipeline.extract.boilerplate import DROPPED, is_furniture, is_link_list, names_furniture
from pipeline.extract.maths import Markup, Piece
from pipeline.extract.tex import Formula

_BLOCKS = frozenset(
    ("address", "article", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
     "figure", "form", "header", "hgroup", "hr", "main", "p", "section", "summary", "tbody", "td", "tfoot", "th",
     "thead", "tr")
)  # fmt: skip
_MENUS = frozenset(("ul", "ol", "dl", "table", "div", "section", "p"))
"""Blocks that are left out when they turn out to be lists of links."""
_LAYOUT = "table, pre, ul, ol, dl, h1, h2, h3, h4, blockquote"
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight(?:-source)?|brush:)[-\s]*([a-zA-Z][\w+#]*)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|[A-Za-z]{3,}|[*†‡§\[(].*|TM|SM|®|™)", re.DOTALL)


class Walk:
    """Walks a tree without recursion, so that no depth of nesting can exhaust the stack."""

    def __init__(self, blocks: Blocks, markup: Markup) -> None:
        self.blocks = blocks
        self.markup = markup
        self.pending: list[DOMNode | Callable[[], None]] = []
        self.lists: list[int | None] = []
        self.rows: list[list[str]] = []
        self.in_link = False
        page = blocks.page
        self.configured = page.ignored | page.processed if page is not None else frozenset()
        """Classes that turn the search for delimiters off or on."""
        self.characters = self.linked = self.links = 0

    def run(self, root: DOMNode) -> None:
        self.pending.append(root)
        while self.pending:
            item = self.pending.pop()
            if not isinstance(item, DOMNode):
                item()
            elif item.tag == "#text":
                self._text(item.value or "")
            else:
                self._element(item, item.tag or "")

    def _text(self, value: str) -> None:
        self.blocks.text(value)
        length = len(value) if value.isalnum() else len(value.strip())
        self.characters += length
        if self.in_link:
            self.linked += length

    def _element(self, node: DOMNode, tag: str) -> None:
        if tag[0] == "#":
            return
        classes = node.class_name
        if classes and self.configured and not self.configured.isdisjoint(classes.split()):
            self._ignore(classes)
        formulas = self.markup.read(node, tag, classes)
        if formulas is not None:
            self._formulas(formulas, tag)
        elif not is_furniture(node, tag, classes):
            handler = _HANDLERS.get(tag)
            if handler:
                handler(self, node)
            elif tag == "div" and "fragment" in classes.split():  # Doxygen's code
                self._pre(node)
            elif tag in _BLOCKS:
                self._block(node, tag)
            else:
                self._children(node)

    def _ignore(self, classes: str) -> None:
        """Read no delimiters in what comes until the element ends, or read them again."""
        before = self.blocks.ignoring

        def leave() -> None:
            self.blocks.ignoring = before

        self.pending.append(leave)
        self.blocks.ignoring = self.blocks.page is not None and self.blocks.page.processed.isdisjoint(classes.split())

    def _formulas(self, pieces: list[Piece], tag: str) -> None:
        if tag in _BLOCKS:
            self.blocks.flush()
        for piece in pieces:
            if isinstance(piece, str):
                self.blocks.text(f" {piece} ")
            else:
                self.blocks.formula(piece)
        if tag in _BLOCKS:
            self.blocks.flush()

    def _children(self, node: DOMNode, leave: Callable[[], None] | None = None) -> None:
        if leave:
            self.pending.append(leave)
        self.pending.extend(reversed(node.child_nodes))

    def _block(self, node: DOMNode, tag: str) -> None:
        self.blocks.flush()
        self._children(node, self._unless_menu() if tag in _MENUS else self.blocks.flush)

    def _unless_menu(self) -> Callable[[], None]:
        """Ends a block and takes it back if it holds links and hardly anything else; formulas save it."""
        before = (self.characters, self.linked, self.links)
        mark, formulas = self.blocks.mark(), self.blocks.formulas

        def leave() -> None:
            self.blocks.flush()
            after = (self.characters, self.linked, self.links)
            grown = [now - then for now, then in zip(after, before, strict=True)]
            if is_link_list(*grown) and self.blocks.formulas == formulas:
                self.blocks.cut(mark)
                self.characters, self.linked, self.links = before

        return leave

    def _link(self, node: DOMNode) -> None:
        def leave() -> None:
            self.in_link = False

        self.in_link = True
        self.links += 1
        self._children(node, leave)

    def _heading(self, node: DOMNode) -> None:
        def leave() -> None:
            self.blocks.flush()
            self.blocks.lead = ""

        self.blocks.flush()
        if not self.blocks.in_cell:
            self.blocks.lead = (
                (self.blocks.lead or "".join(self.blocks.prefixes)) + "#" * int((node.tag or "h1")[1]) + " "
            )
        self._children(node, leave)

    def _list(self, node: DOMNode) -> None:
        self.blocks.flush()
        end = self._unless_menu()

        def leave() -> None:
            self.lists.pop()
            end()

        start = node.getattr("start") or "1"
        first = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
        self.lists.append(first if node.tag == "ol" else None)
        self._children(node, leave)

    def _item(self, node: DOMNode) -> None:
        blocks = self.blocks
        blocks.flush()
        number = self.lists[-1] if self.lists else None
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1

        def leave() -> None:
            blocks.flush()
            blocks.prefixes.pop()
            blocks.lead = ""

        blocks.lead = "".join(blocks.prefixes) + mark
        blocks.indent(" " * len(mark))
        self._children(node, leave)

    def _quote(self, node: DOMNode) -> None:
        def leave() -> None:
            self.blocks.flush()
            self.blocks.prefixes.pop()

        self.blocks.flush()
        self.blocks.indent("> ")
        self._children(node, leave)

    def _pre(self, node: DOMNode) -> None:
        inner = node.query_selector("code")
        classes = " ".join(part.class_name for part in (inner, node, node.parent) if part is not None)
        language = _LANGUAGE.search(classes)
        source = verbatim(node)
        self.characters += len(source)
        if language and language[1].lower() == "math":  # GitLab
            self.blocks.flush()
            self.blocks.formula(Formula(source, True, "element"))
            self.blocks.flush()
            return
        self.blocks.code_block(source, language[1].lower() if language else "")

    def _code(self, node: DOMNode) -> None:
        if node.query_selector("math, script, .katex, .MathJax, mjx-container") is not None:
            self._children(node)
            return
        source = node.text
        self._text("")
        self.characters += len(source)
        self.linked += len(source) if self.in_link else 0
        self.blocks.code(source)

    def _emphasis(self, node: DOMNode) -> None:
        self.blocks.emphasis()
        self._children(node, self.blocks.emphasis)

    def _break(self, node: DOMNode) -> None:
        self.blocks.line_break()

    def _raised(self, node: DOMNode) -> None:
        """`x<sup>2</sup>` is x^2, but an ordinal or a footnote's mark is only text."""
        text = node.text.strip()
        plain = not text or len(text) > 20 or _ORDINAL.fullmatch(text)
        if plain or node.query_selector("a, img, math, script, sup, sub, .katex") is not None:
            self._children(node)
            return
        sign = "^" if node.tag == "sup" else "_"
        self._text(sign + (text if text.isalnum() else f"{{{text}}}"))

    def _table(self, node: DOMNode) -> None:
        """Tables that hold blocks are layout and are walked through; the others become rows and columns."""
        if self.blocks.in_cell or node.query_selector(_LAYOUT) is not None:
            self._block(node, "table")
            return
        self.blocks.flush()
        end = self._unless_menu()
        self.rows, self.blocks.in_cell = [], True

        def leave() -> None:
            self._cell_ends()
            self.blocks.in_cell = False
            self.blocks.table(self.rows)
            end()

        self._children(node, leave)

    def _row(self, node: DOMNode) -> None:
        if not self.blocks.in_cell:
            self._block(node, "tr")
            return
        self._cell_ends()
        self.rows.append([])
        self._children(node)

    def _cell(self, node: DOMNode) -> None:
        if not self.blocks.in_cell or not self.rows:
            self._block(node, "td")
            return

        def leave() -> None:
            self.rows[-1].append(self.blocks.take())

        self._children(node, leave)

    def _cell_ends(self) -> None:
        """Text in a table outside of its cells, such as a caption, is a row of its own."""
        stray = self.blocks.take()
        if stray:
            self.rows.append([stray])


_HANDLERS: dict[str, Callable[[Walk, DOMNode], None]] = {
    "a": Walk._link, "br": Walk._break, "em": Walk._emphasis, "pre": Walk._pre, "listing": Walk._pre,
    "code": Walk._code,
    "blockquote": Walk._quote, "ul": Walk._list, "ol": Walk._list, "li": Walk._item, "table": Walk._table,
    "tr": Walk._row, "td": Walk._cell, "th": Walk._cell, "sup": Walk._raised, "sub": Walk._raised,
    **{f"h{level}": Walk._heading for level in range(1, 7)},
}  # fmt: skip


def verbatim(node: DOMNode) -> str:
    """The text of preformatted code, its blanks and line breaks kept and its line numbers left out."""
    pieces: list[str] = []
    pending: list[DOMNode] = [node]
    while pending:
        item = pending.pop()
        tag = item.tag or ""
        if tag == "#text":
            pieces.append(item.value or "")
        elif tag == "br":
            pieces.append("\n")
        elif tag[0] != "#" and tag not in DROPPED and not names_furniture(item.class_name[:200]):
            if tag in ("div", "li", "tr", "p") and pieces and not pieces[-1].endswith("\n"):
                pieces.append("\n")
            pending.extend(reversed(item.child_nodes))
    return "".join(pieces)
