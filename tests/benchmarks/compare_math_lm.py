"""Our filters of code beside math-lm's own: the same files, in turns, each in its own process.

    git clone https://github.com/EleutherAI/math-lm PEER
    python tests/benchmarks/compare_math_lm.py PEER --data FOLDER

FOLDER holds `manifest.jsonl`, a row a file: file (path below FOLDER's parent), lang, label, repo, commit, path; and, if
some labels are known to be wrong, `exclude.txt`, which names such files, a tab before the reason. What is labelled
`neg-…` must be refused, `duplicate…` is for deduplication to find and counted by label only, all else must be kept.

Their code runs unchanged in an environment of its own (`math-lm-requirements.txt`, made below build/ at the first run).
Both are timed from a file's bytes to the decision; notebooks are turned into Markdown on the way.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import cast

from measure import median, options, show

import languages
from filters.document import Document, Drop
from filters.filter import Filter, apply
from manifests import Manifest
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.stages.ingest import Ingest

COMMIT = "9575d138bc0ca06fce07d6537b05854339ec2b62"
FOLDER = "proof_pile_2/algebraic_stack"
HERE = Path(__file__).resolve().parent
PEER = HERE.parents[1] / "build" / "peers" / "math-lm"
TOOLS = ("math-lm", "published", "fixed")
"""Theirs, and ours by recipe."""

Row = dict[str, str]
Answers = Mapping[str, tuple[str, float]]
"""By file: why it is refused (empty if it is kept), and CPU milliseconds."""


def main() -> None:
    parser = options(__doc__, rounds=3)
    parser.add_argument("peer", type=Path, metavar="PEER", help="a clone of the repository")
    parser.add_argument("--data", type=Path, required=True, help="a folder with manifest.jsonl")
    parser.add_argument(
        "--disagreements", action="store_true", help="name each file that `fixed` judges against its label"
    )
    given = parser.parse_args()
    install(given.peer)
    rows = [json.loads(line) for line in (given.data / "manifest.jsonl").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        sizes = lay_out(rows, given.data.parent, Path(folder))
        turns = [take_turn(rows, Path(folder)) for _ in range(given.rounds)]
    labelled = [row for row in rows if row["file"] not in excluded(given.data)]
    judged = {tool: {file: why for file, (why, _) in turns[0][tool].items()} for tool in TOOLS}
    show_quality(labelled, judged)
    show_labels(labelled, judged)
    show_speed(rows, sizes, turns)
    show_differences(judged)
    if given.disagreements:
        show_disagreements(labelled, judged["fixed"])


def install(repository: Path) -> None:
    """Their code at the commit and its environment, unless they are there."""
    code, python = PEER / "code", PEER / "venv" / "bin" / "python"
    if not code.exists():
        archive = ["git", "-C", str(repository), "archive", f"{COMMIT}:{FOLDER}"]
        files = subprocess.run(archive, check=True, capture_output=True).stdout
        code.mkdir(parents=True)
        subprocess.run(["tar", "-x", "-C", str(code)], input=files, check=True)
    if not python.exists():
        venv.create(python.parents[1], with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "-r", str(HERE / "math-lm-requirements.txt")], check=True)


def lay_out(rows: Iterable[Row], files: Path, folder: Path) -> dict[str, int]:
    """Write the files as the archives serve them, and say how large each is.

    The Stack holds text only: what is not UTF-8 has been decoded as Latin-1 there. Repositories hold bytes.
    """
    sizes = {}
    for row in rows:
        raw, out = (files / row["file"]).read_bytes(), folder / row["file"]
        if languages.load(row["lang"]).origin == "stack":
            raw = _decoded(raw).encode()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(raw)
        sizes[row["file"]] = len(raw)
    return sizes


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def take_turn(rows: Sequence[Row], folder: Path) -> dict[str, Answers]:
    answers = {"math-lm": theirs(rows, folder)}
    for recipe in TOOLS[1:]:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            answers[recipe] = process.submit(partial(ours, recipe), rows, folder).result()
    return answers


def theirs(rows: Sequence[Row], folder: Path) -> Answers:
    (folder / "rows.json").write_text(json.dumps(rows))
    command = [PEER / "venv" / "bin" / "python", HERE / "math_lm_peer.py", folder / "rows.json", folder]
    environment = os.environ | {"PYTHONPATH": str(PEER / "code")}
    result = subprocess.run(command, cwd=PEER, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"math-lm's filters ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return cast(Answers, json.loads(result.stdout))


def ours(recipe: str, rows: Sequence[Row], folder: Path) -> Answers:
    steps = filters(recipe)
    answers: dict[str, tuple[str, float]] = {}
    documents = [document(row, (folder / row["file"]).read_bytes()) for row in rows]
    for _ in range(2):  # the first time is a warm-up
        for given in documents:
            start = time.process_time_ns()
            outcome = apply(steps, given)
            spent = (time.process_time_ns() - start) / 1e6
            answers[given.id] = _why(outcome), spent
    return answers


def filters(recipe: str) -> tuple[Filter, ...]:
    """What a manifest makes of The Stack when it says nothing but the recipe."""
    source = {"name": "code", "kind": "stack", "paths": ["*.parquet"]}
    manifest = Manifest.model_validate({"name": "code", "recipe": recipe, "sources": [source]})
    return cast(Ingest, corpus(ask(manifest))[0]).filters


def document(row: Row, raw: bytes) -> Document:
    meta: dict[str, object] = {name: row[name] for name in ("repo", "path")}
    return Document(row["file"], "code", row["lang"], meta=meta, raw=raw)


def _why(outcome: Document | Drop) -> str:
    return f"{outcome.rule}/{outcome.reason} {outcome.detail}".rstrip() if isinstance(outcome, Drop) else ""


def excluded(data: Path) -> set[str]:
    file = data / "exclude.txt"
    return {line.partition("\t")[0] for line in file.read_text("utf-8").splitlines()} if file.exists() else set()


def kind(row: Row) -> str:
    label = row["label"]
    return "bad" if label.startswith("neg-") else "apart" if label.startswith("duplicate") else "good"


def show_quality(rows: Sequence[Row], judged: Mapping[str, Mapping[str, str]]) -> None:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["lang"]].append(row)
    lines = [(language, *_quality(of, judged)) for language, of in sorted(groups.items())]
    whole = _percentages(rows, judged)
    head = ("language", *(f"good kept, {tool}" for tool in TOOLS), *(f"bad refused, {tool}" for tool in TOOLS))
    show("Decisions by language", head, [*lines, ("all", *_quality(rows, judged)), ("", *whole)])


def _quality(rows: Sequence[Row], judged: Mapping[str, Mapping[str, str]]) -> list[str]:
    good, bad = ([row for row in rows if kind(row) == which] for which in ("good", "bad"))
    kept = [f"{kept_of(good, judged[tool])} of {len(good)}" for tool in TOOLS]
    refused = [f"{len(bad) - kept_of(bad, judged[tool])} of {len(bad)}" if bad else "" for tool in TOOLS]
    return kept + refused


def _percentages(rows: Sequence[Row], judged: Mapping[str, Mapping[str, str]]) -> list[str]:
    good, bad = ([row for row in rows if kind(row) == which] for which in ("good", "bad"))
    kept = [kept_of(good, judged[tool]) / max(len(good), 1) for tool in TOOLS]
    refused = [1 - kept_of(bad, judged[tool]) / max(len(bad), 1) for tool in TOOLS]
    return [f"{100 * share:.1f} %" for share in (*kept, *refused)]


def kept_of(rows: Iterable[Row], why: Mapping[str, str]) -> int:
    return sum(not why[row["file"]] for row in rows)


def show_labels(rows: Sequence[Row], judged: Mapping[str, Mapping[str, str]]) -> None:
    """What a file was taken for, by what it is."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["label"], row["lang"]].append(row)
    lines = [
        (label, language, str(len(of)), *(str(kept_of(of, judged[tool])) for tool in TOOLS))
        for (label, language), of in sorted(groups.items())
    ]
    show("Kept by label", ("label", "offered as", "files", *TOOLS), lines)


