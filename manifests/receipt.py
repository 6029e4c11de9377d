"""What came of a unit of work. A unit is done if and only if its receipt stands."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Count(_Frozen):
    """How many documents, and how many bytes they had when they were read."""

    documents: int = 0
    bytes: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(documents=self.documents + other.documents, bytes=self.bytes + other.bytes)


class Flow(_Frozen):
    """What a stage did with the records of one source: `read` is `kept` plus all that was `dropped`.

    Raises ValueError (pydantic's) when it does not add up, in documents or in bytes.
    """

    read: Count = Count()
    kept: Count = Count()
    dropped: dict[str, Count] = {}
    """Refusals by `rule/reason`."""

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        accounted = sum(self.dropped.values(), self.kept)
        if accounted != self.read:
            raise ValueError(f"read {self.read} but kept and dropped make {accounted}")
        return self

    def __add__(self, other: Flow) -> Flow:
        dropped = dict(self.dropped)
        for reason, count in other.dropped.items():
            dropped[reason] = dropped.get(reason, Count()) + count
        return Flow(read=self.read + other.read, kept=self.kept + other.kept, dropped=dropped)


class Total(_Frozen):
    """What was written: documents, bytes of their text in UTF-8, and tokens where it has been tokenized."""

    documents: int = 0
    bytes: int = 0
    tokens: int = 0

    def __add__(self, other: Total) -> Total:
        return Total(
            documents=self.documents + other.documents,
            bytes=self.bytes + other.bytes,
            tokens=self.tokens + other.tokens,
        )


class File(_Frozen):
    """Bytes that can be proved: a path below the run folder (outputs) or below the root (inputs), size and hash."""

    path: str
    size: int
    sha256: str


class Receipt(_Frozen):
    """The commit of one unit. It holds no clock, host or absolute path, so equal work gives equal bytes."""

    stage: str
    unit: str
    recipe: str
    """Hash of everything that was asked for: the stage's fields, locations left out. Spelled out in `recipes/`."""
    upstream: str
    """One hash over the receipts that this unit stands on."""
    inputs: tuple[File, ...] = ()
    """Objects of the outside world, as they were when they were read."""
    flows: dict[str, Flow] = {}
    """By source."""
    totals: dict[str, Total] = {}
    """By `source/subset`, or `source/subset/split` once documents have been split."""
    files: tuple[File, ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, one final newline. Cut short it is not JSON, so a torn receipt is no receipt."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"

    @cached_property
    def digest(self) -> str:
        """The identity that downstream units stand on."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
