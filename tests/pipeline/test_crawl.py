"""Runs over a crawl on the web: whatever the server does, they end with the bytes of a local run, or say why not."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_driver import content
from web_server import Clock, Fault, Server, serving, visiting

from filters.document import Document
from pipeline.driver import Done, Driver
from pipeline.isolation import Bounds, Supervisor
from pipeline.lock import Lock
from pipeline.outside import Outside
from pipeline.path_list import PathList
from pipeline.polite import FORBIDDEN_ATTEMPTS, FORBIDDEN_IN_A_ROW, Gate, Manners
from pipeline.progress import Reporter
from pipeline.run import inline
from pipeline.sources import sample
from pipeline.sources.cc_index import CcIndex
from pipeline.sources.source import Source
from pipeline.sources.warc import Warc
from pipeline.stage import StaleError
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder, StorageError

LIST = "crawl-data/CC-MAIN-2024-18/warc.paths.gz"
KEYS = [f"crawl-data/CC-MAIN-2024-18/segments/{number}/warc/{number:05}.warc.gz" for number in range(4)]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as CommonCrawl's bucket: four archives, and the list of them."""
    packed, folder = tmp_path_factory.mktemp("packed"), tmp_path_factory.mktemp("crawl")
    sample.pack(packed)
    archives = [path.read_bytes() for path in sorted(packed.glob("web/*.warc.gz"))]
    for number, key in enumerate(KEYS):
        (folder / key).parent.mkdir(parents=True)
        (folder / key).write_bytes(archives[number % len(archives)])
    (folder / LIST).write_bytes(gzip.compress("\n".join(KEYS).encode()))
    return folder


@pytest.fixture
def gate() -> Iterator[Gate]:
    with visiting(Clock()) as gate:
        yield gate


@pytest.fixture
def server(crawl: Path, gate: Gate) -> Iterator[Server]:
    files = (path for path in crawl.rglob("*") if path.is_file())
    with serving({path.relative_to(crawl).as_posix(): path.read_bytes() for path in files}) as server:
        yield server


def stage(root: str, slice: str = "") -> Ingest:
    """The documents of a crawl, as pages stand in it."""
    return Ingest(Text(), (), lists=(PathList(LIST, slice).pinned(Outside(root)),), outside=Outside(root))


class Text(Warc):
    """Pages whose bytes are their text."""

    def __init__(self) -> None:
        super().__init__("web")

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | object]:  # type: ignore[override]
        for item in super().read(key, stream):
            yield as_text(item)


def as_text(item: object) -> object:
    if not isinstance(item, Document):
        return item
    text = item.raw.decode("latin-1") or " "
    return Document(item.id, item.source, text=text, url=item.url, date=item.date, meta=item.meta)


def bring_about(stage: Ingest, folder: Path, gate: Gate | None = None) -> Done:
    run = RunFolder(str(folder))
    return Driver(run, inline(run, gate), Reporter(run, io.StringIO()), Lock(run)).bring_about([stage])


def test_a_run_over_a_bad_web_ends_with_the_bytes_of_a_local_one(server: Server, crawl: Path, tmp_path: Path) -> None:
    assert bring_about(stage(str(crawl)), tmp_path / "local").failures == []
    made = stage(server.url)
    server.faults = [
        *[None, Fault(503), Fault(after=700), Fault(429, {"Retry-After": "7"})],
        *[Fault(after=0), None, Fault(403), Fault(500)],
    ]
    assert bring_about(made, tmp_path / "web").failures == []
    assert content(tmp_path / "web") == content(tmp_path / "local")
    assert not server.faults


def test_a_file_is_one_request(server: Server, tmp_path: Path) -> None:
    bring_about(stage(server.url), tmp_path / "run")
    assert [key for key, _ in server.asked] == [LIST, LIST, *KEYS]


def test_started_again_it_asks_for_the_list_only(server: Server, tmp_path: Path) -> None:
    made = stage(server.url)
    bring_about(made, tmp_path / "run")
    server.asked.clear()
    assert bring_about(made, tmp_path / "run").failures == []
    assert server.asked == [(LIST, "")]


def test_a_file_that_is_gone_or_cannot_be_read_on_fails_its_unit_only(server: Server, tmp_path: Path) -> None:
    made = stage(server.url)
    del server.objects[KEYS[1]]
    server.faults = [None, None, None, Fault(after=700), *[Fault(500)] * 10]
    done = bring_about(made, tmp_path / "run")
    assert [failure.unit for failure in done.failures] == [KEYS[1], KEYS[2]]
    assert f"cannot read {KEYS[1]} below {server.url}: {server.url}/{KEYS[1]}: 404 Not Found" in done.failures[0].error
    assert f"cannot read on in {KEYS[2]}: {server.url}/{KEYS[2]}: 500" in done.failures[1].error
    assert bring_about(made, tmp_path / "run").failures[0].unit == KEYS[1]
    server.objects[KEYS[1]] = b""
    assert bring_about(made, tmp_path / "run").failures == []


