"""The declarations of Lean sources, version 3 and 4: full name, extent, statement. Linear in the text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from filters import wordlist
from filters.heldout_mask import Declaration, Masked, either, mask_lean

DECLARATIONS, MODIFIERS, PREFIXES, COMMANDS = (
    wordlist.load("filters", f"lean_{kind}.txt") for kind in ("declarations", "modifiers", "prefixes", "commands")
)


def _words(words: tuple[str, ...]) -> str:
    return rf"(?:{either(words)})(?![\w.'!?])"


_ANYWHERE = (*DECLARATIONS, *MODIFIERS, *PREFIXES, "namespace", "section", "end")
# The line feed comes first: an expression that begins with one character is looked for at the speed of memchr.
_LINE = re.compile(rf"\n(?:[ \t]*(?:@\[|{_words(_ANYWHERE)})|#[a-z]|{_words(COMMANDS)})")
_HEADER = re.compile(
    rf"\s*(?:(?P<attributes>@\[)|(?P<mutual>mutual)(?=[ \t\r]*\n)|(?P<modifier>{_words(MODIFIERS)})"
    rf"|(?P<prefix>{_words(PREFIXES)})|(?P<scope>{_words(('namespace', 'section', 'end'))})"
    rf"|(?P<declaration>{_words(DECLARATIONS)}))"
)
_PART = r"(?:«[^»\n]*»|[\w'!?]+)"
_DOTTED = rf"(?P<name>{_PART}(?:\.{_PART})*)"
# Lean 3 writes universes and, of an instance, the priority before the name.
_NAME = re.compile(rf"\s*(?:\{{[\w \t]*\}}\s*|[\[(]priority[^\])\n]*[\])]\s*)?{_DOTTED}")
_SCOPE_NAME = re.compile(rf"[ \t]*{_DOTTED}")
_TIED = re.compile(r"\bin\b|\n")
_BRACKETS = re.compile(r"[\[\]]|\n[ \t\r]*\n")
_BLOCKS = re.compile(r"(?<![\w.'])(?:begin|match|end)(?![\w'])|=>")
_STATEMENT = re.compile(r"(?P<open>[(\[{⟨⦃⟪])|[)\]}⟩⦄⟫]|(?P<bind>(?<![\w.'])(?:let|have)I?(?![\w']))|(?P<is>:=)")
MAX_SCOPES = 100
"""Open namespaces and sections that are kept in mind; nobody nests so deep."""


class _Command(NamedTuple):
    kind: str
    """A word that begins a declaration or opens or closes a scope; else "command", or "" if it is none at all."""
    name: str
    start: int
    word: int
    """Where the word stands."""
    end: int
    """Where the name ends."""


@dataclass
class _Blocks:
    """Whether an `end` closes a `begin` or `match` of Lean 3. What was counted is not counted again."""

    counted: int
    begins: int = 0
    matches: int = 0
    arrow: bool = False

    def closes(self, code: str, end: int) -> bool:
        for word in _BLOCKS.findall(code, self.counted, end):
            self.begins += word == "begin"
            self.matches += word == "match"
            self.arrow |= word == "=>"  # only Lean 4 has it, whose `match` has no `end`
            if word == "end":
                self._close()
        self.counted = end + len("end")
        return self._close()

    def _close(self) -> bool:
        if self.matches and not self.arrow:
            self.matches -= 1
        elif self.begins:
            self.begins -= 1
        else:
            return False
        return True


@dataclass
class _Scopes:
    """Open namespaces and sections, one entry a component of their names."""

    names: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    """The namespace inside each, with a dot at its end."""

    def enter(self, name: str, is_namespace: bool) -> None:
        for part in (split(name) or [""])[: MAX_SCOPES - len(self.names)]:
            around = self.prefixes[-1] if self.prefixes else ""
            self.prefixes.append(f"{around}{part}." if is_namespace else around)
            self.names.append(part)

    def leave(self, name: str) -> bool:
        """Close the innermost scope of that name and what is open inside; without a name, a scope without one."""
        parts = split(name) or [""]
        last = len(self.names) - len(parts)
        for at in range(last, -1, -1) if name else range(last, last - 1, -1):
            if at >= 0 and self.names[at : at + len(parts)] == parts:
                del self.names[at:], self.prefixes[at:]
                return True
        return False

    def full(self, name: str) -> str:
        if name.startswith("_root_."):
            return name.removeprefix("_root_.")
        return self.prefixes[-1] + name if self.prefixes and name else name


def split(name: str) -> list[str]:
    """The components of a dotted name; a dot between French quotes parts nothing."""
    return re.findall(_PART, name)


def declarations(text: str) -> tuple[Masked, list[Declaration]]:
    """All declarations of a file in order, and the file with a line feed before it, which their places count.

    What does not parse is passed over.
    """
    masked = mask_lean("\n" + text)
    commands = list(_commands(masked.code))
    floors = [0, *(command.end for command, _ in commands)]
    starts = [_documented(masked, command.start, floor) for (command, _), floor in zip(commands, floors, strict=False)]
    starts.append(len(masked.code))
    found = []
    for (command, name), start, following in zip(commands, starts, starts[1:], strict=False):
        if command.kind in DECLARATIONS:
            end = masked.code_end(command.end, following)
            statement = masked.plain(command.end, _statement_end(masked.code, command.end, end))
            found.append(Declaration(name, start, masked.tail(end, following), statement, command.kind))
    return masked, found


def _commands(code: str) -> Iterator[tuple[_Command, str]]:
    """Every command of a file, with the full name of what it declares."""
    scopes, blocks, at = _Scopes(), _Blocks(0), 0
    while line := _LINE.search(code, at):
        found = _command(code, line.start() + 1)
        at = found.end
        if found.kind == "end":
            if not _leaves(scopes, blocks, code, found):
                at = found.word + len("end")
                continue
        elif found.kind in ("namespace", "section", "mutual"):
            scopes.enter(found.name, found.kind == "namespace")
        elif not found.kind:
            continue
        blocks = _Blocks(at)
        yield found, scopes.full(found.name)


def _leaves(scopes: _Scopes, blocks: _Blocks, code: str, found: _Command) -> bool:
    """Whether an `end` closes a scope, and no `begin` or `match`."""
    if found.name and scopes.leave(found.name):
        return True
    return not blocks.closes(code, found.word) and (scopes.leave("") or bool(found.name))


def _command(code: str, start: int) -> _Command:
    """The command that begins at a line's start, behind its attributes, modifiers and `open … in`."""
    at = start
    while part := _HEADER.match(code, at):
        kind, word, at = part.lastgroup, part.start(part.lastgroup or 0), part.end()
        if kind == "attributes":
            at = _closed(code, at)
        elif kind == "mutual":
            return _Command("mutual", "", start, word, at)
        elif kind == "prefix":
            tie = _TIED.search(code, at)
            if not tie or tie[0] == "\n":
                begins = code[start] not in " \t" or part["prefix"].startswith(("variable", "universe"))
                return _Command("command" if begins else "", "", start, word, at)
            at = tie.end()
        elif kind != "modifier":
            name = (_SCOPE_NAME if kind == "scope" else _NAME).match(code, at)
            named = name if name and part[kind or 0] != "example" else None
            return _Command(part[kind or 0], named["name"] if named else "", start, word, named.end() if named else at)
    return _Command("command" if code[start] not in " \t" else "", "", start, start, max(at, start + 1))


