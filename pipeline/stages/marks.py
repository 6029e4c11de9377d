"""From sure pairs to the ledgers of dedup: who goes, and what is cut out of those that stay."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from filters.document import Drop
from manifests import File
from pipeline.shards import DROPS, ParquetShard, drop_row, parquet_writer
from pipeline.stage import Bench
from pipeline.stages.chunks import AsPublished
from pipeline.stages.clusters import Links
from pipeline.stages.components import Pairs, components
from pipeline.stages.cuts import Cuts, emptied
from pipeline.stages.dedup_candidates import CHUNK
from pipeline.stages.dedup_members import Members, MemberShard
from pipeline.stages.verdicts import Verdict, Verdicts

CUTS_FILE = "cuts.parquet"

_CUTS: list[tuple[str, pa.DataType]] = [(name, pa.string()) for name in ("id", "url", "kept")]
CUTS = pa.schema([*_CUTS, ("start", pa.int64()), ("end", pa.int64())])
"""One row a paragraph that is cut: its place in the document's UTF-8, and the id of the document where it stays."""


@dataclass(frozen=True)
class FoundPairs:
    """The pairs that are sure, documents by number; files are read anew whenever pairs are asked for."""

    files: Sequence[File]
    members: Members
    bench: Bench

    def links(self, *kinds: str) -> Iterator[Links]:
        """Pairs of some kinds, a row group at a time: each is of one kind."""
        for listed in self.files:
            with self.bench.open(listed) as file:
                reader = pq.ParquetFile(file)
                for group in range(reader.num_row_groups):
                    table = reader.read_row_group(group)
                    if len(table) and table["kind"][0].as_py() in kinds:
                        left, right, similarity = (column.to_numpy() for column in table.columns[1:])
                        yield Links(self.members.numbers(left), self.members.numbers(right), similarity)

    def ends(self, *kinds: str) -> Iterator[Pairs]:
        return ((links.left, links.right) for links in self.links(*kinds))


@dataclass
class Marks:
    """What becomes of every document; `gone` and `cut` count while ledgers are written."""

    found: FoundPairs
    published: AsPublished | None
    scratch: Path
    """Folder for files of its own."""
    memory: int
    """Bytes that clusters may take."""
    stage: str
    """Its name, of which paths are made."""
    gone: Counter[str] = field(default_factory=Counter)
    """Documents by reason."""
    cut: int = 0
    """Paragraphs."""

    def __post_init__(self) -> None:
        self._members, self._bench = self.found.members, self.found.bench
        self._verdicts = Verdicts(self._members.count, self.scratch, self._members.read)
        self._verdicts.judge(
            components(self.found.ends("same-id", "fork"), self.scratch / "identities", self.memory),
            components(self.found.ends("exact", "near"), self.scratch / "texts", self.memory),
            lambda: self.found.ends("same-id"),
            lambda: self.found.links("exact", "near"),
        )
        self._of_published = self._judge_published(self.published) if self.published else {}
        self._cuts: Cuts | None = None

    def cut_paragraphs(self, files: Iterable[File]) -> None:
        """Of paragraphs that stand in several documents that stay, one stays."""
        gone = np.zeros(self._members.count, bool)
        for shard in self._members.shards:
            gone[list(self._of(shard))] = True
        self._cuts = Cuts(self.scratch / "cuts", self._members)
        for file in files:
            self._cuts.add(file, gone, self._bench)

    def write(self, shard: MemberShard) -> None:
        """Count the documents of a unit, and write the ledger of those that go, even if it stays empty."""
        members, verdicts = shard.read(self._bench), self._of(shard)
        if self._cuts:
            cuts = self._cuts.of(shard)
            verdicts |= emptied(cuts, shard, members)
            self._write_cuts(shard, cuts.filter(~np.isin(cuts["number"].to_numpy(), list(verdicts))), members)
        stay, size, tally = len(members), int(members["bytes"].to_numpy().sum()), self._bench.tally
        if stay:
            tally.saw(shard.source, size, stay)
        numbers = sorted(verdicts)
        rows = members.take(shard.rows(np.array(numbers, np.uint64))).to_pylist()
        with ParquetShard(self._bench.path(ledger_path(self.stage, shard.unit)), DROPS) as drops:
            for number, row in zip(numbers, rows, strict=True):
                drop = Drop(row["id"], "dedup", *verdicts[number], row["url"], row["bytes"])
                tally.drop(shard.source, drop, row["bytes"])
                drops.write(drop_row(drop, shard.source, self.stage))
                self.gone[drop.reason] += 1
                stay, size = stay - 1, size - row["bytes"]
        tally.keep(shard.source, size, stay)

    def _write_cuts(self, shard: MemberShard, cuts: pa.Table, members: pa.Table) -> None:
        self.cut += len(cuts)
        cut = members.take(shard.rows(cuts["number"].to_numpy()))
        with parquet_writer(self._bench.path(cuts_path(self.stage, shard.unit)), CUTS) as writer:
            writer.write_table(pa.table([cut["id"], cut["url"], cuts["kept"], cuts["start"], cuts["end"]], schema=CUTS))

    def _of(self, shard: MemberShard) -> dict[int, Verdict]:
        """The verdicts on documents of a unit that go for what they are as a whole."""
        here = range(shard.start, shard.end) if self._of_published else ()
        of_published = {number: self._of_published[number] for number in here if number in self._of_published}
        return of_published | self._verdicts.of(shard.start, shard.end)

    def _judge_published(self, published: AsPublished) -> dict[int, Verdict]:
        """Copies by a chunk, and what is left of a language beyond the files that the published code wrote."""
        chunks: dict[int, int] = {}
        for left, right in self.found.ends(CHUNK):
            for first, copy in zip(left.tolist(), right.tolist(), strict=True):
                chunks.setdefault(copy, first)
        firsts = np.array(sorted(set(chunks.values())), np.uint64)
        ids = {member.place: member.id for member in self._members.read(firsts)}
        found = {copy: Verdict("chunk", f"a chunk of {ids[first]}") for copy, first in chunks.items()}
        groups: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for shard in self._members.ours:
            gone = found.keys() | self._verdicts.of(shard.start, shard.end).keys()
            for number, row in enumerate(shard.read(self._bench, ["id", "capped"]).to_pylist(), shard.start):
                if row["capped"] and number not in gone:
                    groups[row["capped"]].append((row["id"], number))
        for group, members in groups.items():
            for number, detail in published.beyond_cap(group, members).items():
                found[number] = Verdict("file-cap", detail)
        return found


def ledger_path(stage: str, unit: str) -> str:
    return f"drops/{stage}/{unit}.parquet"


def cuts_path(stage: str, unit: str) -> str:
    return f"{stage}/{unit}/{CUTS_FILE}"
