"""What an audit reads: files of texts, and of a run the documents that its later stages have left."""

from __future__ import annotations

import glob
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar, cast

from filters.document import Document, Drop
from pipeline.outside import Outside, Shard
from pipeline.sources.texts import Texts
from pipeline.stage import RECEIPT, Bench
from pipeline.stages.dedup import MARKS_STAGE
from pipeline.stages.ingest import DOCUMENTS_FILE
from pipeline.stages.kept import cut_text, read_cuts, read_ids
from pipeline.stages.marks import CUTS_FILE, cuts_path
from pipeline.storage import StorageError

LATER = (MARKS_STAGE, "decontaminate")
"""The stages that drop documents or cut something out of them, in their order."""
RULE, REASON = "run", "not-kept"
"""How a document of a run is counted that its dedup or decontamination dropped; the run's own ledger says why."""

Said = TypeVar("Said")


@dataclass(frozen=True)
class Input:
    """A file of texts; of a run also what its later stages say of these documents."""

    shard: Shard
    ledgers: tuple[Shard, ...] = ()
    """Who was dropped."""
    cuts: tuple[Shard, ...] = ()
    """What was cut out, by one stage after the other."""

    @property
    def size(self) -> int:
        return self.shard.size

    @property
    def shards(self) -> tuple[Shard, ...]:
        """All that is read."""
        return (*self.ledgers, *self.cuts, self.shard)

    def read(self, source: Texts, bench: Bench) -> Generator[Document | Drop, None, None]:
        """The texts as they were left; close it, if it is not read to its end."""
        dropped = {name for found in _look(self.ledgers, read_ids, bench) for name in found}
        cuts = _look(self.cuts, read_cuts, bench)
        if self.ledgers:  # what a run wrote has its own columns, and ledgers its ids
            source = Texts(source.name)
        stream = self.shard.open()
        try:
            for record in source.read(self.shard.key, cast(BinaryIO, stream)):
                if isinstance(record, Drop):
                    if not (self.ledgers and record.reason == "empty"):  # a unit of a run may well have kept nothing
                        yield record
                elif record.id in dropped:
                    yield Drop(record.id, RULE, REASON, "", record.url, record.size)
                else:
                    yield replace(record, text=cut_text(record.text, record.id, cuts)) if cuts else record
        finally:
            bench.took(stream)


def _look(listed: Iterable[Shard], read: Callable[[BinaryIO], Said], bench: Bench) -> list[Said]:
    """What these files say."""
    found = []
    for shard in listed:
        stream = shard.open()
        found.append(read(cast(BinaryIO, stream)))
        bench.took(stream)
    return found


def of_run(outside: Outside, folder: str = "") -> list[Input]:
    """The documents of a run, in a folder below `outside`, whose receipts stand. Raises StorageError without any."""
    home = f"{folder}/" if folder else ""
    there: dict[str, Shard] = {}
    for pattern in ("documents/**", "drops/**", f"*/**/{CUTS_FILE}"):
        there |= outside.match(glob.escape(home) + pattern)
    found = []
    for key in sorted(there):
        unit, _, name = key.removeprefix(f"{home}documents/").rpartition("/")
        if name == DOCUMENTS_FILE and f"{home}documents/{unit}/{RECEIPT}" in there:
            ledgers = (f"{home}drops/{stage}/{unit}.parquet" for stage in LATER)
            cuts = (f"{home}{cuts_path(stage, unit)}" for stage in LATER)
            said = (tuple(there[path] for path in some if path in there) for some in (ledgers, cuts))
            found.append(Input(there[key], *said))
    if not found:
        raise StorageError(f"{outside.url}/{folder} is a run without documents")
    return found
