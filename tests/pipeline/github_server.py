"""GitHub on loopback, as far as `proofpile github plan` and the GitHub source know it, with its caps and its moods."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from web_server import Fault, Listener

MOST_RESULTS = 1000


def sha(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Repo:
    """A repository as it is on GitHub."""

    name: str
    created: str = "2023-03-01"
    language: str = "lean"
    stars: int = 0
    commits: tuple[str, ...] = ("2023-03-02",)
    """Their dates, the newest first."""
    license: str | None = "MIT"
    fork_of: str = ""
    kilobytes: int = 10
    archived: bool = False
    disabled: bool = False
    moved_to: str = ""
    refusal: tuple[int, Any] = (0, {})
    """What is answered when its commits are asked for."""
    id: int = 0

    def commit(self, date: str) -> str:
        return sha(f"{self.id} {date}")

    def item(self) -> dict[str, Any]:
        """As a search has it."""
        return {
            "id": self.id,
            "full_name": self.name,
            "created_at": iso(when(self.created)),
            "stargazers_count": self.stars,
            "license": {"spdx_id": self.license} if self.license else None,
            "size": self.kilobytes,
            "fork": bool(self.fork_of),
            "archived": self.archived,
            "disabled": self.disabled,
        }


@dataclass
class GitHub:
    """The server: what it has, how it feels, and what it was asked."""

    repos: list[Repo] = field(default_factory=list)
    tarballs: dict[str, bytes] = field(default_factory=dict)
    """By path."""
    clock: Callable[[], float] = lambda: 1_000_000.0
    url: str = ""
    faults: list[Fault | None] = field(default_factory=list)
    """They meet the next requests, one each, None for none."""
    bodies: dict[int, Any] = field(default_factory=dict)
    """What is said with a fault's status: JSON, or bytes."""
    incomplete: int = 0
    """So many searches run out of time."""
    allowed: dict[str, int] = field(default_factory=dict)
    """Requests left until the reset, by resource; none: no limit."""
    reset_after: float = 60.0
    per_reset: int = 10
    resets: dict[str, float] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Path and query of every request."""
    tokens: list[str] = field(default_factory=list)
    on_request: Callable[[int], object] = lambda count: None
    """Is called with the number of each request before it is answered."""
    limited: int = 0
    """Requests that came although the limit was used up."""

    def __post_init__(self) -> None:
        for number, repo in enumerate(self.repos, 1):
            repo.id = repo.id or number

    @property
    def searches(self) -> list[str]:
        return [parse_qs(urlsplit(path).query)["q"][0] for path in self.asked if path.startswith("/search/")]

    def find(self, query: str) -> list[Repo]:
        """What GitHub finds, the most starred first."""
        match = re.fullmatch(
            r'language:(?P<language>"[^"]+"|\S+) created:(?P<first>\S+?)\.\.(?P<last>\S+)'
            r"(?: stars:(?:>=(?P<least>\d+)|(?P<from>\d+)\.\.(?P<to>\d+)))?(?P<fork> fork:true)?",
            query,
        )
        assert match, query
        first, last = (datetime.fromisoformat(match[end]) for end in ("first", "last"))
        least = int(match["least"] or match["from"] or 0)
        most = int(match["to"]) if match["to"] else 1 << 40
        found = [
            repo
            for repo in self.repos
            if repo.language == match["language"].strip('"')
            and first <= when(repo.created) <= last
            and least <= repo.stars <= most
            and (match["fork"] or not repo.fork_of)
        ]
        return sorted(found, key=lambda repo: (-repo.stars, repo.id))


class AnswerError(Exception):
    """What a handler answers with."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})