def show_speed(rows: Sequence[Row], sizes: Mapping[str, int], turns: Sequence[Mapping[str, Answers]]) -> None:
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row["lang"]].append(row["file"])
    lines = [(language, *_speed(of, sizes, turns)) for language, of in sorted(groups.items())]
    head = ("language", "MB", *(f"MB/s, {tool}" for tool in TOOLS), "fixed, times faster")
    plain = [file for language, of in groups.items() if not languages.load(language).notebook for file in of]
    lines.append(("all but notebooks", *_speed(plain, sizes, turns)))
    show("CPU, from bytes to decision", head, [*lines, ("all", *_speed(list(sizes), sizes, turns))])


def _speed(files: Sequence[str], sizes: Mapping[str, int], turns: Sequence[Mapping[str, Answers]]) -> list[str]:
    size = sum(sizes[file] for file in files) / 1e6
    spent = {tool: [sum(turn[tool][file][1] for file in files) / 1e3 for turn in turns] for tool in TOOLS}
    rates = [median([size / seconds for seconds in spent[tool]], 1) for tool in TOOLS]
    faster = [other / mine for other, mine in zip(spent["math-lm"], spent["fixed"], strict=True)]
    return [f"{size:.1f}", *rates, median(faster, 1)]


def show_differences(judged: Mapping[str, Mapping[str, str]]) -> None:
    """Where the recipe `published` does not do what the published code does."""
    theirs, ours = judged["math-lm"], judged["published"]
    lines = [
        (file, theirs[file] or "kept", ours[file] or "kept")
        for file in theirs
        if bool(theirs[file]) != bool(ours[file])
    ]
    show(f"`published` differs on {len(lines)} of {len(theirs)} files", ("file", "math-lm", "published"), lines)


def show_disagreements(rows: Iterable[Row], why: Mapping[str, str]) -> None:
    wrong = {"good": True, "bad": False}
    lines = [
        (row["file"], row["label"], why[row["file"]] or "kept")
        for row in rows
        if wrong.get(kind(row)) == bool(why[row["file"]])
    ]
    show("`fixed` against the labels", ("file", "label", "decision"), lines)


if __name__ == "__main__":
    main()
