"""MathML's tokens to TeX: identifiers, numbers, operators, text and blanks."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib import resources

from filters import wordlist
from pipeline.extract.mathml.mathtree import Element

MARKS: dict[str, dict[str, str]] = tomllib.loads(
    (resources.files("pipeline.extract.mathml") / "marks.toml").read_text("utf-8")
)
"""Accents, arrows and enclosures by the characters and names that MathML has for them."""
SYMBOLS = dict(line.split(maxsplit=1) for line in wordlist.load("pipeline.extract.mathml", "symbols.txt"))
FUNCTIONS = frozenset(wordlist.load("pipeline.extract.mathml", "functions.txt"))

VARIANTS = {
    "double-struck": "mathbb", "fraktur": "mathfrak", "script": "mathcal", "sans-serif": "mathsf",
    "monospace": "mathtt", "bold": "mathbf", "bold-italic": "boldsymbol", "bold-fraktur": "mathfrak",
    "bold-script": "mathcal", "bold-sans-serif": "mathsf", "sans-serif-italic": "mathsf",
}  # fmt: skip
_TEXT_VARIANTS = {"bold": "textbf", "italic": "textit", "monospace": "texttt", "sans-serif": "textsf"}
_TEXT_FONTS = {r"\mathbf": "textbf", r"\mathsf": "textsf", r"\mathtt": "texttt", r"\boldsymbol": "textbf"}
_ALPHABETS = (
    ("DOUBLE-STRUCK", "mathbb"), ("BLACK-LETTER", "mathfrak"), ("FRAKTUR", "mathfrak"), ("SCRIPT", "mathcal"),
    ("SANS-SERIF", "mathsf"), ("MONOSPACE", "mathtt"), ("BOLD ITALIC", "boldsymbol"), ("BOLD", "mathbf"),
)  # fmt: skip
_SPECIAL = re.compile(r"[\\{}$%&#_^~]")
_COMMAND = re.compile(r"\s*\\[a-zA-Z]+\s*")
_STYLED = re.compile(r"(\\(?:math(?:rm|bf|bb|cal|frak|sf|tt|it)|boldsymbol)\{)([^{}\\]*)\}")
_ENDS_IN_COMMAND = re.compile(r"\\[a-zA-Z]+$")
_LENGTH = re.compile(r"\s*(-?)\+?(\d{0,6}\.?\d{0,6})\s*(em|ex|pt|px|mu)?")
_EM = {"em": 1.0, "ex": 0.45, "pt": 0.1, "px": 0.0625, "mu": 1 / 18}
_NAMED_SPACES = {
    "veryverythinmathspace": 0.0556, "verythinmathspace": 0.1111, "thinmathspace": 0.1667, "mediummathspace": 0.2222,
    "thickmathspace": 0.2778, "verythickmathspace": 0.3333, "veryverythickmathspace": 0.3889,
}  # fmt: skip
_SPACES = ((0.12, ""), (0.2, r"\,"), (0.25, r"\:"), (0.3, r"\;"), (0.8, "~"), (1.6, r"\quad"))
_BLANKS = {
    "\u2009": r"\,", "\u2005": r"\:", "\u2004": r"\;", "\u2005\u200a": r"\;", "\u2003": r"\quad",
    "\u2003\u2003": r"\qquad", "\u200b": "",
}  # fmt: skip
"""Blanks by the characters that KaTeX writes for them."""
_SIZES = ((1.4, "big"), (1.9, "Big"), (2.43, "bigg"), (4.0, "Bigg"))


def joined(pieces: list[str]) -> str:
    """Concatenation that keeps a blank where a command would run into the letter after it, `\\mathrm{ab}` in one."""
    out: list[str] = []
    style = ""
    for piece in pieces:
        styled = _STYLED.fullmatch(piece)
        if styled and styled[1] == style:
            out[-1:] = [styled[2], "}"]
            continue
        if out and piece[:1].isalpha() and _ENDS_IN_COMMAND.search(out[-1][-24:]):
            out.append(" ")
        if piece:
            style = styled[1] if styled else ""
            out += [styled[1] + styled[2], "}"] if styled else [piece]
    return "".join(out)


def escaped(text: str) -> str:
    """Text with the characters that TeX would read as its own made harmless."""
    return _SPECIAL.sub(lambda match: "\\backslash " if match[0] == "\\" else "\\" + match[0], text)


@lru_cache(maxsize=4096)
def symbol(char: str) -> str:
    """One character as TeX: a known symbol, a letter of a mathematical alphabet, a raised or lowered one, or itself."""
    if char in SYMBOLS:
        return SYMBOLS[char]
    form = unicodedata.decomposition(char)
    if form and form[0] != "<" and " " in form:  # a letter with its accent
        return characters(unicodedata.normalize("NFD", char))
    plain = chr(int(form.split()[1], 16)) if form.count(" ") == 1 and form[0] == "<" else ""
    if not plain:
        return escaped(char) if char.isprintable() else ""
    letter = SYMBOLS.get(plain) or escaped(plain)
    if form.startswith(("<super>", "<sub>")):
        return f"{'^' if form.startswith('<super>') else '_'}{{{letter}}}"
    name = unicodedata.name(char, "")
    style = next((command for word, command in _ALPHABETS if word in name), "")
    return f"\\{style}{{{letter}}}" if style else letter


@lru_cache(maxsize=4096)
def characters(text: str) -> str:
    """A run of characters as TeX; a stroke through one (U+0338) goes before it."""
    pieces: list[str] = []
    for char in text:
        if char == "\u0338" and pieces:
            pieces.insert(len(pieces) - 1, r"\not")
        elif pieces and unicodedata.combining(char):
            pieces[-1] = f"\\{MARKS['over'][char]}{{{pieces[-1]}}}" if char in MARKS["over"] else pieces[-1]
        else:
            pieces.append(symbol(char))
    return joined(pieces)


def function(text: str) -> str:
    """The command of an operator that LaTeX names (`lim sup` is `\\limsup`), or ""."""
    name = "".join(text.split())
    return "\\" + name if name in FUNCTIONS else ""


def identifier(element: Element) -> str:
    """`mi`: one letter is slanted, several are upright."""
    text = " ".join(element.text.split())
    if tex := function(text):
        return tex
    variant = element.get("mathvariant").strip().lower()
    if text.isascii() and text.isalpha() and (len(text) > 1 or variant == "normal"):
        if variant == "italic" and len(text) < 4:  # TtM and TeX4ht put `dx` into one element
            return text
        command = "mathit" if variant == "italic" else VARIANTS.get(variant, "mathrm")
        return f"\\{command}{{{text}}}"
    if " " in text and text.replace(" ", "").isalpha() and text.isascii():
        return _named(text)
    if variant == "normal" and text in ("∣", "∥"):  # KaTeX's plain bars, which are relations elsewhere
        return "|" if text == "∣" else r"\|"
    tex = characters(text)
    return f"\\{VARIANTS[variant]}{{{tex}}}" if variant in VARIANTS and tex else tex


def _named(text: str) -> str:
    return "\\operatorname{" + text.replace(" ", r"\,") + "}"


def number(element: Element) -> str:
    """`mn`, with the blanks between groups of digits left out."""
    tex = characters("".join(element.text.split()))
    variant = VARIANTS.get(element.get("mathvariant").strip().lower())
    return f"\\{variant}{{{tex}}}" if variant and tex else tex


def operator(element: Element) -> str:
    """`mo`: a symbol, an operator's name, or a delimiter of fixed size."""
    text = " ".join(element.text.split())
    if tex := function(text):
        return tex
    if text == "mod":
        return r"\bmod"
    letters = text.replace(" ", "")
    if len(letters) > 1 and letters.isalpha() and letters.isascii():
        return _named(text)
    if text in ("∣", "∥") and (element.get("maxsize") or element.get("data-mjx-texclass") in ("ORD", "OPEN", "CLOSE")):
        text = {"∣": "|", "∥": "‖"}[text]
    tex = characters(text)
    size = em(element.get("minsize")) if tex in DELIMITERS else 0.0
    command = next((name for most, name in _SIZES if 1.1 < size < most), "")
    return joined([f"\\{command}", tex]) if command else tex


