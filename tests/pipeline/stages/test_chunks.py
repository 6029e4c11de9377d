"""Copies as the published code found them, through the law, beside its own loop; and fork families under `fixed`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.document import Document, Drop
from languages import published
from manifests.sections import Dedup, Split
from pipeline.driver import Driver
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.progress import Reporter
from pipeline.run import inline
from pipeline.stages.chunks import AsPublished, chunks
from pipeline.stages.dedup import dedup_stages
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder

COQ, MATLAB, PYTHON = map(published.load, ("coq", "matlab", "python"))
SMALL = tuple(rules.model_copy(update={"chunk": min(rules.chunk, 4)}) for rules in (COQ, MATLAB, PYTHON))
"""The rules with chunks of four characters."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Rows:
    """Reads JSON lines: id, subset, text, meta."""

    name: str

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        for line in stream:
            row = json.loads(line)
            yield Document(row["id"], self.name, row.get("subset", "coq"), row["text"], meta=row.get("meta", {}))


def dropped(
    folder: Path, sources: Mapping[str, Sequence[Row]], asked: AsPublished | None, unit_bytes: int = 1
) -> dict[str, str]:
    """Reason by id, for everything that dedup drops of these documents, each an object of its source."""
    root, run = Outside(str(folder / "in")), RunFolder(str(folder / "out"))
    ingests = []
    for source, rows in sources.items():
        (folder / "in" / source).mkdir(parents=True)
        for number, row in enumerate(rows):
            (folder / "in" / source / f"{number:03}.json").write_text(json.dumps(row) + "\n")
        ingests.append(Ingest(Rows(source), (), unit_bytes=unit_bytes, outside=root, paths=(f"{source}/*.json",)))
    stages = [*ingests, *dedup_stages(tuple(stage.name for stage in ingests), Dedup(partitions=3), asked)]
    assert not Driver(run, inline(run), Reporter(run, io.StringIO()), Lock(run)).bring_about(stages).failures
    ledgers = sorted((folder / "out/drops/dedup").rglob("*.parquet"))
    return {row["id"]: row["reason"] for path in ledgers for row in pq.read_table(path).to_pylist()}


def code(texts: Mapping[str, str], subset: str = "coq") -> list[Row]:
    return [{"id": id, "text": text, "subset": subset} for id, text in texts.items()]


def as_published(*sources: str, **changes: Any) -> AsPublished:
    return replace(AsPublished(sources, SMALL), **changes)


def test_what_shares_a_chunk_with_an_earlier_text_goes(tmp_path: Path) -> None:
    texts = {"a": "onlythis", "b": "seenonly", "c": "thiselse"}
    assert dropped(tmp_path, {"github": code(texts)}, as_published("github")) == {"b": "chunk", "c": "chunk"}


def test_a_text_that_repeats_a_chunk_of_its_own_loses_all_its_copies(tmp_path: Path) -> None:
    texts = {"a": "lalalala", "b": "lalalala"}
    assert dropped(tmp_path, {"github": code(texts)}, as_published("github")) == {"a": "chunk", "b": "chunk"}


def test_what_comes_after_the_last_whole_chunk_is_not_looked_at(tmp_path: Path) -> None:
    texts = {"a": "12345", "b": "67895", "c": "5", "d": "5", "e": "x12345"}
    assert dropped(tmp_path, {"github": code(texts)}, as_published("github")) == {"d": "chunk"}


def test_only_files_of_one_language_are_compared_and_only_where_the_published_code_did(tmp_path: Path) -> None:
    rows = [
        *code({"a": "12345678", "b": "12345678"}, "python"),
        *code({"c": "12345678"}),
        *code({"d": "1234"}, "matlab"),
    ]
    assert dropped(tmp_path, {"github": rows}, as_published("github")) == {}


def test_that_no_copy_is_found_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.stages.dedup.JUDGED_FROM", 1)
    assert dropped(tmp_path, {"github": code({"a": "one two", "b": "one two"}, "python")}, as_published("github")) == {}


def test_text_that_is_no_code_is_compared_as_ever(tmp_path: Path) -> None:
    sources = {
        "github": code({"a": "one two", "b": "one two"}, "python"),
        "web": code({"c": "one two", "d": "one two"}),
    }
    assert dropped(tmp_path, sources, as_published("github")) == {"d": "exact"}


