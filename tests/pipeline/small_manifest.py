"""A manifest of two sources, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from manifests import load_manifest
from pipeline.asked import ask
from pipeline.corpus import corpus
from pipeline.stages.ingest import Ingest

MANIFEST = """
name = "small"
root = "sample:"
[[sources]]
name = "web"
kind = "warc"
paths = ["web/*.gz"]
[[sources]]
name = "code"
kind = "github"
paths = ["github/*.gz"]
languages = ["coq", "lean"]
[tokenizer]
train_vocabulary = 500
"""


def written(folder: Path) -> Path:
    path = folder / "small.toml"
    path.write_text(MANIFEST)
    return path


def stages(path: Path, *overrides: str) -> list[Any]:
    return corpus(ask(load_manifest(path, overrides)))


def ingest(path: Path, *overrides: str, number: int = 0) -> Ingest:
    found: Ingest = stages(path, *overrides)[number]
    return found
