"""Quadrature rules: numbers whose weighted sum of a function's values is its mean or integral.

[1] Takahasi & Mori (1974), "Double exponential formulas for numerical integration".
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special

from clvlab.arrays import Matrix, Vector

STEP = 0.06  # between nodes, in the variable in which the trapezoidal rule works
WIDTH = 4.0  # in ln(p / (1 - p)): nodes are evenly spaced within it, or a narrow peak's own, ever wider beyond
N_COUNT = (32, 96)  # nodes on either side of the peak of a probability of counts: of many, and more of none
TAILS_CUT_AT = 44.0  # e^-44: share of the peak at which the tails are cut
SMALLEST_LOG = -600.0  # keeps p above underflow, where the means taken here no longer depend on it
MEANS_AT_ONCE = 1_024  # few enough that every intermediate stays in the processor's cache


@cache
def legendre(n: int) -> tuple[Vector, Vector]:
    """Gauss-Legendre nodes and weights on (0, 1)."""
    nodes, weights = special.roots_legendre(n)
    return (nodes + 1) / 2, weights / 2


class BetaMean:
    """E[function(p, *columns)] for each row, where p ~ Beta(a, b) and `b` and `columns` have one value per row.

    With 0 < c <= 1e4 and 0 < k <= b + 3, as histories have them, (1 - (1 + c p)^-k) / p has a relative error below
    1e-9, and (1 + c p)^-k an absolute one below 1e-10. The nodes serve any number of functions.
    """

    def __init__(self, a: float, b: Vector) -> None:
        self._parts = [slice(low, low + MEANS_AT_ONCE) for low in range(0, b.size, MEANS_AT_ONCE)]
        self._nodes = [self._nodes_of(a, b[part]) for part in self._parts]

    def __call__(self, function: Callable[..., Vector], *columns: Vector) -> Vector:
        """The mean for each row."""
        means = [
            np.einsum("ij,ij->i", function(p, *(column[part, None] for column in columns)), weights)
            for part, (p, weights) in zip(self._parts, self._nodes, strict=True)
        ]
        return np.concatenate(means) if means else np.empty(0)

    @staticmethod
    def _nodes_of(a: float, b: Vector) -> tuple[Matrix, Matrix]:
        distinct, index = np.unique(b, return_inverse=True)
        p, weights = beta_nodes(a, distinct)
        return p[index], weights[index]


def beta_nodes(a: float, b: Vector) -> tuple[Vector, Vector]:
    """Nodes p and weights (which sum to 1) for means over Beta(a, b), shape (b.size, number of nodes). [1]

    The integrand may be unbounded at both ends and changes quickly near 0. In ln(p / (1 - p)) = centre +
    width sinh(s) it is smooth and falls faster than exponentially both ways: the trapezoidal rule converges
    geometrically. Where a and b are large the density is a narrow peak, and the nodes are as much closer.
    """
    b = b[:, None]
    width = WIDTH / np.sqrt(1 + a * b / (a + b) / 4)
    low, high = np.arcsinh(_reach(a, b) / width), np.arcsinh(_reach(b, a) / width)
    n_nodes = 2 + int((low + high).max() / STEP)
    s = (low + high) * np.linspace(0.0, 1.0, n_nodes) - low
    log_odds = np.log(a) - np.log(b) + width * np.sinh(s)
    log_p, log_q = -np.logaddexp(0.0, -log_odds), -np.logaddexp(0.0, log_odds)
    log_density = a * log_p + b * log_q
    weights = np.exp(log_density - log_density.max(axis=-1, keepdims=True)) * np.cosh(s)
    return np.exp(np.maximum(log_p, SMALLEST_LOG)), weights / weights.sum(axis=-1, keepdims=True)


def count_nodes(n: int, t: float, shape: Vector, age: Vector) -> tuple[Vector, Vector]:
    """Nodes ln(time) and weights for integrals over (0, t) of P(n purchases by then), rate ~ Gamma(shape, age).

    In ln(time / age) that probability is a peak near ln(n / shape), smooth to a distance of pi; Gauss-Legendre on
    either side of it, as far as it is not negligible.
    """
    peak, end = np.log((n + 1) / shape), np.log(t / age)
    high = np.minimum(end, peak + _reach(shape, n + 1))
    low = np.minimum(peak - _reach(n + 1, shape), high - TAILS_CUT_AT / (n + 1))
    middle = np.where(peak < high, peak, (low + high) / 2)
    at_least, of_none = N_COUNT
    # The fewer counts, the longer the tail towards no time.
    nodes, weights = legendre(at_least + of_none // (n + 1))
    log_time = np.concatenate([low + (middle - low) * nodes, middle + (high - middle) * nodes], axis=1) + np.log(age)
    return log_time, np.concatenate([(middle - low) * weights, (high - middle) * weights], axis=1)


def _reach(a: float | Vector, b: float | Vector) -> Vector:
    """How far below its peak, in ln(p / (1 - p)), the density of Beta(a, b) becomes negligible."""
    y_a, y_b = TAILS_CUT_AT / np.asarray(a, dtype=float), TAILS_CUT_AT / np.asarray(b, dtype=float)
    reach: Vector = y_a + np.sqrt(2 * y_a) + np.log1p(y_b + np.sqrt(2 * y_b))
    return reach
