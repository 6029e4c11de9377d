"""The filters of a source: their order, their thresholds, what nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_manifest import ingest, stages, written

from filters.filter import Where
from filters.language_id import DeclaredLanguage, LanguageId
from filters.math_score import MathScore
from manifests import ManifestError
from pipeline.chains import CHAINS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path)


@pytest.mark.parametrize("kind", CHAINS)
def test_no_rule_is_twice_in_a_chain(kind: str) -> None:
    rules = [step.rule for step in CHAINS[kind]]
    assert len(rules) == len(set(rules))


def test_thresholds_of_the_manifest_reach_the_filter(path: Path) -> None:
    (score,) = [
        step
        for step in ingest(path, "sources.web.filters.math-score.limit_with_latex=0.3").filters
        if isinstance(step, MathScore)
    ]
    assert (score.limit_with_latex, score.limit_without_latex) == (0.3, 0.8)


def test_skipped_filters_are_not_in_the_chain(path: Path) -> None:
    rules = [step.rule for step in ingest(path, "sources.web.skip=['perplexity']").filters]
    assert "perplexity" not in rules
    assert "math-score" in rules


def test_the_early_look_at_the_language_heeds_the_late_one(path: Path) -> None:
    german = ingest(path, "sources.web.filters.language-id.wanted=['de']").filters
    assert [step.wanted for step in german if isinstance(step, DeclaredLanguage)] == [("de",)]
    rules = [step.rule for step in ingest(path, "sources.web.skip=['language-id']").filters]
    assert "declared-language" not in rules


def test_code_is_asked_for_its_language_where_that_matters(path: Path) -> None:
    where = ingest(path, number=1).filters[-1]
    assert isinstance(where, Where)
    assert isinstance(where.then, LanguageId)
    assert where.subsets == {"tex"}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sources.web.filters.math-scor.limit_with_latex=1", "did you mean 'math-score'?"),
        ("sources.web.filters.math-score.limit=1", "sources.web.filters.math-score.limit: unknown key"),
        (
            "sources.web.filters.math-score.limit_with_latex=high",
            "sources.web.filters.math-score: Input should be a valid number",
        ),
        ("sources.web.skip=['perplexty']", "did you mean 'perplexity'?"),
        ("sources.code.languages=['coqq']", "did you mean 'coq'?"),
        ("models.math-skore.path=x", "did you mean 'math-score'?"),
    ],
)
def test_what_nobody_knows_is_refused(path: Path, override: str, said: str) -> None:
    with pytest.raises(ManifestError) as error:
        stages(path, override)
    assert said in str(error.value)
