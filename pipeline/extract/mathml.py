"""MathML to TeX on the parsed page, for formulas that come without their source.

Covers presentation MathML Core (https://www.w3.org/TR/mathml-core/) and mfenced; unknown elements are walked through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from resiliparse.parse.html import DOMNode

from filters import wordlist

DEEPEST = 60
"""Levels of nesting that are converted; what lies deeper is written as its bare text."""

SYMBOLS = dict(line.split(maxsplit=1) for line in wordlist.load("pipeline.extract", "symbols.txt"))
FUNCTIONS = frozenset(wordlist.load("pipeline.extract", "functions.txt"))

_ACCENTS_OVER = {
    "¯": "overline", "‾": "overline", "_": "overline", "^": "hat", "ˆ": "hat", "~": "tilde", "˜": "tilde", "→": "vec",
    "⃗": "vec", "˙": "dot", ".": "dot", "¨": "ddot", "ˇ": "check", "˘": "breve", "´": "acute", "`": "grave",
    "⏞": "overbrace",
}  # fmt: skip
_ACCENTS_UNDER = {"_": "underline", "¯": "underline", "̲": "underline", "‾": "underline", "⏟": "underbrace"}
_LIMITS = re.compile(r"\\(?:sum|prod|coprod|int|iint|iiint|oint|big\w+|lim|limsup|liminf|max|min|sup|inf|det|gcd|Pr)\b")
_ALPHABETS = (("DOUBLE-STRUCK", "mathbb"), ("FRAKTUR", "mathfrak"), ("SCRIPT", "mathcal"), ("SANS-SERIF", "mathsf"),
              ("MONOSPACE", "mathtt"), ("BOLD", "mathbf"))  # fmt: skip
_VARIANTS = {
    "double-struck": "mathbb", "fraktur": "mathfrak", "script": "mathcal", "sans-serif": "mathsf",
    "monospace": "mathtt", "bold": "mathbf", "bold-italic": "boldsymbol",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\{}$%&#_^~]")
_MATRICES = {"()": "pmatrix", "[]": "bmatrix", "||": "vmatrix", "‖‖": "Vmatrix", "{}": "Bmatrix"}


def to_tex(math: DOMNode) -> str:
    """The TeX of a `math` element."""
    return _row(math, 0)


def name_of(node: DOMNode) -> str:
    """The element's name without a namespace prefix: `m:mrow` is a `mrow`."""
    return str(node.tag).rpartition(":")[2]


def _elements(node: DOMNode) -> list[DOMNode]:
    return [child for child in node.child_nodes if child.tag[0] != "#"]


def _convert(node: DOMNode, depth: int) -> str:
    if depth > DEEPEST:
        return _escaped(str(node.text))
    return _RULES.get(name_of(node), _row)(node, depth + 1)


def _joined(pieces: list[str]) -> str:
    """Concatenation that keeps a blank where a command would run into the letter after it."""
    out = ""
    for piece in pieces:
        if piece[:1].isalpha() and re.search(r"\\[a-zA-Z]+$", out[-24:]):
            out += " "
        out += piece
    return out


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: "\\backslash " if match[0] == "\\" else "\\" + match[0], text)


def _row(node: DOMNode, depth: int) -> str:
    children = _elements(node)
    matrix = _matrix(children, depth)
    if matrix is not None:
        return matrix
    if not children:
        return _identifier(node, depth) if node.text.strip() else ""
    return _joined([_convert(child, depth) for child in children])


def _matrix(children: list[DOMNode], depth: int) -> str | None:
    """A table between fences is a matrix; a table after a lone brace tells cases apart."""
    names = [name_of(child) for child in children]
    if names == ["mo", "mtable", "mo"]:
        fences = children[0].text.strip() + children[2].text.strip()
        if fences in _MATRICES:
            return _table(children[1], depth, _MATRICES[fences])
    if (
        names[:2] == ["mo", "mtable"]
        and children[0].text.strip() == "{"
        and "".join(child.text.strip() for child in children[2:]) in ("", "\u2062")
    ):
        return _table(children[1], depth, "cases")
    return None


