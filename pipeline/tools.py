"""The verbs that work on single files: extract, classify."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from filters.code import classify
from filters.document import Document, Drop
from pipeline.extract import ExtractError, extract


def extract_command(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE…]", help="HTML; standard input if none.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read a path a line from standard input; write a JSON object a line.")
    ] = False,
) -> None:
    """HTML to text with the mathematics kept as LaTeX.

    With --jsonl each line is {"path", "text", "info", "ms"}, or {"path", "error"}, in the order of the paths.

    Example: `find pages -name '*.html' | proofpile extract --jsonl > texts.jsonl`
    """
    if jsonl:
        paths = [str(file) for file in files] if files else (line.rstrip("\n") for line in sys.stdin if line.strip())
        return write_lines(paths, _extracted)
    failed = False
    for file in files or [Path("-")]:
        found = _extracted(str(file))
        failed |= "error" in found
        typer.echo(f"{file}: {found['error']}" if "error" in found else found["text"], err="error" in found)
    raise typer.Exit(1 if failed else 0)


def _extracted(path: str) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        html = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        page = extract(html)
    except (OSError, ValueError, ExtractError) as error:
        return {"error": str(error) or type(error).__name__}
    return {"text": page.text, "info": page.info, "ms": round((time.perf_counter() - began) * 1000, 3)}


def classify_command(
    language: Annotated[str, typer.Option(help="Language, by its name in `languages/`.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
) -> None:
    """The code filters on files: {"path", "kept", "rule", "reason", "detail"} a line.

    Example: `proofpile classify --language coq theories/*.v`
    """
    write_lines(map(str, files), lambda path: _classified(language, path))


def _classified(language: str, path: str) -> dict[str, Any]:
    try:
        outcome = classify(language, path, Path(path).read_bytes())
    except OSError as error:
        outcome = Drop(path, "read", "unreadable", error.strerror or str(error))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--language") from None
    if isinstance(outcome, Document):
        return {"kept": True, "rule": "", "reason": "", "detail": ""}
    return {"kept": False, "rule": outcome.rule, "reason": outcome.reason, "detail": outcome.detail}


def write_lines(paths: Iterable[str], answer: Callable[[str], dict[str, Any]]) -> None:
    """One JSON object a path, in order, as soon as it is known."""
    for path in paths:
        sys.stdout.write(json.dumps({"path": path, **answer(path)}, ensure_ascii=False) + "\n")
        sys.stdout.flush()
