"""The items of a benchmark: what there is to look for, whatever the fields are called."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["question", "options", "answer", "formal", "name"]
"""`options` is the question with its options behind it, as published: many a question alone says nothing."""

QUESTIONS = ("problem", "question", "input", "nl_statement", "informal_statement", "prompt", "text", "content")
"""Fields that hold what is asked, the first that is there."""
ANSWERS = ("solution", "answer", "output", "nl_proof", "informal_proof", "Answer", "target", "completion")
OPTIONS = ("options", "choices")
"""Fields that hold what to choose from: a text, a list, or lists of texts and labels."""
FORMALS = ("formal_statement", "statement")
"""Fields that hold the same in the language of a proof assistant."""
IDS = ("id", "problem_name", "full_name", "unique_id", "name", "fingerprint")


@dataclass(frozen=True)
class Part:
    """One text that is looked for by itself."""

    benchmark: str
    item: str
    role: Role
    text: str

    @property
    def prose(self) -> str:
        """The text without the code of its drawings, which no web page shows."""
        return _DRAWING.sub(" ", self.text)

    @property
    def drawings(self) -> str:
        """That code."""
        return " ".join(_DRAWING.findall(self.text))


_DRAWING = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL)


@dataclass
class Benchmark:
    """The items of one benchmark, and what was odd about its rows."""

    name: str
    items: int = 0
    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """One line each: rows without a question, empty texts, duplicates."""


def benchmark(name: str, rows: Iterable[object], fields: Sequence[str] = ()) -> Benchmark:
    """A benchmark from its rows: JSON objects, lists whose last string is a statement, or names by themselves.

    `fields` are those of question and answer; without them the usual ones are looked for, decon's among them.
    """
    made = Benchmark(name)
    first: dict[tuple[str, str], str] = {}
    names: set[str] = set()
    for number, row in enumerate(rows):
        item, parts = _item(row, number, fields)
        if item in names:
            made.problems.append(f"{name} {item}: row {number} has the id of another")
            item = f"{item} in row {number}"
        names.add(item)
        made.items += 1
        if not parts:
            made.problems.append(f"{name} {item}: no question" + (f" in {fields[0]}" if fields else ""))
        for role, text in parts:
            if not text.strip():
                made.problems.append(f"{name} {item}: {role} is empty")
                continue
            other = first.setdefault((role, " ".join(text.split())), item)
            if other != item and role != "answer":
                made.problems.append(f"{name} {item}: {role} as in {other}")
            made.parts.append(Part(name, item, role, text))
    return made


def shared(benchmarks: Iterable[Benchmark]) -> Iterator[str]:
    """Questions that stand in two benchmarks, one line each."""
    first: dict[str, Part] = {}
    for one in benchmarks:
        for part in one.parts:
            if part.role == "question":
                other = first.setdefault(" ".join(part.text.split()), part)
                if other.benchmark != part.benchmark:
                    yield f"{part.benchmark} {part.item}: question as in {other.benchmark} {other.item}"


def _item(row: object, number: int, fields: Sequence[str]) -> tuple[str, list[tuple[Role, str]]]:
    if isinstance(row, str):
        return row, [("name", row)]
    if isinstance(row, list):
        return str(number), [("formal", text) for text in _strings(row)[-1:]]
    if not isinstance(row, Mapping):
        return str(number), []
    found: list[tuple[Role, str]] = []
    wanted: list[tuple[Role, tuple[str, ...]]] = [("question", QUESTIONS), ("answer", ANSWERS), ("formal", FORMALS)]
    if fields:
        wanted = [(role, (name,)) for (role, _), name in zip(wanted, fields, strict=False)]
    for role, names in wanted:
        found += [(role, text) for text in _first(row, names)]
        if role == "question" and found and (options := _options(row)):
            found.append(("options", f"{found[0][1]}\n{options}"))
    if found and found[0][0] == "answer":
        found = []
    return _name(row, number), found


def _first(row: Mapping[str, object], names: Sequence[str]) -> list[str]:
    return next(([str(row[name])] for name in names if isinstance(row.get(name), (str, int, float))), [])


def _options(row: Mapping[str, object]) -> str:
    """What to choose from in the shape of `A) 3 B) 4`; a text stays as it is."""
    value = next((row[name] for name in OPTIONS if row.get(name)), None)
    if isinstance(value, Mapping):
        value = value.get("text")
    if isinstance(value, list):
        return " ".join(f"{letter}) {one}" for letter, one in zip(string.ascii_uppercase, value, strict=False))
    return value if isinstance(value, str) else ""


def _name(row: Mapping[str, object], number: int) -> str:
    """The id that the benchmark gives, else the row's number from 0; of decon's records split, index and sub-index."""
    if "eval_instance_index" in row:
        steps = ("config", "split", "eval_instance_index", "sub_index")
        return "/".join(str(row[step]) for step in steps if row.get(step) is not None)
    return next((str(row[name]) for name in IDS if row.get(name) not in (None, "")), str(number))


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for one in value for text in _strings(one)] if isinstance(value, list) else []
