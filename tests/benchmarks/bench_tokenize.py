"""Tokenizing: megabytes of text a CPU second and peak memory, of the whole tokens stage and of what others do.

    python tests/benchmarks/bench_tokenize.py --data TEXTS… --tokenizer FILE --end-of-document '</s>' --datatrove PYTHON

TEXTS are documents (JSON lines or Parquet), else they are generated: prose, LaTeX and code. FILE is a `tokenizers` JSON
file, else one is trained on them. Every run is a cold process: it reads documents from Parquet, loads the tokenizer and
writes files. The others are given the same documents as JSON lines, in one process: `encode_batch` and
`encode_batch_fast` of `tokenizers` write nothing; "document by document" is what GPT-NeoX's `preprocess_data.py` does
in each of its workers; datatrove's `DocumentTokenizer` runs in an environment of its own (`pip install
datatrove==0.10.1 tokenizers numpy orjson`) whose interpreter is given.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from generate import Writer
from measure import Cost, in_fresh_process, median, megabytes, options, show, watch

from manifests import Manifest
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.driver import Driver, sum_flows
from pipeline.lock import Lock
from pipeline.progress import Reporter
from pipeline.run import inline
from pipeline.stages.tokenizer import train_tokenizer
from pipeline.storage import RunFolder
from pipeline.training import read_texts

LONG_BYTES = 20_000_000
BATCH = 1000
"""Documents that `encode_batch` is given at once; datatrove's default is more."""

DATATROVE = """
import sys
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.tokens import DocumentTokenizer
folder, tokenizer, end = sys.argv[1:]
LocalPipelineExecutor([
    JsonlReader(folder + "/plain", glob_pattern="*.jsonl"),
    DocumentTokenizer(folder + "/datatrove", tokenizer_name_or_path=tokenizer, eos_token=end, shuffle_documents=False),
], tasks=1, logging_dir=folder + "/logs").run()
"""


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        tokenizer = given.tokenizer or place / "tokenizer.json"
        sizes = lay_out(place, texts(given.data, given.megabytes * 1_000_000))
        if not given.tokenizer:
            tokenizer.write_bytes(train_tokenizer(plain(place), 16_000, given.end_of_document))
        prepare = partial(run_stages, folder, str(tokenizer), given.end_of_document)
        for only in ("documents/", "dedup/"):
            in_fresh_process(partial(prepare, only))
        subjects = {
            "tokens stage, files written": partial(prepare, "tokens/texts"),
            f"tokens stage, one document of {megabytes(sizes['long'])}": partial(prepare, "tokens/long"),
            "tokenizers, encode_batch": partial(encode_batches, folder, str(tokenizer), "encode_batch"),
            "tokenizers, encode_batch_fast": partial(encode_batches, folder, str(tokenizer), "encode_batch_fast"),
            "tokenizers, document by document": partial(encode_singly, folder, str(tokenizer)),
        }
        rows = [
            row(name, repeat(partial(in_fresh_process, subject), given.rounds)) for name, subject in subjects.items()
        ]
        if given.datatrove:
            command = [given.datatrove, "-c", DATATROVE, folder, str(tokenizer), given.end_of_document]
            rows.append(row("datatrove", repeat(partial(run_datatrove, command, sizes["texts"]), given.rounds)))
    show("Tokenizing", ("what", "MB of text", "MB a CPU second", "peak"), rows)


def arguments() -> argparse.Namespace:
    parser = options(__doc__, rounds=1)
    parser.add_argument("--data", type=Path, nargs="+", help="documents, as JSON lines or Parquet")
    parser.add_argument("--megabytes", type=int, default=20, help="text that is read of them at most (20)")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizers file")
    parser.add_argument("--end-of-document", default="</s>", help="its token for that (</s>)")
    parser.add_argument("--datatrove", metavar="PYTHON", help="the interpreter of an environment with datatrove")
    return parser.parse_args()


