"""The macros of a LaTeX paper: collected where they are defined, expanded where they are used."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field

from filters import wordlist
from filters.tex_source import braces

PROGRAMMING = frozenset(wordlist.load("filters", "tex_programming.txt"))
ARGUMENT_COMMANDS = frozenset(wordlist.load("filters", "tex_argument_commands.txt"))

_COMMAND = re.compile(r"\\([a-zA-Z@]+|.)", re.DOTALL)
_NAME = r"(?:\{\s*\\([a-zA-Z@]+|[^a-zA-Z])\s*\}|\\([a-zA-Z@]+|[^a-zA-Z]))"
_HEADS = {
    "newcommand": re.compile(
        rf"\*?\s*{_NAME}\s*(?:\[([0-9])\]\s*)?(?:\[([^\[\]{{}}]*(?:\{{[^{{}}]*\}}[^\[\]{{}}]*)*)\]\s*)?"
    ),
    "def": re.compile(rf"\s*{_NAME}((?:#[1-9])*)()\s*"),
    "DeclareMathOperator": re.compile(rf"\*?\s*{_NAME}()()\s*"),
    "let": re.compile(rf"\s*{_NAME}"),
}
"""What follows a defining command up to the body: name (group 1 or 2), parameters (3), default of the first (4)."""

_KINDS = {
    "newcommand": "newcommand",
    "renewcommand": "newcommand",
    "providecommand": "newcommand",
    "DeclareRobustCommand": "newcommand",
    "def": "def",
    "gdef": "def",
    "DeclareMathOperator": "DeclareMathOperator",
    "let": "let",
    "edef": "let",
    "xdef": "let",
}
_PARAMETER = re.compile(r"(?<!#)(?<![^\\]\\)#([1-9])")
_ONE_TOKEN = re.compile(r"\\(?:[a-zA-Z@]+|.)|.", re.DOTALL)
_SPACE = re.compile(r"[ \t]*\n?[ \t]*")
_OPTION = re.compile(r"\[((?:[^\[\]{}\\]|\\.|\{(?:[^{}]|\{[^{}]*\})*\})*)\]", re.DOTALL)
_CYCLE_VISITS = 1_000
_MAX_DEPTH = 500


class BombError(Exception):
    """The macros of a text expand beyond the bounds."""


@dataclass(frozen=True, slots=True)
class Macro:
    """What a macro stands for: text and parameter numbers by turns, so that odd places hold parameters."""

    parts: tuple[str, ...]
    parameters: int
    default: str | None
    commands: frozenset[str]

    def pieces(self, arguments: list[str]) -> list[str]:
        return [arguments[int(part) - 1] if index % 2 else part for index, part in enumerate(self.parts)]


@dataclass(slots=True)
class _Frame:
    """A text being read: the document itself, or what a macro in the frame below stands for."""

    text: str
    position: int = 0
    _braces: dict[int, int] | None = None

    def closing(self, opening: int) -> int:
        """The partner of the brace at `opening`, or -1."""
        if self._braces is None:
            self._braces = braces(self.text)
        return self._braces.get(opening, -1)

    def group(self, position: int) -> tuple[str, int] | None:
        """(content, end) of the group or the one command that begins at `position`."""
        if self.text.startswith("{", position):
            end = self.closing(position)
            return (self.text[position + 1 : end], end + 1) if end >= 0 else None
        token = _COMMAND.match(self.text, position)
        return (token[0], token.end()) if token else None


@dataclass(slots=True)
class Expander:
    r"""Reads LaTeX in order, learns definitions and replaces what they define.

    Left as they stand, with their definition: macros that are programs, that call themselves, or whose parameters are
    delimited; and a `\renewcommand` of something the paper has not defined, since readers know the standard command.
    The scope of groups is not followed. A space after a macro is kept, although TeX would swallow it: authors who want
    none to print write none.
    """

    max_expansions: int
    max_chars: int
    macros: dict[str, Macro] = field(default_factory=dict)
    expansions: int = 0
    _chars: int = 0

    def learn(self, text: str) -> None:
        """Only collect the definitions of `text` (a preamble)."""
        frame = _Frame(text)
        while token := _COMMAND.search(text, frame.position):
            frame.position = token.end()
            self._definition(frame, token[1])

    def expand(self, text: str) -> str:
        """`text` with its macros expanded and without the definitions it no longer needs; may raise BombError."""
        frames = [_Frame(text)]
        out = _Output()
        while frames:
            frame = frames[-1]
            token = _COMMAND.search(frame.text, frame.position)
            if not token:
                out.text(frame.text[frame.position :])
                frames.pop()
                continue
            out.text(frame.text[frame.position : token.start()])
            frame.position = token.end()
            self._command(token[1], frames, out)
        return out.result()

    def _command(self, name: str, frames: list[_Frame], out: _Output) -> None:
        frame = frames[-1]
        start = frame.position
        macro = self.macros.get(name)
        if name in _KINDS:
            understood = self._definition(frame, name)
            out.definition(frame, start - len(name) - 1, understood)
        elif macro and (arguments := _arguments(macro, frames)) is not None:
            self._push(macro.pieces(arguments), frames, out)
        else:
            out.command(name)

    def _push(self, pieces: list[str], frames: list[_Frame], out: _Output) -> None:
        self.expansions += 1
        self._chars += sum(map(len, pieces))
        if self.expansions > self.max_expansions or self._chars > self.max_chars or len(frames) > _MAX_DEPTH:
            raise BombError
        text = _join(pieces)
        frame = frames[-1]
        if out.wants_braces and not _ONE_TOKEN.fullmatch(text):
            text = f"{{{text}}}"
        elif _glues(text, frame.text[frame.position : frame.position + 1]):
            text += " "
        frames.append(_Frame(text))

    def _definition(self, frame: _Frame, command: str) -> bool:
        """Read the definition that `command` opens and step over it; False if it must stay where it is."""
        kind = _KINDS.get(command, "")
        head = _HEADS[kind].match(frame.text, frame.position) if kind else None
        if not head:
            return False
        name = head[1] or head[2]
        body = frame.group(head.end()) if kind != "let" else None
        if not body:
            self.macros.pop(name, None)
            frame.position = head.end()
            return False
        macro = _macro(kind, head, body[0])
        frame.position = body[1]
        if command == "providecommand" and name in self.macros:
            return True
        standard = command == "renewcommand" and name not in self.macros
        self.macros.pop(name, None)
        if standard or name in _KINDS or not self._is_plain(name, macro):
            return False
        self.macros[name] = macro
        return True

    def _is_plain(self, name: str, macro: Macro) -> bool:
        """Is the macro neither a program nor, by way of others, a caller of itself?"""
        seen: set[str] = set()
        ahead = set(macro.commands)
        while ahead:
            command = ahead.pop()
            if command == name or command in PROGRAMMING or "@" in command or len(seen) > _CYCLE_VISITS:
                return False
            seen.add(command)
            if command in self.macros:
                ahead |= self.macros[command].commands - seen
        return True


class _Output:
    """The text written so far, and the command it ends with if it does."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last = ""

    @property
    def wants_braces(self) -> bool:
        return self._last in ARGUMENT_COMMANDS

    def text(self, text: str) -> None:
        if self._parts and _glues(self._parts[-1], text):
            self._parts.append(" ")
        if text:
            self._parts.append(text)
        if text and not text.isspace():
            self._last = ""

    def command(self, name: str) -> None:
        self._parts.append(f"\\{name}")
        self._last = name

    def definition(self, frame: _Frame, start: int, understood: bool) -> None:
        """Write a definition that stays; of one that goes leave no blank line, which would end a paragraph."""
        if not understood:
            self.text(frame.text[start : frame.position])
        elif not self._parts or self._parts[-1].rstrip(" \t").endswith("\n"):
            rest = _SPACE.match(frame.text, frame.position)
            frame.position = rest.end() if rest and "\n" in rest[0] else frame.position

    def result(self) -> str:
        return "".join(self._parts)


