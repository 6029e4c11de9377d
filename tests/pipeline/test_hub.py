"""Repositories on a hub, from two real servers: the hub, and the store that it sends readers to."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from web_server import Clock, Listener, Server, serving, visiting

from manifests import File
from pipeline import credentials, hub
from pipeline.http_files import WINDOW
from pipeline.outside import Outside, Shard
from pipeline.polite import Gate
from pipeline.sources.stack import COLUMNS, Stack
from pipeline.stage import Unwatched, execute
from pipeline.stages.ingest import Ingest
from pipeline.storage import RunFolder, StorageError

TOKEN = "hf_aSecretOfTheseTests"
FILES = {
    "README.md": b"# Files",
    "data/agda/train-00000.parquet": b"first of two",
    "data/agda/train-00001.parquet": b"second of two",
    "data/c++/train 0.parquet": b"a name with odd signs",
    "data/coq/deep/train.parquet": b"deeper",
}
NAME = "datasets/owner/name"
ROOT = f"hf://{NAME}@v1.2"


@dataclass
class Hub:
    """The hub's two addresses, of the listing and of a file; the files lie elsewhere."""

    url: str
    store: Server
    files: dict[str, bytes]
    refuses: int = 0
    """With this status, whatever is asked."""
    page_size: int = 1000
    authorizations: set[str | None] = field(default_factory=set)
    listed: list[str] = field(default_factory=list)

    def listing(self, folder: str, deep: bool) -> list[dict[str, object]]:
        below = f"{folder}/" if folder else ""
        paths = [path for path in self.files if path.startswith(below)]
        found = [self.entry(path) for path in paths if deep or "/" not in path.removeprefix(below)]
        folders = {path.removeprefix(below).partition("/")[0] for path in paths if "/" in path.removeprefix(below)}
        return [*found, *({"type": "directory", "path": below + name, "size": 0} for name in sorted(folders))]

    def entry(self, path: str) -> dict[str, object]:
        """Large files are kept apart: the item itself is a pointer to them."""
        pointer = {"type": "file", "path": path, "size": 133, "oid": "of the pointer"}
        return pointer | {"lfs": {"oid": f"hash of {path}", "size": len(self.files[path])}}


@contextmanager
def serving_hub(store: Server, files: dict[str, bytes]) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.authorizations.add(self.headers["Authorization"])
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            tree, resolve = f"/api/{NAME}/tree/v1.2", f"/{NAME}/resolve/v1.2/"
            if served.refuses:
                self.answer(served.refuses, b"")
            elif path.startswith(tree):
                self.answer_page(path.removeprefix(tree).strip("/"), parts.query)
            elif path.startswith(resolve) and path.removeprefix(resolve) in served.files:
                self.answer(302, b"", Location=f"{store.url}/{quote(path.removeprefix(resolve))}")
            else:
                self.answer(404, b"")

        def answer_page(self, folder: str, query: str) -> None:
            served.listed.append(f"{folder}?{query}")
            items = served.listing(folder, "recursive=true" in query)
            start = int(query.partition("cursor=")[2] or 0)
            end = start + served.page_size
            here = (
                f"{served.url}/api/{NAME}/tree/v1.2/{folder}?{query.partition('cursor=')[0].rstrip('&')}&cursor={end}"
            )
            link = {"Link": f'<{here}>; rel="next"'} if end < len(items) else {}
            self.answer(200 if items else 404, json.dumps(items[start:end]).encode(), **link)

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with Listener(("127.0.0.1", 0), Handler) as listener:
        served = Hub(f"http://127.0.0.1:{listener.server_address[1]}", store, files)
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            listener.shutdown()
            thread.join()


@pytest.fixture
def gate() -> Iterator[Gate]:
    with visiting(Clock()) as gate:
        yield gate


