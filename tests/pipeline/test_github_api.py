"""The API, from a real server that limits, stumbles and lies, by a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate

import pytest
from github_server import GitHub, Repo, github
from web_server import Clock, Fault, visiting

from pipeline.github.api import ATTEMPTS, GIVEN_UP_IN_A_ROW, SECONDARY_PAUSE, Api, ApiError, token
from pipeline.polite import FORBIDDEN_ATTEMPTS

PATH = "/repos/a/b"


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with visiting(clock, rate=1000, jitter=lambda: 0.5):
        yield clock


@pytest.fixture
def server(clock: Clock) -> Iterator[GitHub]:
    with github(GitHub([Repo("a/b")], clock=clock)) as server:
        yield server


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def api(server: GitHub, said: list[str]) -> Api:
    return Api(server.url, "secret-token", say=said.append)


def long(slept: list[float]) -> list[float]:
    """Waits that are more than the gate's."""
    return [seconds for seconds in slept if seconds > 0.1]


def test_it_says_who_asks_and_in_what_version(api: Api, server: GitHub) -> None:
    assert api.get(server.url + PATH).data["full_name"] == "a/b"
    assert server.tokens == ["Bearer secret-token"]


def test_the_primary_limit_is_waited_for_before_it_is_broken(api: Api, server: GitHub, said: list[str]) -> None:
    server.allowed, server.per_reset = {"core": 2}, 2
    for _ in range(6):
        assert api.get(server.url + PATH).status == 200
    assert server.limited == 0
    assert [line.partition(":")[0] for line in said] == ["the rate limit is used up"] * 2


def test_the_limit_of_searches_does_not_hold_up_the_rest(api: Api, server: GitHub, clock: Clock) -> None:
    server.allowed = {"search": 1}
    query = "language:lean+created:2023-01-01T00:00:00Z..2023-01-02T00:00:00Z"
    url = f"{server.url}/search/repositories?q={query}&per_page=1"
    api.get(url)
    api.get(server.url + PATH)
    assert not long(clock.slept)
    api.get(url)
    assert long(clock.slept) == [pytest.approx(61, abs=2)]


def test_where_others_used_the_limit_up_its_reset_is_waited_for(api: Api, server: GitHub, clock: Clock) -> None:
    server.allowed = {"core": 0}
    assert api.get(server.url + PATH).status == 200
    assert server.limited == 1
    assert 59 <= sum(clock.slept) <= 65


def test_the_servers_clock_counts_not_ours(api: Api, server: GitHub, clock: Clock) -> None:
    server.clock = lambda: clock.now + 86_400
    server.allowed = {"core": 0}
    assert api.get(server.url + PATH).status == 200
    assert 59 <= sum(clock.slept) <= 65


@pytest.mark.parametrize("status", [403, 429])
def test_a_pause_that_it_asks_for_is_made(api: Api, server: GitHub, clock: Clock, status: int) -> None:
    server.faults = [Fault(status, {"Retry-After": "17"}), Fault(status, {"Retry-After": formatdate(clock.now + 60)})]
    assert api.get(server.url + PATH).status == 200
    first, second = long(clock.slept)
    assert 17 <= first <= 18
    assert 40 <= second <= 61


@pytest.mark.parametrize("status", [403, 429])
def test_without_a_word_of_how_long_a_minute_and_then_twice_as_long(
    api: Api, server: GitHub, clock: Clock, status: int
) -> None:
    server.bodies[403] = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    server.faults = [Fault(status)] * 4
    assert api.get(server.url + PATH).status == 200
    assert long(clock.slept) == [SECONDARY_PAUSE * factor * 1.125 for factor in (1, 2, 4, 8)]


@pytest.mark.parametrize("fault", [Fault(500), Fault(502), Fault(503), Fault(504), Fault(after=3)])
def test_what_passes_is_tried_again(api: Api, server: GitHub, fault: Fault) -> None:
    server.faults = [fault] * (ATTEMPTS - 1)
    assert api.get(server.url + PATH).status == 200
    assert len(server.asked) == ATTEMPTS


def test_a_connection_that_never_holds_ends_the_work(api: Api, server: GitHub) -> None:
    server.faults = [Fault(after=3)] * 100
    with pytest.raises(ApiError, match=rf"\({ATTEMPTS} times\); the same command goes on from here"):
        api.get(server.url + PATH)
    assert len(server.asked) == ATTEMPTS


def test_a_limit_that_never_ends_ends_the_work(api: Api, server: GitHub) -> None:
    server.faults = [Fault(429)] * 100
    with pytest.raises(ApiError, match=rf"429 fault \({ATTEMPTS} times\)"):
        api.get(server.url + PATH)


