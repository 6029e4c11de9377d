"""Numbers as pictures: SVG by matplotlib, which is loaded when the first one is drawn.

The same numbers give the same bytes on all machines: letters are drawn as outlines of the font that matplotlib brings,
and nobody's settings are asked. There is no background, and all colours are readable on white and on black.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.report.text import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#767676"
"""The grey whose contrast is 4.5 to 1 with white and with black."""
STYLE = {
    "svg.hashsalt": "proofpile",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "text.parse_math": False,
    "axes.prop_cycle": "cycler('color', ['2f7fbf', 'd0700f', '8a63c9'])",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_locale": False,
    "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}
WIDTH, ROW = 7.2, 0.22
"""Inches of a picture, and of one bar."""


def curves(lines: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str, mark: tuple[str, float]) -> str:
    """Lines through points, by name, and a marked place on the axis `x`, with its name."""

    def draw(axes: Axes) -> None:
        for name, points in lines.items():
            axes.plot(*zip(*points, strict=True), label=name)
        axes.axvline(mark[1], color=INK, linestyle="--", label=f"{mark[0]} {mark[1]:g}")
        axes.set(xlabel=x, ylabel=y)
        axes.legend()

    return _svg(3.6, draw)


def bars(series: Mapping[str, Mapping[str, float]], x: str, *, logarithmic: bool = False) -> str:
    """A horizontal bar for each label of each series, the number at its end; where there is nothing, none."""
    labels = list(dict.fromkeys(label for values in series.values() for label in values))
    step = len(series) + 0.5

    def draw(axes: Axes) -> None:
        for number, (name, values) in enumerate(series.items()):
            shown = {labels.index(label) * step + number: value for label, value in values.items() if value}
            drawn = axes.barh(list(shown), list(shown.values()), 0.9, label=name, log=logarithmic)
            axes.bar_label(drawn, [short(value) for value in shown.values()], padding=3, fontsize="small")
        axes.set_yticks([place * step + (len(series) - 1) / 2 for place in range(len(labels))], labels)
        axes.invert_yaxis()
        axes.margins(x=0.12, y=0.01)
        axes.tick_params("x", which="both", bottom=False, labelbottom=False)
        axes.set_xlabel(f"{x}, logarithmic" if logarithmic else x)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(series))

    return _svg(1.0 + ROW * len(labels) * step, draw)


def dots(rows: Mapping[str, Sequence[float]], x: str) -> str:
    """A row for each name: its values as dots, and their mean and standard deviation as a cross with arms."""

    def draw(axes: Axes) -> None:
        for place, values in enumerate(rows.values()):
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            axes.errorbar(statistics.fmean(values), place, xerr=spread, color="C0", marker="|", markersize=16)
            axes.plot(values, [place] * len(values), "o", color="C1", markersize=4)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.invert_yaxis()
        axes.margins(y=0.5 / len(rows))
        axes.set_xlabel(x)

    return _svg(1.0 + 2 * ROW * len(rows), draw)


def _svg(height: float, draw: Callable[[Axes], None]) -> str:
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure.add_subplot())
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return stream.getvalue()
