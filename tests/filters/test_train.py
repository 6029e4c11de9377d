from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from filters.lmplz import DEFAULT, PROGRAMS
from filters.math_score import math_score
from filters.models import Model
from filters.normalise import has_latex
from filters.perplexity import PERPLEXITY_MODEL, perplexity
from filters.train import (
    MathScoreTraining,
    TrainingError,
    evaluate,
    evaluate_perplexity,
    examples,
    is_prose,
    train_perplexity,
)

MATHS = ["theorem", "lemma", "proof", "group", "ring", "field", "matrix", "limit", "integral", "prime", "let", "then"]
KITCHEN = ["butter", "flour", "sugar", "oven", "bake", "stir", "chop", "onion", "garlic", "cream", "let", "then"]
SMALL = MathScoreTraining(buckets=1_000, features_kept=500)
BUILT = DEFAULT / "bin"


def documents(count: int = 40) -> list[tuple[str, str]]:
    choose = random.Random(0)
    made = []
    for number in range(count):
        words = [" ".join(choose.choices((MATHS, KITCHEN)[number % 2], k=12)) for _ in range(5)]
        made.append((f"https://site{number % 7}.org/{number}", "\n".join(words) + " \\frac12" * (number % 2 == 0)))
    return made


def test_a_document_is_labelled_by_its_commands_and_learnt_without_them() -> None:
    (example,) = examples("https://www.a.org/x", "so $\\frac{1}{2}$ is one half " * 5, pieces=0)
    assert example == ("a.org", True, True, " ".join(["so is one half"] * 5))
    assert not any(example.math for example in examples("https://a.org", "one half is a half " * 5, pieces=3))


def test_a_document_of_few_words_is_not_learnt() -> None:
    assert not list(examples("https://a.org", "one two three", pieces=3))


def test_pieces_are_runs_of_lines_with_a_label_of_their_own() -> None:
    prose = "the sum of two continuous functions is again a continuous function"
    text = "\n".join([*[prose] * 10, f"{prose} $\\frac12$"] * 20)
    pieces = [example for example in examples("https://a.org", text, pieces=40) if not example.whole]
    assert 5 < len(pieces) < 40  # the others held no formula
    assert all(example.math for example in pieces)
    lengths = {example.words.count(" ") + 1 for example in pieces}
    assert min(lengths) < 30
    assert 60 < max(lengths) <= 240


def test_the_same_documents_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    first = SMALL(documents(), tmp_path / "one.ftz")
    second = SMALL(reversed(documents()), tmp_path / "two.ftz")
    assert (tmp_path / "one.ftz").read_bytes() == (tmp_path / "two.ftz").read_bytes()
    assert first == second
    assert first["documents"] == {"math": 20, "other": 20}
    assert first["sites"] == [f"site{number}.org" for number in range(7)]


def test_nothing_but_the_model_and_its_figures_is_left(tmp_path: Path) -> None:
    report = SMALL(documents(), tmp_path / "model.ftz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.ftz", "model.json"]
    assert json.loads((tmp_path / "model.json").read_text()) == report
    assert report["bytes"] == (tmp_path / "model.ftz").stat().st_size


def test_a_trained_model_tells_the_classes_apart(tmp_path: Path) -> None:
    SMALL(documents(400), tmp_path / "model.ftz")
    model = Model(str(tmp_path / "model.ftz"))
    assert math_score(model, " ".join(MATHS)) > 0.5 > math_score(model, " ".join(KITCHEN))
    assert evaluate(model, documents())["auc"] == 1.0


def test_evaluation_leaves_out_the_sites_that_were_seen(tmp_path: Path) -> None:
    SMALL(documents(), tmp_path / "model.ftz")
    found = evaluate(Model(str(tmp_path / "model.ftz")), documents(), seen=["site0.org", "site1.org"])
    assert found["sites"] == 5
    assert found["seen"] + sum(found["documents"].values()) == 40


def test_evaluation_leaves_out_formulas_without_a_command(tmp_path: Path) -> None:
    SMALL(documents(), tmp_path / "model.ftz")
    unclear = [("https://other.org", "the square of $n$ is greater " * 5)]
    found = evaluate(Model(str(tmp_path / "model.ftz")), [*documents(), *unclear])
    assert (found["unclear"], found["documents"]) == (1, {"math": 20, "other": 20})


def test_a_class_without_documents_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="both kinds"):
        SMALL([row for row in documents() if has_latex(row[1])], tmp_path / "model.ftz")


def test_held_out_scores_every_document_once_by_a_model_that_saw_none_of_its_site(tmp_path: Path) -> None:
    secret = [("https://only.org/1", "butter flour sugar " * 20 + "\\frac12")] * 3
    report = SMALL([*documents(), *secret], tmp_path / "model.ftz", folds=3)
    found = report["held_out"]
    assert found["documents"] == {"math": 23, "other": 20}
    assert (found["sites"], found["folds"], len(found["auc_by_fold"])) == (8, 3, 3)
    assert found["auc"] < 1.0  # no other site says that this is mathematics


def test_without_lmplz_the_error_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"python -m filters\.lmplz"):
        train_perplexity([("", "\\frac a line")], tmp_path / "model.klm", tmp_path / "none")


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("the sum of two primes is even .", True),
        ("the sum of two primes is", False),
        (">>> f ( 0 ) = 0 , 0 , [ 0 ]", False),
    ],
)
def test_what_a_language_model_learns_from(line: str, kept: bool) -> None:
    assert is_prose(line) is kept


def test_perplexities_are_spread_over_quantiles() -> None:
    texts = [("", "Let the function be continuous on the interval."), ("", "xq zk wv"), ("", "")]
    found = evaluate_perplexity(PERPLEXITY_MODEL, texts)
    assert (found["documents"], found["blank"]) == (3, 1)
    assert found["quantiles"]["0.05"] < found["quantiles"]["0.999"]
    assert evaluate_perplexity(PERPLEXITY_MODEL, [])["quantiles"] == {}


@pytest.mark.skipif(not all((BUILT / name).is_file() for name in PROGRAMS), reason=f"lmplz is not built in {BUILT}")
def test_a_language_model_prefers_what_it_saw_and_is_the_same_in_any_order(tmp_path: Path) -> None:
    endings = ["two primes is even", "two groups is a group", "two rings is a ring", "their squares is a prime"]
    lines = [("", f"the {word} of the sum \\sum of {ending}") for word in MATHS for ending in endings]
    lines.append(("", "a text without commands is not learnt from , however often the word bread is in it"))
    train_perplexity(lines, tmp_path / "one.klm", BUILT, prune=(0, 0, 0))
    train_perplexity(reversed(lines), tmp_path / "two.klm", BUILT, prune=(0, 0, 0))
    assert (tmp_path / "one.klm").read_bytes() == (tmp_path / "two.klm").read_bytes()
    model = Model(str(tmp_path / "one.klm"))
    seen, unseen = perplexity(model, "the sum of two primes"), perplexity(model, "primes two of sum the")
    assert seen is not None
    assert unseen is not None
    assert seen < unseen
    assert perplexity(model, "bread") == perplexity(model, "milk")
