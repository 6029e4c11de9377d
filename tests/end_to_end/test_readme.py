"""What the README promises exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from manifests import load_manifest
from pipeline.__main__ import app
from pipeline.chains import chain

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
VERBS = sorted(set(re.findall(r"^ +proofpile ([a-z]+)|`proofpile ([a-z]+)", README, re.MULTILINE)))


def test_its_manifest_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "readme.toml"
    path.write_text(block, "utf-8")
    manifest = load_manifest(path)
    rules = [step.rule for step in chain(manifest.sources[0], {}, "sources.web")]
    assert "math-score" in rules
    assert "perplexity" not in rules


@pytest.mark.parametrize("verb", [first or second for first, second in VERBS])
def test_its_verbs_are_verbs(verb: str) -> None:
    assert verb in get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([a-z-]+)", README)) - {"a"}))
def test_its_make_targets_are_targets(target: str) -> None:
    assert f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([\w./]+)\)", README))))
def test_its_links_lead_somewhere(path: str) -> None:
    assert (ROOT / path).exists()
