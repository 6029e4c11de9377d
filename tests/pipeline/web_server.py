"""A web server on loopback that can misbehave as real ones do, and a visitor of it whose clock nobody waits for."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipeline import http
from pipeline.polite import Gate, Manners


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@dataclass(frozen=True)
class Fault:
    """What a server does to one request: refuse it, or break the connection after so many bytes of the body."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    after: int = -1


@dataclass
class Server:
    """Serves objects by path; `faults` meet the next requests, one each, None for none."""

    url: str
    objects: dict[str, bytes]
    faults: list[Fault | None] = field(default_factory=list)
    ranges: bool = True
    etags: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of every request."""
    times: list[float] = field(default_factory=list)
    """When, in seconds, each request came."""
    agents: set[str] = field(default_factory=set)
    authorizations: set[str | None] = field(default_factory=set)
    sent: int = 0
    """Bytes of bodies."""


class Listener(ThreadingHTTPServer):
    """Visitors hang up when they have what they want, which is not worth a traceback."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None: ...


@contextmanager
def serving(objects: dict[str, bytes]) -> Iterator[Server]:
    """A server of objects by key."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.asked.append((self.path.lstrip("/"), self.headers.get("Range", "")))
            server.times.append(time.monotonic())
            server.agents.add(self.headers["User-Agent"])
            server.authorizations.add(self.headers["Authorization"])
            fault = server.faults.pop(0) if server.faults else None
            if fault and fault.status:
                self.answer(fault.status, b"refused", dict(fault.headers), -1)
            elif self.path.lstrip("/") not in server.objects:
                self.answer(404, b"not found", {}, -1)
            else:
                self.answer_object(server.objects[self.path.lstrip("/")], fault.after if fault else -1)

        def answer_object(self, data: bytes, after: int) -> None:
            headers = {"ETag": f'"{md5(data).hexdigest()}"'} if server.etags else {}
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if server.ranges else None
            if not wanted:
                return self.answer(200, data, headers, after)
            start, end = int(wanted[1]), min(int(wanted[2] or len(data)) + 1, len(data))
            if start >= len(data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"}, -1)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
            self.answer(206, data[start:end], headers, after)

        def answer(self, status: int, body: bytes, headers: dict[str, str], after: int) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            part = body if after < 0 else body[:after]
            self.wfile.write(part)
            server.sent += len(part)
            self.close_connection = after >= 0

        def log_message(self, *_: object) -> None: ...

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server = Server(f"http://127.0.0.1:{listener.server_address[1]}", objects)
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


@contextmanager
def visiting(clock: Clock, rate: float = 1.0, jitter: Callable[[], float] = lambda: 1.0) -> Iterator[Gate]:
    """Let this process visit by a clock that is not ours, for as long as the block runs."""
    before, gate = http._client, Gate(rate, clock)
    http._client = http.Client(Manners(gate, "https://example.org/crawler"), clock.sleep, jitter, clock)
    try:
        yield gate
    finally:
        http._client = before