def _table(node: DOMNode, depth: int, environment: str = "matrix") -> str:
    rows = []
    for row in _elements(node):
        cells = _elements(row) if name_of(row) in ("mtr", "mlabeledtr") else [row]
        rows.append(" & ".join(_row(cell, depth + 1) for cell in cells))
    return f"\\begin{{{environment}}} " + r" \\ ".join(rows) + f" \\end{{{environment}}}"


@lru_cache(maxsize=4096)
def _symbol(char: str) -> str:
    """One character as TeX: a known symbol, a letter of a mathematical alphabet, or itself."""
    if char in SYMBOLS:
        return SYMBOLS[char]
    plain = unicodedata.normalize("NFKC", char)
    if plain == char or len(plain) != 1:
        return _escaped(char) if char.isprintable() else ""
    name = unicodedata.name(char, "")
    letter = SYMBOLS.get(plain, plain)
    style = next((command for word, command in _ALPHABETS if word in name), "")
    return f"\\{style}{{{letter}}}" if style else letter


def _identifier(node: DOMNode, depth: int) -> str:
    text: str = node.text.strip()
    if text in FUNCTIONS:
        return "\\" + text
    tex = _joined([_symbol(char) for char in text])
    variant = _VARIANTS.get(node.getattr("mathvariant") or "", "")
    if variant:
        return f"\\{variant}{{{tex}}}"
    return f"\\mathrm{{{text}}}" if len(text) > 1 and text.isascii() and text.isalpha() else tex


def _number(node: DOMNode, depth: int) -> str:
    return _joined([_symbol(char) for char in "".join(node.text.split())])


def _operator(node: DOMNode, depth: int) -> str:
    text: str = node.text.strip()
    if text in FUNCTIONS:
        return "\\" + text
    if len(text) > 1 and text.isalpha() and text.isascii():
        return f"\\operatorname{{{text}}}"
    return _joined([_symbol(char) for char in text])


def _text(node: DOMNode, depth: int) -> str:
    text = " ".join(node.text.replace("\xa0", " ").split(" "))
    if not text.strip():
        return "\\ " if text else ""
    return f"\\text{{{_escaped(text)}}}"


def _space(node: DOMNode, depth: int) -> str:
    width = re.match(r"\s*([\d.]+)\s*em", node.getattr("width") or "")
    return "\\quad " if width and width[1].count(".") <= 1 and float("0" + width[1].strip(".")) >= 1 else "\\ "


def _arguments(node: DOMNode, depth: int, count: int) -> list[str]:
    """The first `count` children, converted; missing ones are empty, as browsers draw them."""
    converted = [_convert(child, depth) for child in _elements(node)[:count]]
    return converted + [""] * (count - len(converted))


def _base(tex: str) -> str:
    return (
        tex
        if len(tex) == 1 or re.fullmatch(r"\\[a-zA-Z]+", tex) or re.fullmatch(r"\\math\w+\{\w+\}", tex)
        else f"{{{tex}}}"
    )


def _script(tex: str) -> str:
    return r"\prime" if tex == "'" else tex


def _sup(node: DOMNode, depth: int) -> str:
    base, sup = _arguments(node, depth, 2)
    return _base(base) + ("'" * len(sup) if sup.strip("'") == "" else f"^{{{sup}}}")


def _sub(node: DOMNode, depth: int) -> str:
    base, sub = _arguments(node, depth, 2)
    return f"{_base(base)}_{{{sub}}}"


def _subsup(node: DOMNode, depth: int) -> str:
    base, sub, sup = _arguments(node, depth, 3)
    return f"{_base(base)}_{{{sub}}}^{{{_script(sup)}}}"


