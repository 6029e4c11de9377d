"""WARC reading, above all where archives are broken."""

from __future__ import annotations

import gzip
import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from filters.document import Document, Drop
from pipeline.sources.warc import Warc

PAGE = b"<html><body><p>A page about $x^2$.</p></body></html>"


def record(number: int, body: bytes = PAGE, headers: tuple[tuple[str, str], ...] = (), gz: bool = True) -> bytes:
    """One response record, as a gzip member of its own."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)
    http = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8"), *headers], protocol="HTTP/1.1")
    dated = {"WARC-Date": "2024-05-01T10:00:00Z"}
    made = writer.create_warc_record(
        f"https://site.test/{number}", "response", io.BytesIO(body), http_headers=http, warc_headers_dict=dated
    )
    writer.write_record(made)
    return out.getvalue()


def numbered(number: int) -> bytes:
    return PAGE + b"<!-- %d -->" % number * 40


MEMBERS = [record(number, numbered(number)) for number in range(8)]
OFFSETS = [0, *itertools.accumulate(map(len, MEMBERS))]


def read(data: bytes, **options: int) -> list[Document | Drop]:
    return list(Warc("web", **options).read("a.warc.gz", io.BytesIO(data)))


def kept(data: bytes) -> list[str]:
    return [item.url for item in read(data) if isinstance(item, Document)]


def reasons(data: bytes) -> list[str]:
    return [f"{item.rule}/{item.reason}" for item in read(data) if isinstance(item, Drop)]


def test_a_record_says_where_it_lies() -> None:
    documents = read(b"".join(MEMBERS))
    assert [item.id for item in documents] == [f"a.warc.gz@{offset}" for offset in OFFSETS[:-1]]
    first = documents[0]
    assert isinstance(first, Document)
    assert (first.url, first.date, first.raw) == ("https://site.test/0", "2024-05-01T10:00:00Z", numbered(0))
    assert first.meta == {
        "warc": "a.warc.gz", "offset": 0, "status": "200", "content_type": "text/html", "charset": "utf-8",
    }  # fmt: skip


def test_a_record_can_be_read_again_by_itself() -> None:
    last = MEMBERS[3]
    (document,) = read(last)
    assert isinstance(document, Document)
    assert document.raw == numbered(3)


def test_plain_warc_and_gzip_say_the_same() -> None:
    plain = b"".join(record(number, numbered(number), gz=False) for number in range(8))
    assert kept(plain) == kept(b"".join(MEMBERS))


@pytest.mark.parametrize("cut", [1, 20, 60, 100, -60, -9, -1])
def test_a_truncated_member_in_the_middle_costs_one_record(cut: int) -> None:
    data = b"".join([*MEMBERS[:3], MEMBERS[3][:cut], *MEMBERS[4:]])
    assert kept(data) == [f"https://site.test/{number}" for number in (0, 1, 2, 4, 5, 6, 7)]
    assert len(reasons(data)) == 1


def test_two_broken_places_cost_two_records() -> None:
    data = b"".join([MEMBERS[0], MEMBERS[1][:90], MEMBERS[2], MEMBERS[3], MEMBERS[4][:90], *MEMBERS[5:]])
    assert len(kept(data)) == 6
    assert len(reasons(data)) == 2


def test_a_file_cut_at_its_end_keeps_what_is_whole() -> None:
    data = b"".join(MEMBERS)[:-40]
    assert len(kept(data)) == 7
    assert len(reasons(data)) == 1


def test_damage_inside_a_member_costs_one_record() -> None:
    broken = bytearray(MEMBERS[2])
    broken[60:80] = b"\xff" * 20
    data = b"".join([*MEMBERS[:2], bytes(broken), *MEMBERS[3:]])
    assert len(kept(data)) == 7
    assert len(reasons(data)) == 1


def test_a_page_that_is_no_warc() -> None:
    assert reasons(b"<html><title>403 Forbidden</title></html>") == ["read/not-warc"]
    assert reasons(gzip.compress(b"<html>403</html>")) == ["read/not-warc"]
    assert reasons(b"") == ["read/empty"]
    assert reasons(b"\0" * 5000) == ["read/not-warc"]


def test_a_page_over_the_bound_is_not_read() -> None:
    (drop,) = read(record(0, b"x" * 2000), max_bytes=1000)
    assert isinstance(drop, Drop)
    assert drop.reason == "too-large"


def test_a_compressed_body_is_unpacked_within_bounds() -> None:
    data = record(0, gzip.compress(PAGE), (("Content-Encoding", "gzip"),))
    (document,) = read(data)
    assert isinstance(document, Document)
    assert document.raw == PAGE
    bomb = record(0, gzip.compress(b"0" * 10_000_000), (("Content-Encoding", "gzip"),))
    (drop,) = read(bomb, max_bytes=1_000_000)
    assert isinstance(drop, Drop)
    assert drop.reason == "too-large"


def test_a_header_that_lies_about_the_body_is_forgiven() -> None:
    for headers in (
        (("Content-Encoding", "gzip"),),
        (("Transfer-Encoding", "chunked"),),
        (("Content-Encoding", "br"),),
    ):
        (document,) = read(record(0, PAGE, headers))
        assert isinstance(document, Document)
        assert document.raw == PAGE


def test_a_body_that_cannot_be_unpacked_is_a_drop() -> None:
    for coding in ("br", "gzip, zstd", "compress"):
        assert reasons(record(0, b"\x01\x02 no stream", (("Content-Encoding", coding),))) == ["read/encoding"]


ARC = (
    b"filedesc://a.arc 127.0.0.1 20240501100000 text/plain 69\n"
    b"1 1 ProofPile\nURL IP-address Archive-date Content-type Archive-length\n\n"
)


def test_arc_files_are_read_too() -> None:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE
    page = b"https://old.test/ 127.0.0.1 20240501100000 text/html %d\n" % len(http) + http + b"\n"
    (document,) = read(ARC + page)
    assert isinstance(document, Document)
    assert (document.url, document.raw, document.meta["status"]) == ("https://old.test/", PAGE, "200")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, OFFSETS[-1]), st.integers(0, OFFSETS[-1]), st.binary(max_size=30))
def test_no_damage_raises_or_reaches_records_elsewhere(start: int, end: int, junk: bytes) -> None:
    start, end = sorted((start, end))
    whole = b"".join(MEMBERS)
    untouched = [number for number in range(8) if OFFSETS[number + 1] <= start or OFFSETS[number] >= end]
    found = kept(whole[:start] + junk + whole[end:])
    before = [number for number in untouched if OFFSETS[number + 1] <= start]
    assert [f"https://site.test/{number}" for number in before] == found[: len(before)]
    if whole[start:end] != junk:
        behind = [f"https://site.test/{number}" for number in untouched if OFFSETS[number] >= end]
        assert found[len(found) - len(behind) :] == behind


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    assert read(data)
    assert read(gzip.compress(data))


PLAIN = [record(number, numbered(number), gz=False) for number in range(6)]


@pytest.mark.parametrize(
    "header", [b"WARC/1.0\r\nnonsense\r\n\r\n", b"WARC/1.9?\r\n", b"WARC/1.0\r\nContent-Length: x\r\n\r\n"]
)
def test_a_bad_header_in_plain_text_costs_one_record(header: bytes) -> None:
    data = b"".join([*PLAIN[:2], header + PLAIN[2][10:], *PLAIN[3:]])
    assert kept(data) == [f"https://site.test/{number}" for number in (0, 1, 3, 4, 5)]
    assert len(reasons(data)) == 1


def test_a_missing_separator_in_plain_text_costs_nothing() -> None:
    data = b"".join([*PLAIN[:2], PLAIN[2].removesuffix(b"\r\n"), *PLAIN[3:]])
    assert kept(data) == [f"https://site.test/{number}" for number in range(6)]
    assert reasons(data) == []


def test_a_plain_file_cut_at_its_end_keeps_what_is_whole() -> None:
    assert len(kept(b"".join(PLAIN)[:-60])) == 5
    assert reasons(b"".join(PLAIN)[:-60]) == ["read/truncated"]
