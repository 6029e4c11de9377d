"""Reading over HTTP: what it costs beside a local file, whether memory stays flat, single records in a CPU second.

The server is a process of its own on loopback, so that only the reader is measured. Politeness is switched off.
"""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator
from generate import write_warc
from measure import in_fresh_process, median, megabytes, options, show, take_turns

from filters.document import Document
from pipeline import http, http_files
from pipeline.outside import Outside
from pipeline.polite import Gate, Manners
from pipeline.sources.cc_index import CcIndex
from pipeline.sources.warc import TYPES

CHUNK = 1 << 16


def main() -> None:
    parser = options(__doc__, rounds=5)
    parser.add_argument("--megabytes", type=int, default=256, help="size of the whole file (256)")
    parser.add_argument("--pages", type=int, default=2000, help="pages of the archive of single records (2000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "large").write_bytes(b"x" * 1_000_000 * given.megabytes)
        (folder / "larger").write_bytes(b"x" * 4_000_000 * given.megabytes)
        table(write_warc(folder / "a.warc.gz", given.pages), folder / "table.parquet")
        whole_files(serve(folder), folder, given.megabytes, given.rounds)
        single_records(serve(folder), folder, given.rounds)


def whole_files(url: str, folder: Path, size: int, rounds: int) -> None:
    openers: dict[str, Callable[[str], BinaryIO]] = {
        "a local file": open_local,
        "proofpile": open_http,
        "fsspec": open_fsspec,
    }
    places = {way: url if way != "a local file" else str(folder) for way in openers}
    costs = take_turns({way: partial(read_all, openers[way], f"{places[way]}/large") for way in openers}, rounds)
    rows = []
    for way, found in costs.items():
        peaks = [
            in_fresh_process(partial(read_all, openers[way], f"{places[way]}/{name}")).peak
            for name in ("large", "larger")
        ]
        speed = median([size / cost.cpu for cost in found], 0), median([size / cost.wall for cost in found], 0)
        rows.append((way, *speed, *map(megabytes, peaks)))
    show(f"{size} MB read in order", ("way", "MB/CPU s", "MB/s", "peak", "peak, four times the file"), rows)


def single_records(url: str, folder: Path, rounds: int) -> None:
    ways = {"local files": str(folder), "proofpile": url}
    costs = take_turns(
        {way: partial(read_records, root, folder / "table.parquet") for way, root in ways.items()}, rounds
    )
    rows = [(way, median([cost.work / cost.cpu for cost in found], 0)) for way, found in costs.items()]
    show("Single records, one request each", ("way", "records/CPU s"), rows)


def read_all(opened: Callable[[str], BinaryIO], place: str) -> int:
    http.behave(Manners(Gate(1e9)))
    with opened(place) as file:
        return sum(len(data) for data in iter(lambda: file.read(CHUNK), b""))


def open_local(place: str) -> BinaryIO:
    return open(place, "rb")


def open_http(place: str) -> BinaryIO:
    return http_files.HttpFile(place)  # type: ignore[return-value]


def open_fsspec(place: str) -> BinaryIO:
    return fsspec.open(place, "rb").open()  # type: ignore[no-any-return]


def read_records(root: str, place: Path) -> int:
    http.behave(Manners(Gate(1e9)))
    with place.open("rb") as file:
        return sum(isinstance(item, Document) for item in CcIndex("web", Outside(root)).read(place.name, file))


def table(archive: Path, place: Path) -> None:
    """Every page of an archive, each as if it lay in a file of its own: no two are fetched together."""
    rows = []
    with archive.open("rb") as file:
        for number, record in enumerate(ArchiveIterator(file, record_types=TYPES, parse_http=False)):
            url, offset = record.headers["WARC-Target-URI"], record.stream_pos
            rows.append({"url": url, "warc_filename": f"{number:06}.warc.gz", "warc_record_offset": offset})
    for row, end in zip(rows, [*(row["warc_record_offset"] for row in rows[1:]), archive.stat().st_size], strict=True):
        row["warc_record_length"] = end - row["warc_record_offset"]
        (archive.parent / row["warc_filename"]).symlink_to(archive)
    pq.write_table(pa.Table.from_pylist(rows), place)


def serve(folder: Path) -> str:
    """The URL of a server of a folder, in a process that ends with this one."""
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.Process(target=_serve, args=(folder, theirs), daemon=True).start()
    return f"http://127.0.0.1:{ours.recv()}"


def _serve(folder: Path, pipe: Connection) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            with (folder / self.path.lstrip("/")).open("rb") as file:
                size = file.seek(0, 2)
                wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                start, end = (int(wanted[1]), min(int(wanted[2] or size) + 1, size)) if wanted else (0, size)
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(end - start))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
                self.end_headers()
                if self.command == "GET":
                    self.connection.sendfile(file, start, end - start)

        def log_message(self, *_: object) -> None: ...

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # a reader that has what it wants hangs up
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pipe.send(server.server_address[1])
        server.serve_forever()


if __name__ == "__main__":
    main()
