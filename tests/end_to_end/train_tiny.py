"""Trains a tiny transformer on a packed mixture: an example of a trainer. It needs torch.

    proofpile run manifests/quickstart.toml --out runs/quickstart --set packed.sequence=256
    python tests/end_to_end/train_tiny.py runs/quickstart/packed --steps 20 --checkpoint tiny.pt

Started again with the same checkpoint and more steps, it goes on as if it had never stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader

from pipeline.packed import PackedMixture, Steps
from pipeline.tiny_transformer import TinyTransformer


def loss_of(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Of every token but the first of a document, which nothing before it tells."""
    ids, first = batch["input_ids"][:, 1:], batch["positions"][:, 1:] == 0
    logits = model(batch["input_ids"], batch["documents"], batch["positions"])
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), ids.masked_fill(first, -100).flatten())


def train(
    mixture: PackedMixture,
    steps: int,
    batch: int = 4,
    workers: int = 0,
    checkpoint: Path | None = None,
    vocabulary: int = 4096,
) -> list[float]:
    """Train up to a step, from the checkpoint if there is one; returns the loss of each step that was taken."""
    torch.manual_seed(0)
    model = TinyTransformer(vocabulary)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    trained = 0
    if checkpoint and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        trained = state["step"]
    losses = []
    batches = DataLoader(mixture, batch_sampler=Steps(len(mixture), batch, step=trained), num_workers=workers)
    for _, found in zip(range(trained, steps), batches, strict=False):
        loss = loss_of(model, found)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if checkpoint:
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": trained + len(losses)}
        torch.save(state, checkpoint)
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packed", help="the folder packed/ of a run")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--vocabulary", type=int, default=4096, help="entries of the tokenizer")
    parser.add_argument("--checkpoint", type=Path)
    asked = vars(parser.parse_args())
    for number, loss in enumerate(train(PackedMixture(asked.pop("packed")), **asked)):
        print(f"{number:6} {loss:.4f}")
