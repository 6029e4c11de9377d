"""The small transformer: it learns, it is the same with the same seed, and no token sees what it must not."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the transformer needs torch: pip install torch")

import torch

from pipeline.tiny_transformer import TinyTransformer, Transformer

ROWS = np.tile(np.arange(1, 33), (64, 1)).astype("<u2")


def test_it_learns_and_a_seed_makes_it_the_same_again() -> None:
    torch.set_num_threads(1)
    model = Transformer(50, end=0, window=32, width=32, layers=1, batch=4)
    score = model.learn([ROWS], seed=0)
    known, unknown = np.arange(1, 30), np.arange(1, 30)[::-1].copy()
    assert 0 > score(known) > score(unknown)
    assert model.learn([ROWS], seed=0)(known) == score(known)
    assert model.learn([ROWS], seed=1)(known) != score(known)


def test_a_document_longer_than_the_window_is_scored_whole() -> None:
    score = Transformer(50, end=0, window=8, width=16, layers=1).learn([], seed=0)
    ids = np.arange(1, 40)
    parts = [score(ids[start : start + 7]) for start in range(0, len(ids), 7)]
    assert score(ids) == pytest.approx(sum(parts))


def test_a_token_sees_neither_other_documents_nor_what_follows() -> None:
    torch.manual_seed(0)
    model = TinyTransformer(50, width=16)
    ids = torch.tensor([[1, 2, 3, 4, 5, 6]])
    documents, positions = torch.tensor([[0, 0, 0, 1, 1, 1]]), torch.tensor([[0, 1, 2, 0, 1, 2]])
    before = model(ids, documents, positions)
    ids[0, 0], ids[0, 5] = 9, 9
    after = model(ids, documents, positions)
    assert torch.equal(before[0, 3:5], after[0, 3:5])
    assert not torch.equal(before[0, 1], after[0, 1])
