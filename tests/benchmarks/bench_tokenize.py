"""Tokenizing: megabytes of text a CPU second and peak memory of the whole tokens stage, and what its parts cost.

    python tests/benchmarks/bench_tokenize.py --data TEXTS… --tokenizer FILE --end-of-document '</s>'

TEXTS are documents (JSON lines or Parquet), else they are generated: prose, LaTeX and code. FILE is a `tokenizers` JSON
file, else one is trained on them. Every run is a cold process: it reads documents from Parquet, loads the tokenizer and
writes files. `encode_batch` and `encode_batch_fast` of `tokenizers` are given the same documents as JSON lines, in one
process, and write nothing. `compare_tokenize.py` has other tools.

Of the parts, writing is all of the stage that is neither reading nor encoding: splits, shards, index,
sidecar, ledger, counts, reading back, hashes and the receipt. Packing is the whole stage `packed`.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial, wraps
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

from generate import Writer
from measure import Cost, in_fresh_process, median, megabytes, options, show

from manifests import Manifest
from pipeline import run
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.driver import Driver, sum_flows
from pipeline.lock import Lock
from pipeline.progress import Reporter
from pipeline.stages import tokens
from pipeline.stages.mixture import MIXTURE_STAGE
from pipeline.stages.tokenizer import train_tokenizer
from pipeline.storage import RunFolder
from pipeline.tokenization import TextEncoder, load_tokenizer, parse_tokenizer
from pipeline.training import read_texts

LONG_BYTES = 20_000_000
BATCH = 1000
"""Documents that `encode_batch` is given at once; datatrove's default is more."""


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
        }
        rows = [
            row(name, repeat(partial(in_fresh_process, subject), given.rounds)) for name, subject in subjects.items()
        ]
        spent = [alone(parts, folder, str(tokenizer), given.end_of_document) for _ in range(given.rounds)]
    show("Tokenizing", ("what", "MB of text", "MB a CPU second", "peak"), rows)
    show("Its parts", ("part", "CPU s a 100 MB", "encoding = 1"), list(part_rows(spent)))


def arguments() -> argparse.Namespace:
    parser = options(__doc__, rounds=1)
    add_options(parser)
    return parser.parse_args()


def add_options(parser: argparse.ArgumentParser, required: bool = False) -> None:
    parser.add_argument("--data", type=Path, nargs="+", help="documents, as JSON lines or Parquet")
    parser.add_argument("--megabytes", type=int, default=20, help="text that is read of them at most (20)")
    parser.add_argument("--tokenizer", type=Path, required=required, help="a tokenizers file")
    parser.add_argument("--end-of-document", default="</s>", help="its token for that (</s>)")


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
    found |= {"limits": {"unit_bytes": 1 << 40}, "packed": {}, "dedup": {"accept_any_share": True}}
    manifest = Manifest.model_validate(found)
    place = RunFolder(f"{folder}/out")
    if place.exists(only):
        place.fs.rm(place.full(only), recursive=True)
    driver = Driver(place, run.inline(place), Reporter(place, io.StringIO()), Lock(place))
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


def _tokenizer(path: str) -> Any:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from tokenizers import Tokenizer

    return Tokenizer.from_file(path)


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def parts(folder: str, tokenizer: str, end: str) -> dict[str, float]:
    """CPU seconds a byte of text, by part."""
    spent: Counter[str] = Counter()
    run_stages(folder, tokenizer, end, "tokens/long")  # what a process does once is no part of a unit
    parse_tokenizer.cache_clear()
    load_tokenizer(Path(tokenizer), end)
    with (
        patch.object(tokens, "kept_documents", clocked_rows(tokens.kept_documents, "reading", spent)),
        patch.object(TextEncoder, "encode", clocked(TextEncoder.encode, "encoding", spent)),
        patch.object(run, "execute", clocked(run.execute, "writing", spent)),
    ):
        size = run_stages(folder, tokenizer, end, "tokens/texts")
    spent["writing"] -= spent["reading"] + spent["encoding"]
    run_stages(folder, tokenizer, end, MIXTURE_STAGE)
    with patch.object(run, "execute", clocked(run.execute, "packing", spent)):
        run_stages(folder, tokenizer, end, "packed")
    spent["packing"] *= size / (size + LONG_BYTES)
    return {part: seconds / size for part, seconds in spent.items()}


def clocked(function: Callable[..., Any], part: str, spent: Counter[str]) -> Callable[..., Any]:
    """The same function; CPU seconds are added to those of a part."""

    @wraps(function)
    def measured(*arguments: Any) -> Any:
        start = time.process_time()
        result = function(*arguments)
        spent[part] += time.process_time() - start
        return result

    return measured


def clocked_rows(
    function: Callable[..., Iterator[Any]], part: str, spent: Counter[str]
) -> Callable[..., Iterator[Any]]:
    """The same for what is yielded."""

    def measured(*arguments: Any) -> Iterator[Any]:
        following = clocked(partial(next, function(*arguments), None), part, spent)
        return iter(following, None)

    return measured


def part_rows(spent: list[dict[str, float]]) -> Iterator[tuple[str, ...]]:
    for part in spent[0]:
        costs = [one[part] * 1e8 for one in spent]
        yield part, median(costs), median([one[part] / one["encoding"] for one in spent])


def repeat(measure: Callable[[], Cost], rounds: int) -> list[Cost]:
    return [measure() for _ in range(rounds)]


def row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    speeds = [cost.work / 1e6 / cost.cpu for cost in costs]
    return name, f"{costs[0].work / 1e6:.1f}", median(speeds, 1), megabytes(max(cost.peak for cost in costs))


if __name__ == "__main__":
    main()
