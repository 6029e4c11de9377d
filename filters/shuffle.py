"""Puts the lines of a text that no memory holds into an order that says nothing of where they came from."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path

PARTS = 256
_DIGEST = 16  # hexadecimal digits of a line's place


def shuffle(lines: Iterable[tuple[str, int]], out: Path, seed: int = 0) -> None:
    """Write lines to `out` in an order that depends on their words and the seed alone; a line is written once.

    The number beside a line tells its copies apart, which go to places of their own. Memory is that of a 256th of the
    text, some three times over; on disk the text lies once more, beside `out`, until the end.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        parts = [Path(scratch, str(number)) for number in range(PARTS)]
        with ExitStack() as stack:
            streams = [stack.enter_context(part.open("w", encoding="utf-8", newline="\n")) for part in parts]
            for line, copy in lines:
                key = f"{seed} {copy} {line}".encode("utf-8", "replace")
                place = blake2b(key, digest_size=_DIGEST // 2).hexdigest()
                streams[int(place[:2], 16)].write(f"{place}{line}\n".encode("utf-8", "replace").decode())
        with out.open("w", encoding="utf-8", newline="\n") as stream:
            for part in parts:
                with part.open(encoding="utf-8", newline="\n") as written:
                    stream.writelines(line[_DIGEST:] for line in sorted(set(written)))
