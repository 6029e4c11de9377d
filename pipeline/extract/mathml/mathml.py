"""MathML to TeX, for formulas that come without their source.

Covers presentation MathML 3 (https://www.w3.org/TR/MathML3/chapter3.html) and, through `content`, the arithmetic core
of content MathML; unknown elements are walked through.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.extract.mathml import content, fences, tables, tokens
from pipeline.extract.mathml.mathtree import Element, bare
from pipeline.extract.mathml.tokens import MARKS, characters, escaped, joined

_LIMITS = re.compile(
    r"\\(?:sum|prod|coprod|o?i*int|big(?:cup|cap|vee|wedge|oplus|otimes|odot|uplus|sqcup)|lim|limsup|liminf|max|min|"
    r"sup|inf|det|gcd|Pr|operatorname\*\{[^{}]*\})"
)
_SINGLE = re.compile(r"\\?.|\d+|\\[a-zA-Z]+\*?(?:\{[^{}]*\})*", re.DOTALL)
_LETTERS = {r"\Pi": r"\prod", r"\Sigma": r"\sum"}
_FENCED = re.compile(r"\\right(?:[)\]|]|\\\})\Z")
_APPLY = "\u2061"
_SPACED = (r"\Longrightarrow", r"\Longleftarrow", r"\Longleftrightarrow", r"\x")
_MODULO = re.compile(r"(?:\\q?quad ?|~|\\[;:,])*\(\\(?:mathrm|operatorname)\{mod\}(?:~|\\[;:,])*([^(){}]{1,80})\)")


def to_tex(element: Element) -> str:
    """The TeX of a formula. Its braces are balanced, its depth that of the tree."""
    tex = _row(element.children) if element.name == "math" else _convert(element)
    tex = _MODULO.sub(r"\\pmod{\1}", tex).strip()
    return tex.replace(r"\mathrm{mod}", r"\bmod ")


def _convert(element: Element) -> str:
    rule = _RULES.get(element.name)
    if rule is not None:
        return rule(element)
    if content.knows(element):
        return _convert(content.presentation(element))
    return _row(element.children)


def _row(children: list[Element]) -> str:
    """A row of elements: fences find their partners, names their arguments, and blanks that TeX sets itself go."""
    pieces = [_convert(child) for child in children]
    if len(pieces) < 2:
        return "".join(pieces)
    fences.pair(children, pieces, _cell)
    for index, child in enumerate(children):
        if child.name == "mo" and child.text.strip() == _APPLY:
            _apply(pieces, index)
        elif pieces[index].startswith(_SPACED) and pieces[index - 1 : index + 2 : 2] == [r"\;", r"\;"]:
            pieces[index - 1] = pieces[index + 1] = ""
            pieces[index] = {r"\Longrightarrow": r"\implies", r"\Longleftrightarrow": r"\iff"}.get(
                pieces[index], pieces[index]
            )
    return joined(pieces)


def _apply(pieces: list[str], index: int) -> None:
    """What stands before an invisible U+2061 is a function's name; TeX sets the blanks around it."""
    if index and pieces[index - 1].startswith("\\mathrm{"):
        pieces[index - 1] = "\\operatorname" + pieces[index - 1][7:]
    for at in (index - 2, index + 1):
        if 0 <= at < len(pieces) and pieces[at] == r"\,":
            pieces[at] = ""


def _cell(element: Element) -> str:
    return _row(element.children)


def _table(element: Element) -> str:
    return tables.to_tex(element, tables.environment(element), _cell)


def _arguments(element: Element, count: int) -> list[str]:
    """The first `count` children, converted; missing ones are empty, as browsers draw them."""
    converted = [_convert(child).strip() for child in element.children[:count]]
    return converted + [""] * (count - len(converted))


def _base(element: Element, tex: str, scripts: str = "") -> str:
    """`tex`, the base of a script, in braces where TeX would take its last letter only."""
    if _SINGLE.fullmatch(tex) or (tex.startswith("\\left") and _FENCED.search(tex)):
        return tex
    base = bare(element.children[0]) if element.children else element
    if (base.name, scripts) in (("msub", "^"), ("msup", "_"), ("munder", "^"), ("mover", "_")) and "'" not in tex:
        return tex
    if tex.startswith("(") and tex.endswith(")") and tex.count("(") == 1:
        return tex
    return f"{{{tex}}}"


def _lowered(tex: str) -> str:
    return f"_{{{_stacked(tex)}}}" if tex else ""


