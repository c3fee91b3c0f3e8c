"""Quadrature rules: numbers whose weighted sum of a function's values is its mean or integral.

[1] Takahasi & Mori (1974), "Double exponential formulas for numerical integration".
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special

from clvlab.models.jets import Vector

N_DROPOUT = 192
WIDTH = 4.0
NEGLIGIBLE = 44.0  # e^-44: share of the peak at which the tails are cut
SMALLEST_LOG = -600.0  # keeps p above underflow, where the means taken here no longer depend on it
ROWS = 1_024  # worked on at once: few enough that every intermediate stays in the processor's cache


@cache
def legendre(n: int) -> tuple[Vector, Vector]:
    """Gauss-Legendre nodes and weights on (0, 1)."""
    nodes, weights = special.roots_legendre(n)
    return (nodes + 1) / 2, weights / 2


def beta_mean(function: Callable[..., Vector], a: float, b: Vector, *columns: Vector) -> Vector:
    """E[function(p, *columns)] for each row, where p ~ Beta(a, b) and `b` and `columns` have one value per row.

    Relative error below 1e-12 for (1 - (1 + c p)^-k) / p and (1 + c p)^-k with 0 < c <= 1e4, k > 0.
    """
    means = np.empty(b.size)
    for low in range(0, b.size, ROWS):
        part = slice(low, low + ROWS)
        distinct, index = np.unique(b[part], return_inverse=True)
        p, weights = beta_nodes(a, distinct)
        values = function(p[index], *(column[part, None] for column in columns))
        means[part] = np.einsum("ij,ij->i", values, weights[index])
    return means


def beta_nodes(a: float, b: Vector) -> tuple[Vector, Vector]:
    """Nodes p and weights (which sum to 1) for means over Beta(a, b), shape (b.size, N_DROPOUT). [1]

    The integrand may be unbounded at both ends and changes quickly near 0. In ln(p / (1 - p)) = centre +
    WIDTH sinh(s) it is smooth and falls faster than exponentially both ways: the trapezoidal rule converges
    geometrically.
    """
    b = b[:, None]
    low, high = np.arcsinh(_reach(a, b) / WIDTH), np.arcsinh(_reach(b, a) / WIDTH)
    s = (low + high) * np.linspace(0.0, 1.0, N_DROPOUT) - low
    log_odds = np.log(a) - np.log(b) + WIDTH * np.sinh(s)
    log_p, log_q = -np.logaddexp(0.0, -log_odds), -np.logaddexp(0.0, log_odds)
    log_density = a * log_p + b * log_q
    weights = np.exp(log_density - log_density.max(axis=-1, keepdims=True)) * np.cosh(s)
    return np.exp(np.maximum(log_p, SMALLEST_LOG)), weights / weights.sum(axis=-1, keepdims=True)


def _reach(a: float | Vector, b: float | Vector) -> Vector:
    """How far below its peak, in ln(p / (1 - p)), the density of Beta(a, b) becomes negligible."""
    y = NEGLIGIBLE / np.asarray(b, dtype=float)
    return NEGLIGIBLE / a + np.log1p(y + np.sqrt(2 * y))
