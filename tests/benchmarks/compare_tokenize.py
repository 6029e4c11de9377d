"""The tokens stage beside whole tools: GPT-NeoX's preprocess_data.py and datatrove's DocumentTokenizer.

    git clone https://github.com/EleutherAI/gpt-neox NEOX
    pip install torch transformers sentencepiece tiktoken lm-dataformat ftfy tqdm    # in an environment of its own
    pip install datatrove==0.10.1 tokenizers numpy orjson                            # in another one
    python tests/benchmarks/compare_tokenize.py --data TEXTS… --tokenizer FILE --end-of-document '</s>'
        --neox NEOX --neox-python PYTHON --datatrove-python PYTHON

What is not given is not run. All are given the same documents in one process, cold: ours read Parquet, the others JSON
lines. GPT-NeoX's own class then opens every token shard that ours wrote, and must find what the receipts say.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from bench_tokenize import add_options, lay_out, repeat, row, run_stages, texts
from measure import Cost, in_fresh_process, options, show, watch
from tokenizers import Tokenizer

from pipeline.indexed import IndexedDataset
from pipeline.stage import read_receipts
from pipeline.storage import RunFolder

HERE = Path(__file__).resolve().parent
NEOX_END = "<|endoftext|>"
"""The only end of a document that its class for `tokenizers` files knows."""

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
        sizes = lay_out(Path(folder), texts(given.data, given.megabytes * 1_000_000))
        stages = partial(run_stages, folder, str(given.tokenizer), given.end_of_document)
        for only in ("documents/", "dedup/"):
            in_fresh_process(partial(stages, only))
        ours = repeat(partial(in_fresh_process, partial(stages, "tokens/texts")), given.rounds)
        rows = [row("tokens stage", ours)]
        for name, command in commands(given, folder).items():
            rows.append(row(name, repeat(partial(run_other, command, Path(folder), sizes["texts"]), given.rounds)))
        show("Whole tools", ("what", "MB of text", "MB a CPU second", "peak"), rows)
        if given.neox:
            print(open_shards(given, Path(folder, "out")))


def arguments() -> argparse.Namespace:
    parser = options(__doc__, rounds=1)
    add_options(parser, required=True)
    parser.add_argument("--neox", metavar="FOLDER", help="a checkout of GPT-NeoX")
    parser.add_argument("--neox-python", metavar="PYTHON", help="the interpreter of its environment")
    parser.add_argument("--datatrove-python", metavar="PYTHON", help="the interpreter of datatrove's environment")
    return parser.parse_args()


def commands(given: argparse.Namespace, folder: str) -> dict[str, list[str]]:
    """The other tools, by name."""
    found = {}
    if given.neox:
        end = ["--append-eod"] * (Tokenizer.from_file(str(given.tokenizer)).token_to_id(NEOX_END) is not None)
        files = ["--input", f"{folder}/plain/texts.jsonl", "--output-prefix", f"{folder}/neox"]
        kind = ["--tokenizer-type", "HFTokenizer", "--vocab-file", str(given.tokenizer)]
        found["GPT-NeoX preprocess_data.py"] = [*neox(given), "preprocess", *files, *kind, *end]
    if given.datatrove_python:
        program = [given.datatrove_python, "-c", DATATROVE]
        found["datatrove DocumentTokenizer"] = [*program, folder, str(given.tokenizer), given.end_of_document]
    return found


def neox(given: argparse.Namespace) -> list[str]:
    return [given.neox_python, str(HERE / "neox_peer.py"), given.neox]


def run_other(command: list[str], folder: Path, size: int) -> Cost:
    for name in ("datatrove", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
    cost = watch(command)
    return Cost(cost.cpu, cost.wall, cost.peak, size)


def open_shards(given: argparse.Namespace, run: Path) -> str:
    """Every token shard, opened by GPT-NeoX's class and held against ours and against the receipts."""
    receipts = read_receipts(RunFolder(str(run)), "tokens").values()
    hashes = {file.path.removesuffix(".bin"): file.sha256 for receipt in receipts for file in receipt.files}
    prefixes = [str(path.with_suffix("")) for path in sorted(run.glob("tokens/**/*.idx"))]
    answer = subprocess.run([*neox(given), "read", *prefixes], check=True, capture_output=True, text=True).stdout
    found = json.loads(answer)
    for one in found:
        shard = IndexedDataset(Path(one["prefix"]))
        assert one["sizes"] == shard.sizes.tolist()
        assert one["bounds"] == shard.bounds.tolist()
        assert one["sha256"] == hashes[str(Path(one["prefix"]).relative_to(run))]
    tokens = sum(int(np.sum(one["sizes"])) for one in found)
    assert tokens == sum(total.tokens for receipt in receipts for total in receipt.totals.values())
    return f"\nGPT-NeoX's MMapIndexedDataset opened {len(found)} token shards: {tokens:,} tokens, as the receipts say"


if __name__ == "__main__":
    main()
