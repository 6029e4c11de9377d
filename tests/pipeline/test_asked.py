"""What a manifest points to is held to its pins, before any work is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_manifest import written

from filters.models import ModelError
from manifests import ManifestError, load_manifest
from pipeline.asked import ask
from pipeline.storage import RunFolder, StorageError
from pipeline.tokenization import TokenizerError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path)


def test_a_model_must_be_the_pinned_one(path: Path) -> None:
    pin = "models.math-score.sha256=" + "0" * 64
    with pytest.raises(ModelError, match="is not the pinned one"):
        ask(load_manifest(path, ["models.math-score.path=builtin:math-score", pin]))


def test_a_lock_pins_models_and_inputs(path: Path, tmp_path: Path) -> None:
    lock = tmp_path / "lock.toml"
    lock.write_text(f'[inputs]\n"web/a.gz" = "{"1" * 64}"\n[models]\nperplexity = "{"2" * 64}"\n')
    with pytest.raises(ModelError, match="2222"):
        ask(load_manifest(path, [f"lock={lock}"]))
    lock.write_text(f'[inputs]\n"web/a.gz" = "{"1" * 64}"\n')
    assert ask(load_manifest(path, [f"lock={lock}"])).pins == {"web/a.gz": "1" * 64}


def test_a_tokenizer_without_its_end_is_told_before_any_work(path: Path, tmp_path: Path) -> None:
    from pipeline.stages.tokenizer import train_tokenizer

    (tmp_path / "tokenizer.json").write_bytes(train_tokenizer(iter(["abc"]), 300, "<|end|>"))
    given = [f"tokenizer.path={tmp_path}/tokenizer.json", "tokenizer.train_vocabulary=0"]
    with pytest.raises(TokenizerError, match="</s>"):
        ask(load_manifest(path, given))
    assert ask(load_manifest(path, [*given, "tokenizer.end_of_document=<|end|>"])).models["tokenizer"].sha256


def test_a_list_is_held_to_its_pin(path: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.warc.gz")
    (tmp_path / "lock.toml").write_text(f'[inputs]\n"{tmp_path}/list" = "{"0" * 64}"\n')
    with pytest.raises(StorageError, match="but the lock demands 000"):
        ask(load_manifest(path, [f"sources.web.lists=['{tmp_path}/list']", f"lock={tmp_path}/lock.toml"]))


def test_a_lock_may_lie_where_runs_do(path: Path) -> None:
    RunFolder("memory://earlier").write("lock.toml", f'[inputs]\n"web/a.gz" = "{"1" * 64}"\n'.encode())
    manifest = load_manifest(path, ["lock=memory://earlier/lock.toml"])
    assert ask(manifest).pins == {"web/a.gz": "1" * 64}


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no such lock"), ("[", "cannot be read"), ("inputs = 1", "tables")]
)
def test_what_is_no_lock_is_told(path: Path, tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "lock.toml").write_text(content)
    with pytest.raises(ManifestError, match=f"lock.toml.*{said}"):
        ask(load_manifest(path, [f"lock={tmp_path}/lock.toml"]))
