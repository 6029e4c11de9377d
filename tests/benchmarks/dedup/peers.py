"""Deduplication of JSON lines as other libraries document it, to be compared with ours.

    PYTHON peers.py rensa|datasketch|text-dedup|datatrove FOLDER OUT

PYTHON is that of an environment with the library (`pip install rensa==0.5.0 datasketch==2.0.0`, or
`text-dedup==0.4.0`, or `datatrove[processing]==0.10.1 spacy tokenizers "xxhash<4"`): the same word 5-grams, threshold
0.7, 128 permutations (datatrove's own 14 buckets of 8), in one process. It writes lines of {"dropped", "kept"}; who is
kept is not told by text-dedup and datatrove.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

WORDS, PERMUTATIONS, THRESHOLD = 5, 128, 0.7


def documents(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Ids and shingles."""
    for path in sorted(folder.glob("part-*.jsonl")):
        for line in path.open():
            row = json.loads(line)
            words = row["text"].split()
            yield row["id"], [" ".join(words[at : at + WORDS]) for at in range(max(len(words) - WORDS + 1, 0))]


def ids(folder: Path) -> set[str]:
    return {json.loads(line)["id"] for path in folder.glob("part-*.jsonl") for line in path.open()}


def firsts(found: Iterable[tuple[str, Iterable[str]]]) -> Iterator[tuple[str, str]]:
    """Of documents that meet the first stays: every other one, and what is kept for it."""
    kept: dict[str, str] = {}
    for name, like in found:
        roots = {kept.get(one, one) for one in like}
        if roots:
            kept[name] = min(roots)
            yield name, kept[name]


def datasketch(folder: Path, _: str) -> Iterator[tuple[str, str]]:
    import xxhash
    from datasketch import MinHash, MinHashLSH

    lsh: Any = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)

    def found() -> Iterator[tuple[str, Iterable[str]]]:
        for name, shingles in documents(folder):
            minhash = MinHash(num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
            minhash.update_batch([shingle.encode() for shingle in shingles])
            yield name, lsh.query(minhash)
            lsh.insert(name, minhash)

    return firsts(found())


def rensa(folder: Path, _: str) -> Iterator[tuple[str, str]]:
    from rensa import RMinHash, RMinHashLSH

    names: list[str] = []
    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)

    def found() -> Iterator[tuple[str, Iterable[str]]]:
        for number, (name, shingles) in enumerate(documents(folder)):
            minhash = RMinHash(num_perm=PERMUTATIONS, seed=42)
            minhash.update(shingles)
            yield name, [names[at] for at in lsh.query(minhash)]
            lsh.insert(number, minhash)
            names.append(name)

    return firsts(found())


def text_dedup(folder: Path, work: str) -> Iterator[tuple[str, str]]:
    from datasets import load_from_disk
    from text_dedup.minhash import main

    options = {"path": "json", "data_files": f"{folder}/part-*.jsonl", "split": "train", "column": "text"}
    options |= {"cache_dir": f"{work}/cache", "output": f"{work}/out", "num_proc": "1"}
    options |= {"ngram": str(WORDS), "num_perm": str(PERMUTATIONS), "threshold": str(THRESHOLD)}
    main([part for name, value in options.items() for part in (f"--{name}", value)], standalone_mode=False)
    return ((name, "") for name in ids(folder) - set(load_from_disk(f"{work}/out")["id"]))


def datatrove(folder: Path, work: str) -> Iterator[tuple[str, str]]:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    config, files = MinhashConfig(n_grams=WORDS), len(list(folder.glob("part-*.jsonl")))
    reader = JsonlReader(str(folder), glob_pattern="part-*.jsonl")
    excluded = JsonlWriter(f"{work}/removed", compression=None)
    for tasks, steps in (
        (files, [reader, MinhashDedupSignature(f"{work}/signatures", config)]),
        (config.num_buckets, [MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=config)]),
        (1, [MinhashDedupCluster(f"{work}/buckets", f"{work}/remove", config)]),
        (files, [reader, MinhashDedupFilter(f"{work}/remove", excluded), JsonlWriter(f"{work}/out")]),
    ):
        LocalPipelineExecutor(steps, tasks=tasks, workers=1).run()
    removed = (line for path in Path(work, "removed").glob("*.jsonl") for line in path.open())
    return ((json.loads(line)["id"], "") for line in removed)


LIBRARIES = {"datasketch": datasketch, "rensa": rensa, "text-dedup": text_dedup, "datatrove": datatrove}


def main(library: str, folder: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory(dir=out.parent) as work, out.open("w") as file:
        for dropped, kept in LIBRARIES[library](folder, work):
            file.write(json.dumps({"dropped": dropped, "kept": kept}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
