"""A source and filters small enough to see through, for tests of the law: every line of a file is a document."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from resiliparse.parse.html import HTMLTree

from filters.document import Document, Drop
from filters.filter import refuse
from pipeline.outside import Outside
from pipeline.stages.ingest import Ingest


@dataclass(frozen=True)
class Lines:
    """A line is a document; a line `?` cannot be read."""

    name: str = "lines"

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        for number, line in enumerate(stream.read().decode().splitlines()):
            if line == "?":
                yield Drop(f"{key}:{number}", "read", "broken", size=1)
            else:
                yield Document(f"{key}:{number}", self.name, text=line, url=f"https://{self.name}.test/{key}/{number}")


@dataclass(frozen=True)
class Longest:
    """Refuses lines over a length."""

    rule: ClassVar[str] = "longest"
    reasons: ClassVar[frozenset[str]] = frozenset({"long"})
    length: int = 100

    def __call__(self, document: Document) -> Document | Drop:
        if len(document.text) <= self.length:
            return document
        return refuse(self, document, "long", str(len(document.text)))


@dataclass(frozen=True)
class Trap:
    """What strangers' pages do to native code: kill the process, hang, fill the memory; `raise` is a plain defect."""

    rule: ClassVar[str] = "trap"
    reasons: ClassVar[frozenset[str]] = frozenset()

    def __call__(self, document: Document) -> Document | Drop:
        match document.text:
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                while True:
                    pass
            case "grow":
                hoard = []
                while True:
                    hoard.append(bytearray(b"x" * 10_000_000))
            case "raise":
                raise RuntimeError("a defect of ours")
        return document


@dataclass(frozen=True)
class Tidy:
    """Refuses whatever comes while something lies in the folder of temporary files."""

    rule: ClassVar[str] = "tidy"
    reasons: ClassVar[frozenset[str]] = frozenset({"left"})

    def __call__(self, document: Document) -> Document | Drop:
        found = os.listdir(tempfile.gettempdir())
        return refuse(self, document, "left", " ".join(found)) if found else document


@dataclass(frozen=True)
class Unguarded:
    """The HTML parser as it comes, without what keeps it from harm."""

    rule: ClassVar[str] = "unguarded"
    reasons: ClassVar[frozenset[str]] = frozenset()

    def __call__(self, document: Document) -> Document | Drop:
        HTMLTree.parse(document.text)
        return document


def outside(folder: Path, files: dict[str, str]) -> Outside:
    """A root with these files."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Outside(str(folder))


def ingest(root: Outside, *filters: object, name: str = "lines", unit_bytes: int = 1) -> Ingest:
    """Each file a unit by itself."""
    return Ingest(Lines(name), filters, outside=root, paths=("*.txt",), unit_bytes=unit_bytes)  # type: ignore[arg-type]