def _closed(code: str, start: int) -> int:
    """Behind the bracket that closes the one before `start`; of one that is never closed, the next blank line."""
    depth = 1
    for bracket in _BRACKETS.finditer(code, start):
        if bracket[0] not in "[]":
            return bracket.start()
        depth += 1 if bracket[0] == "[" else -1
        if not depth:
            return bracket.end()
    return len(code)


def _documented(masked: Masked, start: int, floor: int) -> int:
    """Where the documentation of the command that begins at `start` begins, if it has any behind `floor`."""
    begin, at = start, start
    for number in range(bisect_left(masked.comments, (start, 0)) - 1, -1, -1):
        first, last = masked.comments[number]
        if first < floor or masked.source.startswith("/-!", first) or not masked.source[last:at].isspace():
            break
        if masked.source.startswith("/--", first):
            begin = masked.source.rfind("\n", 0, first) + 1
        at = first
    return begin


def _statement_end(code: str, start: int, end: int) -> int:
    """Where the `:=` before a proof stands: outside of brackets, and not that of a `let`."""
    depth = bound = 0
    for sign in _STATEMENT.finditer(code, start, end):
        if sign["open"]:
            depth += 1
        elif sign["bind"]:
            bound += depth == 0
        elif not sign["is"]:
            depth -= 1
        elif depth <= 0 and not bound:
            return sign.start()
        elif depth <= 0:
            bound -= 1
    return end
