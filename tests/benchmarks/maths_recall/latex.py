r"""TeX made comparable: two sources that typeset alike should have one normal form.

What goes: blanks and spacing, sizes and `\left … \right`, styles, labels, the difference between `\frac` and `\dfrac`, between `x^2` and
`x^{2}`, between `\le` and `\leq`, between environments that differ in their numbering only. What stays: everything that shows.
"""

from __future__ import annotations

import difflib
import re
from functools import cache

TOKENS_ALIKE = 0.8
"""Least likeness (2 · matches / length of both, in tokens) of two formulas where the page does not hold the TeX itself."""

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[^\s]", re.DOTALL)
_DROPPED_WITH_ARGUMENT = re.compile(
    r"\\(?:label|tag\*?|hspace\*?|vspace\*?)\s*\{[^{}]*\}|\\(?:phantom|hphantom)\s*\{\s*\}"
)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([a-zA-Z]+)\*?\s*\}(\s*\[[a-z]\])?")
_ARRAY = re.compile(r"(\\begin\{array\})\s*\{[lcr|\s]*\}")
_DROPPED = frozenset(
    r"\, \; \: \! \> \quad \qquad \  ~ \left \right \middle \big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr \biggl \biggr "
    r"\bigm \displaystyle \textstyle \scriptstyle \limits \nolimits \nonumber \notag \thinspace \enspace \allowbreak \relax".split(
        " "
    )
) - {""} | {"\\ "}
_SAME = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac", r"\dbinom": r"\binom", r"\tbinom": r"\binom",
    r"\le": r"\leq", r"\ge": r"\geq", r"\ne": r"\neq", r"\to": r"\rightarrow", r"\gets": r"\leftarrow", r"\land": r"\wedge",
    r"\lor": r"\vee", r"\lnot": r"\neg", r"\lbrace": r"\{", r"\rbrace": r"\}", r"\lvert": "|", r"\rvert": "|", r"\vert": "|",
    r"\mid": "|", r"\lVert": r"\|", r"\rVert": r"\|", r"\Vert": r"\|", r"\ldots": r"\dots", r"\cdots": r"\dots", r"\dotsc": r"\dots",
    r"\dotsb": r"\dots", r"\lt": "<", r"\gt": ">", r"\ast": "*", r"\colon": ":", r"\iff": r"\Leftrightarrow", r"\And": "&",
    r"\Longleftrightarrow": r"\Leftrightarrow", r"\implies": r"\Rightarrow", r"\Longrightarrow": r"\Rightarrow", r"\lbrack": "[",
    r"\rbrack": "]", r"\empty": r"\emptyset", r"\varnothing": r"\emptyset", r"\hbox": r"\text", r"\mbox": r"\text", r"\textrm": r"\text",
    r"\mathrm": r"\text", r"\operatorname": r"\text", r"\rm": r"\text", r"\textnormal": r"\text", r"\bf": r"\mathbf",
    r"\boldsymbol": r"\mathbf", r"\bold": r"\mathbf", r"\cal": r"\mathcal", r"\Bbb": r"\mathbb", r"\cr": r"\\", r"\newline": r"\\",
    r"\Re": r"\Re", r"\degree": r"\circ", r"\owns": r"\ni", r"\longrightarrow": r"\rightarrow", r"\rvec": r"\vec", r"\widehat": r"\hat",
    r"\widetilde": r"\tilde", r"\overline": r"\bar", r"\overrightarrow": r"\vec", r"\epsilon": r"\varepsilon", r"\phi": r"\varphi",
    r"\longmapsto": r"\mapsto", r"\lang": r"\langle", r"\rang": r"\rangle", r"\mspace": r"\,", "−": "-", "′": r"\prime", "∗": "*",
}  # fmt: skip
_NAMED = frozenset("gcd max min sup inf lim log ln exp sin cos tan det dim ker arg Pr limsup liminf deg hom".split())
_ALIGNED = {"align": "aligned", "split": "aligned", "eqnarray": "aligned", "gather": "gathered", "alignat": "aligned"}
_OUTERMOST = ("equation", "displaymath", "math", "multline")
_STRUCTURE = frozenset(("{", "}", "&", r"\\", r"\text", r"\mathbf", r"\mathcal", r"\dots", r"\circ", r"\cdot"))


@cache
def normal(tex: str) -> tuple[str, ...]:
    """The tokens of the normal form."""
    tex = _DROPPED_WITH_ARGUMENT.sub("", tex.replace(r"\(", "").replace(r"\)", ""))
    tex = _ENVIRONMENT.sub(_environment, tex)
    tex = _ARRAY.sub(r"\1", tex)
    tokens: list[str] = []
    for token in _TOKEN.findall(tex):
        token = _SAME.get(token, token)
        if token == "'":
            tokens += ["^", r"\prime"]
        elif token[1:] in _NAMED and token[0] == "\\":
            tokens += [r"\text", "{", *token[1:], "}"]
        elif token not in _DROPPED and token not in "$\N{FUNCTION APPLICATION}\N{INVISIBLE TIMES}\u200b\ufeff":
            tokens.append(token)
    return tuple(_unbraced(tokens))


def _environment(match: re.Match[str]) -> str:
    name = match[2]
    return "" if name in _OUTERMOST else f"\\{match[1]}{{{_ALIGNED.get(name, name)}}}"


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
    return tuple(token for token in tokens if token not in _STRUCTURE)


def alike(one: str, other: str, compare: str) -> bool:
    """Whether two sources are one formula: equal in normal form, or with `compare` "tokens" nearly so in what shows."""
    if normal(one) == normal(other):
        return True
    if compare == "tex":
        return False
    return difflib.SequenceMatcher(None, shown(one), shown(other), autojunk=False).ratio() >= TOKENS_ALIKE