def _stacked(tex: str) -> str:
    """Lines of conditions below a sum."""
    opening, closing = r"\begin{matrix} ", r" \end{matrix}"
    lines = tex[len(opening) : -len(closing)]
    plain = tex.startswith(opening) and tex.endswith(closing) and "&" not in lines and "\\end" not in lines
    return f"\\substack{{{lines}}}" if plain else tex


def _raised(tex: str) -> str:
    """A superscript; primes become apostrophes."""
    rest = tex.lstrip("'")
    primes = "'" * (len(tex) - len(rest))
    return primes + (f"^{{{rest}}}" if rest else "")


def _sup(element: Element) -> str:
    base, sup = _arguments(element, 2)
    return _base(element, base, "^") + _raised(sup)


def _sub(element: Element) -> str:
    base, sub = _arguments(element, 2)
    return _base(element, base, "_") + _lowered(sub)


def _subsup(element: Element) -> str:
    base, sub, sup = _arguments(element, 3)
    primed = sup.strip("'") == ""
    return _base(element, base) + (sup + _lowered(sub) if primed else _lowered(sub) + _raised(sup))


def _over(element: Element) -> str:
    base, over = _arguments(element, 2)
    if len(element.children) > 1 and element.children[1].name == "mspace":  # keeps an arrow's label apart
        return base.strip("~")
    mark = bare(element.children[1]) if len(element.children) > 1 else Element("mo")
    if tex := _accented(base, mark, MARKS["over"]):
        return tex
    if arrow := _arrow(element):
        return f"\\{arrow}{{{over}}}"
    if _LIMITS.match(base) or base.startswith("\\overbrace"):
        return f"{base}^{{{over}}}"
    return f"\\overset{{{over}}}{{{base}}}"


def _under(element: Element) -> str:
    base, under = _arguments(element, 2)
    if len(element.children) > 1 and element.children[1].name == "mspace":
        return base.strip("~")
    mark = bare(element.children[1]) if len(element.children) > 1 else Element("mo")
    if tex := _accented(base, mark, MARKS["under"]):
        return tex
    if arrow := _arrow(element):
        return f"\\{arrow}[{under}]{{}}"
    base = _limited(base)
    if _LIMITS.match(base) or base.startswith("\\underbrace"):
        return base + _lowered(under)
    return f"\\underset{{{under}}}{{{base}}}"


def _under_over(element: Element) -> str:
    base, under, over = _arguments(element, 3)
    if arrow := _arrow(element):
        return f"\\{arrow}[{under}]{{{over}}}"
    base = _limited(base)
    if _LIMITS.match(base):
        return base + _lowered(under) + _raised(over)
    return f"\\underset{{{under}}}{{\\overset{{{over}}}{{{base}}}}}"


def _limited(base: str) -> str:
    """An operator that takes its limits above and below: a name, or the letter that TtM puts for it."""
    if base in _LETTERS:
        return _LETTERS[base]
    match = re.fullmatch(r"\\(?:mathrm|operatorname)\{([a-zA-Z\\, ]{2,20})\}", base)
    return f"\\operatorname*{{{match[1]}}}" if match else base


def _accented(base: str, mark: Element, accents: dict[str, str]) -> str:
    char = mark.text.strip()
    accent = accents.get(char, "") if mark.name in ("mo", "mi", "mtext", "mn") else ""
    if not accent:
        return ""
    narrow = mark.get("stretchy") == "false" or (_SINGLE.fullmatch(base) is not None and mark.get("stretchy") != "true")
    return f"\\{accent if narrow else MARKS['wide'].get(accent, accent)}{{{base}}}"


def _arrow(element: Element) -> str:
    """The extensible arrow that a script stands over or under, or ""."""
    base = bare(element.children[0]) if element.children else element
    return MARKS["arrows"].get(base.text.strip(), "") if base.name == "mo" else ""


def _frac(element: Element) -> str:
    top, bottom = _arguments(element, 2)
    if element.get("linethickness").strip() in ("0", "0px", "0pt", "0em", "0.0pt"):
        return f"{{{top} \\atop {bottom}}}"
    if element.get("bevelled") == "true":
        return f"{{{top}}}/{{{bottom}}}"
    return f"\\frac{{{top}}}{{{bottom}}}"


def _root(element: Element) -> str:
    base, index = _arguments(element, 2)
    return f"\\sqrt[{index}]{{{base}}}" if "]" not in index else f"\\sqrt[{{{index}}}]{{{base}}}"


