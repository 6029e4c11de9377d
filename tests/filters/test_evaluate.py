from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.evaluate import Scored, auc, figures


def scored(*rows: tuple[float, bool], sites: int = 2) -> list[Scored]:
    return [Scored(f"site{number % sites}", score, math) for number, (score, math) in enumerate(rows)]


GOOD = scored((0.1, False), (0.3, False), (0.6, True), (0.9, True))
pairs = st.lists(st.tuples(st.sampled_from([0.0, 0.17, 0.25, 0.5, 1.0]), st.booleans()), max_size=40)


def test_a_perfect_order_has_area_one_and_the_limits_count() -> None:
    found = figures(GOOD)
    assert (found["auc"], found["documents"], found["sites"]) == (1.0, {"math": 2, "other": 2}, 2)
    assert found["limits"] == [
        {"above": 0.17, "precision": 0.6667, "recall": 1.0},
        {"above": 0.5, "precision": 1.0, "recall": 1.0},
        {"above": 0.8, "precision": 1.0, "recall": 0.5},
    ]
    assert len(found["curve"]) == 19


@given(pairs)
def test_the_area_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    positive, negative = ([score for score, math in rows if math is kind] for kind in (True, False))
    right = sum((p > n) + (p == n) / 2 for p in positive for n in negative)
    expected = right / (len(positive) * len(negative)) if positive and negative else None
    scores, truth = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)
    assert auc(scores, truth, np.ones(len(rows))) == (None if expected is None else pytest.approx(expected))


@given(pairs)
def test_figures_of_anything_are_json(rows: list[tuple[float, bool]]) -> None:
    found = json.loads(json.dumps(figures(scored(*rows)), allow_nan=False))
    assert sum(row["documents"] for row in found["calibration"]) == len(rows)


def test_a_weight_counts_a_document_more_than_once() -> None:
    scores, truth = np.array([0.2, 0.4, 0.6]), np.array([True, False, True])
    assert auc(scores, truth, np.array([1.0, 1.0, 3.0])) == 0.75


def test_calibration_compares_scores_with_shares() -> None:
    found = figures(scored((0.25, True), (0.25, False), (0.25, False), (0.25, False), (1.0, True)))
    row = found["calibration"][2]
    assert row == {"from": 0.2, "to": 0.3, "documents": 4, "score": 0.25, "math": 0.25}
    assert found["calibration"][9]["documents"] == 1
    assert (found["ece"], found["brier"]) == (0.0, 0.15)


def test_the_interval_is_wider_the_fewer_sites_there_are() -> None:
    choose = np.random.default_rng(1)
    rows = [(float(choose.beta(4, 2) if math else choose.beta(2, 4)), math) for math in [True, False] * 150]
    few, many = (figures(scored(*rows, sites=sites))["auc_95"] for sites in (3, 300))
    assert few[0] < figures(scored(*rows))["auc"] < few[1]
    assert many[0] < many[1]
    assert figures(scored(*rows, sites=1))["auc_95"] is None
