"""Deduplication of JSON lines as other libraries document it, to be compared with ours.

    PYTHON peers.py rensa|datasketch FOLDER OUT

PYTHON is that of an environment with the library (`pip install rensa==0.5.0 datasketch==2.0.0`): 128 permutations over
the same word 5-grams, threshold 0.7, and of those that meet the first document stays. It writes lines of
{"dropped", "kept"}.
"""

from __future__ import annotations

import json
import sys
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


def datasketch(folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    """Every document with those before it that its buckets hold."""
    import xxhash
    from datasketch import MinHash, MinHashLSH

    lsh: Any = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    for name, shingles in documents(folder):
        minhash = MinHash(num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
        minhash.update_batch([shingle.encode() for shingle in shingles])
        yield name, lsh.query(minhash)
        lsh.insert(name, minhash)


def rensa(folder: Path) -> Iterator[tuple[str, Iterable[str]]]:
    """Every document with those before it that its buckets hold."""
    from rensa import RMinHash, RMinHashLSH

    names: list[str] = []
    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=16)
    for number, (name, shingles) in enumerate(documents(folder)):
        minhash = RMinHash(num_perm=PERMUTATIONS, seed=42)
        minhash.update(shingles)
        yield name, [names[at] for at in lsh.query(minhash)]
        lsh.insert(number, minhash)
        names.append(name)


def main(library: str, folder: Path, out: Path) -> None:
    kept: dict[str, str] = {}
    with out.open("w") as file:
        for name, like in {"datasketch": datasketch, "rensa": rensa}[library](folder):
            roots = {kept.get(one, one) for one in like}
            if roots:
                kept[name] = min(roots)
                file.write(json.dumps({"dropped": name, "kept": kept[name]}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