DELIMITERS = frozenset(
    (*"()[]|/", r"\{", r"\}", r"\|", r"\langle", r"\rangle", r"\lfloor", r"\rfloor", r"\lceil", r"\rceil", r"\mid",
     r"\setminus", r"\parallel", r"\uparrow", r"\downarrow", r"\llbracket", r"\rrbracket")
)  # fmt: skip
"""TeX that may follow `\\left`, `\\right` and `\\big`."""


def text(element: Element) -> str:
    """`mtext` without elements in it. MathJax puts a command it does not know there as it stands."""
    value = element.text.replace("\u2063", "")
    if not value.strip():
        return _BLANKS.get(value, "~") if value.strip("\n ") else ""
    if not value.isascii():
        value = value.replace("\xa0", " ")
    if _COMMAND.fullmatch(value):
        return value.strip()
    if len(value) == 1 and not value.isalnum():
        return symbol(value)
    command = _TEXT_VARIANTS.get(element.get("mathvariant").strip().lower(), "text")
    if value[0] >= "\U0001d400":  # letters of a mathematical alphabet stand for a font
        command = _TEXT_FONTS.get(symbol(value[0]).partition("{")[0], "textit")
        value = unicodedata.normalize("NFKC", value)
    return f"\\{command}{{{escaped(value)}}}"


def em(length: str) -> float:
    """A length of MathML in em; 0 where it cannot be read."""
    name = length.strip()
    if name in _NAMED_SPACES:
        return _NAMED_SPACES[name]
    match = _LENGTH.match(length)
    if not match or not match[2].strip("."):
        return 0.0
    return float(match[1] + match[2]) * _EM.get(match[3] or "em", 1.0)


def space(element: Element) -> str:
    """`mspace` as the nearest of TeX's blanks."""
    if element.get("linebreak") == "newline":
        return r"\\ "
    width = em(element.get("width"))
    if width < 0:
        return r"\!" if width > -0.3 else ""
    return next((tex for most, tex in _SPACES if width < most), r"\qquad")
