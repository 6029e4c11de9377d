"""What must hold of the text of any page whatsoever."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from filters.document import Document, Drop
from filters.filter import refuse
from pipeline.extract import bounds
from pipeline.extract.bounds import ExtractError, Limits
from pipeline.extract.page import Extraction, extract

SECONDS, SECONDS_A_BYTE = 0.05, 2e-6
"""CPU that a page may take, and what it may take more for every byte."""
GROWTH = 8
"""Bytes of text that a byte of page may become; `<li>` in a dozen lists becomes an indented line."""

_FENCE = re.compile(r"^([ >]*(?:- |\d+\. |#+ )*[ >]*)(`{3,})[^`\n]*\n(?:.*\n)*?[ >]*\2$", re.MULTILINE)
_CODE = re.compile(r"``[^\n]*?``|`[^`\n]*`")
_TOKEN = re.compile(r"\\.|\$\$|\$", re.DOTALL)
_PRIVATE = re.compile("[\ue000-\ue005\x00]")
"""Marks of the text under construction."""
_ESCAPED = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True)
class Judge:
    """Refuses the pages on which the extractor breaks a promise."""

    rule: ClassVar[str] = "judge"
    reasons: ClassVar[frozenset[str]] = frozenset({"broken"})

    def __call__(self, document: Document) -> Document | Drop:
        found = broken(document.raw) or too_slow(document.raw)
        return refuse(self, document, "broken", found[0]) if found else document


def broken(html: bytes) -> list[str]:
    """The promises that the extraction of a page breaks, each in a few words; a refusal is an answer like any other."""
    try:
        page = extract(html)
    except ExtractError:
        return []
    except Exception as error:  # the very thing that is looked for
        return [f"raises {type(error).__name__}: {error}"[:200]]
    return list(_broken(html, page))


def too_slow(html: bytes) -> list[str]:
    """Whether a page takes more than its size allows, in a few words. One that hides its depth from the bounds may."""
    allowed = SECONDS + SECONDS_A_BYTE * len(html)
    seconds = min(_seconds(html) for _ in range(3)) if _seconds(html) > allowed else 0.0
    hidden = seconds > allowed and bounds._depth(html.lower()) > Limits().max_depth
    return [f"slow: {seconds:.2f} s for {len(html)} bytes"] if seconds > allowed and not hidden else []


def _seconds(html: bytes) -> float:
    start = time.process_time()
    with suppress(ExtractError):
        extract(html)
    return time.process_time() - start


def _broken(html: bytes, page: Extraction) -> Iterator[str]:
    if page != extract(html):
        yield "differs the second time"
    try:
        size = len(page.text.encode())
    except UnicodeEncodeError:
        yield "is no UTF-8"
        return
    if size > GROWTH * len(html) + 1000:
        yield f"swells: {len(html)} bytes to {size}"
    if found := _PRIVATE.search(page.text):
        yield f"leaves {found[0]!r}"
    if b"`" not in html:
        yield from _wrong_formulas(page)


def _wrong_formulas(page: Extraction) -> Iterator[str]:
    found = formulas(page.text)
    if found is None:
        yield "dollars are not balanced"
        return
    if any(not formula.strip() for formula in found):
        yield "an empty formula"
    unbalanced = [formula for formula in found if not has_balanced_braces(formula)]
    if unbalanced and set(page.info) == {"mathml/converted"}:  # what a page's author wrote stays as found
        yield f"braces are not balanced: {unbalanced[0][:80]}"


def formulas(text: str) -> list[str] | None:
    """The formulas of an extracted text without their dollars; None if a dollar outside code belongs to none."""
    text = _CODE.sub(" ", _FENCE.sub(" ", text))
    found: list[str] = []
    opening, begin = "", 0
    for token in _TOKEN.finditer(text):
        if token[0][0] == "\\":
            continue
        if not opening:
            opening, begin = token[0], token.end()
        elif token[0] == opening:
            found.append(text[begin : token.start()])
            opening = ""
        else:
            return None
    return None if opening else found


def has_balanced_braces(formula: str) -> bool:
    """Whether every brace that is not escaped has its partner."""
    depth = 0
    for brace in re.findall(r"[{}]", _ESCAPED.sub("", formula)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
