"""The token shards of the quickstart, as the classes of Megatron-LM and of GPT-NeoX read them.

They live in an environment of their own, since they bring torch with them; MEGATRON_PYTHON names the interpreter, NEOX
a checkout of GPT-NeoX (https://github.com/EleutherAI/gpt-neox):

    python -m venv build/peers/megatron
    build/peers/megatron/bin/pip install torch --index-url INDEX_OF_CPU_WHEELS    # else some GB of CUDA come along
    build/peers/megatron/bin/pip install megatron-core==0.16.1 pybind11 setuptools numpy
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from cloud import QUICKSTART, proofpile

from pipeline.indexed import IndexedDataset
from pipeline.stage import read_receipts
from pipeline.storage import RunFolder

pytestmark = pytest.mark.slow

MEGATRON = Path(os.environ.get("MEGATRON_PYTHON", Path(__file__).parents[2] / "build/peers/megatron/bin/python"))
NEOX = Path(os.environ.get("NEOX", Path(__file__).parents[2] / "build/peers/gpt-neox"))
NEOX_PEER = Path(__file__).parents[1] / "benchmarks/neox_peer.py"

READ = """
import json, sys
from megatron.core.datasets.indexed_dataset import IndexedDataset
for prefix in sys.argv[1:]:
    for options in ({"mmap": True}, {"mmap": False}):
        shard = IndexedDataset(prefix, **options)
        documents = [shard[number].tolist() for number in range(len(shard))]
        bounds, kind = shard.document_indices.tolist(), str(shard.index.dtype.__name__)
        print(json.dumps([prefix, documents, bounds, kind]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart, its shards cut small."""
    folder = tmp_path_factory.mktemp("readers") / "run"
    code, output = proofpile(
        "run", QUICKSTART, "--set", "tokenizer.shard_bytes=20000", "--out", str(folder), "--inline"
    )
    assert code == 0, output
    return folder


@pytest.mark.skipif(not MEGATRON.exists(), reason=f"no megatron-core at {MEGATRON}; see the head of this file")
def test_megatron_reads_what_was_written(run: Path) -> None:
    prefixes = [str(path.with_suffix("")) for path in sorted(run.glob("tokens/**/*.idx"))]
    assert any("~00001" in prefix for prefix in prefixes)
    done = subprocess.run([str(MEGATRON), "-c", READ, *prefixes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(answers) == 2 * len(prefixes)
    seen: Counter[str] = Counter()
    for prefix, documents, bounds, kind in answers:
        ours = IndexedDataset(Path(prefix))
        assert documents == [ids.tolist() for ids in ours]
        assert bounds == ours.bounds.tolist()
        assert kind == "uint16"
        source, split = Path(prefix).relative_to(run / "tokens").parts[:2]
        seen[f"{source}/{split}"] += sum(map(len, documents))
    assert {name: tokens // 2 for name, tokens in seen.items()} == counted(run)


@pytest.mark.skipif(
    not (MEGATRON.exists() and NEOX.exists()), reason=f"no GPT-NeoX at {NEOX}; see the head of this file"
)
def test_neox_reads_what_was_written(run: Path) -> None:
    prefixes = [str(path.with_suffix("")) for path in sorted(run.glob("tokens/**/*.idx"))]
    command = [str(MEGATRON), str(NEOX_PEER), str(NEOX), "read", *prefixes]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for prefix, found in zip(prefixes, json.loads(done.stdout), strict=True):
        ours = IndexedDataset(Path(prefix))
        assert found["sizes"] == ours.sizes.tolist()
        assert found["bounds"] == ours.bounds.tolist()
        assert found["sha256"] == sha256(Path(f"{prefix}.bin").read_bytes()).hexdigest()


def counted(run: Path) -> Mapping[str, int]:
    """Tokens by source and split, as receipts have them."""
    totals: Counter[str] = Counter()
    for receipt in read_receipts(RunFolder(str(run)), "tokens").values():
        for name, total in receipt.totals.items():
            totals[f"{name.partition('/')[0]}/{name.rpartition('/')[2]}"] += total.tokens
    return totals
