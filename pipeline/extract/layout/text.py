"""One walk over the page: DOM to Markdown-like text in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from resiliparse.parse.html import DOMNode

from pipeline.extract.layout.blocks import Blocks
from pipeline.extract.layout.boilerplate import DROPPED, JUDGED, TELLING, Furniture, names_furniture
from pipeline.extract.layout.cells import cell, row, table
from pipeline.extract.layout.code import (
    holds_code,
    is_typewritten,
    language,
    may_hold_code,
    numbers_lines,
    reads_as_prose,
    verbatim,
)
from pipeline.extract.marked.markup import LONGEST_CLASS, element_role, role
from pipeline.extract.marked.maths import Markup
from pipeline.extract.parser import has
from pipeline.extract.tex import Formula, Piece

_BLOCKS = frozenset(
    ("address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
     "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "legend", "main", "noscript", "p", "section",
     "summary", "tbody", "td", "tfoot", "th", "thead", "tr")
)  # fmt: skip
_MENUS = frozenset(("ul", "ol", "dl", "table", "td", "div", "section", "p", "center"))
"""Blocks that are left out when they turn out to be lists of links."""
_SHARING = re.compile(
    r"//(?:www\.)?(?:twitter\.com/(?:intent/|share)|x\.com/intent/|facebook\.com/share|linkedin\.com/share|"
    r"reddit\.com/submit|pinterest\.com/pin/create|t\.me/share|wa\.me/\?|api\.whatsapp\.com/send)|^mailto:\?"
)
"""Addresses at which a page is shared."""
_RELATIONS = frozenset(("prev", "next", "tag", "category tag"))
"""Relations of links that turn pages or name labels."""
_ANCHORS = " \n\t¶#§🔗↩↵↑^⇑⬆\ufe0e\ufe0f"
"""What a link shows that leads to where it stands, or back to where its reader came from."""
_MATHS = "math, script, .katex, .MathJax, mjx-container"
MOST_JUDGED = 100
"""Elements within one another that are asked for formulas: each question may look at all that is within."""
_NOTE = re.compile(r"\[?[\w*†‡§]{1,4}\]?")
_NOTE_NAME = re.compile(r"\[?([^\s\[\]]{1,20})\]?")
"""A number, or what a cited work is called."""
_ORDINAL = re.compile(r"(?:st|nd|rd|th|[A-Za-z]{3,}|[*†‡§\[(].*|TM|SM|®|™)", re.DOTALL)


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
                    self._text(value)
            elif tag[0] != "#":
                self._element(item, tag)

    def _text(self, value: str) -> None:
        if self.in_lines:
            for line in value.strip("\n").split("\n"):
                self.blocks.text(line)
                self.blocks.line_break()
        else:
            self.blocks.text(value)
        self._count(value)

    def _count(self, value: str) -> None:
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
            self._formulas(formulas, tag)
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

    def _formulas(self, pieces: list[Piece], tag: str) -> None:
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

    def _link(self, node: DOMNode) -> None:
        def leave() -> None:
            self.in_link = False

        if node.getattr("rel") in _RELATIONS:
            return
        if not node.hasattr("href") and (node.hasattr("id") or node.hasattr("name")):  # only the name of a place
            self.children(node)
            return
        target = node.getattr("href") or ""
        if _SHARING.search(target):
            return
        if "#" in target and not node.text.strip(_ANCHORS):
            return
        is_inner = target.startswith("#")
        self.blocks.inner += is_inner
        self.in_link = True
        self.blocks.links += 1
        if is_inner and "brackets" in node.class_name and (name := _NOTE_NAME.fullmatch(node.text.strip())):
            self.blocks.text(f"[{name[1]}]")  # docutils leaves the brackets to the style sheet
            leave()
            return
        self.children(node, leave)

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

    def _list(self, node: DOMNode) -> None:
        self.blocks.flush()
        end = self.unless_menu()

        def leave() -> None:
            self.lists.pop()
            end()

        self.lists.append(_number(node, "start", 1) if node.tag == "ol" else None)
        self.children(node, leave)

    def _item(self, node: DOMNode) -> None:
        blocks = self.blocks
        blocks.flush()
        number = self.lists[-1] if self.lists else None
        if number is not None:
            number = _number(node, "value", number)
        mark = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1

        def leave() -> None:
            blocks.flush()
            blocks.prefixes.pop()
            blocks.lead = ""

        blocks.lead = "".join(blocks.prefixes) + mark
        blocks.indent(" " * len(mark))
        self.children(node, leave)

    def _term(self, node: DOMNode) -> None:
        """A term that is defined; the mark of a footnote leads its first line."""
        name = _NOTE_NAME.fullmatch(node.text.strip()) if "label" in node.class_name.split() else None
        if name is None:
            self.block(node)
            return
        self.blocks.flush()
        self.blocks.lead = "".join(self.blocks.prefixes) + f"[{name[1]}] "

    def _quote(self, node: DOMNode) -> None:
        def leave() -> None:
            self.blocks.flush()
            self.blocks.prefixes.pop()

        self.blocks.flush()
        self.blocks.indent("> ")
        self.children(node, leave)

    def _classifier(self, node: DOMNode) -> None:
        self.blocks.text(" : ")  # docutils leaves the colon after a term to the style sheet
        self.children(node)

    def _container(self, node: DOMNode) -> None:
        handler = Walk._pre if holds_code(node) else _handler(node.tag, "")
        handler(self, node)

    def _pre(self, node: DOMNode) -> None:
        if self.in_lines:
            self.children(node)
            return
        source, name = verbatim(node), language(node)
        if numbers_lines(node, source):
            return
        self.blocks.letters += len(source)
        if name == "math":  # GitLab
            self._formulas([Formula(source, True, "element")], "p")
        elif not name and (has(node, _MATHS) or reads_as_prose(source)):
            self._lines(node)
        else:
            self.blocks.code_block(source, name)

    def _lines(self, node: DOMNode) -> None:
        """Text that is preformatted for its line ends only."""
        before, self.in_lines = self.in_lines, True

        def leave() -> None:
            self.blocks.flush()
            self.in_lines = before

        self.blocks.flush()
        self.children(node, leave)

    def _code(self, node: DOMNode) -> None:
        if self.in_lines or has(node, _MATHS):
            self.children(node)
            return
        source = verbatim(node) if node.first_element_child is not None else node.text
        self._count(source)
        if "\n" in source.strip() and has(node, "br"):
            self.blocks.code_block(source, language(node))
        else:
            self.blocks.code(source)

    def _emphasis(self, node: DOMNode) -> None:
        self.blocks.emphasis()
        self.children(node, self.blocks.emphasis)

    def _refers(self, node: DOMNode) -> bool:
        """Whether something raised is the mark of a footnote: a short link within the page, or in one."""
        link = node.query_selector("a[href]") or (node.parent if node.parent and node.parent.tag == "a" else None)
        if link is None or not (link.getattr("href") or "").startswith("#"):
            return False
        return node.tag == "sup" and _NOTE.fullmatch(node.text.strip()) is not None

    def _quotation(self, node: DOMNode) -> None:
        self.blocks.text("“")
        self.children(node, lambda: self.blocks.text("”"))

    def _break(self, node: DOMNode) -> None:
        self.blocks.line_break()

    def _raised(self, node: DOMNode) -> None:
        """`x<sup>2</sup>` is x^2, but an ordinal or a footnote's mark is only text."""
        text = node.text.strip()
        if self._refers(node):
            self.blocks.text(text if text.startswith("[") else f"[^{text}]")
            return
        plain = not text or len(text) > 20 or _ORDINAL.fullmatch(text)
        if plain or has(node, "a, img, math, script, sup, sub, .katex"):
            self.children(node)
            return
        sign = "^" if node.tag == "sup" else "_"
        self._text(sign + (text if text.isalnum() else f"{{{text}}}"))


