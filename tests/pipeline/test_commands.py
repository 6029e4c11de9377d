"""What the verbs say to those who ask for what there is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app

QUICKSTART = Path(__file__).parents[2] / "manifests" / "quickstart.toml"


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--only", "tockens"], "no stage begins with 'tockens'"), (["--workers", "-3"], "--workers")],
)
def test_a_run_that_would_do_nothing_is_refused_before_it_begins(options: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", str(QUICKSTART), "--out", str(tmp_path / "run"), *options])
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "run").exists()
