"""Formulas as they are written into the text: `$…$` inline, `$$…$$` display, always balanced."""

from __future__ import annotations

import re
from typing import NamedTuple

_DOLLARS = re.compile(r"\\.|\$", re.DOTALL)
_BRACES = re.compile(r"\\[\\{}]|[{}]")
_MARKS = re.compile(r"\\.|[{}$]", re.DOTALL)
_TOKENS = re.compile(r"\\.|[{}]|[^\\{}]+|\\", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%")
_INVISIBLE = re.compile("[\ue000-\ue005\u200b\u200c\u200d\u2060\ufeff]")
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
"""Forum software puts these into the `alt` of a formula's image for the line ends of its source."""
_CDATA = re.compile(r"%?\s*<!\[CDATA\[|%?\s*\]\]>")
_ENTITY = re.compile(r"&(?:(lt)|(gt)|(amp)|(quot)|(#0?39|apos)|nbsp|#160);")
"""References that were escaped once too often: none of them means anything in TeX."""
_REFERRED = ("<", ">", "&", '"', "'")
_WIKIPEDIA = re.compile(r"\{\\(?:display|text)style\b(.*)\}", re.DOTALL)
_GAP = re.compile(r"(\\(?:begin|end)) \{")
_WRAPPED = re.compile(r"\\begin\{(split|align\*)\}((?:(?!\\begin\{\1\}).)*)\\end\{\1\}", re.DOTALL)
_ROWS = re.compile(r"\\(?:begin|end)(?![a-zA-Z])|\\.|[{}&]", re.DOTALL)
_DISPLAYSTYLE = re.compile(r"^(?:\\displaystyle(?![a-zA-Z])\s*)+(?=\S)")
_DELIMITED = re.compile(r"\s*(?:(\$\$)(.+)\$\$|(\\\[)(.+)\\\]|\\\((.+)\\\)|\$(.+)\$)\s*", re.DOTALL)
_DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|[gex]?def|let|DeclareMathOperator|newenvironment|require|usepackage)(?![a-zA-Z])\*?"
    r"\s*(?:\{\}|\\[a-zA-Z]+)?\s*(?:\[[^][]{0,100}\]|#\d)*\s*(?:=?\s*\\[a-zA-Z]+|\{\}\s*(?:\{\})?)?[\s;]*"
)
"""A definition of which all that stood in braces has been taken out."""


class Formula(NamedTuple):
    """One formula of a page: its TeX without delimiters, how it is set, and the markup it was found in."""

    tex: str
    display: bool
    kind: str

    def __str__(self) -> str:
        """The formula between dollars, or "" if it shows nothing: it is blank, or only defines commands."""
        body = _clean(self.tex)
        if self.display:
            body = _DISPLAYSTYLE.sub("", body)
        if not body or defines_only(body):
            return ""
        return f"$${body}$$" if self.display else f"${body}$"


Piece = Formula | str
"""A formula, or the text beside it that belongs to it, such as the equation's number."""


def undelimited(tex: str, display: bool, kind: str) -> Formula:
    """A formula whose source may stand between delimiters of its own, which then decide whether it is display."""
    match = _DELIMITED.fullmatch(tex)
    if match is None:
        return Formula(tex, display, kind)
    body = next(group for group in match.group(2, 4, 5, 6) if group is not None)
    closer = "$" if match[1] or match[6] else "\\)" if match[5] else "\\]"
    if _closes(body, closer):
        return Formula(tex, display, kind)
    return Formula(body, bool(match[1] or match[3]), kind)


def _closes(body: str, closer: str) -> bool:
    r"""Whether a formula ends before its last delimiter, so that there are several; inner ones lie in braces."""
    if closer not in body:
        return False
    depth = 0
    for token in _MARKS.findall(body):
        depth += (token == "{") - (token == "}")
        if token == closer and depth <= 0:
            return True
    return False


def defines_only(body: str) -> bool:
    r"""Whether a formula consists of `\newcommand`, `\def` and the like, and nothing that shows."""
    return _DEFINITION.match(body) is not None and not _DEFINITION.sub("", _shallow(body)).strip("{} ")


def _shallow(body: str) -> str:
    """The formula with all its braces emptied."""
    depth = 0
    kept = []
    for token in _TOKENS.findall(body):
        depth -= token == "}"
        if depth <= 0:
            kept.append(token)
        depth += token == "{"
    return "".join(kept)


def _clean(tex: str) -> str:
    body = _INVISIBLE.sub("", tex) if not tex.isascii() else tex
    if "<" in body or "&" in body:
        body = _LINE_BREAK.sub("\n", _CDATA.sub("", body))
        body = _ENTITY.sub(lambda match: _REFERRED[match.lastindex - 1] if match.lastindex else " ", body)
    body = body.strip()
    if "style" in body and (wrapped := _WIKIPEDIA.fullmatch(body)) and _balanced(wrapped[1]) == wrapped[1]:
        body = wrapped[1]
    body = _without_dollars(" ".join(_without_comments(body).split()))
    if "\\begin" in body:
        body = _unwrapped(_GAP.sub(r"\1{", body))
    bare = body.rstrip("\\")
    if len(bare) < len(body):  # a lone backslash would escape the closing dollar; a row's end before it ends nothing
        body = bare.rstrip() if (len(body) - len(bare)) % 2 == 0 else bare + "\\ "
    return _balanced(body) if "{" in body or "}" in body else body


def _unwrapped(body: str) -> str:
    r"""A formula without the rows that Sphinx and docutils put around every source with a `\\`, where it has none."""
    wrapped = _WRAPPED.fullmatch(body)
    if wrapped is None or "\\\\" not in wrapped[2]:
        return body
    depth = 0
    for token in _ROWS.findall(wrapped[2]):
        depth += token in ("{", "\\begin") or -(token in ("}", "\\end"))
        if depth <= 0 and token in ("&", "\\\\"):
            return body
    return wrapped[2].strip()


def _without_comments(body: str) -> str:
    """Comments must go before the line breaks that end them, or they would swallow the rest of the formula.

    A single line may have been several once, so that nobody knows where its comment ended: there the sign is escaped.
    """
    if "%" not in body:
        return body
    if "\n" not in body:
        return _COMMENT.sub(r"\1\\%", body)
    lines = ((line, _COMMENT.search(line)) for line in body.split("\n"))
    return "\n".join(line[: comment.end() - 1] if comment else line for line, comment in lines)


def _balanced(body: str) -> str:
    """The formula with a closing brace for every opening one, and none more."""
    depth = 0
    stray: list[int] = []
    for token in _BRACES.finditer(body):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth < 0:
                stray.append(token.start())
                depth = 0
    if stray:
        bounds = zip([-1, *stray], [*stray, len(body)], strict=True)
        body = "".join(body[before + 1 : after] for before, after in bounds)
    return body + "}" * depth


def _without_dollars(body: str) -> str:
    r"""Inner mathematics, as in `\text{if $x$}`, gets `\( \)`; a dollar without partner is escaped."""
    if "$" not in body:
        return body
    pair = sum(token == "$" for token in _DOLLARS.findall(body)) % 2 == 0
    opened = False

    def rewrite(match: re.Match[str]) -> str:
        nonlocal opened
        if match[0] != "$":
            return match[0]
        opened = not opened
        return (r"\(" if opened else r"\)") if pair else r"\$"

    return _DOLLARS.sub(rewrite, body)
