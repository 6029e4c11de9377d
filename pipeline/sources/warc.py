"""WARC files, streamed record by record; ARC files by way of warcio.

Every reader ends in silence at a truncated gzip member (fastwarc, warcio and zlib alike), so wherever fastwarc stops,
the members after the last good record are walked with zlib: the broken one becomes a Drop and reading goes on after it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as ArcIterator

from filters.document import Document, Drop
from pipeline.sources.damage import CHUNK, find_break, holds_record, next_member, unpack_head
from pipeline.sources.http_body import BodyError, decode_body

PLAIN = (b"WARC/", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\x5d\x2a\x4d\x18")
"""Beginnings of archives that are not gzip: no compression, zstd, lz4, zstd with a dictionary."""
TYPES = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion


@dataclass(frozen=True)
class Warc:
    """Pages of CommonCrawl-like archives, plain, gzip, zstd or lz4.

    Records are responses, resources and conversions; requests, metadata, revisits and warcinfo are no documents and are
    passed over. The id is `<key>@<offset>`, so that the record can be read again by itself; `date` is the capture's.
    """

    name: str
    max_bytes: int = 50_000_000
    """Bytes of a page, unpacked, from which it is not read."""

    reasons: ClassVar[frozenset[str]] = frozenset(
        {"empty", "not-warc", "truncated", "corrupt", "too-large", "encoding", "bad-record"}
    )

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        head = stream.read(CHUNK)
        size = stream.seek(0, io.SEEK_END)
        if not head:
            yield Drop(key, "read", "empty")
        elif unpack_head(head).startswith(b"filedesc://"):
            yield from self._read_arc(key, stream)
        elif head.startswith(PLAIN):
            yield from self._read_warc(key, stream, 0, size)
        else:
            yield from self._read_from_first_member(key, stream, head, size)

    def read_at(self, key: str, stream: BinaryIO, position: int) -> Document | Drop | None:
        """The record at a position, as `read` gives it; None if no page can be read there."""
        stream.seek(position)
        return next(iter(Run(self, key, stream, position)), None)

    def _read_from_first_member(self, key: str, stream: BinaryIO, head: bytes, size: int) -> Iterator[Document | Drop]:
        first = next_member(stream, 0, size)
        if first == size:
            yield Drop(key, "read", "not-warc", f"it starts with {unpack_head(head)[:40]!r}", size=size)
            return
        if first > 0:
            yield Drop(f"{key}@0", "read", "corrupt", f"no WARC record in the first {first} bytes", size=first)
        yield from self._read_warc(key, stream, first, size)

    def _read_warc(self, key: str, stream: BinaryIO, position: int, size: int) -> Iterator[Document | Drop]:
        while position < size:
            stream.seek(position)
            reader = Run(self, key, stream, position)
            yield from reader
            broken, resume = find_break(stream, reader.position, size, reader.error)
            if (
                broken is None
                and resume == size
                and (reader.error or not (reader.records or holds_record(stream, position)))
            ):
                broken = reader.position
            if broken is not None and broken != reader.truncated:
                yield Drop(f"{key}@{broken}", "read", "corrupt", reader.error or "truncated", size=resume - broken)
            position = resume

    def _read_arc(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        stream.seek(0)
        records = ArcIterator(stream, arc2warc=True)
        while True:
            try:
                record = next(records)
                if record.rec_type == "response":
                    yield self._arc_document(key, records, record)
            except StopIteration:
                return
            except Exception as error:  # warcio raises whatever a broken header leads to; the rest cannot be read
                yield Drop(
                    f"{key}@{stream.tell()}", "read", "corrupt", f"{type(error).__name__}: {error}".splitlines()[0]
                )
                return

    def _arc_document(self, key: str, records: ArcIterator, record: Any) -> Document | Drop:
        http = record.http_headers
        status, mime = (http.get_statuscode(), http.get_header("Content-Type") or "") if http else ("", "")
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        body = record.content_stream().read(self.max_bytes + 1)
        offset = records.get_record_offset()  # reads the record to its end, so only now
        meta = {"warc": key, "offset": offset, "status": status, "content_type": mime.partition(";")[0].strip().lower()}
        date = record.rec_headers.get_header("WARC-Date") or ""
        return self._bounded(Document(f"{key}@{offset}", self.name, url=url, date=date, meta=meta, raw=body))

    def document(self, key: str, record: Any) -> Document | Drop:
        """One fastwarc record as a Document."""
        headers = record.headers
        url = headers.get("WARC-Target-URI", "").strip("<> ")
        size = min(record.content_length, self.max_bytes + 1)
        body = record.reader.read(size)  # which allocates as much as it is asked for
        if len(body) < size:
            detail = f"{len(body)} of {record.content_length} bytes"
            return Drop(f"{key}@{record.stream_pos}", "read", "truncated", detail, url, len(body))
        meta: dict[str, object] = {"warc": key, "offset": record.stream_pos}
        http = record.http_headers if record.is_http else None
        if http is not None:
            meta |= {"status": str(http.status_code or ""), "content_type": (record.http_content_type or "").lower()}
            meta |= {"charset": record.http_charset or ""}
        elif record.is_http is False:
            meta |= {"content_type": headers.get("Content-Type", "").partition(";")[0].strip().lower()}
        found = Document(
            f"{key}@{record.stream_pos}", self.name, url=url, date=headers.get("WARC-Date", ""), meta=meta, raw=body
        )
        return self._bounded(found) if http is None else self._decoded(found, http)

    def _decoded(self, document: Document, http: Any) -> Document | Drop:
        try:
            coding, transfer = http.get("Content-Encoding", ""), http.get("Transfer-Encoding", "")
            body = decode_body(document.raw, coding, transfer, self.max_bytes)
        except BodyError as error:
            return Drop(document.id, "read", error.reason, str(error), document.url, document.size)
        if body is document.raw:
            return self._bounded(document)
        return self._bounded(
            Document(document.id, self.name, url=document.url, date=document.date, meta=document.meta, raw=body)
        )

    def _bounded(self, document: Document) -> Document | Drop:
        if len(document.raw) <= self.max_bytes:
            return document
        return Drop(document.id, "read", "too-large", f"more than {self.max_bytes} bytes", document.url, document.size)


class Run:
    """One unbroken run of records, and where it ended."""

    def __init__(self, source: Warc, key: str, stream: BinaryIO, position: int) -> None:
        self._source, self._key, self._stream = source, key, stream
        self.position = position
        """Offset of the last record that could be read."""
        self.truncated: int | None = None
        """Offset of a record that was handed out, but short."""
        self.error = ""
        self.records = 0

    def __iter__(self) -> Iterator[Document | Drop]:
        try:
            for record in ArchiveIterator(self._stream, record_types=TYPES, parse_http=True):
                self.position = record.stream_pos
                self.records += 1
                document = self._source.document(self._key, record)
                if isinstance(document, Drop) and document.reason == "truncated":
                    self.truncated = self.position
                yield document
        except (OSError, EOFError, ValueError, RuntimeError) as error:
            self.error = str(error)
