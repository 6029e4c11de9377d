"""What every source promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from filters.document import Document, Drop


class Source(Protocol):
    """Reads one kind of outside archive as a stream of records.

    A source is a frozen dataclass; its fields are part of the recipe. `read` gets the object's key (its path below the
    manifest's root, part of every document id) and a seekable binary stream, and yields one Document (with `raw` bytes,
    or `text` where the archive holds text) or one Drop for every record, in the archive's order, holding one record in
    memory at a time. What cannot be read is a Drop of rule `read`, never an exception: a broken archive costs its
    broken records only.
    """

    @property
    def name(self) -> str: ...

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]: ...
