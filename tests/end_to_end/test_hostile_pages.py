"""Pages that were made to do harm cost themselves only: among them every good page is kept, and the books add up."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import brotli
import pytest
import zstandard
from cli import content, dropped, manifest_of, proofpile, receipts, rows, run

KATEX = b"<link href=katex.min.css>"
SECONDS, BYTES = 2, 700_000_000
"""What a page may cost in the runs with workers: less than by default, so that the tests are quick."""

WEB = """name = "web"
kind = "warc"
paths = ["*.warc.gz"]
skip = ["language-id", "math-score", "perplexity"]"""
HEAD = f"[limits]\nerror_rate = 1.0\nrecord_seconds = {SECONDS}\nworker_bytes = {BYTES}"

HARMLESS: Mapping[str, bytes] = {
    "empty template in a drawing": b"<svg><template>\n",
    "a cell as wide as the world": b"<table><tr><td colspan=1000000000 rowspan=1000000000>x<td>y</table>",
    "attributes over many tags": (b"<b " + b" ".join(b"a%d" % number for number in range(200)) + b"></b>") * 1000,
    "no end to a comment": b"<p>x<!--" + b"y" * 3_000_000,
    "no end to a script": b"<p>x<script>" + b"y<z" * 90_000,
    "no end to CDATA": b"<p>x<svg><![CDATA[" + b"y" * 3_000_000,
    "broken UTF-8": b"\xff\xc3\xed\xa0\x80" * 100_000,
    "NULs": b"<p>x\0" * 50_000,
    "one text": b"word " * 1_900_000,
    "entities": b"&amp;&#x1D538;&notin;&bogus;" * 100_000,
    "references that outgrow themselves": b"xxx" + b"&nGt;&nLt;" * 100_000,
    "empty tags": b"<b></b>" * 140_000,
    "letters of MathML": b"<math>" + b"<mi>x</mi>" * 100_000,
    "a table of MathML": b"<math><mtable>" + b"<mtr><mtd><mn>1</mn></mtd></mtr>" * 30_000,
    "nothing but dollars": b"$" * 3_000_000,
    "nothing but openers": b"\\(" * 2_000_000,
    "nothing but comments of TeX": b"%" * 3_000_000,
}
"""They are read like any other page."""

REFUSED: Mapping[str, tuple[bytes, str]] = {
    "divs in divs": (b"<div>" * 100_000, "extract/too-deep"),
    "divs behind strange ends": (b"<div></x>" * 100_000, "extract/too-deep"),
    "tables in tables": (b"<table><tr><td>" * 50_000, "extract/too-deep"),
    "lists in lists": (b"<ul><li>" * 50_000, "extract/too-deep"),
    "rows in rows of MathML": (b"<math>" + b"<mrow>" * 100_000, "extract/too-deep"),
    "divs in UTF-16": (("<div>" * 100_000).encode("utf-16"), "extract/too-deep"),
    "attributes of one tag": (b"<p " + b"a " * 200_000 + b">", "extract/too-many-attributes"),
    "tags": (b"<b></b>" * 160_000, "extract/too-many-tags"),
    "size": (b"x" * 11_000_000, "extract/too-large"),
    "more size": (b"x" * 51_000_000, "read/too-large"),
}

DECEIVING: Mapping[str, tuple[bytes, str]] = {
    # In a drawing links nest, and every strange end looks through them all: some 15 s of native code.
    "a hang": (b"<svg>" + b"<a></x>" * 140_000, "isolation/timeout"),
    # Every paragraph opens all the fonts again: 6 GB of tree.
    "a bloat": (b"<p>" + b"".join(b"<font a%d>" % number for number in range(500)) + b"<p>x" * 40_000,
                "isolation/memory"),
}  # fmt: skip
"""They pass the bounds, and only the worker's supervisor stops them."""

BOMB = b"0" * 60_000_000
PACKED: Mapping[str, tuple[bytes, str]] = {
    "gzip": (gzip.compress(BOMB), "read/too-large"),
    "gzip, gzip": (gzip.compress(gzip.compress(BOMB)), "read/too-large"),
    "br": (brotli.compress(BOMB, quality=1), "read/too-large"),
    "zstd": (zstandard.compress(BOMB), "read/too-large"),
    "gzip, gzip, gzip, gzip, gzip": (b"x", "read/encoding"),
    "zstd, br": (b"\x01\x02 is no stream", "read/encoding"),
}


def good(number: int) -> bytes:
    return (
        b"<p>Page %d says that $x^{%d}$ is the power of a number, which is larger than one.</p>" % (number, number) * 3
    )


def record(number: int, body: bytes, coding: str = "") -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + (f"Content-Encoding: {coding}\r\n" if coding else "")
    http = head.encode() + b"\r\n" + body
    warc = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://hostile.test/{number}\r\n"
    warc += f"WARC-Date: 2023-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
    warc += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    return gzip.compress(warc.encode() + http + b"\r\n\r\n", 1)


def archive(folder: Path, pages: Sequence[tuple[bytes, str]]) -> Path:
    """A manifest over an archive in which every other page is good."""
    folder.mkdir()
    mixed = [page for number, hostile in enumerate(pages) for page in ((KATEX + good(number), ""), hostile)]
    members = (record(number, body, coding) for number, (body, coding) in enumerate(mixed))
    (folder / "a.warc.gz").write_bytes(b"".join(members))
    return manifest_of(folder, WEB, head=HEAD)


def with_workers(manifest: Path, out: Path) -> None:
    done = proofpile("run", manifest, "--out", out, "--workers", 1, "--only", "documents")
    assert done.returncode == 0, done.stderr


def inline(manifest: Path, out: Path) -> None:
    done = run(manifest, out, "--only", "documents")
    assert done.returncode == 0, done.stderr


def kept(out: Path) -> set[int]:
    """Numbers of the good pages that are there, whole."""
    texts = {int(row["url"].rpartition("/")[2]): row["text"] for row in rows(out / "documents")}
    return {number // 2 for number, text in texts.items() if number % 2 == 0 and f"$x^{{{number // 2}}}$" in text}


def check_books(out: Path, pages: int) -> None:
    (receipt,) = receipts(out)
    flow = receipt["flows"]["web"]
    assert flow["read"]["documents"] == pages
    assert flow["kept"]["documents"] + dropped(out, "web").total() == pages


def test_what_is_only_strange_is_read(tmp_path: Path) -> None:
    out = tmp_path / "out"
    inline(archive(tmp_path / "in", [(KATEX + good(0) + html, "") for html in HARMLESS.values()]), out)
    assert len(rows(out / "documents")) == 2 * len(HARMLESS)
    assert kept(out) == set(range(len(HARMLESS)))


def test_what_exceeds_a_bound_is_refused_with_its_reason(tmp_path: Path) -> None:
    hostile = [(KATEX + html if html[:1] == b"<" else html, "") for html, _ in REFUSED.values()]
    hostile = [(body if b"katex" in body else body + KATEX, coding) for body, coding in hostile]
    packed = [(body, coding) for coding, (body, _) in PACKED.items()]
    reasons = Counter(reason for _, reason in (*REFUSED.values(), *PACKED.values()))
    manifest, out = archive(tmp_path / "in", [*hostile, *packed]), tmp_path / "out"
    inline(manifest, out)
    assert dropped(out, "web") == reasons
    assert kept(out) == set(range(len(REFUSED) + len(PACKED)))
    check_books(out, 2 * (len(REFUSED) + len(PACKED)))


@pytest.mark.slow
def test_what_deceives_the_bounds_is_stopped_by_the_supervisor(tmp_path: Path) -> None:
    pages = [(KATEX + html, "") for html, _ in DECEIVING.values()]
    out = tmp_path / "out"
    with_workers(archive(tmp_path / "in", pages), out)
    assert dropped(out, "web") == Counter(reason for _, reason in DECEIVING.values())
    assert kept(out) == set(range(len(DECEIVING)))
    check_books(out, 2 * len(DECEIVING))
    listed = {row["url"]: row["rule"] for row in rows(out / "drops")}
    assert listed == {f"https://hostile.test/{2 * number + 1}": "isolation" for number in range(len(DECEIVING))}


@pytest.mark.slow
def test_workers_and_one_process_say_the_same_of_hostile_pages(tmp_path: Path) -> None:
    chosen = [html for html, _ in REFUSED.values() if len(html) < 2_000_000] + [*HARMLESS.values()][:3]
    manifest = archive(tmp_path / "in", [(KATEX + html, "") for html in chosen])
    inline(manifest, tmp_path / "one")
    with_workers(manifest, tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")
