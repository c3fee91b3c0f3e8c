"""Draws of a model's parameters: how far the data leave them open.

The likelihood in the log-parameters is nearly normal about its maximum (Laplace's approximation). On up to
`MOST_DISTINCT` distinct customers the rest is put right by importance sampling: candidates from a distribution with
wider tails are weighed by the likelihood itself, and draws are taken from them in proportion. With more of them the
approximation is as good as exact. The bootstrap asks instead what other samples of customers would have given.

[1] Tierney & Kadane (1986), "Accurate approximations for posterior moments and marginal densities".
[2] Rubin (1987), "The calculation of posterior distributions by data augmentation: comment" (sampling, importance,
    resampling).
[3] Efron & Tibshirani (1993), "An Introduction to the Bootstrap".
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.errors import ConvergenceError, ParamsError
from clvlab.models.numerics import maximum
from clvlab.models.numerics.maximum import Likelihood
from clvlab.models.numerics.population import Population

Method = Literal["likelihood", "bootstrap"]

MOST_DISTINCT = 20_000
CANDIDATES = 2  # candidates for each draw
DEGREES = 8  # of freedom of Student's t, whose tails are wider than the likelihood's


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of a model's parameters.

    Attributes
    ----------
    names : the parameters
    log_values : logarithms of the draws, shape (n, number of parameters)
    method : importance, laplace or bootstrap
    effective_size : how many independent draws these are worth; importance sampling loses some to its weights
    n_failed : bootstrap samples that could not identify the parameters, and were left out
    """

    names: tuple[str, ...]
    log_values: Matrix
    method: str
    effective_size: float
    n_failed: int = 0

    def __len__(self) -> int:
        return len(self.log_values)

    @cached_property
    def data(self) -> pl.DataFrame:
        """One row per draw, one column per parameter."""
        return pl.DataFrame(np.exp(self.log_values), schema=list(self.names), orient="row")

    def intervals(self, level: float = 0.95) -> pl.DataFrame:
        """Central intervals of the parameters: parameter, low, high."""
        low, high = np.exp(np.quantile(self.log_values, tails(level), axis=0))
        return pl.DataFrame({"parameter": self.names, "low": low, "high": high})


def tails(level: float) -> tuple[float, float]:
    """The two quantiles that hold the central `level`; ParamsError unless it lies between 0 and 1.

    >>> tails(0.5)
    (0.25, 0.75)
    """
    if not 0 < level < 1:
        raise ParamsError(f"level is {level}; it must lie between 0 and 1, 0.9 for 90 %.")
    return (1 - level) / 2, (1 + level) / 2


def from_normal(names: tuple[str, ...], point: Vector, covariance: Matrix, n: int, seed: int) -> Draws:
    """Draws from the normal approximation of the log-parameters about their maximum `point`. [1]"""
    normal = np.random.default_rng(seed).standard_normal((n, point.size))
    return Draws(names, point + normal @ np.linalg.cholesky(covariance).T, "laplace", float(n))


def from_likelihood(likelihood: Likelihood, point: Vector, covariance: Matrix, n: int, seed: int) -> Draws:
    """Draws in proportion to the penalised likelihood of the log-parameters. [2]"""
    if likelihood.population.n_distinct > MOST_DISTINCT:
        return from_normal(likelihood.names, point, covariance, n, seed)
    random = np.random.default_rng(seed)
    normal = random.standard_normal((CANDIDATES * n, point.size))
    stretch = np.sqrt(DEGREES / random.chisquare(DEGREES, CANDIDATES * n))
    z = normal * stretch[:, None]
    candidates = point + z @ np.linalg.cholesky(covariance).T
    target = np.array([likelihood.at(each) - likelihood.penalty * float(each @ each) for each in candidates])
    target[~np.isfinite(target)] = -np.inf
    log_weight = target + (DEGREES + point.size) / 2 * np.log1p((z**2).sum(axis=1) / DEGREES)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    effective = min(float(n), 1 / float(weight @ weight))
    return Draws(likelihood.names, candidates[_chosen(weight, n, random)], "importance", effective)


def from_bootstrap(likelihood: Likelihood, point: Vector, n: int, seed: int) -> Draws:
    """Parameters fitted to `n` samples of as many customers, drawn with replacement. [3]

    ConvergenceError if fewer than half of the samples can identify them.
    """
    random = np.random.default_rng(seed)
    fitted = [_refitted(likelihood, point, random) for _ in range(n)]
    found = [each for each in fitted if each is not None]
    if len(found) < n / 2:
        raise ConvergenceError(
            f"Only {len(found)} of {n} bootstrap samples can identify {', '.join(likelihood.names)}: "
            "there are too few customers for this model.",
            likelihood.names,
        )
    return Draws(likelihood.names, np.array(found), "bootstrap", float(len(found)), n - len(found))


def _chosen(weight: Vector, n: int, random: np.random.Generator) -> Positions:
    """`n` positions, each as often as its weight demands, rounded up or down, in random order."""
    steps = (np.arange(n) + random.random()) / n
    return random.permutation(np.searchsorted(np.cumsum(weight), steps).clip(max=weight.size - 1))


def _refitted(likelihood: Likelihood, point: Vector, random: np.random.Generator) -> Vector | None:
    """Log-parameters of one bootstrap sample; None where it has no maximum."""
    population = likelihood.population
    drawn = random.multinomial(round(population.n_customers), population.weight / population.weight.sum())
    there = drawn > 0
    sample = Population(population.columns[:, there], drawn[there].astype(float))
    try:
        return maximum.maximise(replace(likelihood, population=sample), point).point
    except ConvergenceError:
        return None
