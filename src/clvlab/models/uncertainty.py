"""Draws of a model's parameters: how far the data leave them open.

Draws are in proportion to the likelihood of the log-parameters times a weak prior: where the data identify the
parameters it does not matter, and where they do not, as when hardly anybody is seen to leave, it keeps the draws from
wandering off to where the likelihood is as flat as it is high. They come by adaptive importance sampling. With more
than `MOST_DISTINCT` distinct customers candidates are weighed by a coarser population, put right to second order. The
bootstrap asks instead what other samples of customers would have given.

[1] Tierney & Kadane (1986), "Accurate approximations for posterior moments and marginal densities".
[2] Rubin (1987), "The calculation of posterior distributions by data augmentation: comment" (sampling, importance,
    resampling).
[3] Efron & Tibshirani (1993), "An Introduction to the Bootstrap".
[4] Gelman (2006), "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1(3), on
    why a flat prior on what customers differ by is not weak.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Vector
from clvlab.displays import Displayed, listed, number
from clvlab.errors import ConvergenceError, ParamsError
from clvlab.models.numerics import importance, maximum
from clvlab.models.numerics.jets import Number, exp, log1p, value_of
from clvlab.models.numerics.maximum import CorrectedLikelihood, Drawable

Method = Literal["likelihood", "bootstrap"]

MOST_DISTINCT = 5_000
CANDIDATES = 2  # candidates of a round for each draw
ENOUGH, FEWEST = 1 / 2, 1 / 10  # effective draws for each draw: at which to stop, and below which not to rely on them
PRIOR_VARIANCE = np.pi**2 / 3  # of the standard logistic distribution


@dataclass(frozen=True, eq=False)
class Draws(Displayed):
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

    @property
    def _facts(self) -> str:
        return f"{len(self):,} draws of {listed(self.names)} ({self.method}), worth {number(self.effective_size)}"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.intervals()

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


def log_logistic(u: Number) -> Number:
    """Log-density of the standard logistic distribution, up to a constant: the weak prior of a log-parameter.

    It has half its mass within a factor of 3 of 1, and its tails fall as 1 / parameter. In numbers or jets.
    """
    return u - 2 * log_sum(0.0, u)


def log_sum(u: Number, v: Number) -> Number:
    """ln(e^u + e^v), in numbers or jets."""
    larger, smaller = (u, v) if value_of(u) > value_of(v) else (v, u)
    return larger + log1p(exp(smaller - larger))


def from_normal(names: tuple[str, ...], point: Vector, covariance: Matrix, n: int, seed: int) -> Draws:
    """Draws from the normal approximation of the log-parameters about their maximum `point`. [1]

    What the data leave open is as wide as the weak prior.
    """
    normal = np.random.default_rng(seed).standard_normal((n, point.size))
    return Draws(names, point + normal @ np.linalg.cholesky(_bounded(covariance)).T, "laplace", float(n))


def from_likelihood(likelihood: Drawable, point: Vector, covariance: Matrix, n: int, seed: int) -> Draws:
    """Draws in proportion to the likelihood of the log-parameters and their prior. [2]

    Where these are worth fewer than a tenth as many, in spite of all rounds, the normal approximation serves.
    """
    random = np.random.default_rng(seed)
    found = importance.sampled(
        _log_posterior(likelihood, point), point, _bounded(covariance), CANDIDATES * n, ENOUGH * n, random
    )
    if found.effective_size < FEWEST * n:
        return from_normal(likelihood.names, point, covariance, n, seed)
    effective = min(float(n), found.effective_size)
    return Draws(likelihood.names, found.drawn(n, random), "importance", effective)


def from_bootstrap(likelihood: Drawable, point: Vector, n: int, seed: int) -> Draws:
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


def _bounded(covariance: Matrix) -> Matrix:
    """A covariance of log-parameters as if each had been known before to within the prior's spread."""
    precision = np.linalg.inv(covariance) + np.eye(len(covariance)) / PRIOR_VARIANCE
    bounded = np.linalg.inv(precision)
    return np.asarray((bounded + bounded.T) / 2)


def _log_posterior(likelihood: Drawable, point: Vector) -> Callable[[Vector], float]:
    """The function of the log-parameters in proportion to which is drawn; `point` is its likelihood's maximum."""
    if likelihood.n_distinct <= MOST_DISTINCT:
        return likelihood.log_posterior
    coarse = likelihood.coarse()
    corrected = CorrectedLikelihood(coarse, coarse.expand(point), likelihood.expand(point))
    return lambda at: coarse.log_posterior(at) + corrected.correction(at)


def _refitted(likelihood: Drawable, point: Vector, random: np.random.Generator) -> Vector | None:
    """Log-parameters of one bootstrap sample; None where it has no maximum."""
    try:
        return maximum.maximise(likelihood.resampled(random), point).point
    except ConvergenceError:
        return None
