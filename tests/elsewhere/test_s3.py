"""Inputs and run folders in an object store, which knows neither rename nor lock, and inputs on the web."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cloud import QUICKSTART, Store, content, proofpile, read_until, start
from typer.testing import CliRunner

from filters.document import Document, Drop
from manifests import File
from pipeline import http
from pipeline.__main__ import app
from pipeline.outside import Outside, Shard
from pipeline.path_list import PathList
from pipeline.polite import Gate, Manners
from pipeline.sources.cc_index import COLUMNS, CcIndex
from pipeline.sources.damage import member_end
from pipeline.sources.warc import Warc
from pipeline.storage import StorageError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(store: Store) -> str:
    """A run of the quickstart, in the store."""
    code, output = proofpile("run", QUICKSTART, "--out", store.url("run"), "--inline", env=store.environment)
    assert code == 0, output
    return store.url("run")


def test_a_run_in_the_store_has_the_objects_of_a_local_run(
    finished: str, store: Store, inline: dict[str, bytes]
) -> None:
    assert store.content("run") == inline


def test_started_again_it_does_nothing(finished: str, store: Store) -> None:
    def modified() -> dict[str, Any]:
        found = store.fs.find(f"{store.bucket}/run/documents", detail=True)
        return {path: info["LastModified"] for path, info in found.items()}

    before = modified()
    code, output = proofpile("run", QUICKSTART, "--out", finished, "--inline", env=store.environment)
    assert code == 0, output
    progress = [line for line in output.splitlines() if " units" in line]
    assert len(progress) > 10
    assert all("all stood already" in line for line in progress)
    assert modified() == before


def test_after_kills_it_goes_on_and_ends_equal(store: Store, inline: dict[str, bytes]) -> None:
    command = ("python", "-m", "pipeline", "run", QUICKSTART, "--out", store.url("killed"), "--inline")
    for stage in ("documents/stack", "dedup/keys"):
        process = start(*command, env=store.environment)
        read_until(process, f"{stage}: ")
        process.kill()
        process.communicate()
        receipts_are_true(store.content("killed"))
    assert 0 < len(store.content("killed")) < len(inline)
    code, output = proofpile(*command[3:], env=store.environment)
    assert code == 0, output
    assert store.content("killed") == inline


def receipts_are_true(objects: dict[str, bytes]) -> None:
    """Whatever a receipt lists is there, whole."""
    receipts = [json.loads(data) for path, data in objects.items() if path.endswith("/receipt.json")]
    assert receipts
    for file in (file for receipt in receipts for file in receipt["files"]):
        assert sha256(objects[file["path"]]).hexdigest() == file["sha256"]


@pytest.mark.parametrize(
    "arguments", [("status",), ("funnel",), ("stats",), ("explain", "https://algebra-notes.test/lagrange")]
)
def test_reports_read_the_store(
    arguments: tuple[str, ...],
    finished: str,
    store: Store,
    inline: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    for name, data in inline.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    verb, *wanted = arguments
    there, here = (CliRunner().invoke(app, [verb, place, *wanted, "--json"]) for place in (finished, str(tmp_path)))
    assert there.exit_code == 0, there.output
    assert without_clock(json.loads(there.stdout)) == without_clock(json.loads(here.stdout))


def without_clock(report: Any) -> Any:
    """A status tells how long ago the driver spoke, for which a copy of a run has no record."""
    return {**report, "heard": None} if "heard" in report else report


def test_inputs_in_the_store_give_the_bytes_of_local_ones(
    store: Store, packed: Path, inline: dict[str, bytes], tmp_path: Path
) -> None:
    store.upload(packed, "inputs")
    arguments = ("--set", f"root={store.url('inputs')}", "--out", str(tmp_path / "run"), "--inline")
    code, output = proofpile("run", QUICKSTART, *arguments, env=store.environment)
    assert code == 0, output
    assert content(tmp_path / "run") == inline


def test_an_input_that_the_store_does_not_have_is_an_error(store: Store) -> None:
    where = ("--set", f"root={store.url('nothing')}", "--out", store.url("none"), "--inline")
    code, output = proofpile("run", QUICKSTART, *where, env=store.environment)
    assert code == 1
    assert f"no input matches 'web/*.warc.gz' below {store.url('nothing')}" in output


@pytest.fixture
def crawl(store: Store, packed: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """The sample's archives in the store, and a list of them, for this very process."""
    store.upload(packed / "web", "crawl/web")
    keys = sorted(f"web/{path.name}" for path in (packed / "web").glob("*.warc.gz"))
    store.fs.pipe_file(f"{store.bucket}/crawl/warc.paths.gz", gzip.compress("\n".join(keys).encode()))
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    return Outside(store.url("crawl"))


