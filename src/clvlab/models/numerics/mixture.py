"""Mixtures of normal distributions about 0 that differ in their standard deviation."""

import numpy as np
from scipy import special

from clvlab.arrays import Matrix, Vector

STEPS = 60  # halvings: beyond the last digit


def central_reach(deviations: Matrix, weights: Matrix, level: float) -> Vector:
    """How far to either side of 0 each mixture lies with probability `level`; one mixture per row.

    `weights` are non-negative and add up to 1 in each row.

    >>> central_reach(np.array([[1.0, 1.0]]), np.array([[0.3, 0.7]]), 0.9).round(4)
    array([1.6449])
    """
    low: Vector = np.zeros(len(deviations))
    high: Vector = special.ndtri((1 + level) / 2) * deviations.max(axis=1)
    for _ in range(STEPS):
        middle = (low + high) / 2
        inside = 2 * (weights * special.ndtr(middle[:, None] / deviations)).sum(axis=1) - 1
        low, high = np.where(inside < level, middle, low), np.where(inside < level, high, middle)
    return high
