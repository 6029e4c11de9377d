"""Notebooks of formats 3 and 4 as Markdown, and notebooks that are none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from filters.notebook import Notebook

CODE = {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": []}


def convert(notebook: Any, limit: int = 1_048_575) -> Document | Drop:
    text = notebook if isinstance(notebook, str) else json.dumps(notebook)
    return Notebook(limit)(Document("a", "test", text=text))


def markdown(*cells: Any, metadata: Any = None) -> str:
    outcome = convert({"nbformat": 4, "metadata": metadata or {}, "cells": list(cells)})
    assert isinstance(outcome, Document), outcome
    return outcome.text


def prose(text: str) -> str:
    return markdown({"cell_type": "markdown", "source": f"A{text}Z"})


def outputs(*items: Any) -> str:
    """What a code cell's outputs become, without the code."""
    return markdown(CODE | {"outputs": list(items)}).removeprefix("```\nx = 1\nx\n```").strip()


def reason(outcome: Document | Drop) -> str:
    assert isinstance(outcome, Drop)
    assert outcome.rule == "notebook"
    assert outcome.reason in Notebook.reasons
    return outcome.reason


def test_format_4() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Euler\n", "\n", "$$e^{i\\pi} = -1$$"]},
        CODE | {"outputs": [{"output_type": "execute_result", "data": {"text/plain": ["1"]}}]},
        {"cell_type": "raw", "source": "As it stands."},
    ]
    expected = "# Euler\n\n$$e^{i\\pi} = -1$$\n\n```python\nx = 1\nx\n```\n\n```output\n1\n```\n\nAs it stands."
    assert markdown(*cells, metadata={"language_info": {"name": "python"}}) == expected


def test_format_3() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Roots"},
        {
            "cell_type": "code",
            "language": "julia",
            "input": "sqrt(2)",
            "outputs": [
                {"output_type": "pyout", "text": ["1.41\n"]},
                {"output_type": "stream", "text": "done"},
                {"output_type": "display_data", "png": "iVBOR", "text": "<Figure>"},
                {"output_type": "pyerr", "traceback": ["boom"], "text": "boom"},
            ],
        },
    ]
    outcome = convert({"nbformat": 3, "worksheets": [{"cells": cells[:1]}, {"cells": cells[1:]}]})
    assert isinstance(outcome, Document)
    assert outcome.text == "## Roots\n\n```julia\nsqrt(2)\n```\n\n```output\n1.41\n```\n\n```output\ndone\n```"


def test_format_2() -> None:
    cells = [
        {"cell_type": "html", "source": "<b>Roots</b>", "rendered": True},
        {
            "cell_type": "code",
            "language": "python",
            "input": "sqrt(2)",
            "outputs": [
                {"output_type": "pyout", "output_text": "1.41"},
                {"output_type": "display_data", "output_png": "iVBOR", "output_text": "<Figure>"},
                {"output_type": "pyout", "output_latex": "$x$", "output_text": "x"},
            ],
        },
    ]
    outcome = convert({"nbformat": 2, "worksheets": [{"cells": cells}]})
    assert isinstance(outcome, Document)
    assert outcome.text == "<b>Roots</b>\n\n```python\nsqrt(2)\n```\n\n```output\n1.41\n```\n\n$x$"


def test_format_1() -> None:
    cells = [{"cell_type": "text", "text": "Roots."}, {"cell_type": "code", "code": "sqrt(2)", "prompt_number": 1}]
    outcome = convert({"nbformat": 1, "cells": cells})
    assert isinstance(outcome, Document)
    assert outcome.text == "Roots.\n\n```\nsqrt(2)\n```"


@pytest.mark.parametrize("version", [None, 0, 5, "4", [], {}])
def test_the_cells_tell_the_format_whatever_the_notebook_says(version: Any) -> None:
    outcome = convert({"nbformat": version, "cells": [{"cell_type": "markdown", "source": "Roots."}]})
    assert isinstance(outcome, Document)


def test_what_json_allows_and_what_python_adds_is_read() -> None:
    cell = '{"cell_type": "markdown", "metadata": {"a": NaN, "b": -Infinity}, "source": "once", "source": "twice"}'
    outcome = convert('{"cells": [' + cell + "]}")
    assert isinstance(outcome, Document)
    assert outcome.text == "twice"