def _number(node: DOMNode, attribute: str, otherwise: int) -> int:
    """The number of a list item that an attribute sets."""
    value = node.getattr(attribute) or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else otherwise


@lru_cache(maxsize=16384)
def _manner(tag: str, classes: str) -> tuple[bool, _Handler]:
    """Whether an element can be neither a formula nor furniture by its name and classes; and how it is walked."""
    telling = tag == "table" or tag in JUDGED or element_role(tag) or role(classes) or names_furniture(classes)
    return not telling, _handler(tag, classes)


def _handler(tag: str, classes: str) -> _Handler:
    if tag == "table" and may_hold_code(classes):
        return Walk._container
    if tag in _HANDLERS:
        return _HANDLERS[tag]
    if tag == "span" and is_typewritten(classes):
        return Walk._code
    if classes == "classifier":
        return Walk._classifier
    if may_hold_code(classes):
        return Walk._container
    return Walk.block_or_menu if tag in _MENUS else Walk.block if tag in _BLOCKS else Walk.children


_Handler = Callable[[Walk, DOMNode], None]
_HANDLERS: dict[str, _Handler] = {
    "a": Walk._link, "br": Walk._break, "em": Walk._emphasis, "q": Walk._quotation,
    "pre": Walk._pre, "listing": Walk._pre,
    "code": Walk._code,
    "samp": Walk._code, "kbd": Walk._code, "tt": Walk._code,
    "blockquote": Walk._quote, "dt": Walk._term, "ul": Walk._list, "ol": Walk._list, "li": Walk._item, "table": table,
    "tr": row, "td": cell, "th": cell, "sup": Walk._raised, "sub": Walk._raised,
    **{f"h{level}": Walk._heading for level in range(1, 7)},
}  # fmt: skip
