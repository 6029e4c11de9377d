"""Trains the math score and perplexity models. The same documents give the same file, byte for byte.

Inputs are plain iterables: where the documents come from is the caller's affair.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from filters.fit import fit
from filters.math_score import MATH, features, math_score
from filters.models import Model, pin
from filters.normalise import has_latex

OTHER = "other"
THRESHOLDS = (0.17, 0.8)
FASTTEXT = {"dim": 16, "lr": 0.05, "epoch": 5, "wordNgrams": 2, "minCount": 3}


class Labelled(NamedTuple):
    """A document to learn from. `site` is what a held-out test keeps together: a host, a repository, a book."""

    site: str
    text: str
    math: bool


class TrainingError(Exception):
    """A model could not be trained; says what the documents or the programs lack."""


def label(site: str, text: str) -> Labelled:
    """The paper's label: whether the document has a common LaTeX command (OpenWebMath, section 3.5.1)."""
    return Labelled(site, text, has_latex(text))


def train_math_score(
    documents: Iterable[Labelled],
    out: Path,
    *,
    seed: int = 0,
    words: int = 1_000,
    features_kept: int = 40_000,
    buckets: int = 1 << 18,
) -> dict[str, Any]:
    """Train a MathScore classifier and write it, quantised, to `out` (.ftz).

    Documents are cut to their first `words` words, those under 20 words left out; the rarer class is repeated until
    it is as large as the other. Word pairs are hashed into `buckets`; of words and buckets the `features_kept` that
    weigh most are kept. Returns what was read and written. Raises TrainingError if a class is empty.
    """
    by_class = _examples(documents, words)
    if not all(by_class.values()):
        raise TrainingError("training needs documents of both kinds, of 20 words or more each")
    with tempfile.TemporaryDirectory() as scratch:
        lines = Path(scratch, "lines.txt")
        lines.write_text("\n".join(_balanced(by_class, seed)) + "\n", "utf-8")
        train = {**FASTTEXT, "bucket": buckets, "seed": seed}
        fit(lines, out, {"train": train, "quantize": {"cutoff": features_kept}})
    return {"documents": {name: len(lines) for name, lines in by_class.items()}, **_written(out)}


def evaluate(model: Model, documents: Iterable[Labelled]) -> dict[str, Any]:
    """Area under the ROC curve, and precision and recall at the paper's thresholds."""
    return _figures((math_score(model, document.text), document.math) for document in documents)


def held_out(documents: Sequence[Labelled], folds: int = 5, *, seed: int = 0, **options: int) -> dict[str, Any]:
    """The figures of `evaluate` over all documents, each scored by a model that saw no document of its site."""
    scored: list[tuple[float, bool]] = []
    for fold in range(folds):
        inside = [d for d in documents if _hash(seed, d.site) % folds == fold]
        outside = [d for d in documents if _hash(seed, d.site) % folds != fold]
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch, "fold.ftz")
            train_math_score(outside, file, seed=seed, **options)
            model = pin(Model(str(file)))
            scored += [(math_score(model, document.text), document.math) for document in inside]
    return {"folds": folds, "sites": len({d.site for d in documents}), **_figures(scored)}


def train_perplexity(
    sentences: Iterable[str], out: Path, programs: Path, *, order: int = 3, prune: Sequence[int] = (0, 1, 1)
) -> dict[str, Any]:
    """Train a KenLM model on lines as `perplexity.sentences` gives them, and write it to `out` as a quantised trie.

    `programs` is the folder that `filters.lmplz.build` returns. An n-gram seen no more often than `prune` says for
    its order is left out. Raises TrainingError if a program is missing or fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        lines, arpa = Path(scratch, "lines.txt"), Path(scratch, "model.arpa")
        with lines.open("w", encoding="utf-8", errors="replace") as stream:
            stream.writelines(f"{sentence}\n" for sentence in sentences)
        limits = ["--order", str(order), "--prune", *map(str, prune), "--memory", "512M", "--temp_prefix", scratch]
        _run(programs / "lmplz", *limits, "--discount_fallback", "--text", lines, "--arpa", arpa)
        _run(programs / "build_binary", "-q", "8", "-b", "8", "-T", scratch, "trie", arpa, out)
    return _written(out)


def _examples(documents: Iterable[Labelled], words: int) -> dict[str, list[str]]:
    by_class: dict[str, list[str]] = {MATH: [], OTHER: []}
    for document in documents:
        text = features(document.text).split()[:words]
        if len(text) >= 20:
            by_class[MATH if document.math else OTHER].append(" ".join(text))
    return by_class


def _balanced(by_class: dict[str, list[str]], seed: int) -> Iterator[str]:
    """fastText's lines in an order that depends on their words only: it learns line by line."""
    size = max(map(len, by_class.values()))
    chosen = [
        (_hash(seed, f"{number} {text}"), f"__label__{name} {text}")
        for name, texts in by_class.items()
        for number, text in enumerate((sorted(texts) * (size // len(texts) + 1))[:size])
    ]
    return (line for _, line in sorted(chosen))


def _figures(scored: Iterable[tuple[float, bool]]) -> dict[str, Any]:
    pairs = sorted(scored)
    positives = sum(math for _, math in pairs)
    figures: dict[str, Any] = {"math": positives, "other": len(pairs) - positives, "auc": _auc(pairs)}
    for threshold in THRESHOLDS:
        above = [math for score, math in pairs if score > threshold]
        figures[f"precision@{threshold}"] = round(sum(above) / len(above), 4) if above else None
        figures[f"recall@{threshold}"] = round(sum(above) / positives, 4) if positives else None
    return figures


def _auc(pairs: list[tuple[float, bool]]) -> float | None:
    """Share of (math, other) pairs in the right order, equal scores counting half; `pairs` are sorted by score."""
    positives = sum(math for _, math in pairs)
    if not 0 < positives < len(pairs):
        return None
    ranks: dict[float, list[int]] = {}
    for rank, (score, _) in enumerate(pairs, 1):
        ranks.setdefault(score, []).append(rank)
    total = sum(sum(ranks[score]) / len(ranks[score]) for score, math in pairs if math)
    return round((total - positives * (positives + 1) / 2) / (positives * (len(pairs) - positives)), 4)


def _hash(seed: int, text: str) -> int:
    return int.from_bytes(blake2b(f"{seed} {text}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _written(out: Path) -> dict[str, Any]:
    return {"bytes": out.stat().st_size, "sha256": pin(Model(str(out))).sha256}


def _run(program: Path, *arguments: str | Path) -> None:
    if not program.is_file():
        raise TrainingError(f"{program} is not there; build it with: python -m filters.lmplz")
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode:
        raise TrainingError(f"{program.name} failed ({done.returncode}): {done.stderr[-1500:]}")
