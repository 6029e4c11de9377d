r"""TeX made comparable: two sources that typeset alike should have one normal form.

What goes: blanks and spacing, sizes and `\left … \right`, styles, labels, the difference between `\frac` and `\dfrac`,
between `x^2` and `x^{2}`, between `\le` and `\leq`, environments that only number and lay out lines.
What stays: everything that shows.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from pathlib import Path

TOKENS_ALIKE = 0.8
"""Least likeness of two formulas where the page does not hold the TeX: 2 · matches / length of both, in tokens."""

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[^\s]", re.DOTALL)
_DROPPED_WITH_ARGUMENT = re.compile(
    r"\\(?:label|tag\*?|hspace\*?|vspace\*?)\s*\{[^{}]*\}|\\(?:phantom|hphantom)\s*\{\s*\}"
)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([a-zA-Z]+)\*?\s*\}(\s*\[[a-z]\])?")
_MODULO = re.compile(r"\\pmod\s*\{([^{}]*)\}")
_ARRAY = re.compile(r"(\\begin\{array\})\s*\{[lcr|\s]*\}")
_DATA = tomllib.loads((Path(__file__).parent / "latex.toml").read_text(encoding="utf-8"))
_DROPPED = frozenset(
    (*_DATA["dropped"].split(), "\\ ", "$", "\N{FUNCTION APPLICATION}", "\N{INVISIBLE TIMES}", "\u200b")
)


def _synonyms(name: str) -> dict[str, str]:
    lines = (line.split() for line in _DATA[name].strip().splitlines())
    return {other: first for first, *others in lines for other in others}


_SAME = _synonyms("same")
_ALIKE = _synonyms("alike")
_FUNCTIONS = frozenset(_DATA["functions"].split())
_LAYOUT = frozenset(_DATA["environments"].split())
_UNSEEN = frozenset(_DATA["unseen"].split())


@cache
def normal(tex: str) -> tuple[str, ...]:
    """The tokens of the normal form."""
    tex = _DROPPED_WITH_ARGUMENT.sub("", tex.replace(r"\(", "").replace(r"\)", ""))
    tex = _MODULO.sub(r"(\\text{mod} \1)", tex).replace(r"\bmod", r"\text{mod}")
    tex = _ENVIRONMENT.sub(_environment, tex)
    tex = _ARRAY.sub(r"\1", tex)
    tokens: list[str] = []
    for token in _TOKEN.findall(tex):
        token = _SAME.get(token, token)
        if token == "'":
            tokens += ["^", r"\prime"]
        elif token[1:] in _FUNCTIONS and token[0] == "\\":
            tokens += [r"\text", "{", *token[1:], "}"]
        elif token not in _DROPPED:
            tokens.append(token)
    return tuple(_unbraced(tokens))


def _environment(match: re.Match[str]) -> str:
    return "" if match[2] in _LAYOUT else f"\\{match[1]}{{{match[2]}}}"


def _unbraced(tokens: list[str]) -> list[str]:
    """Without the braces around one token, and those that are no argument."""
    out: list[str] = []
    opened: list[tuple[int, bool]] = []
    for token in tokens:
        if token == "{":
            argument = bool(out) and (out[-1] in "^_]}" or (out[-1][0] == "\\" and out[-1][1:].isalpha()))
            opened.append((len(out), argument))
            out.append(token)
        elif token == "}" and opened:
            start, argument = opened.pop()
            if len(out) - start <= 2 or not argument:
                del out[start]
            else:
                out.append(token)
        else:
            out.append(token)
    return out


@cache
def shown(tex: str) -> tuple[str, ...]:
    """What shows of a formula, token by token: for pages that do not hold its TeX."""
    tokens = normal(re.sub(r"\\(begin|end)\s*\{[^{}]*\}", " ", tex))
    return tuple(_ALIKE.get(token, token) for token in tokens if token not in _UNSEEN)


def alike(one: str, other: str, compare: str) -> bool:
    """Whether two sources are one formula: equal in normal form, or with `compare` "tokens" nearly so in what shows."""
    if normal(one) == normal(other):
        return True
    if compare == "tex":
        return False
    return difflib.SequenceMatcher(None, shown(one), shown(other), autojunk=False).ratio() >= TOKENS_ALIKE
