"""The number of purchases at a rate ~ Gamma(shape, age): while a customer is active, in every model of the family."""

import numpy as np
from scipy import special

from clvlab.arrays import Vector
from clvlab.models.numerics.jets import Number, log, log_gamma, sum_of
from clvlab.models.numerics.population import Population

SMALLEST_SHAPE, LARGEST_SHAPE = 0.05, 20.0  # to start from: what a few odd customers can make of the moments


def log_buying(r: Number, alpha: Number, population: Population, per_purchase: int = 1) -> Number:
    """Log-likelihood of all customers' purchases, of so many events each, if all were active until their ages T."""
    x, weight = population.by_x
    counts = sum_of(log_gamma(r + per_purchase * x) - log_gamma(r) + r * log(alpha), weight)
    over_customers, over_purchases = 0.0, 0.0
    for block in population.blocks:
        log_age = log(alpha + block.columns[2])
        over_customers = sum_of(log_age, block.weight) + over_customers
        over_purchases = sum_of(log_age, block.weight * block.columns[0]) + over_purchases
    return counts - r * over_customers - per_purchase * over_purchases


def by_moments(population: Population) -> tuple[float, float]:
    """r and alpha that give the purchases their mean and variance, if all customers were active and of one age.

    Without any purchase: one in a mean age.
    """
    x, weight = population.by_x
    mean = population.mean(0)
    if mean == 0:
        return 1.0, population.mean(2)
    excess = float(weight @ (x - mean) ** 2 / population.n_customers) - mean
    r = max(mean**2 / max(excess, mean**2 / LARGEST_SHAPE), SMALLEST_SHAPE)
    return r, r * population.mean(2) / mean


def log_probability(n: int | Vector, t: float | Vector, shape: Vector, age: Vector) -> Vector:
    """ln P(n purchases in the next t); -inf for n > 0 in no time."""
    ways = special.gammaln(shape + n) - special.gammaln(shape) - special.gammaln(n + 1)
    log_probability: Vector = ways - shape * np.log1p(t / age) + special.xlogy(n, t / (age + t))
    return log_probability


def upper_tail(n: int | Vector, t: float | Vector, shape: Vector, age: Vector) -> Vector:
    """P(at least n purchases in the next t), n >= 1."""
    return np.asarray(special.betainc(n, shape, t / (age + t)))
