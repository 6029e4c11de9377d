"""Content MathML to presentation MathML: the arithmetic core (https://www.w3.org/TR/MathML3/chapter4.html)."""

from __future__ import annotations

from pipeline.extract.mathml.mathtree import Element

_INFIX = {
    "eq": "=", "neq": "≠", "lt": "<", "gt": ">", "leq": "≤", "geq": "≥", "equivalent": "≡", "approx": "≈", "in": "∈",
    "notin": "∉", "subset": "⊆", "prsubset": "⊂", "implies": "⟹", "tendsto": "→", "plus": "+", "or": "∨",
    "union": "∪", "setdiff": "∖", "minus": "-", "times": "", "and": "∧", "intersect": "∩", "cartesianproduct": "×",
    "vectorproduct": "×", "scalarproduct": "⋅", "outerproduct": "⊗", "compose": "∘", "factorof": "∣",
}  # fmt: skip
"""Operators that stand between their operands."""
_SUMS = frozenset(("plus", "minus", "or", "union", "setdiff"))
_PRODUCTS = frozenset(
    ("times", "and", "intersect", "cartesianproduct", "vectorproduct", "scalarproduct", "outerproduct")
)
_FENCES = {"abs": "||", "floor": "⌊⌋", "ceiling": "⌈⌉", "card": "||", "set": "{}", "list": "[]", "vector": "()"}
_BIG = {"sum": "∑", "product": "∏", "int": "∫", "limit": "lim"}
_SYMBOLS = {
    "pi": "π", "infinity": "∞", "exponentiale": "e", "imaginaryi": "i", "emptyset": "∅", "naturalnumbers": "ℕ",
    "integers": "ℤ", "rationals": "ℚ", "reals": "ℝ", "complexes": "ℂ", "primes": "ℙ", "eulergamma": "γ", "true": "true",
    "false": "false", "grad": "∇", "curl": "∇×", "divergence": "∇⋅", "laplacian": "∇²", "not": "¬", "real": "ℜ",
    "imaginary": "ℑ", "forall": "∀", "exists": "∃",
}  # fmt: skip
_OTHERS = frozenset(
    ("apply", "reln", "ci", "cn", "csymbol", "matrix", "matrixrow", "interval", "piecewise", "bind", "bvar")
)


def knows(element: Element) -> bool:
    """Whether an element is of content MathML."""
    return element.name in _OTHERS or element.name in _SYMBOLS or element.name in _FENCES or element.name in _INFIX


def presentation(element: Element) -> Element:
    """How content is usually written."""
    name, children = element.name, element.children
    if name in ("apply", "reln", "bind"):
        return _apply(children[0], children[1:]) if children else Element("mrow")
    if name == "cn":
        return _number(element)
    if name in ("ci", "csymbol"):
        return Element("mrow", children) if children else Element("mi", text=element.text)
    if name == "matrix":
        return _fenced("()", [_matrix(children)])
    if name == "piecewise":
        return Element("mrow", [_operator("{"), _pieces(children)])
    if name == "interval":
        return _fenced(_ends(element.get("closure")), children, ",")
    if name in _FENCES:
        return _fenced(_FENCES[name], children, ",")
    if name == "bvar":
        return Element("mrow", children[:1])
    return Element("mi", text=_SYMBOLS.get(name) or _INFIX.get(name) or name)


def _operator(text: str) -> Element:
    return Element("mo", text=text)


def _number(element: Element) -> Element:
    """A number; `sep` divides the two parts of a fraction or of one with an exponent."""
    parts = [child.text.strip() for child in element.children if child.name == "mtext" and child.text.strip()]
    if len(parts) != 2:
        return Element("mn", text=element.text)
    first, second = (Element("mn", text=part) for part in parts)
    if element.get("type") == "rational":
        return Element("mfrac", [first, second])
    power = Element("msup", [Element("mn", text="10"), second])
    return Element("mrow", [first, _operator("×"), power])


def _fenced(fences: str, elements: list[Element], separator: str = "") -> Element:
    return Element("mrow", [_operator(fences[0]), *_between(elements, separator), _operator(fences[1])])


def _between(elements: list[Element], separator: str) -> list[Element]:
    row: list[Element] = []
    for index, element in enumerate(elements):
        if index and separator:
            row.append(_operator(separator))
        row.append(element)
    return row


def _ends(closure: str) -> str:
    return {"open": "()", "open-closed": "(]", "closed-open": "[)"}.get(closure, "[]")


def _matrix(rows: list[Element]) -> Element:
    return Element("mtable", [Element("mtr", [Element("mtd", [cell]) for cell in row.children]) for row in rows])


