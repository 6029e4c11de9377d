"""JSON lines in every wrapping, and lines that are not JSON."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from filters.document import Document, Drop
from pipeline.sources.jsonl import Jsonl

WRAPPINGS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress]


def read(data: bytes, source: Jsonl | None = None) -> list[Document | Drop]:
    return list((source or Jsonl()).read("k.jsonl", io.BytesIO(data)))


def reasons(records: list[Document | Drop]) -> list[str]:
    return [record.reason if isinstance(record, Drop) else record.text for record in records]


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_lines_are_documents_whatever_they_are_wrapped_in(wrap: Callable[[bytes], bytes]) -> None:
    data = wrap(b'\xef\xbb\xbf{"text": "one"}\n\n{"text": "two"}\r\n') + wrap(b'{"text": "three"}')
    records = read(data)
    assert reasons(records) == ["one", "two", "three"]
    assert [record.id for record in records] == ["k.jsonl:1", "k.jsonl:3", "k.jsonl:4"]


def test_redpajama_layout_and_configured_fields() -> None:
    row = {"text": "T", "meta": {"arxiv_id": "1.2", "url": "u", "timestamp": "2020", "license": "mit"}, "n": 7}
    source = Jsonl(
        name="redpajama",
        id_field="meta.arxiv_id",
        url_field="meta.url",
        date_field="meta.timestamp",
        license_field="meta.license",
        subset="arxiv",
    )
    (document,) = read(json.dumps(row).encode(), source)
    meta = {"n": 7, "arxiv_id": "1.2", "url": "u", "timestamp": "2020", "license": "mit"}
    assert document == Document("1.2", "redpajama", "arxiv", "T", "u", "2020", "mit", meta)


def test_other_text_fields_and_ids_that_are_numbers_or_missing() -> None:
    data = b'{"body": {"en": "T"}, "n": 12}\n{"body": {"en": "U"}, "n": null}'
    first, second = read(data, Jsonl(text_field="body.en", id_field="n"))
    assert (first.id, second.id) == ("12", "k.jsonl:2")


def test_meta_that_is_a_string_is_kept_as_one() -> None:
    (document,) = read(b'{"text": "T", "meta": "{}"}')
    assert isinstance(document, Document)
    assert document.meta == {"meta": "{}"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "json"),
        (b"[1]", "json"),
        (b"\xff", "json"),
        (b"[" * 100_000, "json"),
        (b'{"text": ' + b"1" * 5_000 + b"}", "json"),
        (b"{}", "no-text"),
        (b'{"text": ""}', "no-text"),
        (b'{"text": null}', "no-text"),
        (b'{"text": ["a"]}', "no-text"),
        (b'{"text": "' + b"x" * 200_000 + b'"}', "too-large"),
    ],
)
def test_a_bad_line_costs_itself_only(line: bytes, reason: str) -> None:
    records = read(b'{"text": "a"}\n' + line + b'\n{"text": "b"}\n', Jsonl(max_line_bytes=150_000))
    assert reasons(records) == ["a", reason, "b"]
    assert records[1].id == "k.jsonl:2"
    assert records[1].size == len(line)


def test_what_text_cannot_hold_is_replaced() -> None:
    (document,) = read(rb'{"text": "a\u0000b\ud800c\ud835\udd38", "\ud800": ["\u0000"]}')
    assert isinstance(document, Document)
    assert document.text == "a\ufffdb\ufffdc\U0001d538"
    assert document.meta == {"\ufffd": ["\ufffd"]}


@pytest.mark.parametrize("data", [b"", b"\n \n", gzip.compress(b"", mtime=0), zstandard.compress(b"")])
def test_a_file_without_lines_is_one_drop(data: bytes) -> None:
    assert reasons(read(data)) == ["empty"]


@pytest.mark.parametrize("wrap", WRAPPINGS[1:])
def test_every_complete_line_before_a_cut_is_kept(wrap: Callable[[bytes], bytes]) -> None:
    texts = [f"line {number}" for number in range(40)]
    data = b"".join(wrap(json.dumps({"text": text}).encode() + b"\n") for text in texts)
    assert reasons(read(data)) == texts
    seen = 0
    for cut in range(1, len(data), 7):
        got = reasons(read(data[:cut]))
        kept = [word for word in got if word.startswith("line")]
        assert kept == texts[: len(kept)]
        assert got[len(kept) :] in ([], ["truncated"], ["json"])
        assert len(kept) >= seen
        seen = len(kept)
    assert seen >= 38


def test_a_line_cut_right_before_its_line_feed_is_kept() -> None:
    engine = zstandard.ZstdCompressor().compressobj()
    data = engine.compress(b'{"text": "a"}\n{"text": "b"}') + engine.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    assert reasons(read(data)) == ["a", "b", "truncated"]


def test_corrupt_compression_is_told() -> None:
    data = bytearray(gzip.compress(b'{"text": "a"}\n'))
    data[-5] ^= 1
    assert reasons(read(bytes(data)))[-1] == "corrupt"
    assert reasons(read(gzip.compress(b'{"text": "a"}\n') + b"garbage")) == ["a", "corrupt"]
    assert reasons(read(gzip.compress(b'{"text": "a"}\n') + bytes(512))) == ["a"]


@pytest.mark.parametrize("wrap", WRAPPINGS[1:])
def test_a_bomb_is_a_long_line(wrap: Callable[[bytes], bytes]) -> None:
    assert reasons(read(wrap(bytes(50 << 20)), Jsonl(max_line_bytes=1 << 20))) == ["too-large"]


@given(st.binary(max_size=500))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    for archive in (data, b"\x1f\x8b\x08\0" + data, b"\x28\xb5\x2f\xfd" + data, gzip.compress(data)):
        assert read(archive)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(st.dictionaries(st.sampled_from(["text", "meta", "id", "a.b"]), json_values), max_size=4))
def test_every_row_is_one_record(rows: list[dict[str, object]]) -> None:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    assert len(read(data, Jsonl(id_field="meta.id", url_field="a.b"))) == max(1, len(rows))
