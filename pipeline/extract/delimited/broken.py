"""Display formulas that publishing software broke over several blocks of the page, put together again.

WordPress, Blogger and editors of rich text make a paragraph of every line: `<p>$$</p><p>a = b</p><p>$$</p>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from pipeline.extract.delimited.configuration import Page
from pipeline.extract.delimited.delimiters import ENVIRONMENT, LONGEST, end_of, restored
from pipeline.extract.delimited.dollars import judge
from pipeline.extract.tex import Formula, undelimited

MOST = 40
"""Blocks that one formula may lie in."""

_OPENER = re.compile(rf"\ue002(?<!\ue002\ue002)\ue002(?!\ue002)|\\(?<!\\\\)\[|{ENVIRONMENT}")
_SIGNS = ("\ue002\ue002", "\\[", "\\begin")
_PLAIN_MARK = re.compile(r"[\s>]*")
"""A paragraph's, also within a quotation; lists and headings have marks that show."""


class Block(NamedTuple):
    """A block of the text: what sets it apart from the one before, with its marks, and what it says."""

    mark: str
    text: str


def mended(
    blocks: list[Block], page: Page, write: Callable[[Formula], str], expand: Callable[[str], str | None]
) -> list[Block]:
    """The blocks, with every formula that lies in several of them in the first of these.

    `write` puts a formula into the text; `expand` gives the source of a text in which finished pieces stand, or None
    where they cannot be part of a formula. Dollars that no formula has claimed are U+E002.
    """
    whole = "\n".join([block.text for block in blocks])
    if not any(sign in whole for sign in _SIGNS):
        return blocks
    out: list[Block] = []
    following = blocks[::-1]
    while following:
        block = following.pop()
        opener = _unclosed(block.text)
        count, end = _closing(following, opener[1]) if opener else (0, 0)
        if opener and count:
            last = following[-count].text
            source = expand("\n".join([block.text[opener[0].end() :], *_texts(following, count - 1), last[:end]]))
            formula = _formula(restored(source), opener[0], opener[1], page) if source is not None else None
            if formula:
                out.append(Block(block.mark, block.text[: opener[0].start()] + write(formula)))
                following[-count:] = [Block("", last[end + len(opener[1]) :])]
                continue
        out.append(block)
    return out


def _texts(following: list[Block], count: int) -> list[str]:
    return [following[-index].text for index in range(1, count + 1)]


def _unclosed(text: str) -> tuple[re.Match[str], str] | None:
    """The first opening delimiter that has no closing one after it, and that closing one."""
    position = 0
    while opener := _OPENER.search(text, position):
        closer = end_of(opener) if opener["environment"] else "\\]" if opener[0] == "\\[" else opener[0]
        end = text.find(closer, opener.end())
        if end < 0:
            return opener, closer
        position = end + len(closer)
    return None


def _closing(following: list[Block], closer: str) -> tuple[int, int]:
    """In which of the blocks that follow the formula ends, counted from 1, and where; 0 if in none."""
    length = 0
    for count in range(1, min(MOST, len(following)) + 1):
        mark, text = following[-count]
        if not _PLAIN_MARK.fullmatch(mark) or length > LONGEST:
            break
        end = text.find(closer)
        if end >= 0:
            return count, end
        length += len(text)
    return 0, 0


def _formula(source: str, opener: re.Match[str], closer: str, page: Page) -> Formula | None:
    if opener["environment"]:
        return Formula(opener[0] + source + closer, True, "environment")
    if judge(source, 0, len(source), True, page) <= 0:
        return None
    return undelimited(source, True, "delimiter")
