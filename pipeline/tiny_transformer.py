"""A small transformer of token ids, by torch, which is an extra: `pip install torch`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

Ids = npt.NDArray[np.generic]

ROTARY_BASE = 10_000.0
WARMUP = 50
"""Steps until the full rate of learning."""


class Block(nn.Module):
    """Attention and a feed-forward network, each behind a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.qkv(self.before(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = rotate(parts[0], positions), rotate(parts[1], positions), parts[2]
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, length, width))
        found: Tensor = x + self.feed(self.between(x))
        return found


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary embedding of positions, which are counted within each document."""
    half = x.shape[-1] // 2
    angles = positions[:, None, :, None] / ROTARY_BASE ** (torch.arange(half, device=x.device) / half)
    left, right = x[..., :half], x[..., half:]
    return torch.cat([left * angles.cos() - right * angles.sin(), left * angles.sin() + right * angles.cos()], -1)


class TinyTransformer(nn.Module):
    """A decoder whose tokens see what comes before them in their own document; its output is logits."""

    def __init__(self, vocabulary: int, width: int = 64, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.RMSNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids: Tensor, documents: Tensor, positions: Tensor) -> Tensor:
        mask = (documents[:, None, :, None] == documents[:, None, None, :]).tril()
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, positions, mask)
        logits: Tensor = self.head(self.norm(x))
        return logits


@dataclass(frozen=True)
class Transformer:
    """Learns sequences of ids as GPT-NeoX reads them: whatever stands before in the sequence is seen."""

    vocabulary: int
    """Entries of the tokenizer."""
    end: int
    """The end-of-document token, behind which a document begins."""
    window: int = 256
    """Tokens that are seen at once."""
    width: int = 128
    layers: int = 4
    batch: int = 16
    """Sequences of a step."""
    rate: float = 2e-3
    """Of learning."""

    def learn(self, sequences: Iterable[Ids], seed: int) -> Callable[[Ids], float]:
        """A model of all rows of `sequences`, each seen once. The score is the decimal logarithm of a document."""
        torch.manual_seed(seed)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = TinyTransformer(self.vocabulary, self.width, layers=self.layers).to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=self.rate)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / WARMUP))
        for rows in sequences:
            for start in range(0, len(rows), self.batch):
                ids = torch.from_numpy(rows[start : start + self.batch].astype(np.int64)).to(device)
                optimizer.zero_grad()
                _losses(model, ids).mean().backward()
                optimizer.step()
                schedule.step()
        model.eval()
        return lambda ids: self._score(model, ids, device)

    def _score(self, model: TinyTransformer, ids: Ids, device: str) -> float:
        windows = (ids[start : start + self.window - 1] for start in range(0, len(ids), self.window - 1))
        total = 0.0
        with torch.no_grad():
            for window in windows:
                seen = torch.tensor([[self.end, *window.tolist()]], device=device)
                total -= _losses(model, seen).sum().item()
        return total / math.log(10)


def _losses(model: TinyTransformer, ids: Tensor) -> Tensor:
    """Of every token but the first, in nats."""
    places = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    logits = model(ids, torch.zeros_like(ids), places)
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