@pytest.fixture
def site(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    stored = {quote(path): data for path, data in FILES.items()}
    with serving(stored) as store, serving_hub(store, dict(FILES)) as site:
        monkeypatch.setenv("HF_ENDPOINT", site.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield site


def keys(*patterns: str, root: str = ROOT) -> list[str]:
    return [shard.key for shard in Outside(root).shards(patterns)]


# --- what an address names


@pytest.mark.parametrize(
    ("url", "kind", "name", "revision", "path"),
    [
        ("hf://datasets/a/b@v1.2", "datasets/", "a/b", "v1.2", ""),
        ("hf://datasets/a/b@v1.2/data/c/", "datasets/", "a/b", "v1.2", "data/c"),
        ("hf://datasets/a/b", "datasets/", "a/b", "main", ""),
        ("hf://datasets/a/b@refs%2Fpr%2F1/x", "datasets/", "a/b", "refs/pr/1", "x"),
        ("hf://a/b@main", "", "a/b", "main", ""),
    ],
)
def test_addresses(url: str, kind: str, name: str, revision: str, path: str) -> None:
    assert hub.folder(url) == hub.Folder(kind, name, revision, path)


@pytest.mark.parametrize("url", ["hf://datasets", "hf://datasets/a", "hf://", "hf://a"])
def test_what_is_no_address_is_told(url: str, gate: Gate) -> None:
    with pytest.raises(StorageError, match="is no address on the hub"):
        Outside(url).shards(("*",))


def test_a_revision_with_a_slash_stays_one_step() -> None:
    assert (
        hub.folder("hf://datasets/a/b@refs%2Fpr%2F1").url("x y").endswith("/datasets/a/b/resolve/refs%2Fpr%2F1/x%20y")
    )


# --- listing


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("data/agda/*.parquet", ["data/agda/train-00000.parquet", "data/agda/train-00001.parquet"]),
        ("data/*/train-0*1.parquet", ["data/agda/train-00001.parquet"]),
        ("data/**/train.parquet", ["data/coq/deep/train.parquet"]),
        ("data/c++/train 0.parquet", ["data/c++/train 0.parquet"]),
        ("*.md", ["README.md"]),
        ("**", sorted(FILES)),
    ],
)
def test_patterns_match_as_in_a_shell(site: Hub, pattern: str, found: list[str]) -> None:
    assert keys(pattern) == found


def test_keys_begin_below_the_folder_of_the_root(site: Hub) -> None:
    assert keys("*/*.parquet", root=f"{ROOT}/data")[0] == "agda/train-00000.parquet"
    with Outside(f"{ROOT}/data").open("agda/train-00000.parquet") as file:
        assert file.read() == b"first of two"


def test_a_folder_is_listed_without_what_lies_elsewhere(site: Hub) -> None:
    keys("data/agda/*.parquet")
    assert site.listed == ["data/agda?"]


def test_sizes_and_versions_are_those_of_the_files_not_of_their_pointers(site: Hub) -> None:
    (shard,) = Outside(ROOT).shards(("data/agda/train-00000.parquet",))
    assert shard == Shard("data/agda/train-00000.parquet", 12)
    assert shard.version == "hash of data/agda/train-00000.parquet"


def test_long_listings_come_in_pages(site: Hub) -> None:
    site.page_size = 2
    assert keys("**") == sorted(FILES)
    assert len(site.listed) > 2