def test_a_crawl_in_the_store_is_read_by_its_list(crawl: Outside, packed: Path) -> None:
    shards = PathList("warc.paths.gz").pinned(crawl).shards(crawl)
    assert shards
    for shard in shards:
        stream = shard.open()
        documents = list(Warc("web").read(shard.key, cast(BinaryIO, stream)))
        here = (packed / shard.key).read_bytes()
        assert documents == list(Warc("web").read(shard.key, BytesIO(here)))
        assert stream.finish() == File(path=shard.key, size=len(here), sha256=sha256(here).hexdigest())


def test_single_records_are_read_from_the_store(crawl: Outside, packed: Path) -> None:
    key = "web/sample-00000.warc.gz"
    data = (packed / key).read_bytes()
    pages = [page for page in Warc("web").read(key, BytesIO(data)) if isinstance(page, Document)][:5]
    offsets = [int(page.id.partition("@")[2]) for page in pages]
    lengths = [(member_end(BytesIO(data), offset) or 0) - offset for offset in offsets]
    urls = [page.url for page in pages]
    places = zip(
        [*urls, "gone", "behind", "cut"],
        [*[key] * len(pages), "web/gone.warc.gz", key, key],
        [*offsets, 0, len(data) + 5, len(data) - 5],
        [*lengths, 10, 10, 10],
        strict=True,
    )
    out = BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(zip(COLUMNS, place, strict=True)) for place in places]), out)
    found = list(CcIndex("web", crawl).read("urls.parquet", BytesIO(out.getvalue())))
    assert [item for item in found if isinstance(item, Document)] == pages
    assert {(item.url, item.reason) for item in found if isinstance(item, Drop)} == {
        ("gone", "missing"), ("behind", "out-of-range"), ("cut", "truncated")
    }  # fmt: skip


def test_a_store_that_fails_is_not_a_broken_archive(crawl: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Shard("web/sample-00000.warc.gz", 0, crawl.url).open()
    monkeypatch.setattr(stream._file, "read", fail)
    with pytest.raises(StorageError, match=r"cannot read on in web/sample-00000\.warc\.gz: the network is down"):
        list(Warc("web").read("a.warc.gz", cast(BinaryIO, stream)))


def fail(*_: object) -> bytes:
    raise OSError("the network is down")


class Web(SimpleHTTPRequestHandler):
    """Serves a folder, but for what is forbidden; like many servers it tells no ETag and no ranges."""

    def send_head(self) -> Any:
        if "forbidden" in self.path:
            return self.send_error(HTTPStatus.FORBIDDEN)
        return super().send_head()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def web(packed: Path) -> Iterator[str]:
    """The packed sample on a web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Web, directory=str(packed))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


LITERAL = """
name = "literal"
[[sources]]
name = "open-web-math"
kind = "warc"
paths = ["web/sample-00000.warc.gz"]
[[sources]]
name = "stack"
kind = "stack"
paths = ["stack/data/python/train-00000-of-00001.parquet"]
[[sources]]
name = "lean-proofsteps"
kind = "jsonl"
paths = ["proofsteps/lean.jsonl.zst"]
[tokenizer]
train_vocabulary = 512
[limits]
error_rate = 0.5
[fetch]
requests_per_second = 1000
"""


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor of the web that waits for nothing."""
    monkeypatch.setattr(http, "_client", http.Client(Manners(Gate(1000.0)), sleep=lambda _: None))


def test_inputs_on_the_web_give_the_bytes_of_local_ones(web: str, packed: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "literal.toml"
    manifest.write_text(LITERAL)
    for name, root in (("web", web), ("local", str(packed))):
        code, output = proofpile(
            "run", str(manifest), "--set", f"root={root}", "--out", str(tmp_path / name), "--inline"
        )
        assert code == 0, output
    assert content(tmp_path / "web") == content(tmp_path / "local")


@pytest.mark.usefixtures("hasty")
def test_an_input_on_the_web_has_a_version(web: str) -> None:
    """Without one, each start of a run would read all of it again to see whether it is what it was."""
    assert Outside(web).shards(("web/sample-00000.warc.gz",))[0].version


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("gone.gz", "no input matches 'gone.gz' below {web};"),
        ("forbidden.gz", "cannot read 'forbidden.gz' below {web}: {web}/forbidden.gz: 403 Forbidden (3 times)"),
    ],
)
@pytest.mark.usefixtures("hasty")
def test_what_the_web_refuses_is_named(web: str, key: str, says: str) -> None:
    with pytest.raises(StorageError) as raised:
        Outside(web).shards((key,))
    assert says.format(web=web) in str(raised.value)


@pytest.mark.usefixtures("hasty")
def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(StorageError, match=r"http://127\.0\.0\.1:1/a\.gz: .*Connection refused"):
        Outside("http://127.0.0.1:1").shards(("a.gz",))
