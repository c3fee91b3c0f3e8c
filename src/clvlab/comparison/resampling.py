"""Customers drawn again and again, and the interval that the draws give a figure."""

from collections.abc import Iterator

import numpy as np

from clvlab.arrays import Vector

_ROUNDS_AT_ONCE = 50
_CELLS_AT_ONCE = 20_000_000  # of the resampling weights: 160 MB


def resamples(n_customers: int, n_rounds: int, seed: int) -> Iterator[Vector]:
    """How often each customer counts in each bootstrap round, shape (some rounds, n_customers), block by block."""
    rng = np.random.default_rng([seed, 2])
    block = min(_ROUNDS_AT_ONCE, max(1, _CELLS_AT_ONCE // n_customers))
    for start in range(0, n_rounds, block):
        rounds = min(block, n_rounds - start)
        drawn = rng.integers(0, n_customers, (rounds, n_customers)) + n_customers * np.arange(rounds)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rounds * n_customers).reshape(rounds, n_customers).astype(float)


def interval(values: Vector, level: float = 0.95) -> tuple[float, float]:
    """Percentiles that run the middle `level` of bootstrap values; NaN where a value is."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
