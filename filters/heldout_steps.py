"""Proof steps: the goals of Lean proofs, and Isabelle's theorems with theirs, as the published corpora write them."""

from __future__ import annotations

import re

from filters import heldout_isabelle
from filters.heldout_mask import Declaration, Masked

_GOAL = re.compile(r"\[GOAL\](?P<statement>.*?)(?=\[PROOFSTEP\]|\[GOAL\]|\Z)", re.DOTALL)
_STATEMENT = re.compile(
    r"\[STATEMENT\](?P<statement>.*?)(?=\[PROOF STATE\]|\[PROOF STEP\]|\[STATEMENT\]|\Z)", re.DOTALL
)


def lean_steps(text: str) -> tuple[Masked, list[Declaration]]:
    """`[GOAL] … [PROOFSTEP] …`: each goal with the step taken there."""
    source = "\n" + text
    found = list(_GOAL.finditer(source))
    ends = [one.start() for one in found[1:]] + [len(source)]
    steps = [
        Declaration("", one.start(), end, "".join(one["statement"].split()), "goal")
        for one, end in zip(found, ends, strict=False)
    ]
    return Masked(source, source, ()), steps


def isabelle_steps(text: str) -> tuple[Masked, list[Declaration]]:
    """`[STATEMENT] … [PROOF STATE] … [PROOF STEP] …`: each theorem with all of its proof."""
    source = "\n" + text
    found = list(_STATEMENT.finditer(source))
    ends = [one.start() for one in found[1:]] + [len(source)]
    theorems = []
    for one, end in zip(found, ends, strict=False):
        for stated in heldout_isabelle.declarations(one["statement"])[1][:1]:
            theorems.append(Declaration(stated.name, one.start(), end, stated.statement))
    return Masked(source, source, ()), theorems