def texts(files: Iterable[Path] | None, limit: int) -> Iterator[str]:
    """Documents of about so many bytes together."""
    size = 0
    for text in (text for _, text in read_texts(files)) if files else generated():
        size += len(text.encode())
        if size > limit:
            return
        yield text


def generated() -> Iterator[str]:
    writer = Writer(0)
    while True:
        yield "\n\n".join(writer.paragraph(formulas=True) for _ in range(8))
        yield writer.paper()
        yield writer.program()


def lay_out(folder: Path, documents: Iterable[str]) -> dict[str, int]:
    """The documents as JSON lines, and all of them as one; the bytes of both."""
    whole, size = [], 0
    (folder / "plain").mkdir()
    (folder / "in").mkdir()
    with (folder / "plain/texts.jsonl").open("w") as file:
        for number, text in enumerate(documents):
            file.write(json.dumps({"id": str(number), "text": text}) + "\n")
            whole.append(text)
            size += len(text.encode())
    os.link(folder / "plain/texts.jsonl", folder / "in/texts.jsonl")
    copies = itertools.islice(itertools.cycle(whole), 1 + len(whole) * LONG_BYTES // size)
    long = "\n\n".join(copies).encode()[:LONG_BYTES].decode("utf-8", "ignore")
    (folder / "in/long.jsonl").write_text(json.dumps({"id": "long", "text": long}) + "\n")
    return {"texts": size, "long": len(long.encode())}


def plain(folder: Path) -> Iterator[str]:
    """The texts, read from JSON lines."""
    with (folder / "plain/texts.jsonl").open() as file:
        yield from (json.loads(line)["text"] for line in file)


def run_stages(folder: str, tokenizer: str, end: str, only: str) -> int:
    """Bring about the stages whose names begin with `only`, anew; the bytes of text that went through."""
    shared = {"kind": "jsonl", "root": f"{folder}/in"}
    sources = [{"name": name, "paths": [f"{name}.jsonl"], **shared} for name in ("texts", "long")]
    found = {"name": "tokens", "sources": sources, "tokenizer": {"path": tokenizer, "end_of_document": end}}
    manifest = Manifest.model_validate(found | {"limits": {"unit_bytes": 1 << 40}})
    place = RunFolder(f"{folder}/out")
    if only.startswith("tokens/") and place.exists(only):
        place.fs.rm(place.full(only), recursive=True)
    driver = Driver(place, inline(place), Reporter(place, io.StringIO()), Lock(place))
    done = driver.bring_about(corpus(ask(manifest)), only)
    if done.failures:
        raise RuntimeError(done.failures[0].error)
    flows = (sum_flows(receipts) for name, receipts in done.receipts.items() if name.startswith(only))
    return sum(flow.kept.bytes for by_source in flows for flow in by_source.values())


def encode_batches(folder: str, tokenizer: str, method: str) -> int:
    encode, size = getattr(_tokenizer(tokenizer), method), 0
    documents = plain(Path(folder))
    while batch := list(itertools.islice(documents, BATCH)):
        size += sum(len(text.encode()) for text in batch)
        encode(batch)
    return size


def encode_singly(folder: str, tokenizer: str) -> int:
    encode, size = _tokenizer(tokenizer).encode, 0
    with Path(folder, "singly.bin").open("wb") as file:
        for text in plain(Path(folder)):
            size += len(text.encode())
            file.write(np.array(encode(text).ids, dtype=np.int32).tobytes())
    return size


def _tokenizer(path: str) -> Any:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer

    return Tokenizer.from_file(path)


def run_datatrove(command: list[str], size: int) -> Cost:
    folder = Path(command[3])
    for name in ("datatrove", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
    cost = watch(command)
    return Cost(cost.cpu, cost.wall, cost.peak, size)


def repeat(measure: Callable[[], Cost], rounds: int) -> list[Cost]:
    return [measure() for _ in range(rounds)]


def row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    speeds = [cost.work / 1e6 / cost.cpu for cost in costs]
    return name, f"{costs[0].work / 1e6:.1f}", median(speeds, 1), megabytes(max(cost.peak for cost in costs))


if __name__ == "__main__":
    main()
