"""What a trainer is told: how many tokens there are, and how often to draw from which source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from manifests import Receipt, Total
from manifests.manifest import Mixture
from pipeline.stage import Bench, Unit
from pipeline.stages.split import SPLITS, TRAIN

MEANING = """\
A weight is a sampling share: of all training sequences, the share that is drawn from a source, however large it is.
A source that was given no weight keeps its natural share, which is its share of all training tokens; the others divide
the rest in proportion to their weights. A source's share is spread over its shards in proportion to their tokens.
Epochs say how often each token of a source is seen on the way through the budget.
"""

TOKENS = "tokens/"
"""What the stages that write token shards have before the source in their names."""

DATASETS = {"train": "train", "validation": "valid", "test": "test"}
"""What GPT-NeoX calls the splits."""


@dataclass(frozen=True)
class MixtureStage:
    """Totals, the mixture and the trainers' own files, in `release/`. There is one unit."""

    sources: tuple[str, ...]
    """Names of the sources."""
    mixture: Mixture = field(default_factory=Mixture)

    @property
    def name(self) -> str:
        return "release/mixture"

    @property
    def stands_on(self) -> tuple[str, ...]:
        return tuple(TOKENS + source for source in self.sources)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for stage in self.stands_on for receipt in done[stage]))

    def run(self, unit: Unit, bench: Bench) -> None:
        shares = mix(train_tokens(unit.upstream), self.mixture)
        shards = list(token_shards(unit.upstream))
        datasets = {split: weigh([shard for shard in shards if shard.split == split], shares) for split in SPLITS}
        release = {
            "totals.json": to_json([describe(*item) for item in sum_totals(unit.upstream).items()]),
            "mixture.json": to_json([asdict(share) for share in shares]),
            "mixture.yml": neox_yaml(shares, datasets),
            "megatron.txt": megatron_line(datasets[TRAIN]),
        }
        for name, text in release.items():
            bench.path(f"release/{name}").write_text(text, "utf-8")


@dataclass(frozen=True)
class Share:
    """One source's part in the mixture."""

    source: str
    tokens: int
    """Tokens that it has for training."""
    natural_share: float
    """Its share of all training tokens."""
    weight: float | None
    """The weight that was asked for, on any scale."""
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
    shares = effective_shares(natural, mixture.weights)
    if total and not any(shares.values()):
        raise ValueError("mixture.weights leaves no source to draw from: give one that has tokens a weight above 0")
    budget = mixture.budget or total
    return [
        _share(source, count, natural[source], mixture.weights.get(source), shares[source], budget)
        for source, count in tokens.items()
    ]


def _share(source: str, tokens: int, natural: float, weight: float | None, share: float, budget: int) -> Share:
    seen = share * budget
    return Share(
        source=source,
        tokens=tokens,
        natural_share=_significant(natural),
        weight=weight,
        share=_significant(share),
        budget_tokens=round(seen),
        epochs=_significant(seen / tokens if tokens else 0.0),
    )


