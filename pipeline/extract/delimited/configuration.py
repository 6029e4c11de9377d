"""What a page says about its delimiters: the renderer that it loads and the configuration that it gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from filters import wordlist

RENDERERS = wordlist.load("pipeline.extract.delimited", "renderers.txt")
ASCIIMATH = wordlist.load("pipeline.extract.delimited", "asciimath_loaders.txt")

MOST = 24
"""Pairs of delimiters that a page may configure in one list."""
LONGEST = 3000
"""Characters of such a list."""
_STRING = r"\s*(?:'((?:[^'\\\n]|\\.){1,24})'|\"((?:[^\"\\\n]|\\.){1,24})\")\s*"
_PAIR = re.compile(rf"[\s,]*\[{_STRING},{_STRING}\]")
_LIST = re.compile(r"[\"']?\s*:\s*(?:\{\s*[\"']\[\+\][\"']\s*:\s*)?\[(?=\s*\[)")
_LEFT = re.compile(rf"\bleft[\"']?\s*:{_STRING}")
_RIGHT = re.compile(rf"\bright[\"']?\s*:{_STRING}")
_DISPLAY = re.compile(r"\bdisplay[\"']?\s*:\s*(?:true|!0)\b")
_CLASSES = re.compile(r"[\"']?\s*:\s*[\"']([-\w|]{1,200})[\"']")
_DISPLAYSTYLE = re.compile(r"\b([a-zA-Z]+)[\"']?\s*:\s*[\"'][\\]{1,2}displaystyle\s*[\"']")
_ESCAPE = re.compile(r"\\(.)")
_LISTS = ("inlineMath", "displayMath", "delimiters")
_CLASS_NAMES = {what: (f"tex2jax_{what}", f"mathjax_{what}") for what in ("ignore", "process")}
_CLASS_SETTINGS = {what: (f"{what}Class", f"{what}HtmlClass") for what in _CLASS_NAMES}
_DISPLAYSTYLES = ("displaystyle'", 'displaystyle"')

WORDS = frozenset(
    ("[itex]", "`", "amath", *RENDERERS, *ASCIIMATH, *_LISTS, *_DISPLAYSTYLES, *chain(*_CLASS_NAMES.values()),
     *chain(*_CLASS_SETTINGS.values()))
)  # fmt: skip
"""What a page's source must hold to say any of this."""


class Delimiter(NamedTuple):
    """A pair of delimiters."""

    left: str
    right: str
    display: bool | None
    """None where a formula is display if it stands alone on its line."""


BACKTICKS = (Delimiter("`", "`", False), Delimiter("amath ", " endamath", False))
"""How AsciiMath is delimited where the page does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the whole page says about its delimiters."""

    renders: bool = False
    """The page loads MathJax, KaTeX or a like of them, so that delimiters mean mathematics."""
    dollar: bool | None = None
    """Its configuration says that `$…$` is, or is not, mathematics; None where it says nothing."""
    delimiters: tuple[Delimiter, ...] = ()
    """Those that it configures; the usual ones are understood without."""
    inline_dollars: bool = False
    """Its configuration says that `$$…$$` is inline."""
    asciimath: tuple[Delimiter, ...] = ()
    """Those of AsciiMath, none where the page does not load it."""
    displaystyle: str = ""
    r"""Its own name for `\displaystyle`: a macro that it configures."""
    ignored: frozenset[str] = frozenset()
    """Classes of elements in which its renderer finds no delimiters."""
    processed: frozenset[str] = frozenset()
    """Classes of elements in which it finds them again."""
    forum: bool = False
    """It writes `[itex]` within the line, so that `[tex]` is display."""

    @classmethod
    def of(cls, html: str, signs: frozenset[str]) -> Page:
        """`signs` are those of `WORDS` that are in the source of the page."""
        forum = "[itex]" in signs
        if signs.isdisjoint(RENDERERS):
            return cls(forum=forum)
        lists = list(_lists(html, signs))
        delimiters = tuple(dict.fromkeys(pair for name, pairs in lists if name for pair in pairs))[:MOST]
        inline = [pair.left for pair in delimiters if pair.display is False]
        return cls(
            renders=True,
            dollar="$" in inline if inline else None,
            delimiters=delimiters,
            inline_dollars="$$" in inline and Delimiter("$$", "$$", True) not in delimiters,
            asciimath=_asciimath(signs, [pair for name, pairs in lists if not name for pair in pairs]),
            displaystyle=_displaystyle(html, signs),
            ignored=_classes(html, signs, "ignore"),
            processed=_classes(html, signs, "process"),
            forum=forum,
        )


def _asciimath(signs: frozenset[str], configured: list[Delimiter]) -> tuple[Delimiter, ...]:
    if configured:
        return tuple(pair._replace(display=False) for pair in configured)
    shown = "`" in signs or "amath" in signs
    return BACKTICKS if shown and not signs.isdisjoint(ASCIIMATH) else ()


def _classes(html: str, signs: frozenset[str], what: str) -> frozenset[str]:
    """The classes in which delimiters are ignored, or those in which they are processed all the same."""
    names = [name for name in _CLASS_NAMES[what] if name in signs]
    for setting in signs.intersection(_CLASS_SETTINGS[what]):
        for at in _occurrences(html, setting):
            listed = _CLASSES.match(html, at + len(setting))
            names += listed[1].split("|") if listed else []
    return frozenset(names)


def _lists(html: str, signs: frozenset[str]) -> Iterator[tuple[str, list[Delimiter]]]:
    """The delimiters of each list in the page's configuration, and what it is for ("" for AsciiMath)."""
    for name in filter(signs.__contains__, _LISTS):
        for at in _occurrences(html, name):
            if opening := _LIST.match(html, at + len(name)):
                yield name.removesuffix("delimiters"), list(_pairs(html, opening.end(), name == "displayMath"))
            elif name == "delimiters":
                yield "KaTeX", list(_katex(html[at : at + LONGEST]))


def _occurrences(html: str, word: str) -> Iterator[int]:
    at = html.find(word)
    while at >= 0:
        yield at
        at = html.find(word, at + len(word))


def _pairs(html: str, begin: int, display: bool) -> Iterator[Delimiter]:
    for _ in range(MOST):
        pair = _PAIR.match(html, begin)
        if pair is None:
            break
        left, right = (_unescaped(pair[index] or pair[index + 1]) for index in (1, 3))
        yield Delimiter(left, right, display)
        begin = pair.end()


def _katex(settings: str) -> Iterator[Delimiter]:
    """KaTeX's auto-render names each delimiter: `{left: "$$", right: "$$", display: true}`."""
    for part in settings.split("{")[1 : MOST + 1]:
        left, right = _LEFT.search(part), _RIGHT.search(part)
        if left is None or right is None:
            break
        yield Delimiter(_unescaped(left[1] or left[2]), _unescaped(right[1] or right[2]), bool(_DISPLAY.search(part)))


def _displaystyle(html: str, signs: frozenset[str]) -> str:
    at = max((html.find(name) for name in signs.intersection(_DISPLAYSTYLES)), default=-1)
    macro = _DISPLAYSTYLE.search(html, max(at - 80, 0), at + 20) if at >= 0 else None
    return macro[1] if macro else ""


def _unescaped(string: str) -> str:
    return _ESCAPE.sub(r"\1", string)
