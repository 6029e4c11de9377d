"""Bodies as servers send them: every coding that browsers ask for, lies about codings, and bombs."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.http_body import BodyError, dechunk, decode_body


def deflate(data: bytes) -> bytes:
    """A raw stream, as old servers send it."""
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", deflate),
    ("br", brotli.compress),
    ("zstd", zstandard.compress),
]
PAGE = b"<p>Let <i>n</i> be a number.</p>" * 100


@pytest.mark.parametrize(("name", "pack"), PACKERS)
@given(body=st.binary(max_size=500))
def test_every_coding_is_undone(name: str, pack: Callable[[bytes], bytes], body: bytes) -> None:
    assert decode_body(pack(body), name.upper(), "", 1000) == body


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_codings_on_top_of_each_other(name: str, pack: Callable[[bytes], bytes]) -> None:
    assert decode_body(gzip.compress(pack(PAGE)), f"{name}, gzip", "", 10_000) == PAGE
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(pack(PAGE)), pack(PAGE))
    assert decode_body(chunked, name, "chunked", 10_000) == PAGE


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_bombs_are_not_unpacked(name: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"0" * 20_000_000)
    with pytest.raises(BodyError, match="more than 1000000") as refusal:
        decode_body(bomb, name, "", 1_000_000)
    assert refusal.value.reason == "too-large"
    with pytest.raises(BodyError, match="more than 1000000"):
        decode_body(pack(bomb), f"{name}, {name}", "", 1_000_000)


def test_towers_of_codings_are_not_climbed() -> None:
    body = PAGE
    for _ in range(5):
        body = gzip.compress(body)
    with pytest.raises(BodyError, match="5 codings") as refusal:
        decode_body(body, ", ".join(["gzip"] * 5), "", 10_000)
    assert refusal.value.reason == "encoding"


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_a_stream_cut_short_gives_what_is_there(name: str, pack: Callable[[bytes], bytes]) -> None:
    body = bytes(number * number % 251 for number in range(200_000))
    packed = pack(body)
    assert body.startswith(decode_body(packed[: len(packed) // 2], name, "", 1_000_000))


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_a_coding_that_is_not_there_is_forgiven(name: str, pack: Callable[[bytes], bytes]) -> None:
    assert decode_body(PAGE, name, "chunked", 10_000) == PAGE
    assert decode_body(b"\n\t" + PAGE, name, "", 10_000) == b"\n\t" + PAGE
    assert decode_body(b"", name, "", 10_000) == b""


@pytest.mark.parametrize(("name", "pack"), PACKERS)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_body_or_a_refusal(name: str, pack: Callable[[bytes], bytes], body: bytes) -> None:
    with suppress(BodyError):
        assert len(decode_body(pack(b"x")[:3] + body, name, "chunked", 1000)) <= 1000


def test_a_coding_that_nobody_knows() -> None:
    with pytest.raises(BodyError, match="compress is not known"):
        decode_body(b"\x1f\x9d\x90", "compress", "", 1000)


def test_a_window_larger_than_a_decoder_must_grant() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    packed = zstandard.ZstdCompressor(compression_params=parameters).compressobj().compress(b"0" * 1000)
    with pytest.raises(BodyError):
        decode_body(packed + b"\0" * 100, "zstd", "", 10_000)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_chunks_come_together(parts: list[bytes]) -> None:
    body = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    assert dechunk(body) == b"".join(parts)


@pytest.mark.parametrize("size", [b"-8", b"-4", b"+1", b"1_0", b"", b"f" * 30, b"x"])
def test_a_size_that_is_none_ends_the_chunks(size: bytes) -> None:
    """`-8` once led back to itself, for ever."""
    assert dechunk(b"3\r\nabc\r\n" + size.rjust(6) + b"\r\nrest") == b"abc"


@given(st.lists(st.sampled_from([b"-8", b"\r\n", b"1", b"0", b"f", b" ", b";", b"x"]), max_size=20).map(b"".join))
def test_dechunking_ends(body: bytes) -> None:
    assert len(dechunk(body)) <= len(body)
