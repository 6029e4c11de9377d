"""Runs OpenWebMath's own code, unchanged, on archives and prints what it cost as JSON; see compare_openwebmath.py.

It runs in that project's environment, in its folder `extract_from_cc`, and imports nothing of ours. Functions of its
script are replaced by ones that note the time around them, so that single pages can be told apart.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from hashlib import sha1
from typing import Any

import extract_from_warc as script


class Clock:
    """CPU milliseconds by page and by function; a page is known by the SHA-1 of its bytes."""

    def __init__(self) -> None:
        self.page = ""
        self.pages = 0
        self.spent: dict[str, dict[str, float]] = {}
        self.own = 0.0
        """Milliseconds that went into keeping the clock."""

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        spent = self.spent.setdefault(function.__name__, {})

        @wraps(function)
        def run(*arguments: Any) -> Any:
            start = now()
            result = function(*arguments)
            spent[self.page] = now() - start
            return result

        return run

    def begins_page(self, function: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def run(html: bytes) -> Any:
            start = now()
            self.page = sha1(html).hexdigest()
            self.pages += 1
            self.own += now() - start
            return function(html)

        return run


class Relabelled:
    """A classifier whose label `math` is called `positive`, as the script expects."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], Any]:
        labels, probabilities = self.model.predict(text, k=k)
        return tuple(label.replace("__label__math", "__label__positive") for label in labels), probabilities


def now() -> float:
    return time.process_time_ns() / 1e6


def read(archives: list[str]) -> float:
    """Milliseconds for the archives."""
    start = now()
    for archive in archives:
        for _ in script.process_warc(archive):
            pass
    return now() - start


def measure(archives: list[str]) -> dict[str, Any]:
    contains_math, decode_html = script.contains_math, script.decode_html
    script.contains_math = lambda html: False
    reading = read(archives)
    clock = Clock()
    script.decode_html = clock.begins_page(decode_html)
    script.contains_math, script.extract = clock.timed(contains_math), clock.timed(script.extract)
    whole = read(archives) - clock.own
    judged, extracted = clock.spent["contains_math"], clock.spent["extract"]
    refused = {page: spent for page, spent in judged.items() if page not in extracted}
    return {"pages": clock.pages, "whole": whole, "reading": reading, "refused": refused, "extracted": extracted}


def main() -> None:
    script.score_model = Relabelled(script.score_model)
    with redirect_stdout(sys.stderr):
        costs = measure(sys.argv[1:])
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    main()