def _over(node: DOMNode, depth: int) -> str:
    base, over = _arguments(node, depth, 2)
    accent = _ACCENTS_OVER.get(_last_text(node))
    if accent:
        return f"\\{'bar' if accent == 'overline' and len(base) == 1 else accent}{{{base}}}"
    if _LIMITS.match(base) or base.startswith("\\overbrace"):
        return f"{base}^{{{over}}}"
    return f"\\overset{{{over}}}{{{base}}}"


def _under(node: DOMNode, depth: int) -> str:
    base, under = _arguments(node, depth, 2)
    accent = _ACCENTS_UNDER.get(_last_text(node))
    if accent:
        return f"\\{accent}{{{base}}}"
    if _LIMITS.match(base) or base.startswith("\\underbrace"):
        return f"{base}_{{{under}}}"
    return f"\\underset{{{under}}}{{{base}}}"


def _underover(node: DOMNode, depth: int) -> str:
    base, under, over = _arguments(node, depth, 3)
    if _LIMITS.match(base):
        return f"{base}_{{{under}}}^{{{over}}}"
    return f"\\underset{{{under}}}{{\\overset{{{over}}}{{{base}}}}}"


def _last_text(node: DOMNode) -> str:
    last = node.last_element_child
    return last.text.strip() if last is not None else ""


def _frac(node: DOMNode, depth: int) -> str:
    top, bottom = _arguments(node, depth, 2)
    if (node.getattr("linethickness") or "").strip() in ("0", "0px", "0pt", "0em"):
        return f"{{{top} \\atop {bottom}}}"
    return f"\\frac{{{top}}}{{{bottom}}}"


def _root(node: DOMNode, depth: int) -> str:
    base, index = _arguments(node, depth, 2)
    return f"\\sqrt[{index}]{{{base}}}"


def _sqrt(node: DOMNode, depth: int) -> str:
    return f"\\sqrt{{{_row(node, depth)}}}"


def _fenced(node: DOMNode, depth: int) -> str:
    left, right = (_fence(node.getattr(name, default)) for name, default in (("open", "("), ("close", ")")))
    separators = "".join((node.getattr("separators", ",") or "").split())
    out = ""
    for index, child in enumerate(_elements(node)):
        if index and separators:
            out += _symbol(separators[min(index, len(separators)) - 1])
        out += _convert(child, depth)
    return f"\\left{left} {out} \\right{right}"


def _fence(text: str | None) -> str:
    return _joined([_symbol(char) for char in (text or "").strip()[:1]]) or "."


def _multiscripts(node: DOMNode, depth: int) -> str:
    children = _elements(node)
    if not children:
        return ""
    names = [name_of(child) for child in children]
    split = names.index("mprescripts") if "mprescripts" in names else len(names)
    before, after = children[split + 1 :], children[1:split]
    prefix = "{}" + _scripts(before, depth) if before else ""
    return prefix + _base(_convert(children[0], depth)) + _scripts(after, depth)


def _scripts(nodes: list[DOMNode], depth: int) -> str:
    signs = ("_", "^")
    return "".join(f"{signs[index % 2]}{{{tex}}}" for index, node in enumerate(nodes) if (tex := _convert(node, depth)))


def _first(node: DOMNode, depth: int) -> str:
    return _arguments(node, depth, 1)[0]


def _phantom(node: DOMNode, depth: int) -> str:
    return f"\\phantom{{{_row(node, depth)}}}"


def _nothing(node: DOMNode, depth: int) -> str:
    return ""


_RULES: dict[str, Callable[[DOMNode, int], str]] = {
    "mi": _identifier, "mn": _number, "mo": _operator, "mtext": _text, "ms": _text, "mspace": _space,
    "mfrac": _frac, "msqrt": _sqrt, "mroot": _root, "mfenced": _fenced, "mtable": _table,
    "msup": _sup, "msub": _sub, "msubsup": _subsup, "mover": _over, "munder": _under, "munderover": _underover,
    "mmultiscripts": _multiscripts, "semantics": _first, "maction": _first, "mphantom": _phantom,
    "annotation": _nothing, "annotation-xml": _nothing, "none": _nothing, "mprescripts": _nothing,
}  # fmt: skip
