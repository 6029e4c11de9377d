"""Tells people how far a plan is: a live bar on a terminal, one plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from pipeline.progress import LINE_SECONDS, Bar, duration


class Teller(Bar):
    """One piece of work after the other, each of so many steps."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(out or sys.stderr)
        self._clock = clock
        self._work, self._total, self._done, self._asked = "", 0, 0, 0
        self._began = self._told = clock()

    def start(self, work: str, total: int) -> None:
        self._work, self._total, self._done, self._asked = work, total, 0, 0
        self._began = self._told = self._clock()
        if self._bar:
            self._task = self._bar.add_task(work, total=total)

    def step(self, asked: bool) -> None:
        """One more is done; `asked` if somebody had to be asked: what was known already tells nothing of the pace."""
        self._done += 1
        self._asked += asked
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._done)
        elif self._clock() - self._told >= LINE_SECONDS:
            self._told = self._clock()
            self.say(self.line())

    def finish(self, result: str) -> None:
        self.say(f"{self._work}: {self._done:,}/{self._total:,}, {result}")

    def line(self) -> str:
        """`lean: commits: 40/300, 72/min, 4 min 20 s to go`"""
        seconds = self._clock() - self._began
        line = f"{self._work}: {self._done:,}/{self._total:,}"
        if not self._asked or seconds <= 0:
            return line
        rate = self._asked / seconds
        return f"{line}, {60 * rate:,.0f}/min, {duration((self._total - self._done) / rate)} to go"
