"""What an audit can see at all: of each benchmark and method how many parts, and which not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from filters.contamination.audit import METHODS, OWN, Index


@dataclass(frozen=True)
class Coverage:
    """How many parts of a benchmark a method can see at all."""

    benchmark: str
    part: str
    method: str
    """Or `own`, for what at least one of our own methods sees."""
    seen: int
    of: int


def coverage(found: Index) -> list[Coverage]:
    """By benchmark, part and method."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for part in found.parts:
        totals[part.benchmark, part.role] += 1
    seen = _seen(found)
    rows: dict[tuple[str, str, str], int] = defaultdict(int)
    for method, parts in seen.items():
        for number in parts:
            rows[found.parts[number].benchmark, found.parts[number].role, method] += 1
    return [Coverage(*key, method, rows[*key, method], of) for key, of in totals.items() for method in seen]


def unseen(found: Index) -> Iterator[dict[str, Any]]:
    """The parts that some method cannot see, each with all that cannot."""
    seen = _seen(found)
    for number, part in enumerate(found.parts):
        blind = [method for method, parts in seen.items() if number not in parts]
        if blind:
            yield {"benchmark": part.benchmark, "item": part.item, "part": part.role, "unseen_by": blind}


def _seen(found: Index) -> dict[str, set[int]]:
    seen = {method: set(found.seen(method)) for method in METHODS}
    return seen | {"own": set().union(*(seen[method] for method in OWN))}
