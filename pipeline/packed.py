"""What a trainer reads of a packed mixture: sequences of equal length, in their order, from any step on.

    mixture = PackedMixture("runs/proof-pile-2/packed")
    steps = Steps(len(mixture), batch=4, rank=rank, world=world, step=trained)
    for batch in torch.utils.data.DataLoader(mixture, batch_sampler=steps, num_workers=2): ...

Only numpy is needed. In `packed/` lie, for each split, shards of `rows` sequences: `NNNNN.ids.npy` (a row is a
sequence), `NNNNN.starts.npy` (where documents begin in their sequence, all sequences one after the other) and
`NNNNN.rows.npy` (`ROW`, one a sequence). `index.json` says how many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.blend import DRAW

ROW = np.dtype([*((name, DRAW[name]) for name in DRAW.names or ()), ("first", "<i8")])
"""What is known of a sequence: its source, how often that had been gone through, which of its sequences it is, and
where its document starts begin in `starts`."""

INDEX = "index.json"


class PackedMixture:
    """The sequences of one split, memory-mapped: a map-style data set, as `torch.utils.data.DataLoader` takes it.

    Every item is worked out from its number alone, so the order does not depend on workers, trainers or shards.
    Raises ValueError if the files are not those of the index.
    """

    def __init__(self, folder: str | Path, split: str = "train") -> None:
        self.folder = Path(folder)
        self.split = split
        index = json.loads((self.folder / INDEX).read_text("utf-8"))
        self.sources: tuple[str, ...] = tuple(index["sources"])
        self.sequence: int = index["sequence"]
        """Tokens in a sequence."""
        self._rows: int = index["rows"]
        self._length: int = index["splits"][split]
        self._shards: dict[int, tuple[npt.NDArray[Any], ...]] = {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Arrays of equal length, ready to be put into a batch.

        `input_ids`; `documents`: 0 for the tokens of the first document in the sequence, 1 for those of the next, to
        keep attention inside of them; `positions`: from 0 on in each of them; `source`: its place in `sources`.
        """
        starts = self.starts(number)
        places = np.arange(self.sequence)
        documents = np.searchsorted(starts, places, "right") - 1
        found = {"input_ids": self.ids(number).astype(np.int64), "documents": documents}
        return found | {"positions": places - starts[documents], "source": int(self.row(number)["source"])}

    def ids(self, number: int) -> npt.NDArray[Any]:
        """The tokens of a sequence, as they lie on disk."""
        shard, place = self._find(number)
        found: npt.NDArray[Any] = shard[0][place]
        return found

    def starts(self, number: int) -> npt.NDArray[np.int64]:
        """Where documents begin in a sequence, 0 first: with its length, the `cu_seqlens` of attention kernels."""
        (_, starts, rows), place = self._find(number)
        end = rows["first"][place + 1] if place + 1 < len(rows) else len(starts)
        return starts[rows["first"][place] : end].astype(np.int64)

    def row(self, number: int) -> Any:
        """What is known of a sequence, as `ROW`."""
        shard, place = self._find(number)
        return shard[2][place]

    def _find(self, number: int) -> tuple[tuple[npt.NDArray[Any], ...], int]:
        if not 0 <= number < self._length:
            raise IndexError(f"{self.folder} has {self._length} sequences in {self.split}, none is {number}")
        shard, place = divmod(number, self._rows)
        if shard not in self._shards:
            self._shards[shard] = self._open(shard)
        return self._shards[shard], place

    def _open(self, shard: int) -> tuple[npt.NDArray[Any], ...]:
        prefix = self.folder / shard_name(self.split, shard)
        ids, starts, rows = (np.load(f"{prefix}.{kind}.npy", mmap_mode="r") for kind in ("ids", "starts", "rows"))
        expected = min(self._rows, self._length - shard * self._rows)
        if ids.shape != (expected, self.sequence) or len(rows) != expected:
            raise ValueError(f"{prefix} holds {ids.shape} ids; the index speaks of {(expected, self.sequence)}")
        return ids, starts, rows

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_shards": {}}  # a worker maps the files itself


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
