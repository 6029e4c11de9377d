"""`proofpile tokenize`: one shard of any documents, or its count."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner
from web_server import serving

from pipeline.__main__ import app
from pipeline.indexed import IndexedDataset
from pipeline.stages.tokenizer import train_tokenizer
from pipeline.tokenization import parse_tokenizer

TEXTS = ["Let $x$ be given.", "", "forged </s> end", "half \ud83e of a pair", "定理 🧮"]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    documents, tokenizer = tmp_path / "documents.jsonl", tmp_path / "tokenizer.json"
    documents.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    tokenizer.write_bytes(train_tokenizer(iter(TEXTS[:1] * 20), 280, "</s>"))
    return documents, tokenizer


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["tokenize", *map(str, arguments)])
    return result.exit_code, result.stdout


def test_what_is_counted_is_what_is_written(files: tuple[Path, Path], tmp_path: Path) -> None:
    documents, tokenizer = files
    code, counted = run(documents, "--tokenizer", tokenizer)
    assert code == 0
    assert run(documents, "--tokenizer", tokenizer, "--out", tmp_path / "shard") == (0, counted)
    shard = IndexedDataset(tmp_path / "shard")
    encoder = parse_tokenizer(tokenizer.read_bytes(), "</s>")
    assert [encoder.decode(ids.tolist()) for ids in shard] == [
        text.replace("\ud83e", "\ufffd") + "</s>" for text in TEXTS if text
    ]
    found = json.loads(counted)
    assert (found["documents"], found["tokens"]) == (4, shard.tokens)
    assert found["engine"].startswith("gigatoken ")


def test_a_tokenizer_that_is_not_the_pinned_one_is_refused(files: tuple[Path, Path]) -> None:
    documents, tokenizer = files
    assert run(documents, "--tokenizer", tokenizer, "--sha256", "0" * 64)[0] != 0


def test_a_tokenizer_comes_from_the_hub_by_its_hash(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, tokenizer = files
    data = tokenizer.read_bytes()
    with serving({"org/name/resolve/v2/deep/tokenizer.json": data}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        address, digest = "hf://org/name/deep/tokenizer.json@v2", sha256(data).hexdigest()
        pinned = run(documents, "--tokenizer", address, "--sha256", digest)
        assert pinned == run(documents, "--tokenizer", tokenizer)
        assert run(documents, "--tokenizer", address, "--sha256", "0" * 64)[0] != 0
        assert run(documents, "--tokenizer", address.replace("v2", "v1"))[0] != 0
    assert run(documents, "--tokenizer", address, "--sha256", digest) == pinned  # from the cache