@pytest.mark.parametrize(
    ("metadata", "fence"),
    [
        ({"language_info": {"name": "Python"}}, "```python"),
        ({"kernelspec": {"language": "R"}}, "```r"),
        ({"kernelspec": {"language": "c++"}}, "```c++"),
        ({"language_info": {"name": "x\n```"}}, "```"),
        ({"language_info": {"name": 3}}, "```"),
        ({"language_info": []}, "```"),
        ([], "```"),
    ],
)
def test_the_kernel_names_the_fence(metadata: Any, fence: str) -> None:
    assert markdown(CODE, metadata=metadata).splitlines()[0] == fence


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert markdown({"cell_type": "code", "source": "s = '````'"}) == "`````\ns = '````'\n`````"


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m"}, "```output\nred\n```"),
        ({"data": {"text/plain": "x**2", "text/latex": ["$x^2$"]}}, "$x^2$"),
        ({"data": {"text/latex": "$x^2$", "image/png": "iVBOR"}}, "$x^2$"),
        ({"latex": "$x^2$", "png": "iVBOR"}, "$x^2$"),
        ({"data": {"text/markdown": "*x* ![](a.png)"}}, "*x*"),
        ({"data": {"text/plain": "<Figure>", "image/png": "iVBOR"}}, ""),
        ({"data": {"text/plain": "<Figure>", "image/svg+xml": "<svg/>"}}, ""),
        ({"data": {"text/html": "<table>", "text/plain": "a b"}}, "```output\na b\n```"),
        ({"data": {"text/html": "<table>"}}, ""),
        ({"output_type": "error", "ename": "E", "traceback": ["boom"]}, ""),
        ({"data": {"application/json": {}}}, ""),
        ({"data": {"text/html": "<b>", "text/plain": "<IPython.core.display.HTML object>"}}, ""),
        ({"text": "[<matplotlib.lines.Line2D at 0x7f0a>,\n <matplotlib.lines.Line2D at 0x7f0b>]"}, ""),
        ({"text": "<Axes at 0x7f0a> and more"}, "```output\n<Axes at 0x7f0a> and more\n```"),
        ({"text": "{1: []}"}, "```output\n{1: []}\n```"),
        ({"output_type": "stream", "text": "10%\r55%\r\ndone\r\n"}, "```output\n55%\ndone\n```"),
        ({"data": {"text/markdown": "", "text/plain": "x"}}, "```output\nx\n```"),
        ({"data": 3, "text": 4}, ""),
        ("not an output", ""),
    ],
)
def test_outputs(output: Any, text: str) -> None:
    assert outputs(output) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("![plot](a.png)", ""),
        ('![plot](a_(1).png "title")', ""),
        ("![plot](data:image/png;base64,iVBOR)", ""),
        ("![plot][ref]", ""),
        ("[ref]: data:image/png;base64,iVBOR/+w0= 'title'", "[ref]:  'title'"),
        ("<svg><image href='data:image/svg+xml;base64,PHN2'/></svg>", "<svg><image href=''/></svg>"),
        ("[![badge](b.svg)](https://example.org)", ""),
        ("<img src='a.png'>", ""),
        ("<IMG src='a.png'/>", ""),
        ("<script>alert(1)</script >", ""),
        ("<script>1</script>b<script>2</script>", "b"),
        ('<iframe src="x"></iframe>', ""),
        ('<iframe src="x"/>b<iframe src="y"></iframe>', "b"),
        ("<video controls>\n<source src='v.mp4'>\n</video>", ""),
        ("<iframe src='x'>b", "b"),
        ("</video>b", "b"),
        ("[text](https://example.org)", "[text](https://example.org)"),
        ("$a < b$ and $i > 2$", "$a < b$ and $i > 2$"),
        ("<imgs>", "<imgs>"),
        ("5! [x] (y)", "5! [x] (y)"),
    ],
)
def test_pictures_frames_videos_and_scripts_leave_prose(before: str, after: str) -> None:
    assert prose(before) == f"A{after}Z"


def test_gaps_are_closed() -> None:
    assert prose("\n\n![plot](a.png)\n \n\n\n") == "A\n\nZ"


@pytest.mark.parametrize("text", ["", "{", "[1,", '{"cells": [', "[" * 100_000, "1" * 10_000, "\ufeff{}"])
def test_broken_json(text: str) -> None:
    assert reason(convert(text)) == "broken-json"


@pytest.mark.parametrize("thing", [[], {}, 3, None, "text", {"cells": 3}, {"cells": {}}, {"worksheets": "x"}])
def test_json_that_is_no_notebook(thing: Any) -> None:
    assert reason(convert(json.dumps(thing))) == "not-a-notebook"


@pytest.mark.parametrize(
    "cells",
    [[], [{}], [3], [{"cell_type": "markdown", "source": " \n"}], [{"cell_type": "code", "source": []}]],
)
def test_notebooks_without_text(cells: list[Any]) -> None:
    assert reason(convert({"cells": cells})) == "empty"


def test_the_markdown_is_bounded() -> None:
    notebook = {"cells": [{"cell_type": "markdown", "source": "∑" * 10}]}
    assert isinstance(convert(notebook, limit=30), Document)
    assert reason(convert(notebook, limit=29)) == "too-large"


def test_half_a_character_does_not_survive() -> None:
    assert prose("\ud800") == "A?Z"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "heading", "raw", "html"]) | JSON,
        "source": JSON,
        "input": JSON,
        "level": JSON,
        "language": JSON,
        "outputs": st.lists(st.dictionaries(st.sampled_from(["data", "text", "png", "latex", "traceback"]), JSON))
        | JSON,
    },
)


@given(st.lists(CELL | JSON), JSON)
def test_no_notebook_raises(cells: list[Any], metadata: Any) -> None:
    outcome = convert({"cells": cells, "metadata": metadata})
    if isinstance(outcome, Drop):
        assert reason(outcome) == "empty"
    else:
        outcome.text.encode()


@pytest.mark.parametrize(
    "word",
    [
        "<script>",
        "</script",
        "<img ",
        "![",
        "![a](",
        "![a]()(",
        "[](",
        "[ ",
        "\n ",
        "`",
        "\x1b[",
        "\r",
        "<a ",
        "<a at 0x",
        "data:image/",
    ],
)
def test_hostile_prose_takes_linear_time(word: str) -> None:
    started = time.process_time()
    text = word * (500_000 // len(word))
    convert({"cells": [{"cell_type": "markdown", "source": text}, {"cell_type": "code", "source": text}]})
    convert({"cells": [CODE | {"outputs": [{"text": text}]}]})
    assert time.process_time() - started < 5