def test_nobody_waits_for_a_day(api: Api, server: GitHub) -> None:
    server.faults = [Fault(403, {"Retry-After": "86400"})]
    with pytest.raises(ApiError, match="asks to come back in 24 h"):
        api.get(server.url + PATH)


@pytest.mark.parametrize(("status", "attempts"), [(403, FORBIDDEN_ATTEMPTS), (500, ATTEMPTS), (502, ATTEMPTS)])
def test_unexplained_trouble_is_one_repositorys_but_not_that_of_all(
    api: Api, server: GitHub, status: int, attempts: int
) -> None:
    server.faults = [Fault(status)] * 1000
    for _ in range(GIVEN_UP_IN_A_ROW - 1):
        assert api.get(server.url + PATH).status == status
    with pytest.raises(ApiError, match=f"{status} fault"):
        api.get(server.url + PATH)
    assert len(server.asked) == GIVEN_UP_IN_A_ROW * attempts


def test_a_limit_without_a_reset_is_not_hammered(api: Api, server: GitHub, clock: Clock) -> None:
    server.faults = [Fault(403, {"X-RateLimit-Remaining": "0"})]
    assert api.get(server.url + PATH).status == 200
    assert sum(clock.slept) >= SECONDARY_PAUSE


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "401 Bad.*check GITHUB_TOKEN or GH_TOKEN"), (422, "422 Bad.*no such language"), (400, "400 fault")],
)
def test_what_is_our_fault_is_not_asked_again(api: Api, server: GitHub, status: int, says: str) -> None:
    server.bodies = {
        401: {"message": "Bad credentials"},
        422: {"message": "Bad", "errors": [{"message": "no such language"}]},
    }
    server.faults = [Fault(status)]
    with pytest.raises(ApiError, match=says) as raised:
        api.get(f"{server.url}{PATH}?x=1")
    assert len(server.asked) == 1
    assert "secret-token" not in str(raised.value)


def test_another_host_is_not_asked(api: Api, server: GitHub) -> None:
    """Neither by a link nor by a redirect: the token is for one host."""
    for url in ("http://elsewhere.test/repos/a/b", server.url.replace("127.0.0.1", "localhost") + PATH):
        with pytest.raises(ApiError, match="leads to another host"):
            api.get(url)
    server.faults = [Fault(301, {"Location": "http://elsewhere.test/x"})]
    reply = api.get(server.url + PATH)
    assert (reply.status, reply.moved) == (301, "http://elsewhere.test/x")
    assert len(server.asked) == 1


def test_a_link_to_another_host_is_not_followed(api: Api, server: GitHub) -> None:
    server.bodies[200] = {"items": []}
    server.faults = [Fault(200, {"Link": '<http://elsewhere.test/?page=2>; rel="next"'})]
    with pytest.raises(ApiError, match="leads to another host, elsewhere"):
        list(api.pages(server.url + PATH))


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_tokens_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for other in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(other, raising=False)
    assert token("https://api.github.com") == ""
    monkeypatch.setenv(name, "ghp_abc\n")
    assert token("https://api.github.com") == token("http://127.0.0.1:1") == "ghp_abc"


def test_a_token_is_neither_sent_in_the_clear_nor_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_abc")
    with pytest.raises(ApiError, match="GITHUB_TOKEN is not sent in the clear") as clear:
        token("http://api.github.example")
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_abc\r\nX-Header: 1")
    with pytest.raises(ApiError, match="GITHUB_TOKEN is no token") as broken:
        token("https://api.github.com")
    assert "ghp_abc" not in f"{clear.value}{broken.value}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'"\xff"', b"null", b'{"total_count": 1'])
def test_what_is_no_json_is_asked_for_again(api: Api, server: GitHub, body: bytes) -> None:
    server.bodies[200] = body
    server.faults = [Fault(200)]
    assert api.get(server.url + PATH).data["full_name"] == "a/b"
    server.faults = [Fault(200)] * ATTEMPTS
    with pytest.raises(ApiError, match="the answer is no JSON"):
        api.get(server.url + PATH)


@pytest.mark.parametrize("body", [b"", b"<html>", [], {"message": None, "errors": [1, {}]}, {"errors": {}}])
def test_a_refusal_need_not_say_anything(api: Api, server: GitHub, body: object) -> None:
    server.bodies[404] = body
    server.faults = [Fault(404)]
    assert api.get(server.url + PATH).status == 404
