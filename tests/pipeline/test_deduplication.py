"""`proofpile dedup` on JSON lines and Parquet: what goes, which pairs are published, what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from manifests import ManifestError
from pipeline.__main__ import app

LONG = " ".join(f"word{number}" for number in range(100))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three copies and a near-copy of one text, in three files of three kinds, and a stranger."""
    rows = [{"name": "a", "body": LONG}, {"name": "b", "body": LONG}]
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/one.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with gzip.open(tmp_path / "in/deep/two.jsonl.gz", "wt") as file:
        file.write(json.dumps({"name": "c", "body": LONG + " end"}))
    table = pa.table({"name": [1, 2], "body": ["nothing else", LONG], "more": [[1], [2]]})
    pq.write_table(table, tmp_path / "in/three.parquet")
    return tmp_path


def dedup(folder: Path, *options: str) -> Any:
    fields = ["--text-field", "body", "--id-field", "name", "--inline"]
    return CliRunner().invoke(
        app, ["dedup", str(folder / "in"), "--out", str(folder / "out"), *fields, *options], catch_exceptions=False
    )


def reasons(folder: Path) -> dict[str, str]:
    rows = [row for path in (folder / "out/drops/dedup").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["id"]: row["reason"] for row in rows}


def test_of_a_folder_one_copy_is_left_and_the_pairs_are_published(folder: Path) -> None:
    result = dedup(folder, "--json", "--list", str(folder / "pairs.jsonl"))
    assert result.exit_code == 0
    assert reasons(folder).keys() == {"a", "b", "2"}
    pairs = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
    exact = [{pair["left"], pair["right"]} for pair in pairs if pair["kind"] == "exact"]
    assert set().union(*exact) == {"a", "b", "2"}
    (near,) = [pair for pair in pairs if pair["kind"] == "near"]
    assert "c" in (near["left"], near["right"])
    assert near["similarity"] == pytest.approx(96 / 97)


def test_a_second_run_does_nothing_and_says_the_same(folder: Path) -> None:
    first = dedup(folder, "--json")
    written = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("receipt.json")}
    assert dedup(folder, "--json").stdout == first.stdout
    assert {path: path.stat().st_mtime_ns for path in written} == written


def test_settings_are_those_of_a_manifest(folder: Path) -> None:
    assert dedup(folder, "--set", "near=false").exit_code == 0
    assert len(reasons(folder)) == 2
    with pytest.raises(ManifestError, match=r"dedup.treshold: unknown key; did you mean 'threshold'"):
        dedup(folder, "--set", "treshold=0.5")


def test_new_documents_are_compared_with_an_earlier_run(folder: Path) -> None:
    assert dedup(folder).exit_code == 0
    (folder / "new.jsonl").write_text(json.dumps({"text": LONG + " other"}) + "\n" + json.dumps({"text": "new"}))
    arguments = ["dedup", str(folder / "new.jsonl"), "--out", str(folder / "more"), "--against", str(folder / "out")]
    result = CliRunner().invoke(app, [*arguments, "--inline", "--json"], catch_exceptions=False)
    summary = json.loads(result.stdout)
    assert (summary["documents"], summary["removed"]) == (2, {"near": 1})
