"""What a trainer reads of a packed mixture: sequences of equal length, in their order, from any step on.

    mixture = PackedMixture("s3://bucket/proof-pile-2/packed")    # or a folder, or http://…
    steps = Steps(len(mixture), batch=4, rank=rank, world=world, step=trained)
    for batch in torch.utils.data.DataLoader(mixture, batch_sampler=steps, num_workers=2): ...

`rank` is the number of this trainer among the `world` that train together, each of which takes its own part of every
step. A DataLoader deals whole batches out to its workers and gives them back in order, so workers change nothing.

Of torch nothing is needed here. In `packed/` lie, for each split, shards of `rows` sequences: `NNNNN.ids.npy` (a row is
a sequence), `NNNNN.starts.npy` (where documents begin in their sequence, all sequences one after the other) and
`NNNNN.rows.npy` (`ROW`, one a sequence). `index.json` says how many there are.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.blend import DRAW
from pipeline.storage import Place

ROW = np.dtype([*((name, DRAW[name]) for name in DRAW.names or ()), ("first", "<i8")])
"""What is known of a sequence: its source, how often that had been gone through, which of its sequences it is, and
where its document starts begin in `starts`."""

INDEX = "index.json"
HEAD = 256
"""Bytes that hold the head of an array."""
HELD = 4
"""Shards of which starts and rows are held: sequences are read in their order."""


class Shard(NamedTuple):
    """What is held of a shard; its tokens are read when they are asked for."""

    path: str
    """Of the tokens."""
    first: int
    """Byte at which they begin."""
    width: int
    """Bytes of a sequence."""
    dtype: np.dtype[Any]
    starts: npt.NDArray[Any]
    rows: npt.NDArray[Any]

    def begin(self, place: int) -> int:
        """The byte at which a sequence begins."""
        return self.first + place * self.width


class PackedMixture:
    """The sequences of one split: a map-style data set, as `torch.utils.data.DataLoader` takes it.

    `folder` is a path or a URL that fsspec knows. Every item is worked out from its number alone, so the order does not
    depend on workers, trainers or shards. Raises ValueError if the files are not those of the index, and what the
    filesystem raises if one cannot be read.
    """

    def __init__(self, folder: str | Path, split: str = "train") -> None:
        self.folder = str(folder)
        self.split = split
        index = json.loads(self._place.read(INDEX))
        self.sources: tuple[str, ...] = tuple(index["sources"])
        self.sequence: int = index["sequence"]
        """Tokens in a sequence."""
        self._rows: int = index["rows"]
        self._length: int = index["splits"][split]
        self._shards: dict[int, Shard] = {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Arrays of equal length, ready to be put into a batch.

        `input_ids`; `documents`: 0 for the tokens of the first document in the sequence, 1 for those of the next, to
        keep attention inside of them; `positions`: from 0 on in each of them; `source`: its place in `sources`.
        """
        return self.__getitems__([number])[0]

    def __getitems__(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Many items: a DataLoader asks for a batch in one go, and so does this of a store."""
        return [self._item(number, ids) for number, ids in zip(numbers, self._read(numbers), strict=True)]

    def _item(self, number: int, ids: npt.NDArray[Any]) -> dict[str, Any]:
        starts = self.starts(number)
        places = np.arange(self.sequence)
        documents = np.searchsorted(starts, places, "right") - 1
        found = {"input_ids": ids.astype(np.int64), "documents": documents}
        return found | {"positions": places - starts[documents], "source": int(self.row(number)["source"])}

    def ids(self, number: int) -> npt.NDArray[Any]:
        """The tokens of a sequence, as they lie on disk."""
        return self._read([number])[0]

    def starts(self, number: int) -> npt.NDArray[np.int64]:
        """Where documents begin in a sequence, 0 first: with its length, the `cu_seqlens` of attention kernels."""
        shard, place = self._find(number)
        end = shard.rows["first"][place + 1] if place + 1 < len(shard.rows) else len(shard.starts)
        return shard.starts[shard.rows["first"][place] : end].astype(np.int64)

    def row(self, number: int) -> Any:
        """What is known of a sequence, as `ROW`."""
        shard, place = self._find(number)
        return shard.rows[place]

    @property
    def _place(self) -> Place:
        return Place(self.folder)  # found anew each time: a forked worker must not use its parent's connections

    def _read(self, numbers: Sequence[int]) -> list[npt.NDArray[Any]]:
        where, found = self._place, [self._find(number) for number in numbers]
        paths = [where.full(shard.path) for shard, _ in found]
        begins, ends = ([shard.begin(place + after) for shard, place in found] for after in (0, 1))
        read = where.fs.cat_ranges(paths, begins, ends, on_error="raise")
        return [self._ids(shard, data) for (shard, _), data in zip(found, read, strict=True)]

    def _ids(self, shard: Shard, data: bytes) -> npt.NDArray[Any]:
        if len(data) != shard.width:
            raise ValueError(f"{self.folder}/{shard.path} ends before its size, or its server gives no ranges")
        return np.frombuffer(data, shard.dtype)

    def _find(self, number: int) -> tuple[Shard, int]:
        if not 0 <= number < self._length:
            raise IndexError(f"{self.folder} has {self._length} sequences in {self.split}, none is {number}")
        shard, place = divmod(number, self._rows)
        if shard not in self._shards:
            if len(self._shards) == HELD:
                del self._shards[next(iter(self._shards))]
            self._shards[shard] = self._open(shard)
        return self._shards[shard], place

    def _open(self, number: int) -> Shard:
        prefix, where = shard_name(self.split, number), self._place
        files = (io.BytesIO(where.read(f"{prefix}.{kind}.npy")) for kind in ("starts", "rows"))
        starts, rows = (np.lib.format.read_array(file) for file in files)
        path = f"{prefix}.ids.npy"
        head = io.BytesIO(where.fs.cat_file(where.full(path), start=0, end=HEAD))
        np.lib.format.read_magic(head)
        shape, _, dtype = np.lib.format.read_array_header_1_0(head)
        expected = min(self._rows, self._length - number * self._rows), self.sequence
        if shape != expected or len(rows) != expected[0]:
            raise ValueError(f"{self.folder}/{prefix} holds {shape} ids; the index speaks of {expected}")
        return Shard(path, head.tell(), self.sequence * dtype.itemsize, dtype, starts, rows)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_shards": {}}  # a worker reads them itself


def shard_name(split: str, number: int) -> str:
    """Path of a shard below `packed/`, without its endings."""
    return f"{split}/{number:05d}"


class Steps:
    """The sequences of each step on one of several trainers: a `batch_sampler` that can go on from any step.

    A step takes the next `batch * world` sequences in order, the trainer of a rank its part of them; what does not fill
    a step at the end is left out. With workers that read ahead, resume from the step that was trained last, not from
    the state of this object: it is where the readers are.
    """

    def __init__(self, length: int, batch: int, rank: int = 0, world: int = 1, step: int = 0) -> None:
        if not (batch > 0 and 0 <= rank < world and step >= 0):
            raise ValueError(f"batch {batch}, rank {rank} of {world}, step {step}: there is no such trainer or step")
        self.length, self.batch, self.rank, self.world, self.step = length, batch, rank, world, step

    def __len__(self) -> int:
        """Steps that are left."""
        return max(0, self.length // (self.batch * self.world) - self.step)

    def __iter__(self) -> Iterator[list[int]]:
        while len(self):
            first = (self.step * self.world + self.rank) * self.batch
            self.step += 1
            yield list(range(first, first + self.batch))

    def state_dict(self) -> dict[str, int]:
        """How many sequences all trainers have taken together: it holds for any number of trainers."""
        return {"sequences": self.step * self.batch * self.world}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where a state was taken. Raises ValueError if no step of this batch and world begins there."""
        step, rest = divmod(state["sequences"], self.batch * self.world)
        if rest:
            raise ValueError(f"no step of {self.batch * self.world} sequences begins at sequence {state['sequences']}")
        self.step = step
