"""Exact and near-duplicates across all shards and sources, by file exchange.

`DedupKeys` maps documents to keys, `DedupCandidates` joins one partition of the keys, `DedupPairs` judges one
partition of the candidates, `DedupMarks` is one unit that sees all pairs, clusters them and marks what goes. Text is
read once and never written again. All hold what the manifest's `dedup.memory` allows, whatever the corpus; the last
unit 2 bytes a document besides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from manifests import Receipt
from manifests.sections import Dedup
from pipeline.stage import Bench, Stage, Unit
from pipeline.stages.chunks import AsPublished
from pipeline.stages.clusters import Cut
from pipeline.stages.dedup_candidates import (
    CANDIDATES_STAGE,
    COUNTS_FILE,
    PAIRS_FILE,
    PARAGRAPHS_FILE,
    DedupCandidates,
    keys_stages,
)
from pipeline.stages.dedup_earlier import DedupEarlier
from pipeline.stages.dedup_keys import DedupKeys
from pipeline.stages.dedup_members import Members
from pipeline.stages.dedup_pairs import PAIRS_STAGE, DedupPairs
from pipeline.stages.marks import FoundPairs, Marks
from pipeline.stages.signatures import MinHash, Near, Shingles, SimHash

MARKS_STAGE = "dedup/marks"
SUMMARY = f"{MARKS_STAGE}/all/summary.json"

JUDGED_FROM, MOST_REMOVED = 1000, 0.9
"""From so many documents on, none or more than this share removed looks like a mistake."""


class DedupError(Exception):
    """What dedup found looks like a mistake; the message says what to do if it is none."""


def near_of(settings: Dedup) -> Near | None:
    """How a manifest wants near-duplicates to be looked for."""
    if not settings.near:
        return None
    shingles = Shingles(settings.shingles, settings.shingle, settings.lowercase)
    if settings.method == "simhash":
        return Near(shingles, SimHash(settings.hamming), settings.verify)
    minhash = MinHash(settings.threshold, settings.permutations, settings.bands, settings.rows)
    return Near(shingles, minhash, settings.verify)


def dedup_stages(sources: tuple[str, ...], settings: Dedup, published: AsPublished | None = None) -> list[Stage]:
    """The stages that compare the documents of these stages as a manifest asks."""
    near, partitions, memory = near_of(settings), settings.partitions, settings.memory
    earlier = bool(settings.against)
    return [
        *([DedupEarlier(near, partitions, settings.against)] if earlier else []),
        DedupKeys(sources, near, partitions, settings.prefer, settings.paragraphs, published),
        DedupCandidates(
            partitions, settings.leaders, memory, published is not None, earlier, settings.remove_paragraphs
        ),
        *([DedupPairs(near, partitions, memory, earlier)] if near else []),
        DedupMarks(
            settings.priority,
            near is not None,
            settings.accept_any_share,
            published,
            earlier,
            settings.remove_paragraphs,
            memory,
        ),
    ]


@dataclass(frozen=True)
class DedupMarks:
    """Which documents go: all of a cluster but one. One unit."""

    priority: tuple[str, ...] = ()
    """Sources in the order in which they win over a duplicate elsewhere; sources not named follow by name."""
    near: bool = True
    """Whether near-duplicates were looked for."""
    accept_any_share: bool = False
    """Whether it may be that no document goes, or nearly all do."""
    published: AsPublished | None = None
    """How many files are kept of a language."""
    earlier: bool = False
    """Whether documents of an earlier run were among those that were compared: they win, and are not marked."""
    remove_paragraphs: bool = False
    """Whether paragraphs that stand elsewhere are cut out."""
    memory: int = 256_000_000
    """Bytes that clusters may take; what is beyond is left in files."""

    @property
    def name(self) -> str:
        return MARKS_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (*keys_stages(self.earlier), CANDIDATES_STAGE, *([PAIRS_STAGE] if self.near else []))

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for stage in self.stands_on for receipt in done[stage]))

    def run(self, unit: Unit, bench: Bench) -> None:
        members = Members(unit, self.priority, bench)
        found = FoundPairs(list(bench.files(unit, f"/{PAIRS_FILE}")), members, bench)
        with TemporaryDirectory(dir=bench.folder) as scratch:
            marks = Marks(found, self.published, Path(scratch), self.memory, self.name)
            if self.remove_paragraphs:
                marks.cut_paragraphs(bench.files(unit, f"/{PARAGRAPHS_FILE}"))
            for shard in members.ours:
                marks.write(shard)
        documents, removed = sum(shard.end - shard.start for shard in members.ours), marks.gone
        if not self.accept_any_share and not self.published:  # of The Stack's files that recipe compares none
            check_share(documents, removed.total())
        counts = _counts(unit, members, bench)
        counts["paragraphs"]["cut"] = marks.cut
        summary = {"documents": documents, "removed": dict(sorted(removed.items()))} | counts
        bench.path(SUMMARY).write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n")


def check_share(documents: int, removed: int) -> None:
    """Raises DedupError if none of many documents go, or nearly all."""
    if documents >= JUDGED_FROM and not 0 < removed <= MOST_REMOVED * documents:
        raise DedupError(
            f"dedup would remove {removed:,} of {documents:,} documents, which looks like a mistake; "
            "if it is none, set dedup.accept_any_share = true"
        )


def _counts(unit: Unit, members: Members, bench: Bench) -> dict[str, Any]:
    """How many candidates there were, how many of them were false, and what was left out of large buckets."""
    cut, judged = Cut(), Counter({"candidates": 0, "alike": 0})
    paragraphs = Counter({"seen": 0, "repeated": 0, "bytes": 0})
    for file in bench.files(unit, f"/{COUNTS_FILE}"):
        with bench.open(file) as stream:
            counts = json.load(stream)
        if "alike" in counts:
            judged.update(counts)
        else:
            cut += Cut(**counts["cut"] | {"largest": [tuple(one) for one in counts["cut"]["largest"]]})
            paragraphs.update(counts["paragraphs"])
    largest = [{"members": size, "one": members.id_at(place)} for size, place in cut.largest]
    buckets = {"buckets": cut.buckets, "members": cut.members, "comparisons": cut.comparisons, "largest": largest}
    return {"near": dict(judged), "cut": buckets, "paragraphs": dict(paragraphs)}
