"""The two things a record can become: a Document or a Drop."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One text and where it came from.

    `id` names the place in the outside world (archive and offset, repository and path, arXiv number), never the read
    order, so that it is the same for any sharding. `raw` holds the bytes as they came until a filter has turned them
    into `text`; it is never stored. `date` is ISO 8601 or empty. `license` is an SPDX name where the source gives one.
    """

    id: str
    source: str
    subset: str = ""
    text: str = ""
    url: str = ""
    date: str = ""
    license: str = ""
    meta: dict[str, object] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def size(self) -> int:
        """Bytes of the record as it stands: raw if it has not been decoded yet, else the text in UTF-8."""
        return len(self.raw) if self.raw else len(self.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Drop:
    """One refusal. `rule` and `reason` are fixed words that can be counted; numbers and names go into `detail`."""

    id: str
    rule: str
    reason: str
    detail: str = ""
    url: str = ""
    size: int = 0
