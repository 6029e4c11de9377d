"""How good a classifier is: what it gets right at which limit, and whether its probabilities are probabilities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

THRESHOLDS = (0.17, 0.5, 0.8)
"""The limits of OpenWebMath (section 3.5.1) and the even one between them."""
DRAWS = 200
"""Draws of the bootstrap."""


class Scored(NamedTuple):
    """A document that the model did not learn from, nor from any other of its site."""

    site: str
    score: float
    math: bool


def figures(scored: Iterable[Scored], seed: int = 0) -> dict[str, Any]:
    """ROC AUC, precision and recall, and calibration over documents.

    `auc_95` is where 95 of 100 bootstrap draws of whole sites lie: documents of one site are no independent witnesses.
    `curve` has a row for each limit of 0.05 to 0.95, `calibration` one for each tenth of the scores; `brier` is the
    mean squared and `ece` the mean absolute difference (over those tenths) between probability and truth.
    """
    rows = list(scored)
    scores = np.array([min(max(row.score, 0.0), 1.0) for row in rows], dtype=np.float64)
    truth = np.array([row.math for row in rows], dtype=bool)
    names, site = np.unique(np.array([row.site for row in rows], dtype=str), return_inverse=True)
    return {
        "documents": {"math": int(truth.sum()), "other": int((~truth).sum())},
        "sites": len(names),
        "auc": _rounded(auc(scores, truth, np.ones(len(rows)))),
        "auc_95": _interval(scores, truth, site, len(names), seed),
        "limits": [_at(limit, scores, truth) for limit in THRESHOLDS],
        "curve": [_at(step / 20, scores, truth) for step in range(1, 20)],
        **_calibration(scores, truth),
    }


def auc(scores: Floats, truth: NDArray[np.bool_], weights: Floats) -> float | None:
    """Share of pairs of a positive and a negative that are in the right order, equal scores counting half.

    A document counts `weights` times. None if there are no such pairs.
    """
    _, place = np.unique(scores, return_inverse=True)
    positive = np.bincount(place, weights * truth)
    negative = np.bincount(place, weights * ~truth)
    pairs = positive.sum() * negative.sum()
    below = np.cumsum(negative) - negative / 2
    return float((positive * below).sum() / pairs) if pairs else None


def _interval(
    scores: Floats, truth: NDArray[np.bool_], site: NDArray[np.intp], sites: int, seed: int
) -> list[float] | None:
    choose = np.random.default_rng(seed)
    drawn = (np.bincount(choose.integers(0, sites, sites), minlength=sites) for _ in range(DRAWS if sites > 1 else 0))
    found = [area for times in drawn if (area := auc(scores, truth, times[site].astype(np.float64))) is not None]
    return [round(float(edge), 4) for edge in np.quantile(found, (0.025, 0.975))] if found else None


def _at(limit: float, scores: Floats, truth: NDArray[np.bool_]) -> dict[str, float | None]:
    above = scores > limit
    right = int((above & truth).sum())
    return {
        "above": limit,
        "precision": _rounded(right / above.sum()) if above.any() else None,
        "recall": _rounded(right / truth.sum()) if truth.any() else None,
    }


def _calibration(scores: Floats, truth: NDArray[np.bool_]) -> dict[str, Any]:
    if not len(scores):
        return {"calibration": [], "brier": None, "ece": None}
    tenth = np.minimum((scores * 10).astype(int), 9)
    rows, distance = [], 0.0
    for number in range(10):
        inside = tenth == number
        row: dict[str, Any] = {"from": number / 10, "to": (number + 1) / 10, "documents": int(inside.sum())}
        if inside.any():
            score, share = float(scores[inside].mean()), float(truth[inside].mean())
            row |= {"score": _rounded(score), "math": _rounded(share)}
            distance += abs(score - share) * float(inside.mean())
        rows.append(row)
    brier = float(((scores - truth) ** 2).mean())
    return {"calibration": rows, "brier": _rounded(brier), "ece": _rounded(distance)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
