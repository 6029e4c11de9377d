"""What is measured: our extractor, in this process, and others in an environment of their own (peers.py)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from documents import HERE
from score import Reading

from pipeline.extract import extract


class Extracted(NamedTuple):
    text: str
    seconds: float
    """CPU time."""
    reading: Reading


Extractor = Callable[[Sequence[Path]], Iterator[Extracted]]


def ours(pages: Sequence[Path]) -> Iterator[Extracted]:
    for page in pages:
        html = page.read_bytes()
        start = time.process_time()
        extraction = extract(html)
        seconds = time.process_time() - start
        # In a text without formulas a bare dollar is money.
        yield Extracted(extraction.text, seconds, Reading.DOLLARS if extraction.info else Reading.NO_FORMULAS)


def peer(command: Sequence[str], pages: Sequence[Path]) -> Iterator[Extracted]:
    given = "".join(f"{page}\n" for page in pages)
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True)
    return (Extracted(*json.loads(line), Reading.ANYTHING) for line in done.stdout.splitlines())


def extractors(out: Path, peers: Sequence[str]) -> dict[str, Extractor]:
    """Ours, and `peers` by name: `trafilatura`, `resiliparse`, `openwebmath=FOLDER`."""
    chosen: dict[str, Extractor] = {"proofpile": ours}
    for given in peers:
        name, _, folder = given.partition("=")
        command = [str(out / "peer" / "bin" / "python"), str(HERE / "peers.py"), name, *filter(None, [folder])]
        chosen[name] = partial(peer, command)
    return chosen
