"""The theorems of Isabelle theories: name, extent, statement. Linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from filters import wordlist
from filters.heldout_mask import Declaration, Masked, either, mask_isabelle

GOALS, EITHER, COMMANDS, PROOFS, SYMBOLS = (
    wordlist.load("filters", f"isabelle_{kind}.txt") for kind in ("goals", "either", "commands", "proofs", "symbols")
)
FRAME = ("theory", "imports", "keywords", "abbrevs", "begin", "end")
"""Commands that say nothing by themselves."""
_GOAL, _EITHER, _HARD, _PROOF = map(either, (GOALS, EITHER, COMMANDS, PROOFS))
_LINE = re.compile(
    rf"\n[ \t]*(?:(?:private|qualified)\s+)?(?:(?P<goal>{_GOAL})|(?P<hard>{_HARD})|(?P<either>{_EITHER}))(?![\w'.])"
    rf"| (?P<inline>{_GOAL})(?![\w'.])"
)
_STEPS = re.compile(
    r"(?<![\w'.])(?:(?P<open>proof)|(?P<close>qed)|(?P<quit>oops)|(?P<done>by|done|sorry)"
    r"|(?P<go>apply|defer|prefer|subgoal|supply|unfolding|using))(?![\w'])|\s(?P<dot>\.\.?)(?=\s)"
)
# A tag, a marker, a locale; they may stand between `lemma` and its name.
_TARGET = re.compile(r"\s*(?:%\s*\w+\s*|\\<\^marker>\s*\"+\s*)*(?:\(\s*in\b[^()]*\)\s*)?")
_NAME = re.compile(r"(?:\\<\^?\w+>|[\w'.⇩⇧])+|\"+")
_OPENED = re.compile(r"\s*\[")
_BRACKETS = re.compile(r"[\[\]]")
_COLON = re.compile(r"\s*:(?!:)")
_PROVEN = re.compile(rf"(?<![\w'.])(?:{_PROOF})(?![\w'.])|\s\.\.?(?=\s|\Z)|\\<proof>")
_ASCII = {ord(character): f"\\<{name}>" for name, character in (entry.split() for entry in SYMBOLS)} | {
    ord(quote): '"' for quote in "‹›`"
}


@dataclass
class _Proof:
    """Whether a command stands inside a proof. What was counted is not counted again."""

    counted: int
    done: bool
    depth: int = 0

    def goes_on(self, code: str, end: int) -> bool:
        for step in _STEPS.finditer(code, self.counted, end):
            self.depth += (step.lastgroup == "open") - (step.lastgroup == "close" and self.depth > 0)
            self.depth = 0 if step["quit"] else self.depth
            self.done = step.lastgroup not in ("open", "go")
        self.counted = end
        return self.depth > 0 or not self.done


def declarations(text: str) -> tuple[Masked, list[Declaration]]:
    """All that a theory declares in order, and the theory with a line feed before it, which their places count.

    Only theorems have names and statements here.
    """
    masked = mask_isabelle("\n" + text)
    commands = list(_commands(masked.code))
    ends = [found.start() + 1 for found in commands[1:]] + [len(masked.code)]
    return masked, [
        _declaration(masked, found, following)
        for found, following in zip(commands, ends, strict=False)
        if found["hard"] not in FRAME and not found["either"]
    ]


def _declaration(masked: Masked, command: re.Match[str], following: int) -> Declaration:
    start, behind = command.start() + 1, command.end()
    end = masked.code_end(behind, following)
    if command["hard"]:
        return Declaration("", start, masked.tail(end, following))
    name, begin = _header(masked, behind, end)
    proven = _PROVEN.search(masked.code, begin, end)
    statement = ascii_symbols(masked.plain(begin, proven.start() if proven else end))
    return Declaration(name, start, masked.tail(end, following), statement, "theorem")


def ascii_symbols(text: str) -> str:
    """Isabelle's symbols in their ASCII spelling, and one quotation mark for all kinds."""
    text = text.replace("\\<open>", '"').replace("\\<close>", '"')
    return text if text.isascii() and "`" not in text else text.translate(_ASCII)


def _commands(code: str) -> Iterator[re.Match[str]]:
    """Every command between theorems; those that may also stand in a proof only where no proof goes on."""
    proof = _Proof(0, True)
    for found in _LINE.finditer(code):
        if not (found["either"] and proof.goes_on(code, found.start())):
            proof = _Proof(found.end(), done=not (found["goal"] or found["inline"]))
            yield found


def _header(masked: Masked, start: int, end: int) -> tuple[str, int]:
    """A theorem's name, and where its statement begins: behind the colon after name and attributes, if there is one."""
    target = _TARGET.match(masked.code, start, end)
    at = begin = target.end() if target else start
    named = _NAME.match(masked.code, at, end)
    colon = _COLON.match(masked.code, _attributed(masked.code, named.end() if named else at, end), end)
    if not colon:
        return "", begin
    return (ascii_symbols(masked.source[named.start() : named.end()]).strip('"') if named else ""), colon.end()


def _attributed(code: str, start: int, end: int) -> int:
    """Behind the bracketed attributes at `start`, if there are any."""
    opened = _OPENED.match(code, start, end)
    depth = 0
    for bracket in _BRACKETS.finditer(code, opened.end() - 1, end) if opened else ():
        depth += 1 if bracket[0] == "[" else -1
        if not depth:
            return bracket.end()
    return start
