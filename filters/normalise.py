"""What the three models read of a text: its prose, without code, formulas and LaTeX commands."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from filters import wordlist
from filters.signs import SIGNS

FORMULA_SIGN = "\x1a"
"""What stands for a formula in prose: a control character, so that it is no word. A text's own ones become blanks."""

_ENVIRONMENTS = "|".join(wordlist.load("filters", "formula_environments.txt"))

# No possessive quantifiers and no atomic groups: CPython got them wrong until 3.11.4, and a filter must answer alike
# on all machines. None is needed: what may repeat never overlaps with what may follow.

# A fence that nothing closes is text: a page about Markdown would lose everything after its first one.
_CODE = re.compile(
    r"""
    ^[ ]{0,3} (`{3,8}(?!`) | `{8} | ~{3,8}(?!~) | ~{8}) [^\n]* \n
    (?: (?![ ]{0,3}\1) [^\n]* \n )*
    [ ]{0,3} \1 [`~]* [ \t]* $
    """,
    re.MULTILINE | re.VERBOSE,
)

# No alternative can run past the next delimiter of its own kind, so a text of nothing but openers takes linear time.
# Each begins with the character itself, so that `re` looks for these two alone; a lookbehind first would hide it.
_FORMULAS = re.compile(
    rf"""
    \\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}
        [^\\]* (?: \\(?!(?:begin|end)\{{(?:{_ENVIRONMENTS})\*?\}}) [^\\]* )* \\end\{{(?P=name)\}}
    | \\\[ [^\\]* (?: \\(?![\[\]]) [^\\]* )* \\\]
    | \\\( [^\\]* (?: \\(?![()]) [^\\]* )* \\\)
    | \$\$ [^$]+ \$\$
    | \$ (?<!\\\$) (?![\s$]) (?:[^$\\\n]|\\.){{1,400}} (?<!\s) \$ (?!\d)
    """,
    re.VERBOSE,
)
_COMMAND = re.compile(r"\\(?:begin|end)\{[^{}\n]{0,40}\}|\\[A-Za-z]+\*?")
_WORD = re.compile(r"[^\W\d_]+")
_LETTERS = bytes(code if code > 127 or chr(code).isalpha() else ord(" ") for code in range(256))


def has_latex(text: str) -> bool:
    """Whether the text holds one of the common LaTeX mathematics commands (`latex_commands.txt`)."""
    return "\\" in text and "command" in SIGNS.found_in(text.encode("utf-8", "replace"))


def without_code(text: str) -> str:
    """The text without its fenced code blocks."""
    return _CODE.sub("\n", text) if "```" in text or "~~~" in text else text


@lru_cache(maxsize=2)
def prose(text: str) -> str:
    """The text without fenced code and LaTeX commands, FORMULA_SIGN standing where a formula stood."""
    text = without_code(text.replace(FORMULA_SIGN, " "))
    if "$" in text or "\\" in text:
        text = _COMMAND.sub(" ", _FORMULAS.sub(f" {FORMULA_SIGN} ", text))
    return text


@lru_cache(maxsize=1)
def plain_prose(text: str) -> str:
    """`plain(prose(text))`. Kept until another text is asked for: two models read it, one after the other."""
    return plain(prose(text))


def plain(text: str) -> str:
    """Lower case without accents: NFKD, marks removed (as cc_net's normaliser, which OpenWebMath uses)."""
    text = text.lower()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text)
    marks = "".join(sorted(filter(unicodedata.combining, set(text))))  # of a million characters a hundred are different
    return re.sub(f"[{marks}]+", "", text) if marks else text


def words(text: str) -> list[str]:
    """The runs of letters in a text."""
    letters = ascii_letters(text)
    tokens = letters.split()
    if letters.isascii():
        return tokens
    return [word for token in tokens for word in ((token,) if token.isalpha() else _WORD.findall(token))]


def ascii_letters(text: str) -> str:
    """The text with a space for every character of ASCII that is no letter; others stay."""
    return text.encode("utf-8", "replace").translate(_LETTERS).decode()


def windows(text: str, size: int) -> str:
    """At most `2 * size` characters: the beginning and the middle. A long text's head alone may be a menu."""
    if len(text) <= 2 * size:
        return text
    middle = (len(text) - size) // 2
    return f"{text[:size]} {text[max(size, middle) : max(size, middle) + size]}"
