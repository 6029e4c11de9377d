"""Plans of what to read on GitHub: everything is found once, pinned before the cut-off, or refused with a reason."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from github_server import GitHub, Repo, github, sha, when
from hypothesis import given, settings
from hypothesis import strategies as st
from web_server import Clock, Fault, visiting

from pipeline.github.api import Api, ApiError
from pipeline.github.memory import Memory
from pipeline.github.plan import Plan, Planner, Question, write
from pipeline.github.search import MOST_RESULTS, SHORTEST, TRIES, WEEK, Window, weeks
from pipeline.github.teller import Teller
from pipeline.storage import StorageError

BEFORE = "2023-04-01"


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with visiting(clock, rate=1000):
        yield clock


def question(since: str = "2023-02-20", **facts: Any) -> Question:
    facts = {"languages": ("lean",), "before": when(BEFORE), "since": when(since)} | facts
    return Question(**facts)


def plan(server: GitHub, folder: Path, asked: Question | None = None, out: io.StringIO | None = None) -> Plan:
    with Memory(folder / "answers") as memory, Teller(out or io.StringIO()) as teller:
        api = Api(server.url, "secret-token", say=teller.say)
        return Planner(api, memory, teller, asked or question()).plan()


def names(made: Plan) -> list[str]:
    return [one.repository for one in made.repositories]


def crowd(count: int, created: Callable[[int], str], stars: Callable[[int], int] = lambda _: 0) -> list[Repo]:
    return [Repo(f"owner{number}/name", created(number), stars=stars(number)) for number in range(count)]


def test_what_is_known_of_a_repository_is_in_the_list(clock: Clock, tmp_path: Path) -> None:
    repo = Repo("Some-One/Lean.Proofs_1", stars=7, commits=("2023-05-01", "2023-03-31", "2023-01-01"), archived=True)
    with github(GitHub([repo])) as server:
        (found,) = plan(server, tmp_path).repositories
    assert found.model_dump() == {
        "repository": "Some-One/Lean.Proofs_1",
        "commit": repo.commit("2023-03-31"),
        "date": "2023-03-31T00:00:00Z",
        "language": "lean",
        "license": "MIT",
        "stars": 7,
        "fork_of": "",
        "renamed_from": "",
        "size": 10 * 1024,
        "archived": True,
    }


REFUSALS = [
    (Repo("a/late", commits=("2023-04-01",)), "no-commit", "none before 2023-04-01"),
    (Repo("a/empty", commits=()), "empty", "409 Git Repository is empty."),
    (Repo("a/gone", refusal=(404, {"message": "Not Found"})), "gone", "404 Not Found"),
    (Repo("a/dmca", refusal=(451, {"block": {"reason": "dmca"}})), "blocked", "451 dmca"),
    (
        Repo("a/tos", refusal=(403, {"message": "Repository access blocked", "block": {"reason": "tos"}})),
        "blocked",
        "403 tos",
    ),
    (Repo("a/forbidden", refusal=(403, {"message": "no reason"})), "blocked", "403"),
    (Repo("a/broken", refusal=(502, {})), "no-answer", "502"),
    (Repo("a/disabled", disabled=True), "disabled", ""),
    (Repo("a/large", kilobytes=1 << 30), "too-large", f"{1 << 40} bytes"),
    (
        Repo("a/odd", refusal=(200, [{"sha": "x", "commit": {"committer": {"date": "2023-01-01T00:00:00Z"}}}])),
        "bad-answer",
        "String should",
    ),
]


@pytest.mark.parametrize(("repo", "reason", "detail"), REFUSALS, ids=[repo.name for repo, _, _ in REFUSALS])
def test_what_cannot_be_pinned_is_refused_with_a_reason(
    clock: Clock, tmp_path: Path, repo: Repo, reason: str, detail: str
) -> None:
    with github(GitHub([repo, Repo("b/good")])) as server:
        made = plan(server, tmp_path)
    assert names(made) == ["b/good"]
    (refused,) = made.refused
    assert (refused.repository, refused.language, refused.reason) == (repo.name, "lean", reason)
    assert refused.detail.startswith(detail)


def test_a_commit_after_the_cut_off_is_never_pinned_whatever_the_server_says(clock: Clock, tmp_path: Path) -> None:
    body = [{"sha": sha("late"), "commit": {"committer": {"date": "2023-04-01T00:00:00Z"}}}]
    with github(GitHub([Repo("a/b", refusal=(200, body))])) as server:
        made = plan(server, tmp_path)
    assert made.repositories == []
    assert made.refused[0].reason == "no-commit"


def test_a_renamed_repository_is_listed_by_its_new_name(clock: Clock, tmp_path: Path) -> None:
    with github(GitHub([Repo("old/name", moved_to="new/name")])) as server:
        (found,) = plan(server, tmp_path).repositories
    assert (found.repository, found.renamed_from) == ("new/name", "old/name")


def test_a_redirect_without_end_is_an_end(clock: Clock, tmp_path: Path) -> None:
    with github(GitHub([Repo("a/b")])) as server:
        server.faults = [*[None] * 6, *[Fault(301, {"Location": "/repos/a/b/commits"})] * 4]
        made = plan(server, tmp_path)
    assert [one.reason for one in made.refused] == ["gone"]


def test_forks_are_left_out_unless_they_are_asked_for(clock: Clock, tmp_path: Path) -> None:
    with github(GitHub([Repo("a/b"), Repo("c/b", fork_of="a/b")])) as server:
        assert names(plan(server, tmp_path)) == ["a/b"]
        (tmp_path / "forks").mkdir()
        made = plan(server, tmp_path / "forks", question(forks=True))
    assert [(one.repository, one.fork_of) for one in made.repositories] == [("a/b", ""), ("c/b", "a/b")]


def test_languages_by_the_names_that_github_has_for_them(clock: Clock, tmp_path: Path) -> None:
    repos = [Repo("a/coq", language="coq"), Repo("a/nb", language="jupyter notebook"), Repo("a/cpp", language="c++")]
    with github(GitHub(repos)) as server:
        made = plan(server, tmp_path, question(languages=("coq", "jupyter-notebook", "cpp")))
    assert [one.language for one in made.repositories] == ["coq", "cpp", "jupyter-notebook"]


def test_the_most_starred_are_taken_and_the_refused_do_not_count(clock: Clock, tmp_path: Path) -> None:
    repos = crowd(6, lambda number: f"2023-03-0{number + 1}", lambda number: number)
    repos[5].commits = ()
    with github(GitHub(repos)) as server:
        made = plan(server, tmp_path, question(max_repositories=2))
        assert names(made) == ["owner3/name", "owner4/name"]
        (tmp_path / "stars").mkdir()
        assert len(names(plan(server, tmp_path / "stars", question(min_stars=4)))) == 1


def test_weeks_share_no_second_and_leave_none_out() -> None:
    windows = weeks("lean", when("2023-01-01"), when("2023-03-01"))
    assert windows[0].start == when("2023-01-01")
    assert windows[-1].end == when("2023-03-01")
    assert all(before.end == after.start for before, after in pairwise(windows))
    assert all(window.end - window.start <= WEEK for window in windows)
    assert "created:2023-01-01T00:00:00Z..2023-01-07T23:59:59Z" in windows[0].query
    assert "created:2023-01-08T00:00:00Z..2023-01-14T23:59:59Z" in windows[1].query


@given(seconds=st.integers(1, 700_000), least=st.integers(0, 50), most=st.none() | st.integers(50, 5000))
@settings(max_examples=50)
def test_the_parts_of_a_window_are_all_of_it_once(seconds: int, least: int, most: int | None) -> None:
    start = when("2023-01-01")
    window = Window("lean", start, start + timedelta(seconds=seconds), least, most)
    if not window.parts:
        assert window.end - window.start <= SHORTEST
        assert least == most
        return
    left, right = window.parts
    assert (left.start, right.end, left.least_stars, right.most_stars) == (start, window.end, least, most)
    by_time = left.end == right.start and left.start < left.end < right.end
    by_stars = left.most_stars is not None and left.most_stars + 1 == right.least_stars and left.most_stars >= least
    assert by_time or by_stars


def test_a_repository_of_a_boundary_is_found_once(clock: Clock, tmp_path: Path) -> None:
    repos = crowd(8, lambda number: f"2023-03-0{number + 1}")
    with github(GitHub(repos)) as server:
        made = plan(server, tmp_path, question(since="2023-03-01", before=when("2023-03-09")))
        assert len(server.searches) == 2
        commits = Counter(path for path in server.asked if "/commits" in path)
    assert sorted(names(made)) == sorted(repo.name for repo in repos)
    assert set(commits.values()) == {1}


def test_more_than_a_search_shows_is_found_by_smaller_ones(clock: Clock, tmp_path: Path) -> None:
    repos = crowd(2500, lambda number: f"2023-03-1{number % 3}T{number % 24:02}:{number % 60:02}:00")
    with github(GitHub(repos)) as server:
        found = search_all(server, tmp_path)
    assert found == sorted(repo.name for repo in repos)


def search_all(server: GitHub, folder: Path) -> list[str]:
    """The names that searches find, without their commits."""
    asked = question()
    with Memory(folder / "answers") as memory, Teller(io.StringIO()) as teller:
        planner = Planner(Api(server.url, say=teller.say), memory, teller, asked)
        made = Plan()
        found = [one.name for one in planner.find("lean", made)]
    assert made.shortfalls == []
    return sorted(found)


def test_a_minute_with_too_many_is_split_by_stars(clock: Clock, tmp_path: Path) -> None:
    repos = crowd(1500, lambda _: "2023-03-10T10:10:10", lambda number: number % 10)
    with github(GitHub(repos)) as server:
        assert search_all(server, tmp_path) == sorted(repo.name for repo in repos)
        assert any("stars:0..0" in query for query in server.searches)


def test_what_cannot_be_split_is_said(clock: Clock, tmp_path: Path) -> None:
    made = Plan()
    crowded = GitHub(crowd(1200, lambda _: "2023-03-10T10:10:10"))
    with github(crowded) as server, Memory(tmp_path / "answers") as memory, Teller(io.StringIO()) as teller:
        found = Planner(Api(server.url), memory, teller, question()).find("lean", made)
    assert len(found) == MOST_RESULTS
    (shortfall,) = made.shortfalls
    assert (shortfall.found, shortfall.total) == (1000, 1200)
    assert shortfall.query.endswith("stars:0..0")


def test_pages_are_followed_by_their_links(clock: Clock, tmp_path: Path) -> None:
    with github(GitHub(crowd(250, lambda _: "2023-03-10"))) as server:
        assert len(search_all(server, tmp_path)) == 250
        pages = [path for path in server.asked if path.startswith("/search/") and "2023-03-06" in path]
    assert len(pages) == 3


def test_a_search_that_ran_out_of_time_is_asked_again_and_then_for_less(clock: Clock, tmp_path: Path) -> None:
    with github(GitHub(crowd(5, lambda _: "2023-02-21"), incomplete=2)) as server:
        assert len(search_all(server, tmp_path)) == 5
    (tmp_path / "again").mkdir()
    with github(GitHub(crowd(5, lambda _: "2023-02-21"), incomplete=TRIES + 1)) as server:
        assert len(search_all(server, tmp_path / "again")) == 5
        assert any("T11:59:59Z" in query for query in server.searches)


def written(made: Plan, folder: Path) -> dict[str, bytes]:
    refused = write(made, folder / "list.jsonl")
    assert refused == folder / "list.refused.jsonl"
    return {path.name: path.read_bytes() for path in (folder / "list.jsonl", refused)}


def test_killed_anywhere_it_goes_on_and_asks_nothing_twice(clock: Clock, tmp_path: Path) -> None:
    repos = [*crowd(4, lambda number: f"2023-03-0{number + 1}"), Repo("a/empty", commits=())]
    with github(GitHub(repos)) as server:
        whole = written(plan(server, tmp_path), tmp_path)
        expected, server.asked = sorted(server.asked), []
        (tmp_path / "killed").mkdir()
        for stop in range(len(expected) - 1):
            server.faults = [None, Fault(401)]
            with pytest.raises(ApiError):
                plan(server, tmp_path / "killed")
            assert len(server.asked) == 2 * (stop + 1), "one answer a time, and one that is no answer"
        server.faults = []
        assert written(plan(server, tmp_path / "killed"), tmp_path / "killed") == whole
        asked = len(server.asked)
        assert written(plan(server, tmp_path / "killed"), tmp_path / "killed") == whole
        assert len(server.asked) == asked


def test_equal_answers_in_another_order_make_equal_lists(clock: Clock, tmp_path: Path) -> None:
    repos = crowd(30, lambda number: f"2023-03-{number % 9 + 1:02}", lambda number: number % 3)
    with github(GitHub(repos)) as server:
        first = written(plan(server, tmp_path), tmp_path)
        server.repos.reverse()
        (tmp_path / "other").mkdir()
        assert written(plan(server, tmp_path / "other"), tmp_path / "other") == first
    rows = [json.loads(line) for line in first["list.jsonl"].splitlines()]
    assert [row["repository"] for row in rows] == sorted(repo.name for repo in repos)


def test_a_plan_over_a_moody_server_is_that_of_a_calm_one(clock: Clock, tmp_path: Path) -> None:
    repos = crowd(20, lambda number: f"2023-03-{number + 1:02}")
    with github(GitHub(repos, clock=clock)) as server:
        calm = written(plan(server, tmp_path), tmp_path)
        (tmp_path / "moody").mkdir()
        server.allowed = {"search": 3, "core": 5}
        server.faults = [None, Fault(500), Fault(429, {"Retry-After": "9"}), Fault(after=2), None, Fault(403)] * 3
        assert written(plan(server, tmp_path / "moody"), tmp_path / "moody") == calm


def test_the_token_goes_to_the_api_and_nowhere_else(clock: Clock, tmp_path: Path) -> None:
    out = io.StringIO()
    with github(GitHub([Repo("a/b"), Repo("a/c", moved_to="d/c"), Repo("a/e", commits=())], clock=clock)) as server:
        server.allowed = {"search": 2}
        written(plan(server, tmp_path, out=out), tmp_path)
        assert set(server.tokens) == {"Bearer secret-token"}
    assert "waiting" in out.getvalue()
    assert "secret-token" not in out.getvalue()
    for path in tmp_path.rglob("*"):
        assert b"secret-token" not in path.read_bytes()


def test_answers_that_are_none_are_named(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("this is no database, but it is long enough to be taken for one " * 20)
    with github(GitHub([])) as server, pytest.raises(StorageError, match=r"answers cannot be used: .*remove it"):
        plan(server, tmp_path)


@pytest.mark.parametrize("body", [[], {}, {"total_count": 1, "items": [{}]}, {"total_count": "x", "items": []}])
def test_a_server_that_is_not_githubs_is_named(clock: Clock, tmp_path: Path, body: Any) -> None:
    with github(GitHub([], bodies={200: body})) as server:
        server.faults = [Fault(200)]
        with pytest.raises(ApiError, match="does not answer a search as GitHub does"):
            plan(server, tmp_path)
        server.faults = [Fault(404)]
        with pytest.raises(ApiError, match="404 fault; is it the API's address"):
            plan(server, tmp_path)


def test_lines_say_pace_and_what_is_left() -> None:
    clock = Clock()
    out = io.StringIO()
    teller = Teller(out, clock)
    teller.start("lean: commits", 300)
    for _ in range(20):
        teller.step(asked=False)
    for _ in range(40):
        clock.now += 2
        teller.step(asked=True)
    assert teller.line() == "lean: commits: 60/300, 30/min, 8 min 0 s to go"
    assert len(out.getvalue().splitlines()) == 8
