"""Manners on the web: one rate for a whole run, when to try again, and when to stop.

The run has one gate, and every request of every worker asks it for a turn. Shares (`rate / workers`) would need no
gate, but they waste the rate whenever fewer workers fetch than there are, and break it whenever nodes join; a file
would need a shared disk. The gate lives where the run is driven: in the process itself or, with Ray, in an actor that
workers' children reach through the pipe that they have anyway (`pipeline/isolation.py`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol

ATTEMPTS = 10
"""Tries of one request, counted anew whenever a byte arrives: about three minutes with the backoff between them."""
FORBIDDEN_ATTEMPTS = 3
FORBIDDEN_IN_A_ROW = 5
"""Answers of 403, to whomever in the run, after which it stops: CommonCrawl answers so when it blocks, and going on
prolongs the block."""
LONGEST_PAUSE = 3600.0
"""Seconds of a Retry-After from which the run stops instead of waiting."""
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 120.0


@dataclass(frozen=True)
class Answer:
    """What a server said to a request, as far as the gate needs to know."""

    host: str
    status: int
    pause: float = 0.0
    """Seconds that it asks to wait."""


class Turns(Protocol):
    """What a worker asks before a request, and tells after it."""

    def turn(self) -> float:
        """Seconds to wait before the next request; infinite if there must be none."""

    def tell(self, answer: Answer) -> None:
        """What came of a request."""


class Gate:
    """Lets a request through every `1 / rate` seconds: no bursts, so that a run of any size is one quiet visitor."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._spacing, self._clock = 1 / rate, clock
        self._free = -math.inf
        self._forbidden = 0
        self._shut = ""

    def turn(self) -> float:
        """A turn is given once and not taken back; asking costs no waiting here."""
        if self._shut:
            return math.inf
        now = self._clock()
        begin = max(now, self._free)
        self._free = begin + self._spacing
        return begin - now

    def tell(self, answer: Answer) -> None:
        """A pause that one worker is asked for holds for all."""
        self._free = max(self._free, self._clock() + min(answer.pause, LONGEST_PAUSE))
        self._forbidden = self._forbidden + 1 if answer.status == 403 else 0
        if self._forbidden >= FORBIDDEN_IN_A_ROW:
            self._shut = (
                f"{answer.host} answered 403 {self._forbidden} times in a row: it blocks us, or wants credentials. "
                "Nothing more was asked of it. Wait (CommonCrawl: a day), lower fetch.requests_per_second, or read "
                "s3://commoncrawl; the same command goes on where this one stopped"
            )
        if answer.pause > LONGEST_PAUSE:
            self._shut = (
                f"{answer.host} asks to come back in {answer.pause:,.0f} s. "
                "Nothing more was asked of it; then, the same command goes on where this one stopped"
            )

    def why_shut(self) -> str:
        """Why no request is let through any more; empty while they are."""
        return self._shut


@dataclass(frozen=True)
class Manners:
    """How a process behaves on the web: whom it asks for a turn, and whom a webmaster can write to."""

    gate: Turns
    contact: str = ""
    attempts: int = ATTEMPTS


def backoff(attempt: int, jitter: float) -> float:
    """Seconds before the try after the `attempt`-th: exponential with full jitter, `jitter` random in [0, 1).

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return float(jitter * min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (attempt - 1)))


def retry_after(header: str, now: float) -> float:
    """Seconds that a Retry-After asks for, as a number or as a date (RFC 9110 section 10.2.3); 0 if it says neither.

    `now` is in seconds since 1970.
    """
    if header.strip().isascii() and header.strip().isdigit():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
