"""Trains the math score and perplexity models. The same documents give the same file, byte for byte.

Inputs are plain iterables of (address, text), read once: where documents come from is the caller's affair, and how many
there are is the disk's. In memory lies what fastText learns, 4 bytes x `dim` x (`buckets` + words met three times), and
a 256th of the text (`filters.shuffle`); evaluation adds some 200 bytes a document.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from filters.evaluate import Scored, figures
from filters.fit import fit
from filters.math_score import MATH, features, math_probability
from filters.models import Model, pin
from filters.normalise import FORMULA_SIGN, has_latex, plain_prose
from filters.perplexity import perplexity, sentences
from filters.shuffle import shuffle
from filters.site import site_of

OTHER = "other"
FASTTEXT = {"dim": 16, "lr": 0.05, "epoch": 3, "wordNgrams": 2, "minCount": 3}
SHORTEST = 20
"""Words that a document must have to be learnt from."""
PIECE = (10, 120)
"""Least and most words of a piece."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.995, 0.999)

Texts = Iterable[tuple[str, str]]
"""(address, text) of documents."""


class TrainingError(Exception):
    """A model could not be trained; says what the documents or the programs lack."""


class Example(NamedTuple):
    """A line to learn from: the words of a document, or of a piece of it."""

    site: str
    math: bool
    whole: bool
    words: str


@dataclass(frozen=True)
class MathScoreTraining:
    """How a MathScore classifier is trained; the defaults made the one that is shipped."""

    pieces: int = 1
    """Pieces of a document that are learnt beside it, so that short texts are known too; 0 is OpenWebMath's recipe."""
    features_kept: int = 75_000
    """Words and hashed pairs of words, those that weigh most, that the model keeps; each takes about 26 bytes."""
    buckets: int = 1 << 19
    """Rows of the matrix into which pairs of words are hashed."""
    seed: int = 0
    """Seed of every choice."""

    def __call__(self, documents: Texts, out: Path, folds: int = 0) -> dict[str, Any]:
        """Train, and write the model, quantised, to `out` (.ftz) and what is known of it beside it (.json).

        The rarer class is repeated until it is as large as the other. With `folds`, the figures are those of models
        that saw no document of a site that they scored. Raises TrainingError if a class is empty.
        """
        with tempfile.TemporaryDirectory(dir=out.absolute().parent) as scratch:
            spool = Path(scratch, "examples.txt")
            met = self._spool(documents, spool)
            report: dict[str, Any] = {"documents": met, "sites": sorted({example.site for example in _examples(spool)})}
            if folds:
                report["held_out"] = self._held_out(spool, folds)
            self._fit(_examples(spool), out)
        report |= _written(out)
        out.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
        return report

    def _spool(self, documents: Texts, spool: Path) -> dict[str, int]:
        met = Counter({MATH: 0, OTHER: 0})
        with spool.open("w", encoding="utf-8", newline="\n") as stream:
            for url, text in documents:
                for example in examples(url, text, self.pieces):
                    met[_name(example)] += example.whole
                    fields = (example.site, str(int(example.math)), str(int(example.whole)), example.words)
                    stream.write("\t".join(fields) + "\n")
        return dict(met)

    def _fit(self, learnt: Iterable[Example], out: Path) -> None:
        with tempfile.TemporaryDirectory(dir=out.absolute().parent) as scratch:
            chosen, lines = Path(scratch, "chosen.txt"), Path(scratch, "lines.txt")
            size = Counter({True: 0, False: 0})
            with chosen.open("w", encoding="utf-8", newline="\n") as stream:
                for example in learnt:
                    size[example.math] += 1
                    stream.write(f"__label__{_name(example)} {example.words}\n")
            if not all(size.values()):
                raise TrainingError(f"training needs documents of both kinds, of {SHORTEST} words or more each")
            shuffle(self._balanced(chosen, size), lines, self.seed)
            train = {**FASTTEXT, "bucket": self.buckets, "seed": self.seed}
            fit(lines, out, {"train": train, "quantize": {"cutoff": self.features_kept}})

    def _balanced(self, chosen: Path, size: Counter[bool]) -> Iterator[tuple[str, int]]:
        """The lines, those of the rarer class as often as it takes; which ones once more, their hash decides."""
        with chosen.open(encoding="utf-8", newline="\n") as stream:
            for line in stream:
                times = max(size.values()) / size[line.startswith(f"__label__{MATH} ")]
                times += _hash(self.seed, line) / 2**64
                yield from ((line.rstrip("\n"), copy) for copy in range(int(times)))

    def _held_out(self, spool: Path, folds: int) -> dict[str, Any]:
        scored, areas = [], []
        for fold in range(folds):
            with tempfile.TemporaryDirectory(dir=spool.parent) as scratch:
                file = Path(scratch, "fold.ftz")
                self._fit((one for one in _examples(spool) if self._fold(one, folds) != fold), file)
                model = pin(Model(str(file)))
                unseen = (one for one in _examples(spool) if one.whole and self._fold(one, folds) == fold)
                found = [Scored(one.site, math_probability(model, one.words), one.math) for one in unseen]
            areas.append(figures(found)["auc"])
            scored += found
        return {"folds": folds, "auc_by_fold": areas, **figures(scored)}

    def _fold(self, example: Example, folds: int) -> int:
        return _hash(self.seed, example.site) % folds


