"""Models from a server: a real one on this machine, which behaves as the Hub does."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from filters.download import DownloadError, hub_address
from filters.models import Model, ModelError, pin, resolve

BODY = b"the bytes of a model " * 1000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers by path, and remembers (path, Authorization) of every request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str | None]] = []
        self.store = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        if "/resolve/" in self.path:
            self.send_response(302)
            self.send_header("Location", f"{self.server.store}/blob")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif "missing" in self.path:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY[:100] if "truncated" in self.path else BODY)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """A hub, and the store that it sends its callers to."""
    both = Server(), Server()
    for server in both:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    both[0].store = both[1].address
    yield both
    for server in both:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("HF_TOKEN", "HF_ENDPOINT", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "proofpile/models"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("hf://org/repo/model.bin", "https://huggingface.co/org/repo/resolve/main/model.bin"),
        ("hf://org/repo/a/b c.klm@v1.0", "https://huggingface.co/org/repo/resolve/v1.0/a/b%20c.klm"),
        ("hf://org/repo/m@refs/pr/1", "https://huggingface.co/org/repo/resolve/refs%2Fpr%2F1/m"),
        ("hf://datasets/org/repo/m", "https://huggingface.co/datasets/org/repo/resolve/main/m"),
    ],
)
def test_addresses_on_the_hub(url: str, address: str) -> None:
    assert hub_address(url) == address


@pytest.mark.parametrize("url", ["hf://", "hf://org", "hf://org/repo", "hf://org/repo/", "hf://datasets/org/repo"])
def test_an_address_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(DownloadError, match="hf://ORG/REPOSITORY/FILE@REVISION"):
        hub_address(url)


def test_the_hub_is_followed_to_its_store_and_only_the_hub_gets_the_token(
    servers: tuple[Server, Server], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, store = servers
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("HF_TOKEN", "a secret")
    assert pin(Model("hf://org/repo/m.ftz@v2")).sha256 == DIGEST
    assert hub.asked == [("/org/repo/resolve/v2/m.ftz", "Bearer a secret")]
    assert store.asked == [("/blob", None)]
    assert (cache / DIGEST).read_bytes() == BODY


def test_other_servers_never_see_the_token(servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "a secret")
    resolve(Model(f"{servers[0].address}/m.ftz"))
    assert servers[0].asked == [("/m.ftz", None)]


@pytest.mark.parametrize(
    ("path", "sha256", "says"),
    [
        ("missing", "", "404"),
        ("truncated", "", "100 of 21,000 bytes came"),
        ("truncated", DIGEST, "100 of 21,000 bytes came"),
        ("m.ftz", "0" * 64, f"sha256 is {DIGEST}, pinned is {'0' * 64}"),
    ],
)
def test_what_is_not_whole_or_not_the_pinned_one_leaves_nothing(
    servers: tuple[Server, Server], cache: Path, path: str, sha256: str, says: str
) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        resolve(Model(f"{servers[0].address}/{path}", sha256))
    assert path in str(caught.value)
    assert not list(cache.iterdir())


def test_a_server_that_is_not_there_is_a_model_error(servers: tuple[Server, Server]) -> None:
    address = servers[0].address
    servers[0].shutdown()
    servers[0].server_close()
    with pytest.raises(ModelError, match="cannot be fetched"):
        resolve(Model(f"{address}/m.ftz"))


def test_processes_that_want_one_model_at_once_fetch_it_once(servers: tuple[Server, Server], cache: Path) -> None:
    program = f"from filters.models import *; print(resolve(Model('{servers[0].address}/m.ftz', '{DIGEST}')))"
    crowd = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert {process.communicate()[0] for process in crowd} == {f"{cache / DIGEST}\n"}
    assert len(servers[0].asked) == 1
    assert [file.name for file in cache.iterdir()] == [DIGEST]


def test_what_a_killed_process_left_is_no_model(servers: tuple[Server, Server], cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "unfinished.part").write_bytes(b"half")
    assert resolve(Model(f"{servers[0].address}/m.ftz", DIGEST)).read_bytes() == BODY
    assert [file.name for file in cache.iterdir()] == [DIGEST]
