"""A whole page: bounds, decoding, parsing, the walk."""

from __future__ import annotations

from dataclasses import dataclass

from resiliparse.parse.html import DOMNode

from filters.signs import maths_sign
from pipeline.extract.bounds import ExtractError, Limits
from pipeline.extract.charset import decode
from pipeline.extract.delimited.configuration import Page
from pipeline.extract.layout.blocks import Blocks
from pipeline.extract.layout.boilerplate import Furniture
from pipeline.extract.layout.text import Walk
from pipeline.extract.marked.maths import Markup
from pipeline.extract.parser import parse
from pipeline.extract.signs import signs_in

LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Extraction:
    """A page as text.

    `info` counts its formulas by the markup they were found in: `script` were kept with the TeX of their author,
    `script/converted` were kept as TeX made from MathML or HTML, `script/refused` were found without any source.
    The three together are the formulas found.
    """

    text: str
    info: dict[str, int]
    charset: str


def extract(html: bytes, charset: str | None = None, limits: Limits = LIMITS) -> Extraction:
    """Markdown-like text of a page with its mathematics as `$…$` and `$$…$$`.

    `charset` is that of the HTTP header, if there is one. Raises ExtractError if the page exceeds a limit or the
    parser refuses it. Every bare dollar outside code belongs to a formula; all others are written `\\$`, on pages
    without formulas too, so that a text reads alike wherever it comes from.
    """
    text, encoding = decode(html, charset)
    source = text.encode() if b"\x00" in html else html  # NULs, which are half of UTF-16, would hide what is looked for
    limits.check(source)
    try:
        body = parse(text).body
    except (ValueError, UnicodeError) as error:
        raise ExtractError("parser", str(error)) from error
    signs = signs_in(source)
    page = Page.of(text, signs)
    blocks = Blocks(page if page.renders or maths_sign(source) in ("keyword", "command") else None)
    if body is not None:
        try:
            blocks = _walked(blocks, body, signs)
        except RecursionError:
            raise ExtractError("too-deep", "formulas") from None
    return Extraction(blocks.render(), dict(blocks.info), encoding)


def _walked(blocks: Blocks, body: DOMNode, signs: frozenset[str]) -> Blocks:
    """The text of a page; of one whose names make furniture of all of it, with the names disregarded."""
    markup, furniture = Markup.of(signs), Furniture(body, signs)
    Walk(blocks, markup).run(furniture)
    if furniture.took_all(blocks.letters):
        blocks = Blocks(blocks.page)
        Walk(blocks, markup).run(Furniture(body, signs, by_names=False))
    return blocks