def _macro(kind: str, head: re.Match[str], body: str) -> Macro:
    if kind == "DeclareMathOperator":
        star = "*" if head[0].startswith("*") else ""
        body = f"\\operatorname{star}{{{body}}}"
    body = body.replace("\\xspace", "").strip("\n")
    parameters = len(head[3] or "") // 2 if kind == "def" else int(head[3] or 0)
    parts = tuple(_PARAMETER.split(body))
    if any(int(part) > parameters for part in parts[1::2]):
        parts, parameters = (body,), 0
    commands = frozenset(name for part in parts[::2] for name in _COMMAND.findall(part))
    return Macro(parts, parameters, head[4] if kind == "newcommand" else None, commands)


def _arguments(macro: Macro, frames: list[_Frame]) -> list[str] | None:
    """Read what a macro takes; None, with nothing read, if it is not there."""
    if not macro.parameters:
        frame = frames[-1]
        frame.position += 2 if frame.text.startswith("{}", frame.position) else 0
        return []
    saved = [(frame, frame.position) for frame in frames]
    arguments = [] if macro.default is None else [_optional(frames, macro.default)]
    while len(arguments) < macro.parameters:
        argument = _mandatory(frames)
        if argument is None:
            frames[:] = [frame for frame, _ in saved]
            for frame, position in saved:
                frame.position = position
            return None
        arguments.append(argument)
    return arguments


def _front(frames: list[_Frame]) -> _Frame:
    """The frame to read the next argument from, after white space: a macro may end where its argument should begin."""
    while True:
        frame = frames[-1]
        space = _SPACE.match(frame.text, frame.position)
        frame.position = space.end() if space else frame.position
        if frame.position < len(frame.text) or len(frames) == 1:
            return frame
        frames.pop()


def _optional(frames: list[_Frame], default: str) -> str:
    frame = _front(frames)
    option = _OPTION.match(frame.text, frame.position)
    if not option:
        return default
    frame.position = option.end()
    return option[1]


def _mandatory(frames: list[_Frame]) -> str | None:
    frame = _front(frames)
    char = frame.text[frame.position : frame.position + 1]
    if char in "}&$#\n\0":  # among them the empty string: the text is over
        return None
    group = frame.group(frame.position) if char in "{\\" else (char, frame.position + 1)
    if not group:
        return None
    frame.position = group[1]
    return group[0]


def _join(pieces: list[str]) -> str:
    parts: list[str] = []
    for piece in filter(None, pieces):
        if parts and _glues(parts[-1], piece):
            parts.append(" ")
        parts.append(piece)
    return "".join(parts)


def _glues(left: str, right: str) -> bool:
    r"""Would a control word at the end of `left` swallow the letters that `right` begins with (`\alpha` + `x`)?"""
    if not right or not (right[0].isascii() and right[0].isalpha()):
        return False
    stem = left.rstrip(string.ascii_letters)
    return stem != left and (len(stem) - len(stem.rstrip("\\"))) % 2 == 1
