"""LitData's data sets: its own reader finds the tokens of the shards, and the same run gives the same bytes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tiny_corpus import TEXT, Marks, TinyCorpus, tokenizer_file

from manifests import Manifest, ManifestError
from manifests.sections import Split
from pipeline import corpus as stages
from pipeline.asked import Asked
from pipeline.indexed import IndexedDataset
from pipeline.stages.litdata import LitData
from pipeline.stages.mixture import token_shards
from pipeline.stages.tokens import Tokens

needs_litdata = pytest.mark.skipif(not find_spec("litdata"), reason="needs pip install '.[litdata]'")
BLOCK = 50


def written(folder: Path) -> TinyCorpus:
    corpus = TinyCorpus(folder)
    documents = [{"id": f"{site}", "url": f"https://s{site}.test/", "text": TEXT[: 40 * site]} for site in range(1, 30)]
    corpus.ingest("web", {"a.jsonl": documents[:20], "b.jsonl": documents[20:]})
    corpus.do(Marks())
    corpus.do(Tokens("web", tokenizer=tokenizer_file(folder), split=Split(validation=0.3, test=0)))
    corpus.do(LitData("web", chunk_bytes=2000))
    return corpus


@needs_litdata
def test_its_reader_finds_the_tokens(tmp_path: Path) -> None:
    from litdata import StreamingDataset
    from litdata.streaming.item_loader import TokensLoader

    corpus = written(tmp_path)
    for split in ("train", "validation"):
        shards = [shard for shard in token_shards(corpus.done["tokens/web"]) if shard.split == split]
        stream = np.concatenate([ids for shard in shards for ids in IndexedDataset(corpus.folder / shard.prefix)])
        chunks = [stream[start : start + 1000] for start in range(0, len(stream), 1000)]
        blocks = [chunk[start : start + BLOCK] for chunk in chunks for start in range(0, len(chunk) - BLOCK + 1, BLOCK)]
        found = StreamingDataset(str(corpus.folder / "litdata/web" / split), item_loader=TokensLoader(BLOCK))
        assert [ids.tolist() for ids in found] == [ids.tolist() for ids in blocks]


@needs_litdata
def test_the_same_bytes_again_and_all_of_them_in_receipts(tmp_path: Path) -> None:
    one, other = written(tmp_path / "one").done["litdata/web"], written(tmp_path / "other").done["litdata/web"]
    assert [receipt.files for receipt in one] == [receipt.files for receipt in other]
    listed = {file.path for receipt in one for file in receipt.files}
    on_disk = {str(path.relative_to(tmp_path / "one/out")) for path in (tmp_path / "one/out/litdata").rglob("*.*")}
    assert on_disk - listed == {f"litdata/web/{split}/receipt.json" for split in ("train", "validation")}


def test_who_asks_for_it_without_having_it_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "find_spec", lambda name: None)
    source = {"kind": "jsonl", "name": "web", "root": "sample:", "paths": ["*"]}
    found = {"name": "x", "sources": [source], "tokenizer": {"train_vocabulary": 300, "litdata": True}}
    with pytest.raises(ManifestError, match=r"pip install '\.\[litdata\]'"):
        stages.corpus(Asked(Manifest.model_validate(found), {}))
