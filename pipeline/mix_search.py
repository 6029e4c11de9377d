"""Which weights a held-out text likes best: a small language model for each candidate, and its perplexity.

Llemma (arXiv 2310.10631, section 3.4) trained its own model for a few steps on each candidate and took the perplexity
of the MATH training set. Here the models are such that anybody can train them: `pipeline/ngrams.py` as a quick proxy,
`pipeline/tiny_transformer.py` where there is torch. All candidates are measured in the same tokens with the same
vocabulary, of which a token that was never seen has its small share, too, so their perplexities can be compared. All
learn from the same number of tokens, and none of a text that is measured.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from manifests import Receipt
from manifests.sections import Mixture
from pipeline.blend import Blend, apportion, scramble
from pipeline.shards import clean
from pipeline.shares import mix
from pipeline.stage import Bench, Unwatched
from pipeline.stages.pack import Corpus, read_sequences
from pipeline.stages.split import TRAIN
from pipeline.storage import RunFolder
from pipeline.tokenization import TextEncoder

SEQUENCE = 256
"""Tokens that are drawn at a time: a small budget still holds many documents."""
AT_ONCE = 4096
"""Sequences that are held in memory."""
RUN = 32
"""Tokens in a row by which a held-out text is found again in what is learnt."""
OVERALL = "overall"

Ids = npt.NDArray[np.generic]
Score = Callable[[Ids], float]
"""Decimal logarithm of the probability of all tokens of a document."""


class Learner(Protocol):
    """A kind of model."""

    def learn(self, sequences: Iterable[Ids], seed: int) -> Score:
        """What a model that learnt all rows of `sequences` says of a document."""


@dataclass(frozen=True)
class Trial:
    """One model: what it learnt from, and how well it knows the held-out text."""

    candidate: str
    seed: int
    epochs: Mapping[str, float]
    """How often each source was gone through."""
    perplexity: Mapping[str, float]
    """Per token, by group of the held-out text, and overall."""


@dataclass(frozen=True)
class Heldout:
    """A held-out text in tokens, by group."""

    groups: Mapping[str, Sequence[Ids]]

    def perplexities(self, score: Score) -> dict[str, float]:
        """10 ** (-S / N) for each group, and for all of them together."""
        scores = {name: [score(ids) for ids in documents] for name, documents in self.groups.items()}
        found = {name: _perplexity(some, self.groups[name]) for name, some in scores.items()}
        everything = [one for some in scores.values() for one in some]
        return found | {OVERALL: _perplexity(everything, self.documents)}

    @property
    def documents(self) -> list[Ids]:
        """The documents of all groups."""
        return [ids for some in self.groups.values() for ids in some]

    def without(self, sequences: Iterable[Ids]) -> Heldout:
        """Less the documents that have `RUN` tokens in a row in common with a sequence.

        Raises ValueError if none is left.
        """
        wanted = np.unique(np.concatenate([_runs(ids[None]) for ids in self.documents]))
        seen = np.zeros(len(wanted), bool)
        for rows in sequences:
            seen |= np.isin(wanted, _runs(rows))
        learnt = wanted[seen]
        left = {
            name: [ids for ids in documents if not np.isin(_runs(ids[None]), learnt).any()]
            for name, documents in self.groups.items()
        }
        if not any(left.values()):
            raise ValueError("all of the held-out text is in what is learnt")
        return Heldout({name: documents for name, documents in left.items() if documents})


def _runs(rows: Ids) -> npt.NDArray[np.uint64]:
    """A hash of each run of tokens."""
    if rows.shape[1] < RUN:
        return np.empty(0, np.uint64)
    factors = scramble(np.arange(RUN, dtype=np.uint64), np.uint64(RUN))
    found: npt.NDArray[np.uint64] = sliding_window_view(rows.astype(np.uint64), RUN, axis=1) @ factors
    return found.ravel()


def _perplexity(scores: Sequence[float], documents: Sequence[Ids]) -> float:
    return float(10.0 ** (-math.fsum(scores) / sum(map(len, documents))))


def read_heldout(file: Path, fields: Sequence[str], by: str, encoder: TextEncoder) -> Heldout:
    """JSON lines: of each its fields, joined by a newline, in tokens; grouped by another field. null is no text.

    Raises ValueError, with the number of the line, for what is no such line, and if there is nothing to measure.
    """
    groups: dict[str, list[Ids]] = {}
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                row = json.loads(line)
                text, group = "\n".join(row[name] or "" for name in fields), str(row[by]) if by else ""
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{file}, line {number}: no object with {', '.join(fields)}: {error}") from None
            groups.setdefault(group, []).append(np.array([*encoder.encode(clean(text)), encoder.end]))
    if not groups:
        raise ValueError(f"{file} is empty")
    return Heldout(dict(sorted(groups.items())))


@dataclass(frozen=True)
class Search:
    """What all trials have in common."""

    run: RunFolder
    receipts: tuple[Receipt, ...]
    """Of the stages that wrote tokens."""
    sources: tuple[str, ...]
    heldout: Heldout
    learner: Learner
    budget: int = 5_000_000
    """Tokens that each model learns from."""

    def apart(self, mixtures: Iterable[Mixture], seeds: Sequence[int]) -> Search:
        """The same without held-out documents that any model would learn from. Raises ValueError if none is left."""
        blends = (self._blend(mixture, seed) for mixture in mixtures for seed in seeds)
        return replace(self, heldout=self.heldout.without(ids for blend in blends for ids in self._drawn(blend)))

    def trial(self, candidate: str, mixture: Mixture, seed: int) -> Trial:
        """Train a model on a mixture and measure it. Raises TrainingError, ValueError."""
        blend = self._blend(mixture, seed)
        perplexity = self.heldout.perplexities(self.learner.learn(self._drawn(blend), seed))
        pairs = zip(self.sources, blend.counts, blend.sizes, strict=True)
        return Trial(candidate, seed, {name: round(n / size, 3) for name, n, size in pairs if n}, perplexity)

    @cached_property
    def _corpus(self) -> Corpus:
        return Corpus(self.receipts, self.sources)

    def _blend(self, mixture: Mixture, seed: int) -> Blend:
        shares = [share.share for share in mix(self._corpus.train_tokens, mixture)]
        sizes = tuple(-(-self._corpus.stream(name, TRAIN).tokens // SEQUENCE) for name in self.sources)
        return Blend(self.sources, apportion(shares, max(1, self.budget // SEQUENCE)), sizes, seed)

    def _drawn(self, blend: Blend) -> Iterator[Ids]:
        """The sequences of a blend in its order, so many at once."""
        with tempfile.TemporaryDirectory() as scratch:
            bench = Bench(Path(scratch), self.run, Unwatched())
            for start in range(0, len(blend), AT_ONCE):
                draws = blend.draws(start, min(len(blend), start + AT_ONCE))
                ids = np.empty((len(draws), SEQUENCE), self._corpus.dtype)
                for source, name in enumerate(blend.names):
                    here = np.flatnonzero(draws["source"] == source)
                    read_sequences(self._corpus.stream(name, TRAIN), draws["sequence"][here], here, ids, bench)
                yield ids


@dataclass(frozen=True)
class Result:
    """A row of the table: a candidate, and mean and spread of its perplexities over the seeds."""

    candidate: str
    seeds: int
    mean: Mapping[str, float]
    spread: Mapping[str, float]
    """Standard deviation over the seeds; 0 where there is one seed only."""
    overall: Sequence[float]
    """Of each model, over all of the text."""
    epochs: Mapping[str, float]


def summarise(trials: Iterable[Trial]) -> list[Result]:
    """A row a candidate, the lowest overall perplexity first."""
    by_candidate: dict[str, list[Trial]] = {}
    for trial in trials:
        by_candidate.setdefault(trial.candidate, []).append(trial)
    results = [_result(name, some) for name, some in by_candidate.items()]
    return sorted(results, key=lambda result: result.mean[OVERALL])


def _result(candidate: str, trials: Sequence[Trial]) -> Result:
    values = {group: [trial.perplexity[group] for trial in trials] for group in trials[0].perplexity}
    mean = {group: round(statistics.fmean(some), 3) for group, some in values.items()}
    spread = {group: round(statistics.stdev(some), 3) if len(some) > 1 else 0.0 for group, some in values.items()}
    return Result(candidate, len(trials), mean, spread, [round(one, 3) for one in values[OVERALL]], trials[0].epochs)
