"""Our WARC source beside a bare loop over fastwarc: the same gzipped archives, every body read by both.

The source also hashes the archive, keeps the offsets, decodes the bodies and finds what is cut short.
"""

from __future__ import annotations

import statistics
import tempfile
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from fastwarc.warc import ArchiveIterator, WarcRecordType
from generate import write_warc
from measure import median, options, ratios, show, take_turns

from filters.document import Document
from pipeline.outside import Outside
from pipeline.sources.warc import Warc

TYPES = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion


def main() -> None:
    parser = options(__doc__, rounds=7)
    parser.add_argument("--data", type=Path, help="a folder of *.warc.gz (default: a generated archive)")
    parser.add_argument("--pages", type=int, default=4000, help="pages of the generated archive (4000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.data is None:
            write_warc(Path(folder, "pages.warc.gz"), given.pages)
        compare(str(given.data or folder), given.rounds)


def compare(folder: str, rounds: int) -> None:
    subjects = {"fastwarc": partial(bare, folder), "proofpile": partial(ours, folder)}
    costs = take_turns(subjects, rounds)
    rows = [
        (
            name,
            str(costs[name][0].work),
            median([cost.cpu for cost in costs[name]]),
            f"{costs[name][0].work / statistics.median(cost.cpu for cost in costs[name]):,.0f}",
            median(ratios(costs[name], costs["fastwarc"])),
        )
        for name in subjects
    ]
    show("Reading archives", ("reader", "pages", "CPU s", "pages/CPU s", "CPU, fastwarc = 1"), rows)


def bare(folder: str) -> int:
    """Pages that fastwarc reads."""
    pages = 0
    for path in sorted(Path(folder).glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=TYPES, parse_http=True):
                pages += bool(record.reader.read())
    return pages


def ours(folder: str) -> int:
    """Pages that the source reads."""
    pages = 0
    source = Warc("web")
    for shard in Outside(folder).shards(("*.warc.gz",)):
        stream = shard.open()
        pages += sum(
            isinstance(record, Document) and bool(record.raw)
            for record in source.read(shard.key, cast(BinaryIO, stream))
        )
        stream.finish()
    return pages


if __name__ == "__main__":
    main()
