"""Objects on the web, from a real server that misbehaves, by a clock that nobody waits for."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_server import Clock, Fault, Server, serving, visiting

from pipeline.http import CHUNK, FetchError, client, public, read_range, stat, user_agent
from pipeline.http_files import WINDOW, HttpFile
from pipeline.polite import ATTEMPTS, FORBIDDEN_ATTEMPTS, FORBIDDEN_IN_A_ROW, Gate

SMALL = bytes(range(256)) * 40
LARGE = random.Random(0).randbytes(3 * WINDOW)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Iterator[Gate]:
    with visiting(clock) as gate:
        yield gate


@pytest.fixture
def server(gate: Gate) -> Iterator[Server]:
    with serving({"small": SMALL, "large": LARGE, "empty": b""}) as server:
        yield server


def test_a_whole_file_is_one_request(server: Server) -> None:
    file = HttpFile(f"{server.url}/large")
    assert file.size == len(LARGE)
    assert b"".join(iter(lambda: file.read(100_000), b"")) == LARGE
    assert server.asked == [("large", "")]
    assert server.agents == {user_agent("https://example.org/crawler")}


def test_an_empty_file(server: Server) -> None:
    assert HttpFile(f"{server.url}/empty").read() == b""
    assert stat(f"{server.url}/empty").size == 0
    assert read_range(f"{server.url}/empty", 0, 10) == b""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["read", "seek", "end"]), st.integers(0, len(LARGE) + 5)), max_size=8))
def test_it_reads_like_any_file(server: Server, moves: list[tuple[str, int]]) -> None:
    file, plain = HttpFile(f"{server.url}/large"), io.BytesIO(LARGE)
    for move, number in moves:
        if move == "read":
            assert file.read(number % 5_000_000) == plain.read(number % 5_000_000)
        elif move == "seek":
            assert file.seek(number) == plain.seek(number)
        else:
            assert file.seek(-(number % len(LARGE)), io.SEEK_END) == plain.seek(-(number % len(LARGE)), io.SEEK_END)
    file.close()


def test_small_steps_back_and_a_look_at_the_size_cost_no_request(server: Server) -> None:
    file = HttpFile(f"{server.url}/large")
    head = file.read(1000)
    assert file.seek(0, io.SEEK_END) == len(LARGE)
    file.seek(0)
    assert file.read() == head + LARGE[1000:]
    file.seek(-WINDOW, io.SEEK_END)
    assert file.read() == LARGE[-WINDOW:]
    assert len(server.asked) == 1


def test_after_a_break_it_goes_on_in_the_middle(server: Server, clock: Clock) -> None:
    server.faults = [Fault(after=5 * CHUNK), Fault(after=2 * CHUNK + 7), Fault(after=0)]
    assert HttpFile(f"{server.url}/large").read() == LARGE
    starts = [int(wanted.strip("bytes=-") or 0) for _, wanted in server.asked]
    assert starts == [0, 5 * CHUNK, 7 * CHUNK + 7, 7 * CHUNK + 7]
    assert server.sent == len(LARGE)
    assert sum(clock.slept) >= 1 + 1 + 2


def test_a_server_without_ranges_or_etags_is_read_again_from_the_start(server: Server) -> None:
    server.ranges = server.etags = False
    server.faults = [Fault(after=3 * CHUNK)]
    file = HttpFile(f"{server.url}/large")
    assert file.read() == LARGE
    file.seek(10)
    assert file.read(10) == LARGE[10:20]
    assert read_range(f"{server.url}/small", 300, 600) == SMALL[300:600]


def test_another_object_in_its_place_is_not_taken_for_the_rest(server: Server) -> None:
    file = HttpFile(f"{server.url}/large")
    file.read(CHUNK)
    server.objects["large"] = LARGE[::-1]
    file.seek(2 * WINDOW)
    with pytest.raises(FetchError, match="changed while it was read"):
        file.read(1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_trouble_passes(server: Server, clock: Clock, status: int) -> None:
    server.faults = [Fault(status), Fault(status), Fault(status)]
    assert HttpFile(f"{server.url}/small").read() == SMALL
    assert [seconds for seconds in clock.slept if seconds > 1] == [2, 4]


def test_trouble_that_lasts_is_told(server: Server, clock: Clock) -> None:
    server.faults = [Fault(503)] * ATTEMPTS
    with pytest.raises(FetchError, match=rf"/small: 503 Service Unavailable \({ATTEMPTS} times\)$"):
        HttpFile(f"{server.url}/small")
    assert len(server.asked) == ATTEMPTS
    assert 200 < sum(clock.slept) < 500


def test_breaks_are_counted_anew_with_each_byte(server: Server) -> None:
    server.faults = [Fault(after=100)] * (3 * ATTEMPTS)
    assert HttpFile(f"{server.url}/small").read() == SMALL
    server.faults = [Fault(after=0)] * (ATTEMPTS + 1)
    with pytest.raises(FetchError, match="Connection broken"):
        HttpFile(f"{server.url}/small").read()


@pytest.mark.parametrize("form", ["100", "date"])
def test_retry_after_is_heeded(server: Server, clock: Clock, form: str) -> None:
    server.faults = [Fault(429, {"Retry-After": form if form == "100" else formatdate(clock.now + 100, usegmt=True)})]
    began = clock.now
    assert HttpFile(f"{server.url}/small").read() == SMALL
    assert 100 <= clock.now - began <= 102


def test_requests_are_spaced(server: Server, clock: Clock) -> None:
    began = clock.now
    for _ in range(5):
        read_range(f"{server.url}/small", 5, 9)
    assert clock.now - began == 4


def test_403_on_one_file_fails_that_file(server: Server, gate: Gate) -> None:
    server.faults = [Fault(403)] * FORBIDDEN_ATTEMPTS
    with pytest.raises(FetchError, match=r"small: 403 Forbidden \(3 times\)"):
        HttpFile(f"{server.url}/small")
    assert HttpFile(f"{server.url}/small").read() == SMALL
    assert not gate.why_shut()


def test_403_on_everything_ends_all_requests(server: Server, gate: Gate) -> None:
    server.faults = [Fault(403)] * 100
    for _ in range(4):
        with pytest.raises(FetchError):
            stat(f"{server.url}/small")
    assert len(server.asked) == FORBIDDEN_IN_A_ROW
    assert "it blocks us" in gate.why_shut()


def test_what_is_not_there_or_not_allowed_is_not_asked_for_again(server: Server) -> None:
    with pytest.raises(FileNotFoundError, match="/gone: 404 Not Found"):
        HttpFile(f"{server.url}/gone")
    server.faults = [Fault(401)]
    with pytest.raises(FetchError, match="/small: 401 Unauthorized"):
        HttpFile(f"{server.url}/small")
    assert len(server.asked) == 2


def test_a_server_that_is_not_there(clock: Clock, gate: Gate) -> None:
    with pytest.raises(FetchError, match=r"http://127.0.0.1:1/a: .*Connection refused"):
        HttpFile("http://127.0.0.1:1/a")


@pytest.mark.parametrize(("start", "end"), [(0, 10), (5, 5000), (10_000, 11_000), (10_240, 10_250), (99_999, 100_000)])
def test_a_range_is_what_a_slice_is(server: Server, start: int, end: int) -> None:
    assert read_range(f"{server.url}/small", start, end) == SMALL[start:end]


def test_a_range_that_breaks_is_fetched_again(server: Server) -> None:
    server.faults = [Fault(after=10), Fault(500)]
    assert read_range(f"{server.url}/small", 7, 70) == SMALL[7:70]


def test_redirects_are_followed(server: Server) -> None:
    server.faults = [Fault(302, {"Location": f"{server.url}/small"})]
    assert read_range(f"{server.url}/moved", 5, 9) == SMALL[5:9]


def test_facts(server: Server) -> None:
    assert stat(f"{server.url}/small").size == len(SMALL)
    assert stat(f"{server.url}/small").version == stat(f"{server.url}/small").version != ""


def test_no_secret_is_shown(gate: Gate) -> None:
    assert public("https://me:secret@example.org:8443/a/b?X-Signature=secret#c") == "https://example.org:8443/a/b"
    with pytest.raises(FetchError) as raised:
        HttpFile("http://me:secret@127.0.0.1:1/a?key=secret")
    assert "secret" not in str(raised.value)


def test_a_process_has_one_visitor(gate: Gate) -> None:
    assert client() is client()
    assert client().gate is gate