def _sqrt(element: Element) -> str:
    return f"\\sqrt{{{_row(element.children)}}}"


def _fenced(element: Element) -> str:
    """`mfenced` is a row with fences and separators, as the specification has it."""
    separators = "".join(element.attributes.get("separators", ",").split())
    row = [Element("mo", text=element.attributes.get("open", "("), attributes={"form": "prefix"})]
    for index, child in enumerate(element.children):
        if index and separators:
            row.append(Element("mo", text=separators[min(index, len(separators)) - 1]))
        row.append(child)
    row.append(Element("mo", text=element.attributes.get("close", ")"), attributes={"form": "postfix"}))
    return _row(row)


def _multiscripts(element: Element) -> str:
    children = element.children
    if not children:
        return ""
    names = [child.name for child in children]
    split = names.index("mprescripts") if "mprescripts" in names else len(names)
    before, after = children[split + 1 :], children[1:split]
    prefix = "{}" + _scripts(before) if before else ""
    return prefix + _base(element, _arguments(element, 1)[0]) + _scripts(after)


def _scripts(elements: list[Element]) -> str:
    """Pairs of subscript and superscript; a second pair needs an empty base of its own."""
    pairs = [elements[at : at + 2] for at in range(0, len(elements), 2)]
    texs = [
        "".join(write(_convert(one)) for write, one in zip((_lowered, _raised), pair, strict=False)) for pair in pairs
    ]
    return "{}".join(filter(None, texs))


def _style(element: Element) -> str:
    inner = bare(element)
    display = {"true": "\\dfrac", "false": "\\tfrac"}.get(element.get("displaystyle"), "")
    tex = _row(element.children)
    if inner.name == "mfrac" and display and tex.startswith("\\frac"):
        return display + tex[5:]
    variant = tokens.VARIANTS.get(element.get("mathvariant").strip().lower())
    return f"\\{variant}{{{tex}}}" if variant and tex else tex


def _enclosed(element: Element) -> str:
    tex = _row(element.children)
    notation = " ".join(element.attributes.get("notation", "longdiv").split())
    if command := MARKS["enclosures"].get(notation):
        return f"\\{command}{{{tex}}}"
    return f"\\enclose{{{characters(notation)}}}{{{tex}}}" if notation.isalpha() else tex


def _text(element: Element) -> str:
    return joined([_convert(child) for child in element.children]) if element.children else tokens.text(element)


def _string(element: Element) -> str:
    quotes = [element.attributes.get(side, '"') for side in ("lquote", "rquote")]
    return f"\\text{{{escaped(quotes[0] + element.text.strip() + quotes[1])}}}"


def _action(element: Element) -> str:
    selection = element.get("selection")
    index = int(selection) if selection.isascii() and selection.isdigit() and len(selection) < 4 else 1
    return _convert(element.children[min(index, len(element.children)) - 1]) if element.children and index else ""


def _first(element: Element) -> str:
    return _convert(element.children[0]) if element.children else ""


def _group(element: Element) -> str:
    """A row; Temml draws `\\boxed` as one with a border."""
    tex = _row(element.children)
    return f"\\boxed{{{tex}}}" if "border:" in element.get("style").replace(" ", "") else tex


def _phantom(element: Element) -> str:
    return f"\\phantom{{{_row(element.children)}}}"


def _verbatim(element: Element) -> str:
    """The source of a part that is known."""
    return element.text


def _nothing(element: Element) -> str:
    return ""


_RULES: dict[str, Callable[[Element], str]] = {
    "mi": tokens.identifier, "mn": tokens.number, "mo": tokens.operator, "mtext": _text, "ms": _string,
    "mspace": tokens.space, "mfrac": _frac, "msqrt": _sqrt, "mroot": _root, "mfenced": _fenced, "mtable": _table,
    "msup": _sup, "msub": _sub, "msubsup": _subsup, "mover": _over, "munder": _under, "munderover": _under_over,
    "mmultiscripts": _multiscripts, "mstyle": _style, "menclose": _enclosed, "semantics": _first, "maction": _action,
    "mphantom": _phantom, "annotation": _nothing, "annotation-xml": _nothing, "none": _nothing,
    "mprescripts": _nothing, "mrow": _group, "tex": _verbatim, "malignmark": _nothing, "maligngroup": _nothing,
}  # fmt: skip
