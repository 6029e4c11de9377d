"""Runs math-lm's own filters of code, unchanged, on a folder of files; see compare_math_lm.py.

It runs in an environment of its own and imports nothing of ours. Prints, by file, whether it is kept and the CPU
milliseconds from bytes to that decision; what the filters raise counts as refused, and is named.
"""

from __future__ import annotations

import json
import os
import sys
import time
import types
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

os.environ.setdefault("GITHUB_ACCESS_TOKEN", "unused")  # their module asks for it when it is imported
sys.modules["datasets"] = types.SimpleNamespace(load_dataset=None)  # type: ignore[assignment]  # loads, filters nothing

import process_github as github  # noqa: E402
import process_stack as stack  # noqa: E402

GITHUB = {
    "coq": github.filter_coq,
    "isabelle": github.filter_isabelle,
    "lean": github.filter_lean,
    "matlab": github.filter_matlab,
}
"""Languages that were taken from repositories; all others came from The Stack."""


def python(example: dict[str, Any]) -> bool:
    return bool(stack.python_filter(example | stack.python_map(example)))


def notebook(example: dict[str, Any]) -> bool:
    if not stack.jupyter_notebook_filter(example):
        return False
    return bool(stack.filter_processed_jupyter_notebook(stack.process_jupyter_notebook(example)))


def stack_filters() -> dict[str, Callable[[dict[str, Any]], Any]]:
    """As the `main` of their script chooses them."""
    identifier = stack.LanguageIdentifier.from_modelstring(stack.model, norm_probs=True)
    special = {
        "python": python,
        "jupyter-notebook": notebook,
        "tex": partial(stack.tex_filter, identifier=identifier),
    }
    plain = ("agda", "c", "cpp", "fortran", "gap", "haskell", "idris", "julia", "maple", "r")
    return {name: getattr(stack, f"{name}_filter") for name in plain} | special


def from_stack(row: Mapping[str, Any], raw: bytes) -> dict[str, Any]:
    return {
        "content": raw.decode(),
        "size": len(raw),
        "ext": row["path"].rpartition(".")[2],
        "max_stars_repo_name": row["repo"],
        "max_stars_repo_path": row["path"],
    }


def from_github(row: Mapping[str, Any], raw: bytes) -> dict[str, Any]:
    """As their `_extract` reads a file: UTF-8, with the newlines that Python's text files have."""
    author, _, repo = row["repo"].partition("/")
    folder = f"github-repos/{row['lang']}/{author}-{repo}/{repo}-{row['commit']}"
    text = raw.decode().replace("\r\n", "\n").replace("\r", "\n")
    return {"text": text, "meta": {"author": author, "repo": repo, "path": f"{folder}/{row['path']}"}}


def judge(row: Mapping[str, Any], raw: bytes, filters: Mapping[str, Callable[[dict[str, Any]], Any]]) -> str:
    """Empty if the file is kept, else why not."""
    language = row["lang"]
    try:
        if language in GITHUB:
            return "" if GITHUB[language](from_github(row, raw)) else "refused"
        return "" if filters[language](from_stack(row, raw)) else "refused"
    except (ZeroDivisionError, IndexError, UnicodeDecodeError) as error:
        return type(error).__name__


def main() -> None:
    rows, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    filters = stack_filters()
    files = {row["file"]: (row, (folder / row["file"]).read_bytes()) for row in rows}
    answers: dict[str, tuple[str, float]] = {}
    for _ in range(2):  # the first time is a warm-up
        for name, (row, raw) in files.items():
            start = time.process_time_ns()
            with redirect_stderr(StringIO()):
                why = judge(row, raw, filters)
            answers[name] = why, (time.process_time_ns() - start) / 1e6
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