def test_a_run_that_is_blocked_stops_and_goes_on_later(server: Server, gate: Gate, crawl: Path, tmp_path: Path) -> None:
    made = stage(server.url)
    server.faults = [None, None, *[Fault(403)] * 100]
    with pytest.raises(StorageError, match=f"stopped: 127.0.0.1 answered 403 {FORBIDDEN_IN_A_ROW} times in a row"):
        bring_about(made, tmp_path / "web", gate)
    assert len(server.asked) == 3 + FORBIDDEN_IN_A_ROW
    server.faults = []
    with visiting(Clock()) as later:
        assert bring_about(made, tmp_path / "web", later).failures == []
    bring_about(stage(str(crawl)), tmp_path / "local")
    assert content(tmp_path / "web") == content(tmp_path / "local")


def test_a_forbidden_file_does_not_stop_the_run(server: Server, gate: Gate, tmp_path: Path) -> None:
    made = stage(server.url)
    server.faults = [None, None, *[Fault(403)] * FORBIDDEN_ATTEMPTS]
    assert [failure.unit for failure in bring_about(made, tmp_path / "run", gate).failures] == [KEYS[1]]


def test_another_list_is_another_run_and_a_longer_slice_is_not(server: Server, tmp_path: Path) -> None:
    bring_about(stage(server.url, ":2"), tmp_path / "run")
    server.asked.clear()
    assert bring_about(stage(server.url, ":3"), tmp_path / "run").failures == []
    assert [key for key, _ in server.asked] == [LIST, LIST, KEYS[2]]
    server.objects[LIST] = gzip.compress("\n".join(KEYS[:3]).encode())
    with pytest.raises(StaleError, match=r"lists\.0\.sha256"):
        bring_about(stage(server.url), tmp_path / "run")


def test_a_child_asks_the_gate_of_its_parent(server: Server, tmp_path: Path) -> None:
    class Counted(Gate):
        asked = 0

        def turn(self) -> float:
            self.asked += 1
            return 0.0

    gate = Counted(1.0)
    supervisor = Supervisor(Bounds(), Manners(gate, "https://example.org/of-a-child"))
    made = Ingest(Warc("web"), (), outside=Outside(server.url), paths=(KEYS[0],))
    (unit,) = made.units({})
    server.faults = [Fault(500, {"Retry-After": "0"})]
    try:
        receipt = supervisor.run(made, unit, RunFolder(str(tmp_path / "run")))
    finally:
        if supervisor.child:
            supervisor.child.stop()
    assert receipt.inputs[0].size == len(server.objects[KEYS[0]])
    assert gate.asked == 2
    assert any("of-a-child" in agent for agent in server.agents)


def test_single_records_over_a_bad_web(server: Server, crawl: Path) -> None:
    whole = [item for key in KEYS for item in Warc("web").read(key, io.BytesIO(server.objects[key]))]
    pages = [item for item in whole if isinstance(item, Document)]
    places = [(page.url, *page.id.split("@")) for page in pages]
    columns = {"url": [url for url, _, _ in places], "warc_filename": [file for _, file, _ in places]}
    offsets = [int(offset) for _, _, offset in places]
    lengths = [length_of_member(server.objects[file][int(offset) :]) for _, file, offset in places]
    out = io.BytesIO()
    pq.write_table(pa.table({**columns, "warc_record_offset": offsets, "warc_record_length": lengths}), out)
    server.faults = [Fault(503), Fault(after=50)]
    found = list(cast(Source, CcIndex("web", Outside(server.url))).read("urls.parquet", io.BytesIO(out.getvalue())))
    assert found == pages
    assert len(pages) > 20
    assert len(server.asked) == len(KEYS) + 2


def length_of_member(data: bytes) -> int:
    inflate = zlib.decompressobj(31)
    inflate.decompress(data)
    return len(data) - len(inflate.unused_data)


def test_a_pattern_is_not_sought_on_the_web(server: Server) -> None:
    with pytest.raises(StorageError, match="web servers list nothing; name each object, or name them in a path list"):
        Outside(server.url).shards(("crawl-data/**/*.gz",))
    assert server.asked == []
