"""What a trainer is told: how many tokens there are, and how often to draw from which source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from manifests import File, Receipt, Total
from manifests.sections import Mixture
from pipeline.shares import MEANING, Share, mix, significant, table
from pipeline.stage import Bench, Unit
from pipeline.stages.card import card, parts
from pipeline.stages.split import SPLITS, TRAIN

MIXTURE_STAGE = "release/mixture"
TOKENS = "tokens/"
"""What the stages that write token shards have before the source in their names."""

DATASETS = {"train": "train", "validation": "valid", "test": "test"}
"""What GPT-NeoX and Megatron-LM call the splits."""

NEOX_DATASETS = 254
"""GPT-NeoX counts the data sets of a split in one byte and refuses more; Megatron-LM takes 32,766."""


@dataclass(frozen=True)
class MixtureStage:
    """Totals, the data card, the mixture and the trainers' own files, in `release/`. There is one unit."""

    sources: tuple[str, ...]
    """Names of the sources."""
    mixture: Mixture = field(default_factory=Mixture)

    @property
    def name(self) -> str:
        return MIXTURE_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return tuple(TOKENS + source for source in self.sources)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for stage in self.stands_on for receipt in done[stage]))

    def run(self, unit: Unit, bench: Bench) -> None:
        shares = mix(train_tokens(unit.upstream), self.mixture)
        shards = list(token_shards(unit.upstream))
        datasets = {split: weigh([shard for shard in shards if shard.split == split], shares) for split in SPLITS}
        totals = sum_totals(unit.upstream)
        release = {
            "README.md": card(totals, shares),
            "totals.json": to_json([describe(*item) for item in totals.items()]),
            "mixture.json": to_json([asdict(share) for share in shares]),
            "mixture.yml": neox_yaml(shares, datasets),
            "megatron.txt": megatron_line(datasets),
        }
        for name, text in release.items():
            bench.path(f"release/{name}").write_text(text, "utf-8")


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
        counts, sizes = _tokens_by_split(receipt), Counter[str]()
        files = [(file, split_of_file(receipt, file)) for file in receipt.files if file.path.endswith(".bin")]
        for file, split in files:
            sizes[split] += file.size
        source = receipt.stage.removeprefix(TOKENS)
        for file, split in files:
            # all ids of a series are as wide
            tokens = counts[split] * file.size // (sizes[split] or 1)
            yield Shard(source, split, file.path.removesuffix(".bin"), tokens)


def split_of_file(receipt: Receipt, file: File) -> str:
    """The split that a file of a tokens stage belongs to."""
    return file.path.removeprefix(f"{receipt.stage}/").partition("/")[0]


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
    """A row of `totals.json`."""
    source, subset, split = parts(name)
    return {"source": source, "subset": subset, "split": split, **total.model_dump()}


def weigh(shards: Sequence[Shard], shares: Iterable[Share]) -> list[tuple[str, float]]:
    """Prefix and weight of every shard of one split that is drawn from; the weights add up to 1."""
    by_source = {share.source: share.share for share in shares}
    tokens = {source: sum(shard.tokens for shard in shards if shard.source == source) for source in by_source}
    present = sum(by_source[source] for source in by_source if tokens[source])
    return [
        (shard.prefix, significant(by_source[shard.source] / present * shard.tokens / tokens[shard.source]))
        for shard in shards
        if by_source[shard.source]
    ]


def to_json(content: object) -> str:
    """JSON for people and for diffs."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


Datasets = Mapping[str, Sequence[tuple[str, float]]]
"""Prefix and weight of the shards of each split."""


def neox_yaml(shares: Sequence[Share], datasets: Datasets) -> str:
    """A GPT-NeoX configuration of the data; the paths start at the run folder.

    GPT-NeoX wants all three splits, none of them empty: where a split has no documents, the one before it stands in.
    """
    comment = MEANING + "Paths start at the run folder: start the trainer there.\n\n" + table(shares)
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    shards: Sequence[tuple[str, float]] = ()
    for split, name in DATASETS.items():
        lines += ["", *_warnings(split, datasets[split])]
        shards = datasets[split] or shards
        lines += _yaml_list(f"{name}-data-paths", (json.dumps(prefix) for prefix, _ in shards))  # JSON is YAML
        lines += _yaml_list(f"{name}-data-weights", (_decimal(weight) for _, weight in shards))
    return "\n".join(lines) + "\n"


def _warnings(split: str, shards: Sequence[tuple[str, float]]) -> Iterator[str]:
    if not shards:
        yield f"# No document is in the split {split}: GPT-NeoX refuses an empty list, so the split before stands in."
    if len(shards) > NEOX_DATASETS:
        yield f"# These are {len(shards)} data sets; GPT-NeoX takes {NEOX_DATASETS}: make larger shards, or pack them."


def _decimal(weight: float) -> str:
    """Without an exponent: PyYAML, by which GPT-NeoX reads, takes `1e-05` for a word."""
    return np.format_float_positional(weight, trim="0")


def _yaml_list(name: str, items: Iterable[str]) -> list[str]:
    lines = [f"  - {item}" for item in items]
    return [f"{name}:", *lines] if lines else [f"{name}: []"]


def megatron_line(datasets: Datasets) -> str:
    """The arguments that give Megatron-LM the shards of each split and their weights.

    Not `--data-path`: what that names Megatron-LM cuts into splits of its own.
    """
    arguments = []
    for split, name in DATASETS.items():
        if datasets[split]:
            arguments += [f"--{name}-data-path", *(f"{weight!r} {prefix}" for prefix, weight in datasets[split])]
    return " ".join(arguments) + "\n"
