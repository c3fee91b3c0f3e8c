"""The number of purchases at a rate ~ Gamma(shape, age): while a customer is active, in every model of the family."""

import numpy as np
from scipy import special

from clvlab.models.jets import Vector


def log_probability(n: int, t: float | Vector, shape: Vector, age: Vector) -> Vector:
    """ln P(n purchases in the next t); -inf for n > 0 in no time."""
    ways = special.gammaln(shape + n) - special.gammaln(shape) - special.gammaln(n + 1)
    log_probability: Vector = ways - shape * np.log1p(t / age) + special.xlogy(n, t / (age + t))
    return log_probability


def upper_tail(n: int, t: float | Vector, shape: Vector, age: Vector) -> Vector:
    """P(at least n purchases in the next t), n >= 1."""
    return np.asarray(special.betainc(n, shape, t / (age + t)))