def examples(url: str, text: str, pieces: int) -> Iterator[Example]:
    """What is learnt from a document: its features, and those of `pieces` runs of its lines.

    A document is mathematics if it has a common LaTeX command (OpenWebMath, section 3.5.1), and so is a piece; a piece
    that has none in a document that has some stays out, since it may be of either kind.
    """
    math, words, site = has_latex(text), features(text), site_of(url)
    if words.count(" ") + 1 < SHORTEST:
        return
    yield Example(site, math, True, words)
    for number in range(pieces):
        piece = _piece(text, f"{number} {words}")
        words_of_it = features(piece).split()[: 2 * PIECE[1]]
        if len(words_of_it) >= PIECE[0] and has_latex(piece) == math:
            yield Example(site, math, False, " ".join(words_of_it))


def _piece(text: str, key: str) -> str:
    """Lines from a place that the key chooses, of a length between those of PIECE, most of them short."""
    lines = [line for line in text.splitlines() if line.strip()]
    start = _hash(0, key) % len(lines)
    least, most = PIECE
    wanted = least * (most / least) ** (_hash(1, key) / 2**64)
    end, length = start, 0
    while end < len(lines) and length < wanted:
        length += lines[end].count(" ") + 1
        end += 1
    return "\n".join(lines[start:end])


def evaluate(model: Model, documents: Texts, seen: Collection[str] = ()) -> dict[str, Any]:
    """The figures of a model on documents that training would take.

    Counted and left out are those of the sites in `seen`, and as `unclear` those that have formulas, but no LaTeX
    command among them: their label would be wrong.
    """
    left_out, scored = Counter({"seen": 0, "unclear": 0}), []
    for url, text in documents:
        for example in examples(url, text, pieces=0):
            if example.site in seen:
                left_out["seen"] += 1
            elif not example.math and FORMULA_SIGN in plain_prose(text):
                left_out["unclear"] += 1
            else:
                scored.append(Scored(example.site, math_probability(model, example.words), example.math))
    return {**left_out, **figures(scored)}


def train_perplexity(documents: Texts, out: Path, programs: Path, prune: Sequence[int] = (1, 3, 4)) -> dict[str, Any]:
    """Train a KenLM model on the prose of documents that have LaTeX and write it to `out` as a quantised trie.

    `programs` is the folder that `filters.lmplz.build` returns. `prune` says for the n-grams of each order, up to the
    longest, how often those were seen that are left out. Raises TrainingError if a program is missing or fails.
    """
    with tempfile.TemporaryDirectory(dir=out.absolute().parent) as scratch:
        lines, arpa = Path(scratch, "lines.txt"), Path(scratch, "model.arpa")
        learnt = (sentences(text) for _, text in documents if has_latex(text))
        shuffle(((line, 0) for line in chain.from_iterable(learnt) if is_prose(line)), lines)
        limits = ["--order", str(len(prune)), "--prune", *map(str, prune), "--memory", "512M", "--temp_prefix", scratch]
        run_program(programs / "lmplz", *limits, "--discount_fallback", "--text", lines, "--arpa", arpa)
        run_program(programs / "build_binary", "-q", "8", "-b", "8", "-T", scratch, "trie", arpa, out)
    return _written(out)


def is_prose(sentence: str) -> bool:
    """Whether a line of `sentences` is worth learning: eight tokens and more, two thirds of them words."""
    tokens = sentence.split(" ")
    return len(tokens) >= 8 and 3 * sum(token.isalpha() for token in tokens) >= 2 * len(tokens)


def evaluate_perplexity(model: Model, documents: Texts) -> dict[str, Any]:
    """How the perplexities of documents are spread: quantiles, so that a limit can be chosen by what it refuses."""
    values = [perplexity(model, text) for _, text in documents]
    told = sorted(value for value in values if value is not None)
    spread = {str(q): round(told[min(int(q * len(told)), len(told) - 1)], 1) for q in QUANTILES} if told else {}
    return {"documents": len(values), "blank": len(values) - len(told), "quantiles": spread}


def _examples(spool: Path) -> Iterator[Example]:
    with spool.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            site, math, whole, words = line.rstrip("\n").split("\t")
            yield Example(site, math == "1", whole == "1", words)


def _written(out: Path) -> dict[str, Any]:
    return {"bytes": out.stat().st_size, "sha256": pin(Model(str(out))).sha256}


def _name(example: Example) -> str:
    return MATH if example.math else OTHER


def _hash(seed: int, text: str) -> int:
    return int.from_bytes(blake2b(f"{seed} {text}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def run_program(program: Path, *arguments: str | Path) -> None:
    """Run one of KenLM's programs. Raises TrainingError with its own words."""
    if not program.is_file():
        raise TrainingError(f"{program} is not there; build it with: python -m filters.lmplz")
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode:
        raise TrainingError(f"{program.name} failed ({done.returncode}): {done.stderr[-1500:]}")
