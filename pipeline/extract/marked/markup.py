"""The names by which elements say that they are mathematics: data, from `markup.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources
from itertools import chain
from typing import Any

from pipeline.extract.mathml.tokens import FUNCTIONS

LONGEST_CLASS = 500
"""Characters of a class attribute that are looked at, so that what is remembered of them stays small."""

MARKUP: dict[str, Any] = tomllib.loads((resources.files("pipeline.extract.marked") / "markup.toml").read_text("utf-8"))
ROLES: dict[str, str] = {name: role for role, names in MARKUP["classes"].items() for name in names}
ELEMENTS: dict[str, str] = MARKUP["elements"]
ATTRIBUTES: dict[str, list[str]] = MARKUP["attributes"]
ATTRIBUTE_NAMES = frozenset(chain.from_iterable(ATTRIBUTES.values()))

TEX = re.compile(r"\\[a-zA-Z{}|,;!%#&$]|[_^]\{|[a-zA-Z0-9)\]}][_^][a-zA-Z0-9{\\]")
"""What hardly anything but TeX contains."""
_HINTS = "|".join(MARKUP["words"]["hints"])
_HINTED = re.compile(rf"(?:^|[-_])(?:{_HINTS})(?:$|[-_])", re.IGNORECASE)
_DISPLAYED = re.compile(rf"\s*\\begin\{{(?:{'|'.join(MARKUP['words']['displayed'])})\*?\}}")
_WRAPPED = re.compile(r"\s*\\begin\{(displaymath|math)\}(.*)\\end\{\1\}\s*", re.DOTALL)
_EQUATION_NUMBER = re.compile(r"[(\[]\s*(?:[A-Z]\.?)?\d+(?:[.\-]\d+)*[a-z]?\s*[)\]]")
_COMMAND = re.compile(r"\\[a-zA-Z]+\*?|\\(?:text|mathrm|operatorname|label|begin|end)[a-z]*\*?\{[^{}]*\}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_SIGN = re.compile(r"[-+=<>/*|()\[\]^_×÷±·¬←-⇿∀-⋿⟀-⟯⟵-⟿⨀-⫿]")
_NUMBER = re.compile(r"[-+−]?\d[\d.,]*[a-zA-Z]?%?")
_LOGOS = frozenset(("tex", "latex", "mathjax", "katex", "mathml"))


@lru_cache(maxsize=8192)
def role(classes: str) -> str:
    """The role of the classes of an element, or ""; a name that is certain goes before one that is only likely."""
    names = classes[:LONGEST_CLASS].split()
    roles = [ROLES[name] for name in names if name in ROLES]
    if not roles:
        return "likely" if any(map(_HINTED.search, names)) else ""
    return next((role for role in roles if role != "likely"), "likely")


@lru_cache(maxsize=1024)
def element_role(tag: str) -> str:
    """The role of an element by its name, or ""; an unknown one such as `math-span` holds the source of a formula."""
    return ELEMENTS.get(tag) or ("source" if "-" in tag and _HINTED.search(tag) else "")


def is_displayed(tex: str) -> bool:
    """Whether a formula begins an environment that is displayed wherever it stands."""
    return _DISPLAYED.match(tex) is not None


def unwrapped(tex: str) -> str:
    """TeX without an environment around it that only says where it stands."""
    match = _WRAPPED.fullmatch(tex)
    return match[2] if match else tex


def looks_like_tex(text: str) -> bool:
    """Whether a text reads as a formula rather than as words."""
    text = text.strip()
    if not text or text.lower() in _LOGOS or _EQUATION_NUMBER.fullmatch(text):
        return False
    words = [word for word in _WORD.findall(_COMMAND.sub(" ", text)) if word not in FUNCTIONS]
    if TEX.search(text):
        return len(words) < 4 or len(words) * 12 < len(text)
    return (
        not words
        and len(text) < 200
        and (len(text) < 4 or _SIGN.search(text) is not None or _NUMBER.fullmatch(text) is not None)
    )
