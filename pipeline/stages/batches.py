"""Cutting a stream into pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class Sized(Protocol):
    """Something that knows its size in bytes."""

    @property
    def size(self) -> int: ...


Item = TypeVar("Item", bound=Sized)


def batches(items: Iterable[Item], limit: int) -> Iterator[list[Item]]:
    """Runs of items of at most `limit` bytes together; a larger item is a batch by itself."""
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and size + item.size > limit:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch
