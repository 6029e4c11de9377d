"""An n-gram model of token ids, by KenLM: it learns in seconds, and sees no further than a few tokens."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import kenlm
import numpy as np
import numpy.typing as npt

from filters.train import run_program

Ids = npt.NDArray[np.generic]

Score = Callable[[Ids], float]
"""Decimal logarithm of the probability of all tokens of a document."""

LINE = 256
"""Tokens of a document that are scored as one line."""


@dataclass(frozen=True)
class NGrams:
    """Learns sequences of ids as lines of words."""

    programs: Path
    """Where KenLM's programs are, see `filters.lmplz`."""
    vocabulary: int
    """Entries of the tokenizer: of those that were never seen each has the same small probability."""
    order: int = 4
    """Length of the longest n-grams."""

    def learn(self, sequences: Iterable[Ids], seed: int) -> Score:
        """A model of all rows of `sequences`; it takes no chances, so the seed does nothing. Raises TrainingError."""
        with tempfile.TemporaryDirectory() as scratch:
            text, arpa, out = (Path(scratch, name) for name in ("lines.txt", "model.arpa", "model.klm"))
            with text.open("w", encoding="ascii") as stream:
                stream.writelines(f"{line}\n" for rows in sequences for row in rows for line in lines(row))
            vocabulary = ("--vocab_pad", str(self.vocabulary), "--interpolate_unigrams", "1")
            limits = ("--order", str(self.order), "--memory", "512M", "--temp_prefix", scratch, *vocabulary)
            run_program(self.programs / "lmplz", *limits, "--discount_fallback", "--text", text, "--arpa", arpa)
            run_program(self.programs / "build_binary", "-T", scratch, "trie", arpa, out)
            model = kenlm.Model(str(out))
        return lambda ids: math.fsum(model.score(line, bos=False, eos=False) for line in lines(ids))


def lines(ids: Ids) -> Iterator[str]:
    """Ids as words, `LINE` of them at a time."""
    for start in range(0, len(ids), LINE):
        yield " ".join(map(str, ids[start : start + LINE].tolist()))
