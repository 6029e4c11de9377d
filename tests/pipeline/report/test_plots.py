"""Pictures: whole SVG, the same bytes again, in nobody's own style."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib
import pytest

from pipeline.report.plots import bars, curves, dots

PICTURES: dict[str, Callable[[], str]] = {
    "curves": lambda: curves({"found": [(0.0, 0.0), (1.0, 1.0)]}, "similarity", "chance", ("threshold", 0.7)),
    "bars": lambda: bars({"ours": {"web": 12, "$code$": 0}, "theirs": {"arxiv": 3}}, "tokens"),
    "logarithmic": lambda: bars(
        {"ours": {"lean": 1e3}, "theirs": {"lean": 2e9, "coq": 5e8}}, "tokens", logarithmic=True
    ),
    "dots": lambda: dots({"2:4:1": [8.1, 8.2, 8.15], "4:2:1": [8.4]}, "perplexity"),
}
BAR = "{http://www.w3.org/2000/svg}path[@clip-path]"


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_numbers_are_the_same_bytes_whatever_the_settings(name: str) -> None:
    picture = PICTURES[name]()
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert not {"dc:date", "dc:creator"} & set(picture.replace("<", " ").replace(">", " ").split())
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.grid": True}):
        assert PICTURES[name]() == picture


def test_a_bar_for_each_number_that_is_not_nothing() -> None:
    drawn = ElementTree.fromstring(PICTURES["bars"]())
    assert len(drawn.findall(f".//{BAR}")) == 2


def test_other_numbers_are_another_picture() -> None:
    assert dots({"1:1": [8.1]}, "perplexity") != dots({"1:1": [8.2]}, "perplexity")
