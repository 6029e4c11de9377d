"""Formulas as they are written into the text: `$…$` inline, `$$…$$` display, always balanced."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DOLLARS = re.compile(r"\\.|\$", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%")
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
"""Forum software puts these into the `alt` of a formula's image for the line ends of its source."""
_WIKIPEDIA = re.compile(r"\{\\(?:display|text)style\b(.*)\}", re.DOTALL)
_DELIMITED = re.compile(r"\s*(?:(\$\$)(.+)\$\$|(\\\[)(.+)\\\]|\\\((.+)\\\)|\$(.+)\$)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of a page: its TeX without delimiters, how it is set, and the markup it was found in."""

    tex: str
    display: bool
    kind: str

    def __str__(self) -> str:
        """The formula between dollars, or "" if nothing but blanks is left of it."""
        body = _clean(self.tex)
        if not body:
            return ""
        return f"$${body}$$" if self.display else f"${body}$"


def undelimited(tex: str, display: bool, kind: str) -> Formula:
    """A formula whose source may stand between delimiters of its own, which then decide whether it is display."""
    match = _DELIMITED.fullmatch(tex)
    if match is None:
        return Formula(tex, display, kind)
    body = next(group for group in match.group(2, 4, 5, 6) if group is not None)
    if any(token in ("$", "\\(", "\\[") for token in _DOLLARS.findall(body)):
        return Formula(tex, display, kind)  # several formulas, or one with mathematics inside its text
    return Formula(body, bool(match[1] or match[3]), kind)


def _clean(tex: str) -> str:
    body = _LINE_BREAK.sub("\n", tex).strip().replace("\ue000", "").replace("\ue001", "").replace("\ue002", "")
    if wrapped := _WIKIPEDIA.fullmatch(body):
        body = wrapped[1]
    # Comments must go before the line breaks that end them, or they would swallow the rest of the formula.
    *lines, last = body.split("\n")
    body = " ".join([*(_COMMENT.split(line, maxsplit=1)[0] for line in lines), last])
    body = _without_dollars(" ".join(body.split()))
    # A lone backslash at the end would escape the closing dollar.
    return body + " " if (len(body) - len(body.rstrip("\\"))) % 2 else body


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
