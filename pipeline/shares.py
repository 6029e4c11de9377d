"""What a weight means: shares of the training sequences, the tokens that come of a budget, and epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from manifests.sections import Mixture
from pipeline.blend import apportion

MEANING = """\
A weight is a sampling share: of all training sequences, the share that is drawn from a source, however large it is.
A group's weight is spread over its sources in proportion to their tokens.
A source that was given no weight keeps its natural share, which is its share of all training tokens; the others divide
the rest in proportion to their weights. A source's share is spread over its shards in proportion to their tokens.
Epochs say how often each token of a source is seen on the way through the budget.
"""


@dataclass(frozen=True)
class Share:
    """One source's part in the mixture."""

    source: str
    tokens: int
    """Tokens that it has for training."""
    natural_share: float
    """Its share of all training tokens."""
    weight: float | None
    """The weight that was asked for, on any scale; of a group's, the part that falls to this source."""
    share: float
    """Share of training sequences that are drawn from it."""
    budget_tokens: int
    """Tokens of it that are seen on the way through the budget."""
    epochs: float
    """How often each of its tokens is seen meanwhile."""


def mix(tokens: Mapping[str, int], mixture: Mixture) -> list[Share]:
    """The part of every source in the mixture, given its training tokens.

    Raises ValueError if there is nothing to draw from.
    """
    total = sum(tokens.values())
    natural = {source: count / total if total else 0.0 for source, count in tokens.items()}
    weights = weights_by_source(tokens, mixture)
    shares = effective_shares(natural, weights)
    if total and not any(shares.values()):
        raise ValueError("mixture.weights leaves no source to draw from: give one that has tokens a weight above 0")
    seen = dict(zip(shares, apportion(list(shares.values()), mixture.budget or total), strict=True))
    return [
        _share(source, count, natural[source], weights.get(source), shares[source], seen[source])
        for source, count in tokens.items()
    ]


def weights_by_source(tokens: Mapping[str, int], mixture: Mixture) -> dict[str, float]:
    """The weights of single sources, those of groups spread over their members by tokens."""
    weights = {name: weight for name, weight in mixture.weights.items() if name not in mixture.groups}
    for name, members in mixture.groups.items():
        of_group = sum(tokens.get(source, 0) for source in members) or 1
        weights |= {source: mixture.weights[name] * tokens.get(source, 0) / of_group for source in members}
    return weights


def _share(source: str, tokens: int, natural: float, weight: float | None, share: float, seen: int) -> Share:
    return Share(
        source=source,
        tokens=tokens,
        natural_share=significant(natural),
        weight=None if weight is None else significant(weight),
        share=significant(share),
        budget_tokens=seen,
        epochs=significant(seen / tokens if tokens else 0.0),
    )


def effective_shares(natural: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Shares that add up to 1 (or are all 0). A source without tokens gets none, whatever its weight."""
    weighed = {source: weights[source] for source in natural if source in weights and natural[source]}
    scale = sum(natural[source] for source in weighed) / (sum(weighed.values()) or 1.0)
    shares = {source: weighed[source] * scale if source in weighed else share for source, share in natural.items()}
    total = sum(shares.values()) or 1.0
    return {source: share / total for source, share in shares.items()}


def significant(number: float) -> float:
    """Six significant digits: what is read by people, and equal on all machines."""
    return float(f"{number:.6g}")


def table(shares: Sequence[Share]) -> str:
    """The mixture for people."""
    width = max([len(share.source) for share in shares] + [len("source")])
    head = (
        f"{'source':{width}} {'tokens':>16} {'natural':>8} {'weight':>8} {'share':>8} {'in budget':>16} {'epochs':>8}"
    )
    rows = (
        f"{share.source:{width}} {share.tokens:>16,} {share.natural_share:>8.2%} "
        f"{'-' if share.weight is None else format(share.weight, '.4g'):>8} {share.share:>8.2%} "
        f"{share.budget_tokens:>16,} {share.epochs:>8.3g}"
        for share in shares
    )
    return "\n".join([head, *rows, _sum(shares, width)])


def _sum(shares: Sequence[Share], width: int) -> str:
    tokens, seen = (sum(getattr(share, name) for share in shares) for name in ("tokens", "budget_tokens"))
    return f"{'all':{width}} {tokens:>16,} {'':>8} {'':>8} {'':>8} {seen:>16,} {seen / tokens if tokens else 0:>8.3g}"
