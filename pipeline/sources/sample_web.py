"""The sample's web: pages in their site's frame, as CommonCrawl archives them."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.sources.sample_packing import read_toml


@dataclass(frozen=True)
class Page:
    """One fetch of the sample's web: what was asked, when, and what the server answered."""

    url: str
    date: datetime
    status: str
    content_type: str
    body: bytes

    @property
    def host(self) -> str:
        return self.url.split("/")[2]

    @property
    def path(self) -> str:
        return "/" + self.url.split("/", 3)[3]


def read_pages(web: Path) -> Iterator[Page]:
    """Every page that `pages.toml` lists, once per address, in the order of the list."""
    for site, listed in read_toml(web / "pages.toml").items():
        for name, facts in listed.items():
            content_type = facts.get("type", "text/html; charset=utf-8")
            charset = content_type.partition("charset=")[2] or "utf-8"
            body = _framed(web / site, name).encode(charset)
            for path in (facts["path"], *facts.get("also", [])):
                url = path if "://" in path else f"https://{site}{path}"
                yield Page(url, facts["date"], facts.get("status", "200 OK"), content_type, body)


def _framed(site: Path, name: str) -> str:
    """A page inside its site's `frame.html`; an empty page, and what is not HTML, stand alone."""
    text = (site / name).read_text("utf-8")
    if not text or not name.endswith(".html"):
        return text
    title, _, body = text.partition("\n")
    frame = (site / "frame.html").read_text("utf-8")
    return frame.replace("<!-- title -->", title.strip()).replace("<!-- page -->", body.strip())


def warc(name: str, pages: list[Page]) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    crawl = b"isPartOf: proofpile-sample\r\nsoftware: warcio\r\nformat: WARC File Format 1.0\r\n"
    _write_record(writer, "warcinfo", "", min(page.date for page in pages), crawl, {"WARC-Filename": name})
    for page in pages:
        _write_exchange(writer, page)
    return out.getvalue()


def _write_exchange(writer: WARCWriter, page: Page) -> None:
    """The request, the response and the crawler's remarks, which both name the response."""
    asks = [("Host", page.host), ("Accept", "text/html")]
    says = [("Content-Type", page.content_type), ("Content-Length", str(len(page.body)))]
    request = StatusAndHeaders(f"GET {page.path} HTTP/1.1", asks, is_http_request=True)
    response = StatusAndHeaders(page.status, says, protocol="HTTP/1.1")
    answer = {"WARC-Concurrent-To": _record_id("response", page.url)}
    _write_record(writer, "request", page.url, page.date, b"", answer, request)
    _write_record(writer, "response", page.url, page.date, page.body, {"WARC-IP-Address": "192.0.2.1"}, response)
    _write_record(writer, "metadata", page.url, page.date, b"fetchTimeMs: 40\r\n", answer)


def _write_record(
    writer: WARCWriter,
    kind: str,
    url: str,
    date: datetime,
    payload: bytes,
    about: dict[str, str],
    http: StatusAndHeaders | None = None,
) -> None:
    named = {
        "WARC-Record-ID": _record_id(kind, url or about["WARC-Filename"]),
        "WARC-Date": f"{date:%Y-%m-%dT%H:%M:%SZ}",
        **about,
    }
    stream = io.BytesIO(payload)
    record = writer.create_warc_record(url, kind, stream, len(payload), http_headers=http, warc_headers_dict=named)
    writer.write_record(record)


def _record_id(kind: str, url: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {url}')}>"