def test_a_listing_that_goes_on_elsewhere_is_not_taken_for_whole(site: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    site.page_size = 2
    monkeypatch.setenv("HF_ENDPOINT", site.url.replace("127.0.0.1", "localhost"))
    with pytest.raises(StorageError, match=rf"goes on at {site.url}/"):
        keys("**")


def test_nothing_there_is_told(site: Hub) -> None:
    for pattern in ("data/none/*.parquet", "data/agda/*.gz"):
        with pytest.raises(StorageError, match="no input matches"):
            keys(pattern)


@pytest.mark.parametrize(
    "page",
    [
        '{"error": "what?"}',
        "<html>",
        "[" * 100_000,
        "[3]",
        '[{"path": "a"}]',
        '[{"type": "file", "path": "a", "size": -1}]',
        '[{"type": "file", "path": "a", "size": 1, "lfs": 3}]',
        '[{"type": "file", "path": "../../a", "size": 1}]',
    ],
)
def test_a_page_that_is_no_listing_is_told(site: Hub, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setattr(json, "dumps", lambda _: page)
    with pytest.raises(StorageError, match=r"is no listing|leave their folder"):
        keys("**")


# --- reading


def test_files_are_read_where_the_hub_leads_to(site: Hub) -> None:
    (shard,) = Outside(ROOT).shards(("data/c++/*",))
    with shard.open() as stream:
        assert stream.read() == b"a name with odd signs"
    assert Outside(ROOT).read_range("README.md", 2, 5) == b"Fil"
    assert Outside(ROOT).read("README.md") == b"# Files"


def test_the_token_is_told_to_the_hub_and_to_nobody_else(site: Hub) -> None:
    (shard,) = Outside(ROOT).shards(("README.md",))
    with shard.open() as stream:
        stream.read()
    assert site.authorizations == {f"Bearer {TOKEN}"}
    assert site.store.authorizations == {None}
    assert credentials.headers(site.store.url) == {}


def test_without_a_token_none_is_told(site: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    keys("*.md")
    assert site.authorizations == {None}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("token", "said"), [(TOKEN, "HF_TOKEN is set, but not enough"), ("", "HF_TOKEN is not set")])
def test_a_closed_door_says_how_to_open_it(
    site: Hub, monkeypatch: pytest.MonkeyPatch, status: int, token: str, said: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    site.refuses = status
    for look in (lambda: keys("data/agda/*"), lambda: Shard("README.md", 7, ROOT).open()):
        with pytest.raises(StorageError) as raised:
            look()
        assert f"{status}" in str(raised.value)
        assert f"{said}: accept the conditions at {site.url}/{NAME}," in str(raised.value)
        assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("token", ["with space", "new\nline", "ümlaut"])
def test_what_is_no_token_is_not_sent_and_not_shown(site: Hub, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(StorageError) as raised:
        keys("*.md")
    assert "HF_TOKEN is no token" in str(raised.value)
    assert token not in str(raised.value)
    assert site.authorizations == set()


def test_a_token_does_not_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    with pytest.raises(credentials.CredentialsError, match="in the clear"):
        credentials.headers("http://hub.example/a")


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.co.example/a",
        "https://cdn.huggingface.co/a",
        "https://huggingface.co:8443/a",
        "http://huggingface.co/a",
    ],
)
def test_hosts_that_look_like_the_hub_get_nothing(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert credentials.headers(url) == {}
    assert credentials.headers("https://huggingface.co/a") == {"Authorization": f"Bearer {TOKEN}"}


# --- a run


def parquet(rows: int) -> bytes:
    """Uncompressed, between columns that nobody reads; larger than what a connection keeps behind it."""
    row: dict[str, object] = dict.fromkeys(COLUMNS, "word") | {"max_stars_repo_licenses": ["MIT"], "max_stars_count": 1}
    texts = [row | {"max_stars_repo_path": f"{number}", "content": f"{number} " * 1000} for number in range(rows)]
    out = io.BytesIO()
    table = pa.Table.from_pylist(
        [{"first": f"{number}" * 1000, **text, "last": 1} for number, text in enumerate(texts)]
    )
    pq.write_table(table, out, row_group_size=rows // 8, compression="none", use_dictionary=False)
    return out.getvalue()


def test_a_run_reads_each_file_about_once_and_keeps_no_secret(site: Hub, tmp_path: Path) -> None:
    path, data = "data/agda/train-00002.parquet", parquet(4_000)
    assert len(data) > 3 * WINDOW
    site.files[path] = site.store.objects[path] = data
    stage = Ingest(Stack(), (), outside=Outside(ROOT), paths=(path,))
    (unit,) = stage.units({})
    receipt = execute(stage, unit, RunFolder(str(tmp_path)), Unwatched())
    assert receipt.flows["stack"].kept.documents == 4_000
    assert receipt.inputs == (File(path=path, size=len(data), sha256=sha256(data).hexdigest()),)
    assert site.store.sent < 1.3 * len(data)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()]
