"""GPT-NeoX's own code, for the interpreter of its environment; `compare_tokenize.py` calls it.

    PYTHON neox_peer.py CHECKOUT preprocess --input FILE …    its tools/datasets/preprocess_data.py
    PYTHON neox_peer.py CHECKOUT read PREFIX…                 what its MMapIndexedDataset finds in token shards

Its package imports DeepSpeed and all arguments of a training; a bare one with the same files stands in for it.
"""

from __future__ import annotations

import hashlib
import json
import runpy
import sys
from pathlib import Path
from types import ModuleType


def main() -> None:
    checkout, verb, *rest = sys.argv[1:]
    stand_in(Path(checkout))
    if verb == "preprocess":
        sys.argv[1:] = rest
        runpy.run_path(f"{checkout}/tools/datasets/preprocess_data.py", run_name="__main__")
    else:
        print(json.dumps([read(prefix) for prefix in rest]))


def stand_in(checkout: Path) -> None:
    package = ModuleType("megatron")
    package.__path__ = [str(checkout / "megatron")]
    package.print_rank_0 = lambda *message: None  # type: ignore[attr-defined]
    sys.modules["megatron"] = package


def read(prefix: str) -> dict[str, object]:
    """Tokens of each document, where documents end, and a hash over all ids, one document after the other."""
    from megatron.data.indexed_dataset import MMapIndexedDataset  # type: ignore[import-not-found]

    shard, digest = MMapIndexedDataset(prefix, skip_warmup=True), hashlib.sha256()
    sizes = []
    for number in range(len(shard)):
        digest.update(shard[number].tobytes())
        sizes.append(len(shard[number]))
    return {"prefix": prefix, "sizes": sizes, "bounds": shard.doc_idx.tolist(), "sha256": digest.hexdigest()}


if __name__ == "__main__":
    main()
