"""JSON lines, plain or compressed: RedPajama's and most other published corpora."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from filters.document import Document, Drop
from pipeline.sources.unpack import DamageError, unpacked


@dataclass(frozen=True)
class Jsonl:
    """One JSON object a line; a blank line is no record.

    Fields are named by dotted paths (`meta.arxiv_id`). NUL characters and lone surrogates, which JSON can escape but
    text cannot hold, become U+FFFD. `meta` keeps every other field; an object called `meta` is merged into it.
    """

    reasons: ClassVar[frozenset[str]] = frozenset({"empty", "truncated", "corrupt", "json", "no-text", "too-large"})

    name: str = "jsonl"
    text_field: str = "text"
    """Where the text is."""
    id_field: str = ""
    """Where the id is; empty, or missing in a row: the key and the line number."""
    url_field: str = ""
    """Where the URL is."""
    date_field: str = ""
    """Where the date is (ISO 8601)."""
    license_field: str = ""
    """Where the licence is."""
    subset: str = ""
    """The subset that every document belongs to."""
    max_line_bytes: int = 64 << 20
    """Longest line that is read, in bytes."""

    def read(self, key: str, stream: BinaryIO) -> Iterator[Document | Drop]:
        number, found = 0, False
        try:
            for number, (line, size) in enumerate(_lines(unpacked(stream), self.max_line_bytes), 1):
                if line.strip() or size > self.max_line_bytes:
                    found = True
                    yield self._record(f"{key}:{number}", line, size)
        except DamageError as damage:
            yield Drop(f"{key}:{number + 1}", "read", damage.reason, damage.detail)
            return
        if not found:
            yield Drop(key, "read", "empty")

    def _record(self, place: str, line: bytes, size: int) -> Document | Drop:
        if size > self.max_line_bytes:
            return Drop(place, "read", "too-large", f"{size} bytes", size=size)
        try:
            row = storable(json.loads(line.decode("utf-8-sig")))
        except (ValueError, RecursionError) as error:
            return Drop(place, "read", "json", type(error).__name__, size=size)
        if not isinstance(row, dict):
            return Drop(place, "read", "json", "not an object", size=size)
        text = _at(row, self.text_field)
        if not text:
            return Drop(place, "read", "no-text", self.text_field, _at(row, self.url_field), size)
        return Document(
            id=_at(row, self.id_field) or place,
            source=self.name,
            subset=self.subset,
            text=text,
            url=_at(row, self.url_field),
            date=_at(row, self.date_field),
            license=_at(row, self.license_field),
            meta=_meta(row, self.text_field),
        )


def _lines(pieces: Iterator[bytes], max_bytes: int) -> Iterator[tuple[bytes, int]]:
    """(line, its size) for each line; of a line beyond `max_bytes` only the size, so that it is never held whole.

    A line that damage cuts off is lost, unless it was whole but for its line feed.
    """
    parts: list[bytes] = []
    size = 0
    damage = None
    while not damage:
        try:
            piece = next(pieces, b"")
        except DamageError as error:
            damage, piece = error, b""
        if not piece:
            break
        *ended, rest = piece.split(b"\n")
        for part in ended:
            size += len(part)
            yield b"".join((*parts, part)) if size <= max_bytes else b"", size
            parts, size = [], 0
        size += len(rest)
        parts = [*parts, rest] if size <= max_bytes else []
    if size and not (damage and not _is_object(b"".join(parts))):
        yield b"".join(parts), size
    if damage:
        raise damage


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _at(row: dict[str, object], path: str) -> str:
    """The string or whole number at a dotted path; empty where there is none. A path may also be one key with dots."""
    value: object = row.get(path) if path in row else row
    if path not in row:
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _meta(row: dict[str, object], text_field: str) -> dict[str, object]:
    rest = {name: value for name, value in row.items() if name not in (text_field, "meta")}
    nested = row.get("meta")
    if isinstance(nested, dict):
        return rest | nested
    return rest | {"meta": nested} if nested is not None else rest


def storable(value: object) -> object:
    """The same value with U+FFFD for NUL and for surrogates without a partner."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {str(storable(name)): storable(item) for name, item in value.items()}
    return value
