"""One walk over the page: DOM to Markdown-like text in reading order."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from resiliparse.parse.html import DOMNode

from pipeline.extract.layout import links, lists, preformatted
from pipeline.extract.layout.blocks import Blocks
from pipeline.extract.layout.boilerplate import DROPPED, JUDGED, TELLING, Furniture, names_furniture
from pipeline.extract.layout.cells import cell, row, table
from pipeline.extract.layout.code import holds_code, is_typewritten, may_hold_code
from pipeline.extract.marked.markup import LONGEST_CLASS, element_role, role
from pipeline.extract.marked.maths import Markup
from pipeline.extract.tex import Piece

_BLOCKS = frozenset(
    ("address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
     "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "legend", "main", "noscript", "p", "section",
     "summary", "tbody", "td", "tfoot", "th", "thead", "tr")
)  # fmt: skip
_MENUS = frozenset(("ul", "ol", "dl", "table", "td", "div", "section", "p", "center"))
"""Blocks that are left out when they turn out to be lists of links."""
MOST_JUDGED = 16
"""Elements within one another that are asked for formulas, for each may look at all that is within. Of 990 real pages
with formulas none goes deeper than 5."""


class Walk:
    """Walks a tree without recursion, so that no depth of nesting can exhaust the stack."""

    def __init__(self, blocks: Blocks, markup: Markup) -> None:
        self.blocks = blocks
        self.markup = markup
        self.pending: list[DOMNode | Callable[[], None]] = []
        self.lists: list[int | None] = []
        self.rows: list[list[str]] = []
        self.in_link = self.in_lines = False
        self.judged = 0
        """Elements around this one that might have been apart from the text, but are not."""
        self.telling = TELLING.union(markup.attributes)
        """Attributes by which an element may be more than a part of the text."""
        page = blocks.page
        self.configured = page.ignored | page.processed if page is not None else frozenset()
        """Classes that turn the search for delimiters off or on."""

    def run(self, furniture: Furniture) -> None:
        self.furniture = furniture
        pending, pop = self.pending, self.pending.pop
        pending.extend(reversed(self.furniture.content()))
        while pending:
            item = pop()
            if not isinstance(item, DOMNode):
                item()
            elif (tag := item.tag) == "#text":
                value = item.value
                if value.isspace() and not self.in_lines:  # nearly half of the pieces of text on a page
                    self.blocks.blank(value)
                else:
                    self.text(value)
            elif tag[0] != "#":
                self._element(item, tag)

    def text(self, value: str) -> None:
        if self.in_lines:
            for line in value.strip("\n").split("\n"):
                self.blocks.text(line)
                self.blocks.line_break()
        else:
            self.blocks.text(value)
        self.count(value)

    def count(self, value: str) -> None:
        length = len(value.strip())
        blocks = self.blocks
        blocks.letters += length
        if self.in_link:
            blocks.linked += length
            blocks.named += sum(map(str.isalnum, value))

    def _element(self, node: DOMNode, tag: str) -> None:
        attributes = node.attrs  # asked for once: a question to the parser costs as much as a short function
        classes = node.class_name[:LONGEST_CLASS] if "class" in attributes else ""
        if classes and self.configured and not self.configured.isdisjoint(classes.split()):
            self._ignore(classes)
        is_plain, handler = _manner(tag, classes)
        if not (is_plain and self.telling.isdisjoint(attributes)):
            if self._is_apart(node, tag, classes, attributes):
                return
            if not is_plain or self.markup.attributes:
                self.judged += 1
                self.pending.append(self._leave_judged)
        handler(self, node)

    def _leave_judged(self) -> None:
        self.judged -= 1

    def _is_apart(self, node: DOMNode, tag: str, classes: str, attributes: list[str]) -> bool:
        """Whether an element stands for formulas, which are written, or is furniture, which is left out."""
        formulas = self.markup.read(node, tag, classes) if self.judged < MOST_JUDGED else None
        if formulas is not None:
            self.formulas(formulas, tag)
            return True
        if self.furniture.holds(node, tag, classes, attributes):
            self.blocks.dropped += tag == "nav" or tag not in DROPPED
            return True
        return False

    def _ignore(self, classes: str) -> None:
        """Read no delimiters in what comes until the element ends, or read them again."""
        before = self.blocks.ignoring

        def leave() -> None:
            self.blocks.ignoring = before

        self.pending.append(leave)
        self.blocks.ignoring = self.blocks.page is not None and self.blocks.page.processed.isdisjoint(classes.split())

    def formulas(self, pieces: list[Piece], tag: str) -> None:
        block = tag in _BLOCKS or tag == "table"
        if block:
            self.blocks.flush()
        for piece in pieces:
            if isinstance(piece, str):
                self.blocks.text(f" {piece} ")
            else:
                self.blocks.formula(piece)
        if block:
            self.blocks.flush()

    def children(self, node: DOMNode, leave: Callable[[], None] | None = None) -> None:
        if leave:
            self.pending.append(leave)
        self.pending += node.child_nodes[::-1]

    def block(self, node: DOMNode) -> None:
        self.blocks.flush()
        self.children(node, self.blocks.flush)

    def block_or_menu(self, node: DOMNode) -> None:
        self.blocks.flush()
        self.children(node, self.unless_menu())

    def unless_menu(self) -> Callable[[], None]:
        """Ends a block and takes it back if it holds links and hardly anything else; formulas save it."""
        blocks = self.blocks
        mark, links, introduced = blocks.mark(), blocks.links, blocks.introduces()

        def leave() -> None:
            blocks.flush()
            if blocks.links > links and blocks.since(mark).is_menu(introduced=introduced):
                blocks.cut(mark)

        return leave

    def _heading(self, node: DOMNode) -> None:
        def leave() -> None:
            self.blocks.flush()
            self.blocks.lead = ""

        self.blocks.flush()
        self.blocks.headings += 1
        if not self.blocks.in_cell:
            self.blocks.lead = (
                (self.blocks.lead or "".join(self.blocks.prefixes)) + "#" * int((node.tag or "h1")[1]) + " "
            )
        self.children(node, leave)

    def _emphasis(self, node: DOMNode) -> None:
        self.blocks.emphasis()
        self.children(node, self.blocks.emphasis)

    def _quotation(self, node: DOMNode) -> None:
        self.blocks.text("“")
        self.children(node, lambda: self.blocks.text("”"))

    def _break(self, node: DOMNode) -> None:
        self.blocks.line_break()


@lru_cache(maxsize=16384)
def _manner(tag: str, classes: str) -> tuple[bool, _Handler]:
    """Whether an element can be neither a formula nor furniture by its name and classes; and how it is walked."""
    telling = tag == "table" or tag in JUDGED or element_role(tag) or role(classes) or names_furniture(classes)
    return not telling, _handler(tag, classes)


def _handler(tag: str, classes: str) -> _Handler:
    if tag == "table" and may_hold_code(classes):
        return _container
    if tag in _HANDLERS:
        return _HANDLERS[tag]
    if tag == "span" and is_typewritten(classes):
        return preformatted.inline
    if classes == "classifier":
        return lists.classifier
    if may_hold_code(classes):
        return _container
    return Walk.block_or_menu if tag in _MENUS else Walk.block if tag in _BLOCKS else Walk.children


def _container(walk: Walk, node: DOMNode) -> None:
    """An element that by its classes may be one piece of code."""
    handler = preformatted.block if holds_code(node) else _handler(str(node.tag), "")
    handler(walk, node)


_Handler = Callable[[Walk, DOMNode], None]
_HANDLERS: dict[str, _Handler] = {
    "a": links.link, "br": Walk._break, "em": Walk._emphasis, "q": Walk._quotation,
    "pre": preformatted.block, "listing": preformatted.block, "code": preformatted.inline,
    "samp": preformatted.inline, "kbd": preformatted.inline, "tt": preformatted.inline,
    "blockquote": lists.quote, "dt": lists.term, "ul": lists.list_, "ol": lists.list_, "li": lists.item, "table": table,
    "tr": row, "td": cell, "th": cell, "sup": links.raised, "sub": links.raised,
    **{f"h{level}": Walk._heading for level in range(1, 7)},
}  # fmt: skip