@contextmanager
def github(server: GitHub) -> Iterator[GitHub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # in one packet: a body that follows its headers waits 40 ms for their receipt

        def do_GET(self) -> None:
            server.asked.append(self.path)
            server.tokens.append(self.headers.get("Authorization", ""))
            server.on_request(len(server.asked))
            parts = urlsplit(self.path)
            fault = server.faults.pop(0) if server.faults else None
            if "/tar.gz/" in parts.path:
                return self.send_tarball(parts.path, fault)
            limits: dict[str, str] = {}
            try:
                limits = self.limits("search" if parts.path.startswith("/search/") else "core")
                if fault and fault.status:
                    raise AnswerError(
                        fault.status, server.bodies.get(fault.status, {"message": "fault"}), fault.headers
                    )
                self.route(parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})
            except AnswerError as answer:
                self.send_json(answer, limits, fault.after if fault else -1)

        def limits(self, resource: str) -> dict[str, str]:
            """The headers that say how many requests are left. Raises AnswerError if there are none."""
            if resource not in server.allowed:
                return {}
            now = server.clock()
            if now >= server.resets.setdefault(resource, now + server.reset_after):
                server.allowed[resource], server.resets[resource] = server.per_reset, now + server.reset_after
            reset = str(int(server.resets[resource]))
            if not server.allowed[resource]:
                server.limited += 1
                message = {"message": "API rate limit exceeded for user ID 1."}
                raise AnswerError(403, message, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
            server.allowed[resource] -= 1
            return {"X-RateLimit-Remaining": str(server.allowed[resource]), "X-RateLimit-Reset": reset}

        def route(self, path: str, query: dict[str, str]) -> None:
            if path == "/search/repositories":
                self.search(query)
            if match := re.fullmatch(r"/repos/([^/]+/[^/]+)(/commits)?", path):
                repo = next((repo for repo in server.repos if match[1] in (repo.name, repo.moved_to)), None)
                if repo and match[1] != (repo.moved_to or repo.name):
                    where = f"{server.url}/repositories/{repo.id}{match[2] or ''}?{urlsplit(self.path).query}"
                    raise AnswerError(301, {"message": "Moved Permanently", "url": where}, {"Location": where})
            else:
                match = re.fullmatch(r"/repositories/(\d+)(/commits)?", path)
                repo = next((repo for repo in server.repos if match and str(repo.id) == match[1]), None)
            if not repo or not match:
                raise AnswerError(404, {"message": "Not Found"})
            if match[2]:
                self.commits(repo, query)
            source = {"full_name": repo.fork_of} if repo.fork_of else None
            raise AnswerError(200, {**repo.item(), "full_name": repo.moved_to or repo.name, "source": source})

        def search(self, query: dict[str, str]) -> None:
            page, per_page = int(query.get("page", 1)), int(query["per_page"])
            if (page - 1) * per_page >= MOST_RESULTS:
                raise AnswerError(422, {"message": "Only the first 1000 search results are available"})
            found = server.find(query["q"])
            items = [repo.item() for repo in found[(page - 1) * per_page : page * per_page]]
            incomplete = server.incomplete > 0
            server.incomplete -= incomplete
            body = {"total_count": len(found), "incomplete_results": incomplete, "items": items}
            headers = {}
            if page * per_page < min(len(found), MOST_RESULTS):
                where = f"{server.url}/search/repositories?{urlencode({**query, 'page': page + 1})}"
                headers["Link"] = f'<{where}>; rel="next", <{where}>; rel="last"'
            raise AnswerError(200, body, headers)

        def commits(self, repo: Repo, query: dict[str, str]) -> None:
            status, body = repo.refusal
            if status:
                raise AnswerError(status, body)
            if not repo.commits:
                raise AnswerError(409, {"message": "Git Repository is empty."})
            until = datetime.fromisoformat(query["until"])
            dates = [date for date in repo.commits if when(date) <= until][: int(query["per_page"])]
            rows = [{"sha": repo.commit(date), "commit": {"committer": {"date": iso(when(date))}}} for date in dates]
            raise AnswerError(200, rows)

        def send_json(self, answer: AnswerError, limits: Mapping[str, str], after: int) -> None:
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            headers = {"Content-Type": "application/json", **limits, **answer.headers}
            if self.headers.get("Accept-Encoding") == "gzip":
                body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
            self.send_response(answer.status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if after < 0 else body[:after])
            self.close_connection = after >= 0

        def send_tarball(self, path: str, fault: Fault | None) -> None:
            """As codeload does: no length, no ranges."""
            status = fault.status if fault and fault.status else 200 if path in server.tarballs else 404
            body = server.tarballs[path] if status == 200 else b"refused"
            self.send_response(status)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("ETag", f'W/"{hashlib.md5(body).hexdigest()}"')
            for name, value in fault.headers.items() if fault else ():
                self.send_header(name, value)
            self.end_headers()
            cut = body if not fault or fault.after < 0 else body[: fault.after]
            for start in range(0, len(cut), 5000):
                piece = cut[start : start + 5000]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if len(cut) == len(body):
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.close_connection = True

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(server.clock(), usegmt=True)

        def log_message(self, *_: object) -> None: ...

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server.url = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def tarball(repository: str, commit: str, files: Mapping[str, bytes]) -> bytes:
    """A commit as GitHub packs it."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {"format": tarfile.PAX_FORMAT, "pax_headers": {"comment": commit}}
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(f"{repository.replace('/', '-')}-{commit[:7]}/{path}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)