def _pieces(pieces: list[Element]) -> Element:
    rows = []
    for piece in pieces:
        if piece.name == "otherwise":
            cells = [*piece.children[:1], Element("mtext", text="otherwise")]
        else:
            cells = piece.children[:2]
        rows.append(Element("mtr", [Element("mtd", [cell]) for cell in cells]))
    return Element("mtable", rows)


def _apply(head: Element, rest: list[Element]) -> Element:
    name = head.name
    qualifiers = {one.name: one for one in rest if one.name in _QUALIFIERS}
    operands = [one for one in rest if one.name not in _QUALIFIERS]
    if name in _BIG:
        return _big(name, qualifiers, operands)
    if name in ("divide", "power", "root", "diff", "partialdiff", "factorial", "exp", "log", "inverse", "transpose"):
        return _arithmetic(name, qualifiers, operands)
    if name in _INFIX and (operands or name in ("plus", "times")):
        return _infix(name, operands)
    if name in _FENCES:
        return _fenced(_FENCES[name], operands, ",")
    if name in ("forall", "exists", "lambda"):
        sign = _operator({"forall": "∀", "exists": "∃"}.get(name, "λ"))
        bound = [one for one in rest if one.name == "bvar"]
        return Element("mrow", [sign, *_between(bound, ","), _operator("."), *operands])
    return _call(head, operands)


_QUALIFIERS = frozenset(("bvar", "lowlimit", "uplimit", "condition", "degree", "logbase", "domainofapplication"))


def _infix(name: str, operands: list[Element]) -> Element:
    operands = [_guarded(one, name) for one in operands]
    if len(operands) == 1 and name == "minus":
        return Element("mrow", [_operator("-"), *operands])
    sign = _INFIX[name]
    if name == "times" and any(one.name == "cn" for one in operands[1:]):
        sign = "⋅"
    return Element("mrow", _between(operands, sign))


def _guarded(operand: Element, outer: str) -> Element:
    """An operand in parentheses where it binds less tightly than the operator around it."""
    inner = operand.children[0].name if operand.name == "apply" and operand.children else ""
    loose = inner in _SUMS and (outer in _PRODUCTS or outer in ("minus", "power", "factorial"))
    if loose or (outer == "power" and inner):
        return _fenced("()", [operand])
    return operand


def _call(head: Element, operands: list[Element]) -> Element:
    """A function of its arguments; the elements of content MathML are called as their functions are."""
    name = Element("mi", text=head.name) if not knows(head) and not head.children else head
    if head.name in _SYMBOLS:
        return Element("mrow", [name, *operands])
    return Element("mrow", [name, _fenced("()", operands, ",")])


def _big(name: str, qualifiers: dict[str, Element], operands: list[Element]) -> Element:
    sign = Element("mi" if name == "limit" else "mo", text=_BIG[name])
    variable = qualifiers.get("bvar", Element("mrow"))
    low = qualifiers.get("lowlimit") or qualifiers.get("condition") or qualifiers.get("domainofapplication")
    low_row = Element("mrow", low.children if low else [])
    if name in ("sum", "product", "limit") and "lowlimit" in qualifiers:
        relation = _operator("→" if name == "limit" else "=")
        low_row = Element("mrow", [variable, relation, low_row])
    high = qualifiers.get("uplimit")
    limits = [sign, low_row, Element("mrow", high.children)] if high else [sign, low_row]
    drawn = Element("munderover" if high else "munder", limits) if low or high else sign
    ending = (
        [Element("mspace", attributes={"width": "0.17em"}), Element("mi", text="d"), variable] if name == "int" else []
    )
    return Element("mrow", [drawn, *operands, *ending])


def _arithmetic(name: str, qualifiers: dict[str, Element], operands: list[Element]) -> Element:
    first, second = [*operands, Element("mrow"), Element("mrow")][:2]
    degree = Element("mrow", qualifiers["degree"].children) if "degree" in qualifiers else None
    if name == "divide":
        return Element("mfrac", [first, second])
    if name == "root":
        return Element("mroot", [first, degree]) if degree else Element("msqrt", [first])
    if name in ("diff", "partialdiff"):
        sign = Element("mi", text="d" if name == "diff" else "∂")
        below = Element("mrow", [sign, qualifiers["bvar"]]) if "bvar" in qualifiers else Element("mrow", [sign])
        return Element("mrow", [Element("mfrac", [sign, below]), first])
    if name == "exp":
        return Element("msup", [Element("mi", text="e"), first])
    if name == "log":
        base = qualifiers.get("logbase")
        sign = Element("mi", text="log")
        sign = Element("msub", [sign, Element("mrow", base.children)]) if base else sign
        return Element("mrow", [sign, first])
    if name == "factorial":
        return Element("mrow", [_guarded(first, name), _operator("!")])
    raised = {"inverse": Element("mn", text="-1"), "transpose": Element("mi", text="T")}.get(name, second)
    return Element("msup", [_guarded(first, "power"), raised])
