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

WIDTH, HEADS, LAYERS = 64, 4, 2
ROTARY_BASE = 10_000.0


class Block(nn.Module):
    """Attention and a feed-forward network, each before a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.RMSNorm(WIDTH) for _ in range(2))
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = x.shape
        parts = self.qkv(self.norms[0](x)).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        query, key, value = rotate(parts[0], positions), rotate(parts[1], positions), parts[2]
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.feed(self.norms[1](x))


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary embedding of positions that begin anew with each document."""
    half = x.shape[-1] // 2
    angles = positions[:, None, :, None] / ROTARY_BASE ** (torch.arange(half) / half)
    left, right = x[..., :half], x[..., half:]
    return torch.cat([left * angles.cos() - right * angles.sin(), left * angles.sin() + right * angles.cos()], -1)


class Tiny(nn.Module):
    """A decoder whose tokens see what comes before them in their own document."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm, self.head = nn.RMSNorm(WIDTH), nn.Linear(WIDTH, vocabulary, bias=False)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        documents = batch["documents"]
        mask = (documents[:, None, :, None] == documents[:, None, None, :]).tril()
        x = self.embed(batch["input_ids"])
        for block in self.blocks:
            x = block(x, batch["positions"], mask)
        logits: Tensor = self.head(self.norm(x))
        return logits


def loss_of(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """Of every token but the first of a document, which nothing before it tells."""
    ids, first = batch["input_ids"][:, 1:], batch["positions"][:, 1:] == 0
    return F.cross_entropy(model(batch)[:, :-1].flatten(0, 1), ids.masked_fill(first, -100).flatten())


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
    model = Tiny(vocabulary)
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
