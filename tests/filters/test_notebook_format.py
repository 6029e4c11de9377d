"""Which notebooks nbconvert takes: decisions as nbconvert 7.17 with nbformat 5.11 made them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from filters.notebook_format import fault

Change = tuple[str, Any]
ABSENT = object()


def changed(path: str, value: Any) -> str:
    """A sound notebook but for one value; numbers in the path are places in lists."""
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "hi\n"},
        {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "3"}},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "hello"},
        {"cell_type": "code", "metadata": {}, "source": ["x\n"], "execution_count": 1, "outputs": outputs},
    ]
    notebook: Any = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": cells}
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = notebook
    for step in way:
        place = place[step]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return json.dumps(notebook)


SOUND: list[Change] = [
    ("nbformat_minor", 5),
    ("extra", [1]),
    ("cells", []),
    ("cells.0.extra", None),
    ("cells.0.metadata.format", 3),
    ("cells.0.source", []),
    ("cells.1.execution_count", None),
    ("cells.1.metadata.scrolled", "auto"),
    ("cells.1.metadata.tags", ["a"]),
    ("cells.1.outputs.1.data", {"application/vnd.plotly.v1+json": {"a": 1}}),
    ("metadata.kernelspec", {"name": "x", "display_name": "y"}),
    ("metadata.language_info", {"name": "x", "codemirror_mode": {"version": 3}}),
]
FAULTY: list[Change] = [
    ("nbformat", ABSENT),
    ("nbformat", 3),
    ("nbformat", 5),
    ("nbformat", "abc"),
    ("nbformat_minor", ABSENT),
    ("metadata", ABSENT),
    ("metadata.kernelspec", {"name": "x"}),
    ("metadata.language_info", {}),
    ("cells.0", None),
    ("cells.0.metadata", ABSENT),
    ("cells.0.source", ABSENT),
    ("cells.0.source", 3),
    ("cells.0.cell_type", ABSENT),
    ("cells.0.cell_type", "abc"),
    ("cells.0.attachments", [1]),
    ("cells.1.outputs", ABSENT),
    ("cells.1.execution_count", ABSENT),
    ("cells.1.execution_count", -1),
    ("cells.1.execution_count", True),
    ("cells.1.metadata.collapsed", 3),
    ("cells.1.metadata.tags", ["a", "a"]),
    ("cells.1.metadata.tags", ["a,b"]),
    ("cells.1.outputs.0.name", ABSENT),
    ("cells.1.outputs.0.output_type", ABSENT),
    ("cells.1.outputs.0.text", 3),
    ("cells.1.outputs.1.data", {"text/plain": 3}),
    ("cells.1.outputs.1.metadata", ABSENT),
    ("cells.1.outputs.1.execution_count", ABSENT),
]


@pytest.mark.parametrize(("path", "value"), SOUND)
def test_what_it_takes(path: str, value: Any) -> None:
    assert fault(changed(path, value)) == ""


@pytest.mark.parametrize(("path", "value"), FAULTY)
def test_what_it_does_not_take(path: str, value: Any) -> None:
    assert fault(changed(path, value))


@pytest.mark.parametrize("version", [2, 3])
def test_older_formats_have_worksheets(version: int) -> None:
    assert fault(json.dumps({"nbformat": version, "worksheets": [{"cells": [{"cell_type": "code"}]}]})) == ""
    assert fault(json.dumps({"nbformat": version, "cells": []}))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"a"', "[" * 100_000])
def test_what_is_no_notebook_at_all(text: str) -> None:
    assert fault(text)
