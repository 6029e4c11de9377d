"""The tokens as LitData data sets, one for each source and split, written by LitData itself (an extra).

    StreamingDataset("runs/proof-pile-2/litdata/arxiv/train", item_loader=TokensLoader(block_size=4096 + 1))

A chunk is a run of tokens of the source's stream, in which every document is ended by its token.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manifests import Receipt
from pipeline.stage import Bench, Unit
from pipeline.stages.mixture import TOKENS
from pipeline.stages.pack import Corpus, Stream
from pipeline.stages.split import SPLITS

INDEX = "index.json"


@dataclass(frozen=True)
class LitData:
    """The data sets of one source. A unit is one split."""

    source: str
    chunk_bytes: int = 64_000_000
    """Bytes of a chunk, which is held in memory while it is written."""

    @property
    def name(self) -> str:
        return f"litdata/{self.source}"

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (TOKENS + self.source,)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        receipts = done[TOKENS + self.source]
        corpus = Corpus(receipts, (self.source,))
        yield from (Unit(split, upstream=receipts) for split in SPLITS if corpus.stream(self.source, split).files)

    def run(self, unit: Unit, bench: Bench) -> None:
        corpus = Corpus(unit.upstream, (self.source,))
        chunks = blocks(corpus.stream(self.source, unit.name), self.chunk_bytes, bench)
        with bench.run.scratch() as folder:
            write(folder, (np.frombuffer(chunk, corpus.dtype) for chunk in chunks), self.chunk_bytes)
            _date(folder / INDEX, unit.standing_on)
            for file in sorted(folder.iterdir()):
                shutil.move(file, bench.path(f"{self.name}/{unit.name}/{file.name}"))


def blocks(stream: Stream, size: int, bench: Bench) -> Iterator[bytearray]:
    """The bytes of a stream in pieces of a size that is a multiple of four; the last may be shorter."""
    block = bytearray()
    for listed in stream.files:
        with bench.open(listed) as file:
            while data := file.read(size - len(block)):
                block += data
                if len(block) == size:
                    yield block
                    block = bytearray()
    if block:
        yield block


def write(folder: Path, chunks: Iterator[np.ndarray[tuple[int], np.dtype[np.generic]]], size: int) -> None:
    """Write a data set as `litdata.optimize` would, but in this process and in order."""
    import torch
    from litdata.streaming.item_loader import TokensLoader
    from litdata.streaming.writer import BinaryWriter

    writer = BinaryWriter(str(folder), chunk_bytes=size, item_loader=TokensLoader())
    for number, ids in enumerate(chunks):
        writer[number] = torch.from_numpy(ids)
    writer.done()
    writer.merge()


def _date(index: Path, version: str) -> None:
    """LitData notes the clock, so that its readers know a new data set from an old one; a hash tells them as well."""
    content = json.loads(index.read_text("utf-8"))
    index.write_text(json.dumps(content | {"updated_at": version}, sort_keys=True), "utf-8")
