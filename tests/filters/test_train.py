from __future__ import annotations

import random
from pathlib import Path

import pytest

from filters.lmplz import DEFAULT, PROGRAMS
from filters.math_score import math_score
from filters.models import Model
from filters.perplexity import perplexity
from filters.train import (
    Labelled,
    TrainingError,
    evaluate,
    held_out,
    label,
    train_math_score,
    train_perplexity,
)

MATHS = ["theorem", "lemma", "proof", "group", "ring", "field", "matrix", "limit", "integral", "prime", "let", "then"]
KITCHEN = ["butter", "flour", "sugar", "oven", "bake", "stir", "chop", "onion", "garlic", "cream", "let", "then"]
SMALL = {"buckets": 1_000, "features_kept": 500}
BUILT = DEFAULT / "bin"


def documents(count: int = 40) -> list[Labelled]:
    choose = random.Random(0)
    made = []
    for number in range(count):
        words = (MATHS, KITCHEN)[number % 2]
        made.append(Labelled(f"site{number % 7}", " ".join(choose.choices(words, k=60)), number % 2 == 0))
    return made


def test_the_label_is_whether_there_is_a_latex_command() -> None:
    assert label("s", "so \\frac{1}{2}") == ("s", "so \\frac{1}{2}", True)
    assert label("s", "so one half").math is False


def test_the_same_documents_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    first = train_math_score(documents(), tmp_path / "one.ftz", **SMALL)
    second = train_math_score(reversed(documents()), tmp_path / "two.ftz", **SMALL)
    assert (tmp_path / "one.ftz").read_bytes() == (tmp_path / "two.ftz").read_bytes()
    assert first == second
    assert first["documents"] == {"math": 20, "other": 20}


def test_a_trained_model_tells_the_classes_apart(tmp_path: Path) -> None:
    train_math_score(documents(400), tmp_path / "model.ftz", **SMALL)
    model = Model(str(tmp_path / "model.ftz"))
    assert math_score(model, " ".join(MATHS)) > 0.5 > math_score(model, " ".join(KITCHEN))
    assert evaluate(model, documents())["auc"] == 1.0


def test_a_class_without_documents_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="both kinds"):
        train_math_score([d for d in documents() if d.math], tmp_path / "model.ftz")


def test_held_out_scores_every_document_once() -> None:
    figures = held_out(documents(), folds=2, **SMALL)
    assert (figures["math"], figures["other"], figures["sites"]) == (20, 20, 7)
    assert figures["auc"] == 1.0
    assert set(figures) >= {"precision@0.17", "recall@0.17", "precision@0.8", "recall@0.8"}


def test_figures_where_there_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    train_math_score(documents(), tmp_path / "model.ftz", **SMALL)
    figures = evaluate(Model(str(tmp_path / "model.ftz")), [Labelled("s", "1 + 1", math) for math in (True, False)])
    assert figures["auc"] == 0.5
    assert figures["recall@0.17"] == 0.0
    assert figures["precision@0.17"] is None


def test_without_lmplz_the_error_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"python -m filters\.lmplz"):
        train_perplexity(["a line"], tmp_path / "model.klm", tmp_path)


@pytest.mark.skipif(not all((BUILT / name).is_file() for name in PROGRAMS), reason=f"lmplz is not built in {BUILT}")
def test_a_language_model_prefers_what_it_saw_and_is_the_same_twice(tmp_path: Path) -> None:
    lines = ["the sum of two primes is even", "the sum of two groups is a group", "let x be a prime"] * 20
    for name in ("one.klm", "two.klm"):
        train_perplexity(lines, tmp_path / name, BUILT, prune=(0, 0, 0))
    assert (tmp_path / "one.klm").read_bytes() == (tmp_path / "two.klm").read_bytes()
    model = Model(str(tmp_path / "one.klm"))
    seen, unseen = perplexity(model, "the sum of two primes"), perplexity(model, "primes two of sum the")
    assert seen is not None
    assert unseen is not None
    assert seen < unseen
