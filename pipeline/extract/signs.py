"""What the source of a page says before it is parsed, looked for at once; only what is there is asked about later."""

from __future__ import annotations

import re

from filters.automaton import Automaton
from pipeline.extract.delimited import configuration
from pipeline.extract.layout import boilerplate
from pipeline.extract.marked import comments, markup

_WORDS = (*configuration.WORDS, *markup.ATTRIBUTE_NAMES, comments.SIGN)
# A name may stand behind a prefix that the parser is not shown.
_ELEMENTS = {f"<{name}": rf"(?i)[<:]{name}" for name in boilerplate.ELEMENTS}
_SIGNS = Automaton({word: re.escape(word) for word in _WORDS} | _ELEMENTS | boilerplate.SIGNS)


def signs_in(source: bytes) -> frozenset[str]:
    """The words in a page's source by which its configuration and its markup are known."""
    return frozenset(_SIGNS.found_in(source))
