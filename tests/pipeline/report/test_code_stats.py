"""Languages beside Table 9, and the statistics in the shapes of math-lm."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_runs import narrow, shown, stand, total

import languages
from filters.document import Document
from pipeline.report.code import CodeRow
from pipeline.report.stats import Stats, render_stats, stats, write_shapes
from pipeline.shards import DOCUMENTS, ParquetShard, document_row
from pipeline.stages.token_shards import SIDECAR
from pipeline.storage import RunFolder

KINDS = {"stack": "stack", "hub": "github", "steps": "jsonl"}
FILES = {
    "stack": [("lean", "one/a"), ("lean", "one/a"), ("lean", "two/b"), ("matlab", "one/a")],
    "hub": [("lean", "one-A"), ("matlab", "three-c"), ("unknown", "three-c")],
    "steps": [("lean-proofsteps", "")],
}
"""By source, the language and repository of each document; its text is 9 bytes and 5 tokens."""


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Everything is ingested; of The Stack all but the third document is tokenized."""
    run = RunFolder(str(tmp_path / "run"))
    run.write("manifest.json", json.dumps({"sources": [{"name": n, "kind": k} for n, k in KINDS.items()]}).encode())
    for source, documents in FILES.items():
        ingested(run, source, documents)
    kept = {"stack/lean/train": total(1, 9, 5), "stack/lean/test": total(1, 9, 5), "stack/matlab/train": total(1, 9, 5)}
    files = [sidecar(run, "train", ["stack:0", "stack:3"]), sidecar(run, "test", ["stack:1"])]
    stand(run, "tokens/stack", totals=kept, files=files, unit="a")
    return run


def ingested(run: RunFolder, source: str, documents: list[tuple[str, str]]) -> None:
    path = f"documents/{source}/a/documents.parquet"
    with run.scratch() as folder:
        with ParquetShard(folder / "shard", DOCUMENTS) as shard:
            for number, (subset, repo) in enumerate(documents):
                meta: dict[str, object] = {"repo": repo, "fork_of": "any/fork"} if repo else {}
                meta["path"] = '{"repo": "no/repository"}'
                shard.write(document_row(Document(f"{source}:{number}", source, subset, "some text", meta=meta)))
        run.put(folder / "shard", path)
    subsets = [subset for subset, _ in documents]
    totals = {f"{source}/{subset}": total(subsets.count(subset), 9 * subsets.count(subset), 0) for subset in subsets}
    stand(run, f"documents/{source}", totals=totals, files=[{"path": path, "size": 1, "sha256": ""}], unit="a")


def sidecar(run: RunFolder, split: str, ids: list[str]) -> dict[str, object]:
    path = f"tokens/stack/{split}/a.parquet"
    with run.scratch() as folder:
        with ParquetShard(folder / "sidecar", SIDECAR) as shard:
            for number, name in enumerate(ids):
                shard.write({"document": number, "id": name, "tokens": 5})
        run.put(folder / "sidecar", path)
    return {"path": path, "size": 1, "sha256": ""}


def row(found: Stats, language: str) -> CodeRow:
    return next(row for row in found.code if row.language == language)


def test_a_language_adds_up_its_sources_and_its_proof_steps(run: RunFolder) -> None:
    lean = row(stats(run, published=True), "lean")
    assert (lean.documents, lean.bytes, lean.tokens) == (2 + 1 + 1, 36, 10)
    assert lean.ratio == 10 / lean.published


def test_repositories_are_those_of_kept_documents_however_they_are_written(run: RunFolder) -> None:
    found = stats(run, published=True)
    assert row(found, "lean").repositories == 1  # one/a and one-A; two/b was not kept
    assert row(found, "matlab").repositories == 2
    assert row(found, "all").repositories == 2


def test_what_is_not_tokenized_yet_counts_as_ingested(run: RunFolder) -> None:
    stand(run, "tokens/hub", unit="a")
    found = stats(run, published=True)
    assert row(found, "lean").documents == 2 + 1  # all of the second source went
    assert row(found, "agda") == CodeRow("agda", 0, 0, 0, None, 35_200_000, False, "", None)


def test_every_language_has_a_row_and_its_figure_is_never_called_verified(run: RunFolder) -> None:
    *rows, everything = stats(run, published=True).code
    assert tuple(row.language for row in rows) == languages.names()
    assert everything.published == sum(row.published for row in rows) == 10_955_800_000
    assert not everything.verified


def test_the_shapes_are_those_of_math_lm(run: RunFolder) -> None:
    assert stats(run, published=True).shapes == {
        "stack-stats.json": {
            "lean": {"files": 2, "size": 18, "num_tokens": 10},
            "matlab": {"files": 1, "size": 9, "num_tokens": 5},
        },
        "github-stats.json": {
            "lean": {"num_repos": 1, "num_examples": 1, "num_tokens": None},
            "MATLAB": {"num_repos": 1, "num_examples": 1, "num_tokens": None},
        },
    }


def test_they_are_written_to_a_folder_and_what_is_missing_says_so(run: RunFolder, tmp_path: Path) -> None:
    run.write(
        "manifest.json", b'{"sources": [{"name": "stack", "kind": "stack"}, {"name": "later", "kind": "github"}]}'
    )
    found, console = stats(run, published=True), narrow()
    write_shapes(found, tmp_path / "new" / "folder", console)
    written = list((tmp_path / "new" / "folder").iterdir())
    assert {path.name: json.loads(path.read_text()) for path in written} == found.shapes
    assert "github-stats.json is not written" in shown(console)
    assert found.missing == ["later"]


def test_a_run_without_code_has_rows_and_no_shapes(tmp_path: Path) -> None:
    found = stats(RunFolder(str(tmp_path)), published=True)
    assert {row.documents for row in found.code} == {0}
    assert found.shapes == {}


def test_texts_are_not_read(run: RunFolder) -> None:
    path = Path(run.full("documents/stack/a/documents.parquet"))
    data = bytearray(path.read_bytes())
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(DOCUMENTS.names.index("text"))
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = random.Random(0).randbytes(chunk.total_compressed_size)
    path.write_bytes(data)
    with pytest.raises(OSError, match=r"Parquet|page"):
        pq.read_table(path, columns=["text"])
    assert row(stats(run, published=True), "lean").repositories == 1


def test_it_fits_a_terminal_and_marks_what_is_not_verified(run: RunFolder) -> None:
    console = narrow()
    render_stats(stats(run, published=True), console)
    text = shown(console)
    assert ["lean", "4", "1", "36", "bytes", "10", "286M?", "3.5e-08"] in [line.split() for line in text.splitlines()]
    assert ["agda", "none", "35.2M?"] in [line.split() for line in text.splitlines()]
    assert "? recalled, not verified against the paper." in text
    assert "coq and matlab: of files that a defect" in text
