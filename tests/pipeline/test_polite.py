"""The gate of a run, backoff, Retry-After."""

from __future__ import annotations

import math
import random
from email.utils import formatdate
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_server import Clock

from pipeline.polite import FORBIDDEN_IN_A_ROW, LONGEST_BACKOFF, LONGEST_PAUSE, Answer, Gate, backoff, retry_after

FINE, FORBIDDEN = Answer("site.test", 200), Answer("site.test", 403)


@given(st.lists(st.floats(0, 3), max_size=50), st.floats(0.1, 100))
def test_requests_are_spaced_whoever_asks_and_whenever(gaps: list[float], rate: float) -> None:
    clock = Clock()
    gate = Gate(rate, clock)
    starts = []
    for gap in gaps:
        clock.now += gap
        starts.append(clock.now + gate.turn())
    assert all(later - earlier >= 1 / rate - 1e-6 for earlier, later in pairwise(starts))


def test_time_that_nobody_used_is_not_saved_up() -> None:
    clock = Clock()
    gate = Gate(2.0, clock)
    gate.turn()
    clock.now += 100
    assert [gate.turn() for _ in range(3)] == [0, 0.5, 1.0]


def test_a_pause_that_one_worker_is_told_holds_for_all() -> None:
    gate = Gate(1.0, Clock())
    gate.turn()
    gate.tell(Answer("site.test", 429, pause=30))
    gate.tell(FINE)
    assert [gate.turn(), gate.turn()] == [30, 31]


def test_403_again_and_again_shuts_the_gate() -> None:
    gate = Gate(1.0, Clock())
    for _ in range(FORBIDDEN_IN_A_ROW):
        assert gate.turn() < math.inf
        assert not gate.why_shut()
        gate.tell(FORBIDDEN)
    assert gate.turn() == math.inf
    assert f"site.test answered 403 {FORBIDDEN_IN_A_ROW} times in a row" in gate.why_shut()
    gate.tell(FINE)
    assert gate.turn() == math.inf


def test_403_now_and_then_does_not() -> None:
    """A file may be forbidden by itself."""
    gate = Gate(1.0, Clock())
    for _ in range(FORBIDDEN_IN_A_ROW):
        gate.tell(FORBIDDEN)
        gate.tell(FINE)
    assert not gate.why_shut()


def test_a_day_is_not_waited_for() -> None:
    gate = Gate(1.0, Clock())
    gate.tell(Answer("site.test", 429, LONGEST_PAUSE))
    assert gate.turn() == LONGEST_PAUSE
    gate.tell(Answer("site.test", 429, 86_400))
    assert gate.turn() == math.inf
    assert "site.test asks to come back in 86,400 s" in gate.why_shut()


def test_backoff_grows_to_a_bound_and_is_jittered_in_full() -> None:
    assert [backoff(attempt, 1.0) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff(100, 1.0) == LONGEST_BACKOFF
    drawn = [backoff(4, random.Random(seed).random()) for seed in range(200)]
    assert min(drawn) < 0.5
    assert max(drawn) > 7.5


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        (formatdate(1_000_090, usegmt=True), 90),
        ("Mon, 12 Jan 1970 13:48:10 -0000", 90),
        (formatdate(5, usegmt=True), 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("١٢", 0),
    ],
)
def test_retry_after_in_all_its_forms(header: str, seconds: float) -> None:
    assert retry_after(header, now=1_000_000) == seconds
