"""Keys of an earlier run, so that new documents are compared with its documents without reading their text again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from manifests import Receipt
from pipeline.outside import Shard
from pipeline.recipe import recipe, recipe_path
from pipeline.stage import LOCATION, Bench, Unit, read_receipts
from pipeline.stages.dedup_keys import EVIDENCE_FILE, KEYS_FILE, KEYS_STAGE, MEMBERS_FILE
from pipeline.stages.signatures import Near
from pipeline.storage import RunFolder, StorageError

EARLIER_STAGE = "dedup/earlier"


@dataclass(frozen=True)
class DedupEarlier:
    """What an earlier run knows of its documents. A unit is one of its units of `dedup/keys`, copied."""

    near: Near | None
    """How near-duplicates are looked for; it must have been the same then."""
    partitions: int
    """Into how many parts the keys are dealt; the same holds."""
    run_folder: str = field(metadata=LOCATION)
    """The earlier run."""

    @property
    def name(self) -> str:
        return EARLIER_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return ()

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        """Raises StorageError if there are no keys, or keys of another kind."""
        earlier = RunFolder(self.run_folder)
        receipts = read_receipts(earlier, KEYS_STAGE).values()
        if not receipts:
            raise StorageError(f"{self.run_folder} has no {KEYS_STAGE}: name the folder of a run that was deduplicated")
        for spelled_out in sorted({receipt.recipe for receipt in receipts}):
            self._check(json.loads(earlier.read(recipe_path(spelled_out)))["stage"])
        for receipt in receipts:
            files = [one for one in receipt.files if one.path.endswith((MEMBERS_FILE, KEYS_FILE, EVIDENCE_FILE))]
            yield Unit(receipt.unit, tuple(Shard(one.path, one.size, self.run_folder) for one in files))

    def _check(self, then: Mapping[str, Any]) -> None:
        for name, now in (("near", recipe(self.near)), ("partitions", self.partitions)):
            if then.get(name) != now:
                raise StorageError(
                    f"{self.run_folder} was deduplicated with other settings ({name}: {then.get(name)}, now {now}); "
                    "give [dedup] the settings of that run"
                )

    def run(self, unit: Unit, bench: Bench) -> None:
        for shard in unit.inputs:
            stream = shard.open()
            with bench.path(f"{self.name}/{unit.name}/{shard.key.rpartition('/')[2]}").open("wb") as copy:
                shutil.copyfileobj(cast(Any, stream), copy, 1 << 20)
            bench.took(stream)
