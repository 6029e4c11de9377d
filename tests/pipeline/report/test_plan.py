"""What a run would take, from the sizes of its inputs alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_runs import narrow, shown

from filters.models import Model, pin
from manifests import Receipt
from manifests.sections import Mixture
from pipeline.outside import Outside
from pipeline.path_list import ASSUMED_BYTES, PathList
from pipeline.report.plan import plan, render_plan, throughput
from pipeline.sources.cc_index import CcIndex
from pipeline.sources.jsonl import Jsonl
from pipeline.stage import Bench, Unit
from pipeline.stages.ingest import Ingest
from pipeline.stages.pack import Pack
from pipeline.stages.tokenizer import train_tokenizer
from pipeline.stages.tokens import Tokens
from pipeline.storage import StorageError


@dataclass(frozen=True)
class Later:
    """A stage with a unit for every documents unit."""

    name: str
    stands_on: tuple[str, ...] = ("documents/j",)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        for stage in self.stands_on:
            yield from (Unit(receipt.unit, upstream=(receipt,)) for receipt in done[stage])

    def run(self, unit: Unit, bench: Bench) -> None:
        raise AssertionError("a plan does no work")


def tokenizer_file(folder: Path) -> Model:
    path = folder / "tokenizer.json"
    path.write_bytes(train_tokenizer(iter(["some text"]), 300, "</s>"))
    return pin(Model(str(path)))


def ingest(root: Path) -> Ingest:
    for name, size in (("a", 1000), ("b", 1000), ("c", 3000)):
        (root / f"{name}.jsonl").write_bytes(b"\xff" * size)  # not one readable line: no document may be read
    return Ingest(Jsonl("j"), (), unit_bytes=2000, outside=Outside(str(root)), paths=("*.jsonl",))


def test_inputs_are_counted_and_later_stages_follow_from_them(tmp_path: Path) -> None:
    known = throughput()
    jsonl, keys = known["sources"]["jsonl"], known["stages"]["dedup/keys"]
    found = plan([ingest(tmp_path), Later("dedup/keys"), Later("dedup/pairs", ("dedup/keys",))])
    documents, marks, pairs = found.rows
    assert (documents.units, documents.inputs, documents.bytes, documents.objects) == (2, 3, 5000, 6)
    assert documents.core_hours == pytest.approx(5000 / jsonl["bytes_per_second"] / 3600)
    text = 5000 * jsonl["text"]
    assert (marks.units, marks.inputs, marks.bytes, marks.objects) == (2, 0, text, 8)
    assert marks.core_hours == pytest.approx(text / keys["bytes_per_second"] / 3600)
    assert (pairs.units, pairs.bytes, pairs.core_hours, pairs.objects) == (2, 0, None, 6)
    assert (found.units, found.input_bytes, found.objects) == (6, 5000, 20)
    assert found.core_hours == pytest.approx((documents.core_hours or 0) + (marks.core_hours or 0))


def test_shards_of_a_packed_mixture_are_those_of_its_budget(tmp_path: Path) -> None:
    steps = [ingest(tmp_path), Later("dedup/marks"), Tokens("j", tokenizer=tokenizer_file(tmp_path))]
    pack = Pack(("j",), Mixture(budget=1_000_000), sequence=100, shard_bytes=2 * 100 * 1000)
    packed = plan([*steps, Later("release/mixture", ()), pack]).rows[-1]
    assert packed.units == 1 + 10 + 2  # the index, ten shards of 1,000 sequences, validation and test


def test_missing_inputs_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"no input matches 'x\*'"):
        plan([Ingest(Jsonl("j"), (), outside=Outside(str(tmp_path)), paths=("x*",))])


def test_every_kind_of_source_was_measured() -> None:
    assert set(throughput()["sources"]) == {"warc", "crawl", "stack", "github", "arxiv", "jsonl"}


def test_it_fits_a_terminal_and_marks_expectations(tmp_path: Path) -> None:
    console = narrow()
    render_plan(plan([ingest(tmp_path), Later("tokens/" + "long-name-" * 5), Later("else", ())]), console)
    lines = [line.split() for line in shown(console).splitlines()]
    assert ["documents/j", "2", "3", "5.0", "kB", "<0.01", "6"] in lines
    assert ["else", "0", "-", "-", "-", "0"] in lines


def test_records_that_a_table_tells_of_are_counted_and_weighed(tmp_path: Path) -> None:
    columns = {"url": ["a", "b"], "warc_filename": ["none.gz"] * 2, "warc_record_offset": [0, 9]}
    pq.write_table(pa.table({**columns, "warc_record_length": [20_000, 30_000]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"no table")
    source = CcIndex("web", Outside("http://127.0.0.1:1"))
    stage = Ingest(source, (), unit_bytes=1, outside=Outside(str(tmp_path)), paths=("*.parquet",))
    found = plan([stage])
    assert (found.rows[0].units, found.rows[0].records, found.rows[0].bytes) == (2, 2, 50_000)
    console = narrow()
    render_plan(found, console)
    assert "documents/web: 2 records, one by one." in shown(console)


def test_files_that_a_list_names_are_taken_to_be_as_large_as_a_crawls(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.gz\nb.gz\nc.gz")
    found = plan([Ingest(Jsonl("j"), (), lists=(PathList("list", ":2"),), outside=Outside(str(tmp_path)))])
    assert (found.units, found.input_bytes) == (2, 2 * ASSUMED_BYTES)
    rate = throughput()["sources"]["crawl"]["bytes_per_second"]
    assert found.core_hours == pytest.approx(2 * ASSUMED_BYTES / rate / 3600)