def test_the_first_source_of_the_manifest_has_a_chunk_first(tmp_path: Path) -> None:
    sources = {"z": code({"a": "12345678"}), "b": code({"c": "12345678"})}
    assert dropped(tmp_path, sources, as_published("z", "b")) == {"c": "chunk"}


def test_of_each_split_only_so_many_files_are_kept_whatever_the_units(tmp_path: Path) -> None:
    capped = tuple(rules.model_copy(update={"max_files": rules.max_files and 3}) for rules in SMALL)
    asked = as_published("github", languages=capped, split=Split(validation=0.3, test=0.3))
    rows = [
        *code({f"{n}/x": f"{n:04}" for n in range(40)}),
        *code({f"p{n}": f"{n:04}" for n in range(9)}, "python"),
    ]
    gone = dropped(tmp_path / "a", {"github": rows}, asked)
    assert set(gone.values()) == {"file-cap"}
    assert len(gone) == 40 - 3 * 3
    assert dropped(tmp_path / "b", {"github": rows}, asked, unit_bytes=500) == gone


def their_loop(texts: Mapping[str, str], size: int) -> set[str]:
    """What math-lm's `deduplicate` throws away."""
    seen: set[str] = set()
    gone = set()
    for id, text in texts.items():
        for start in range(0, len(text), size):
            chunk = text[start : start + size]
            if len(chunk) == size or len(chunk) == len(text):
                if chunk in seen:
                    gone.add(id)
                seen.add(chunk)
    return gone


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("ab\u00e9", max_size=14), max_size=8), st.integers(1, 400))
def test_the_same_go_as_in_the_published_loop(texts: list[str], unit_bytes: int) -> None:
    named = {f"d{number}": text for number, text in enumerate(texts)}
    with TemporaryDirectory() as folder:
        sources = {"github": code({"first": "long enough to be no copy", **named})}
        gone = dropped(Path(folder), sources, as_published("github"), unit_bytes)
    assert gone.keys() == their_loop({"first": "long enough to be no copy", **named}, 4)


@given(st.text(max_size=30), st.integers(1, 7))
def test_chunks_are_the_text_but_for_its_tail(text: str, size: int) -> None:
    assert text.startswith("".join(chunks(text, size)))
    assert len(text) - len("".join(chunks(text, size))) < size


def version(id: str, text: str, repo: str, fork_of: str = "", path: str = "src/a.v") -> Row:
    return {"id": id, "text": text, "meta": {"repo": repo, "path": path, "fork_of": fork_of}}


ONE, OTHER = "Lemma one : True.", "Theorem quite_another_text : forall x, x = x."


@pytest.mark.parametrize(
    ("rows", "gone"),
    [
        pytest.param(
            [version("fork", OTHER, "you/it", "me/it"), version("root", ONE, "me/it")], {"fork": "fork"}, id="root wins"
        ),
        pytest.param(
            [version("b", ONE, "b/it", "me/it"), version("a", OTHER, "a/it", "me/it")],
            {"b": "fork"},
            id="longest of forks",
        ),
        pytest.param(
            [version("fork", ONE, "you/it", "me/it"), version("root", ONE, "me-it")],
            {"fork": "exact"},
            id="an equal text",
        ),
        pytest.param([version("a", ONE, "a/it"), version("b", OTHER, "b/it")], {}, id="no forks"),
        pytest.param(
            [version("fork", OTHER, "you/it", "me/it", "src/b.v"), version("root", ONE, "me/it")], {}, id="another file"
        ),
        pytest.param(
            [version("moved", ONE, "you/it", "me/it", "src/b.v"), version("root", ONE, "me/it")],
            {"moved": "exact"},
            id="moved, but equal",
        ),
    ],
)
def test_of_a_fork_family_one_version_of_each_file_is_kept(
    tmp_path: Path, rows: list[Row], gone: dict[str, str]
) -> None:
    assert dropped(tmp_path / "a", {"github": rows}, None) == gone
    assert dropped(tmp_path / "b", {"github": rows[::-1]}, None, unit_bytes=1000) == gone
