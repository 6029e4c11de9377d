"""How the published code cut held-out theorems out of formal proofs: too few in Lean, too many in Isabelle.

math-lm process_github.py, `transform_lean` and `transform_isabelle`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_PARAGRAPH = "\n\n"


def one_name_a_file(theorems: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of a benchmark's theorems, by file and full name, the last of each file: a dictionary held them."""
    return dict(theorems)


def cut_lean(text: str, path: str, names: Mapping[str, str]) -> str:
    """Without the benchmark's theorem of the file whose path is part of this path.

    It goes up to the next blank line, where its name is followed by a blank, once as `theorem` and once as `lemma`. The
    full name is never tried, only its endings, and so no name without a dot.
    """
    for file, name in names.items():
        if file not in path:
            continue
        parts = name.split(".")
        for keyword in ("theorem", "lemma"):
            endings = (f"{keyword} {'.'.join(parts[-count:])} " for count in range(1, len(parts)))
            found = next((ending for ending in endings if ending in text), None)
            if found:
                text = _cut_first(text, found)
    return text


def isabelle_names(statements: Iterable[str]) -> tuple[str, ...]:
    """What was looked for of a benchmark's statements: all before the first colon, and a colon.

    Of an unnamed lemma that is `lemma [simp]:`. They came in the order of a set of strings, which differs from run to
    run; here they are sorted.
    """
    return tuple(sorted({statement.partition(":")[0] + ":" for statement in statements}))


def cut_isabelle(text: str, names: Iterable[str]) -> str:
    """Without the first place of each name, up to the next blank line, whatever it is the name of."""
    for name in names:
        if name in text:
            text = _cut_first(text, name)
    return text


def _cut_first(text: str, name: str) -> str:
    start = text.find(name)
    end = text.find(_PARAGRAPH, start)
    return text[:start] + (text[end:] if end >= 0 else "")
