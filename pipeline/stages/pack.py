"""The packed mixture: sequences of equal length out of all sources, in the order in which a trainer reads them.

A source is one stream: the tokens of its documents, one document after the other in the order of the corpus, cut into
sequences. The last sequence is filled up from the beginning of the stream, so that no token is left out. Which of them
come when, `pipeline/blend.py` says. A unit is one shard; it reads just the sequences that it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

import numpy as np
import numpy.typing as npt

from manifests import File, Receipt
from manifests.sections import Mixture
from pipeline.blend import Blend, apportion
from pipeline.packed import INDEX, ROW, shard_name
from pipeline.shares import mix
from pipeline.stage import Bench, Unit
from pipeline.stages.mixture import MIXTURE_STAGE, TOKENS, split_of_file, to_json, train_tokens
from pipeline.stages.split import SPLITS, TRAIN
from pipeline.storage import StorageError

STAGE = "packed"
INDEX_UNIT = "index"


@dataclass(frozen=True)
class Pack:
    """The shards of `packed/`. Of train the mixture is taken, of validation and test every sequence once."""

    sources: tuple[str, ...]
    """Names of the sources."""
    mixture: Mixture = field(default_factory=Mixture)
    sequence: int = 4096
    """Tokens in a sequence."""
    seed: int = 0
    shard_bytes: int = 64 << 20
    """Size of a shard, which is held in memory while it is written."""

    @property
    def name(self) -> str:
        return STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (MIXTURE_STAGE, *(TOKENS + source for source in self.sources))

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        # of the mixture nothing is read: it has found that there is something to draw from
        receipts = tuple(receipt for source in self.sources for receipt in done[TOKENS + source])
        corpus = Corpus(receipts, self.sources)
        yield Unit(INDEX_UNIT, upstream=receipts)
        for split in SPLITS:
            for number in range(-(-len(self.blend(corpus, split)) // self._rows(corpus))):
                yield Unit(shard_name(split, number), upstream=receipts, number=number)

    def run(self, unit: Unit, bench: Bench) -> None:
        corpus = Corpus(unit.upstream, self.sources)
        if unit.name == INDEX_UNIT:
            bench.path(f"{STAGE}/{INDEX}").write_text(to_json(self._index(corpus)), "utf-8")
            return
        split, rows = unit.name.partition("/")[0], self._rows(corpus)
        blend = self.blend(corpus, split)
        draws = blend.draws(unit.number * rows, min(len(blend), (unit.number + 1) * rows))
        ids = np.empty((len(draws), self.sequence), corpus.dtype)
        for source, name in enumerate(self.sources):
            here = np.flatnonzero(draws["source"] == source)
            read_sequences(corpus.stream(name, split), draws["sequence"][here], here, ids, bench)
        save(str(bench.path(f"{STAGE}/{unit.name}")), ids, draws, corpus.end(bench))

    def blend(self, corpus: Corpus, split: str) -> Blend:
        """The order of one split."""
        length = self.sequence
        sizes = tuple(-(-corpus.stream(name, split).tokens // length) for name in self.sources)
        counts = sizes
        if split == TRAIN and (self.mixture.weights or self.mixture.budget):
            shares = [share.share for share in mix(corpus.train_tokens, self.mixture)]
            counts = apportion(shares, -(-self.mixture.budget // length) or sum(sizes))
        return Blend(self.sources, counts, sizes, self.seed)

    def _rows(self, corpus: Corpus) -> int:
        return max(1, self.shard_bytes // (self.sequence * corpus.dtype.itemsize))

    def _index(self, corpus: Corpus) -> dict[str, object]:
        blends = {split: self.blend(corpus, split) for split in SPLITS}
        found = {"sequence": self.sequence, "rows": self._rows(corpus), "sources": self.sources}
        found |= {"splits": {split: len(blend) for split, blend in blends.items()}}
        drawn = {split: dict(zip(self.sources, blend.counts, strict=True)) for split, blend in blends.items()}
        return found | {"drawn": drawn}


@dataclass(frozen=True)
class Stream:
    """The ids of a source and split, as they lie one after the other in several files."""

    files: tuple[File, ...]
    width: int
    """Bytes of an id."""

    @cached_property
    def bounds(self) -> npt.NDArray[np.int64]:
        """Where each file begins in the stream, in tokens, and where the last one ends."""
        return np.cumsum([0, *(file.size // self.width for file in self.files)])

    @property
    def tokens(self) -> int:
        return int(self.bounds[-1])


@dataclass(frozen=True)
class Corpus:
    """The streams that receipts of tokens tell of."""

    receipts: tuple[Receipt, ...]
    sources: tuple[str, ...]

    @cached_property
    def _files(self) -> dict[tuple[str, str], list[File]]:
        files: dict[tuple[str, str], list[File]] = {}
        for receipt in self.receipts:
            for file in receipt.files:
                if file.path.endswith(".bin") and file.size:
                    key = (receipt.stage.removeprefix(TOKENS), split_of_file(receipt, file))
                    files.setdefault(key, []).append(file)
        return files

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the ids: the receipts count bytes and tokens."""
        size = sum(file.size for files in self._files.values() for file in files)
        tokens = sum(total.tokens for receipt in self.receipts for total in receipt.totals.values())
        return np.dtype("<i4" if size == 4 * tokens else "<u2")

    @cached_property
    def train_tokens(self) -> dict[str, int]:
        return dict.fromkeys(self.sources, 0) | train_tokens(self.receipts)

    def stream(self, source: str, split: str) -> Stream:
        return Stream(tuple(self._files.get((source, split), ())), self.dtype.itemsize)

    def end(self, bench: Bench) -> int:
        """The end-of-document token: the last of any file, and of every document nowhere but at its end."""
        file = next(file for files in self._files.values() for file in files)
        with bench.open(file) as stream:
            stream.seek(file.size - self.dtype.itemsize)
            return int(np.frombuffer(stream.read(), self.dtype)[0])


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a sequence that lies in one file; all numbers are bytes."""

    file: int
    offset: int
    length: int
    row: int
    place: int


def read_sequences(
    stream: Stream, sequences: Iterable[int], rows: Iterable[int], ids: npt.NDArray[np.generic], bench: Bench
) -> None:
    """Put sequences of a stream into rows of `ids`. Each file is opened once, and gone through in its order."""
    target = ids.view(np.uint8)
    pieces = sorted(cut(stream, sequences, rows, ids.shape[1]), key=lambda piece: (piece.file, piece.offset))
    for number, of_file in groupby(pieces, key=lambda piece: piece.file):
        read_pieces(stream.files[number], list(of_file), target, bench)


def cut(stream: Stream, sequences: Iterable[int], rows: Iterable[int], length: int) -> Iterator[Piece]:
    """The pieces of sequences; a stream begins anew at its end."""
    for sequence, row in zip(sequences, rows, strict=True):
        at, place = int(sequence) * length, 0
        while place < length:
            begin = (at + place) % stream.tokens
            file = int(np.searchsorted(stream.bounds, begin, "right")) - 1
            take = min(length - place, int(stream.bounds[file + 1]) - begin)
            offset = begin - int(stream.bounds[file])
            yield Piece(file, offset * stream.width, take * stream.width, int(row), place * stream.width)
            place += take


AT_ONCE = 256
"""Ranges that a bucket is asked for in one go."""


def read_pieces(file: File, pieces: Sequence[Piece], target: npt.NDArray[np.uint8], bench: Bench) -> None:
    """Read the pieces of one file: on a disk one by one, from elsewhere many at a time. Raises StorageError."""
    with bench.open(file) as stream:
        if bench.run.is_local:
            for piece in pieces:
                stream.seek(piece.offset)
                _place(piece, stream.read(piece.length), target, file)
            return
    path = bench.run.full(file.path)
    for first in range(0, len(pieces), AT_ONCE):
        some = pieces[first : first + AT_ONCE]
        ends = [piece.offset + piece.length for piece in some]
        found = bench.run.fs.cat_ranges([path] * len(some), [piece.offset for piece in some], ends, on_error="raise")
        for piece, data in zip(some, found, strict=True):
            _place(piece, data, target, file)


def _place(piece: Piece, data: bytes, target: npt.NDArray[np.uint8], file: File) -> None:
    if len(data) != piece.length:
        raise StorageError(f"{file.path} ends before its size; remove its folder to make it again")
    target[piece.row, piece.place : piece.place + piece.length] = np.frombuffer(data, np.uint8)


def save(prefix: str, ids: npt.NDArray[np.generic], draws: npt.NDArray[np.void], end: int) -> None:
    """Write one shard as `pipeline.packed` reads it: a document begins at 0 and behind every end of one."""
    length = ids.shape[1]
    firsts = np.arange(0, ids.size, length)
    behind = np.flatnonzero(ids == end) + 1
    begins = np.union1d(firsts, behind[behind < ids.size])
    rows = np.zeros(len(draws), ROW)
    for name in draws.dtype.names or ():
        rows[name] = draws[name]
    rows["first"] = np.searchsorted(begins, firsts)
    np.save(f"{prefix}.ids.npy", ids)
    np.save(f"{prefix}.starts.npy", (begins % length).astype("<i4"))
    np.save(f"{prefix}.rows.npy", rows)
