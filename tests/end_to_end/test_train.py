"""The quickstart's mixture trains a tiny model, and a training that stopped goes on as if it had not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import QUICKSTART, run

pytest.importorskip("torch", reason="the example trainer needs torch: pip install torch")

from torch import set_num_threads
from train_tiny import train

from pipeline.packed import PackedMixture


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> PackedMixture:
    out = tmp_path_factory.mktemp("train") / "out"
    set_num_threads(1)
    done = run(QUICKSTART, out, "--set", "packed.sequence=256")
    assert done.returncode == 0, done.stderr
    return PackedMixture(out / "packed")


def test_the_quickstarts_mixture_trains_a_tiny_model(mixture: PackedMixture) -> None:
    losses = train(mixture, steps=12)
    assert len(losses) == 12
    assert losses[0] > 8  # 4,096 equally likely tokens: 8.3
    assert losses[-1] < losses[0] - 1


def test_a_training_that_stopped_goes_on_as_if_it_had_not(mixture: PackedMixture, tmp_path: Path) -> None:
    checkpoint = tmp_path / "tiny.pt"
    whole = train(mixture, steps=5)
    assert [*train(mixture, 2, checkpoint=checkpoint), *train(mixture, 5, checkpoint=checkpoint)] == whole


def test_workers_change_nothing(mixture: PackedMixture) -> None:
    assert train(mixture, steps=3, workers=2) == train(mixture, steps=3)