def effective_shares(natural: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Shares that add up to 1 (or are all 0). A source without tokens gets none, whatever its weight."""
    weighed = {source: weights[source] for source in natural if source in weights and natural[source]}
    scale = sum(natural[source] for source in weighed) / (sum(weighed.values()) or 1.0)
    shares = {source: weighed[source] * scale if source in weighed else share for source, share in natural.items()}
    total = sum(shares.values()) or 1.0
    return {source: share / total for source, share in shares.items()}


@dataclass(frozen=True)
class Shard:
    """One `.bin/.idx` pair."""

    source: str
    split: str
    prefix: str
    """Its path in the run folder without the ending, which is what trainers are given."""
    tokens: int


def token_shards(receipts: Iterable[Receipt]) -> Iterator[Shard]:
    """The shards that the receipts of the tokens stages list, in their order."""
    for receipt in receipts:
        counts = _tokens_by_split(receipt)
        source = receipt.stage.removeprefix(TOKENS)
        for file in receipt.files:
            if file.path.endswith(".bin"):
                split = file.path.removeprefix(f"{receipt.stage}/").partition("/")[0]
                yield Shard(source, split, file.path.removesuffix(".bin"), counts[split])


def _tokens_by_split(receipt: Receipt) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, total in receipt.totals.items():
        counts[name.rpartition("/")[2]] += total.tokens
    return counts


def sum_totals(receipts: Iterable[Receipt]) -> dict[str, Total]:
    """Totals by `source/subset/split`, sorted."""
    totals: dict[str, Total] = {}
    for receipt in receipts:
        for name, total in receipt.totals.items():
            totals[name] = totals.get(name, Total()) + total
    return dict(sorted(totals.items()))


def train_tokens(receipts: Iterable[Receipt]) -> dict[str, int]:
    """Training tokens by source; a source that has none is named, too."""
    tokens: dict[str, int] = {}
    for receipt in receipts:
        source = receipt.stage.removeprefix(TOKENS)
        tokens[source] = tokens.get(source, 0) + _tokens_by_split(receipt).get(TRAIN, 0)
    return tokens


def describe(name: str, total: Total) -> dict[str, Any]:
    """A row of `totals.json`; a subset may itself have slashes."""
    source, _, rest = name.partition("/")
    subset, _, split = rest.rpartition("/")
    return {"source": source, "subset": subset, "split": split, **total.model_dump()}


def weigh(shards: Sequence[Shard], shares: Iterable[Share]) -> list[tuple[str, float]]:
    """Prefix and weight of every shard of one split that is drawn from; the weights add up to 1."""
    by_source = {share.source: share.share for share in shares}
    tokens = {source: sum(shard.tokens for shard in shards if shard.source == source) for source in by_source}
    present = sum(by_source[source] for source in by_source if tokens[source])
    return [
        (shard.prefix, _significant(by_source[shard.source] / present * shard.tokens / tokens[shard.source]))
        for shard in shards
        if by_source[shard.source]
    ]


def _significant(number: float) -> float:
    """Six significant digits: what is read by people, and equal on all machines."""
    return float(f"{number:.6g}")


def to_json(content: object) -> str:
    """JSON for people and for diffs."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def neox_yaml(shares: Sequence[Share], datasets: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """A GPT-NeoX configuration of the data; the paths start at the run folder."""
    comment = MEANING + "Paths start at the run folder: start the trainer there.\n\n" + table(shares)
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    for split, shards in datasets.items():
        lines += ["", *_yaml_list(f"{DATASETS[split]}-data-paths", (prefix for prefix, _ in shards))]
        lines += _yaml_list(f"{DATASETS[split]}-data-weights", (weight for _, weight in shards))
    return "\n".join(lines) + "\n"


def _yaml_list(name: str, items: Iterable[str | float]) -> list[str]:
    lines = [f"  - {json.dumps(item)}" for item in items]  # JSON is YAML, and quotes whatever needs it
    return [f"{name}:", *lines] if lines else [f"{name}: []"]


def table(shares: Sequence[Share]) -> str:
    """The mixture for people."""
    width = max([len(share.source) for share in shares] + [len("source")])
    head = (
        f"{'source':{width}} {'tokens':>16} {'natural':>8} {'weight':>8} {'share':>8} {'in budget':>16} {'epochs':>8}"
    )
    rows = (
        f"{share.source:{width}} {share.tokens:>16,} {share.natural_share:>8.2%} "
        f"{'-' if share.weight is None else format(share.weight, 'g'):>8} {share.share:>8.2%} "
        f"{share.budget_tokens:>16,} {share.epochs:>8.3g}"
        for share in shares
    )
    return "\n".join([head, *rows])


def megatron_line(shards: Sequence[tuple[str, float]]) -> str:
    """The arguments that give Megatron-LM the training shards and their weights."""
    return " ".join(["--data-path", *(f"{weight!r} {prefix}" for prefix, weight in shards)]) + "\n"
