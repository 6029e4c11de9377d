"""The S-curve that a plan shows is that of the settings."""

from __future__ import annotations

import pytest
from small_runs import narrow, shown

from manifests.sections import Dedup
from pipeline.report.curve import SIMILARITIES, curve, draw_curve, render_curve
from pipeline.stages.dedup import dedup_stages


def test_points_are_those_of_bands_and_rows_and_nothing_is_found_below_the_threshold() -> None:
    found = curve(dedup_stages(("documents/web",), Dedup(bands=16, rows=8)))
    assert found
    assert (found.threshold, found.bands, found.rows) == (0.7, 16, 8)
    assert [point.similarity for point in found.points] == list(SIMILARITIES)
    for point in found.points:
        assert point.candidate == pytest.approx(1 - (1 - point.similarity**8) ** 16)
        assert point.found == (point.candidate if point.similarity >= 0.7 else 0)


def test_the_default_finds_what_is_alike() -> None:
    found = curve(dedup_stages(("documents/web",), Dedup()))
    assert found
    chances = {point.similarity: point.found for point in found.points}
    assert chances[0.9] > 0.999
    assert chances[0.8] > 0.97


@pytest.mark.parametrize("settings", [Dedup(near=False), Dedup(method="simhash")])
def test_where_no_signatures_are_cut_there_is_no_curve(settings: Dedup) -> None:
    assert curve(dedup_stages(("documents/web",), settings)) is None


def test_it_is_drawn_and_settings_show() -> None:
    pictures = set()
    for settings in (Dedup(), Dedup(threshold=0.8), Dedup(verify=False)):
        found = curve(dedup_stages(("documents/web",), settings))
        assert found
        pictures.add(draw_curve(found))
    assert len(pictures) == 3
    assert all(picture.startswith("<?xml") and "</svg>" in picture for picture in pictures)


def test_it_is_shown_with_bars() -> None:
    console = narrow()
    found = curve(dedup_stages(("documents/web",), Dedup()))
    assert found
    render_curve(found, console)
    text = shown(console)
    assert "18 bands of 7 rows" in text.replace("\n", " ")
    (line,) = [line for line in text.splitlines() if line.strip().startswith("0.8 ")]
    assert "98.55 %" in line
    assert "#" in line or "█" in line
