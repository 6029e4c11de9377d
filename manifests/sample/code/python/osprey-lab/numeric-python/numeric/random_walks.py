"""Exact and simulated first returns of the simple random walk."""

from math import comb

import numpy as np
from scipy.stats import binom


def return_probability(steps):
    """P(the walk is at the origin after `steps` steps)."""
    return 0.0 if steps % 2 else comb(steps, steps // 2) / 2**steps


def first_return_probability(steps):
    """From u = 1 + u·f for the generating functions: f(2n) = u(2n) / (2n - 1)."""
    return return_probability(steps) / (steps - 1) if steps > 0 else 0.0


def simulate(walks, steps, seed=0):
    """The share of walks that have returned within `steps` steps."""
    moves = np.random.default_rng(seed).choice((-1, 1), size=(walks, steps))
    return float((np.cumsum(moves, axis=1) == 0).any(axis=1).mean())


if __name__ == "__main__":
    horizon = 100
    exact = sum(first_return_probability(k) for k in range(2, horizon + 1, 2))
    print(f"exact {exact:.4f}, simulated {simulate(20_000, horizon):.4f}")
    # The complement is the probability of being at the origin at the end.
    print(1 - exact, return_probability(horizon), binom.pmf(horizon // 2, horizon, 0.5))
