"""The interval of a mean of money, of which many spent nothing and few spent much.

What a group spends on average is the share who spent times what these spent. The share has a Beta distribution; the
money of those who spent is taken for lognormal, with a level and spread towards which what *all* customers spent
pulls a small group: with the weight of one customer for the level, of ten for the spread. The interval is that of the
product, widened to that of the mean by itself where money is not lognormal after all. Ordinary intervals hold far
too seldom on such money, since the few who spend much are usually not among so few customers; the part `means` of
benchmarks/comparison_verdict.py simulates them all.
"""

from functools import cache
from statistics import NormalDist

import numpy as np

from clvlab.arrays import Matrix, Vector
from clvlab.comparison.resampling import LEVEL

_DRAWS = 4_000
_WEIGHT_OF_LEVEL, _WEIGHT_OF_SPREAD = 1, 10
_MANY = 2_000
"""So many who spent show by themselves how money is spread."""


def mean_interval(values: Vector, everyone: Vector) -> tuple[float, float]:
    """Bounds of the mean of `values`, at 95 %.

    Parameters
    ----------
    values
        of the customers of a group
    everyone
        of all customers, from whom it is known how such values are spread

    Examples
    --------
    Nobody of fifteen spent anything, where a third of all did; that does not prove that such customers never do.

    >>> low, high = mean_interval(np.zeros(15), np.array([0.0, 0.0, 30.0, 50.0, 0.0, 0.0]))
    >>> low < 0.1, 5 < high < 20
    (True, True)

    Reference
    ---------
    Krishnamoorthy & Mathew (2003), "Inferences on the means of lognormal distributions using generalized p-values and
    generalized confidence intervals", J. Stat. Plan. Inference 115; of the sum with losses, Zou & Donner (2008),
    Statistics in Medicine 27, 1693-1702; of a mean, Johnson (1978), JASA 73, 536-544.
    """
    spent, typical = values[values > 0], everyone[everyone > 0]
    low, high = _of_mean(values)
    if not typical.size or spent.size >= _MANY or (everyone > 0).all():
        return low, high
    least, most = _of_product(np.log(spent), values.size, np.log(typical))
    losses = np.minimum(values, 0.0)
    gained, spread = float(values.mean() - losses.mean()), NormalDist().inv_cdf((1 + LEVEL) / 2) * _error(losses)
    mean = float(values.mean())
    return (
        min(low, mean - float(np.hypot(max(gained - least, 0.0), spread))),
        max(high, mean + float(np.hypot(max(most - gained, 0.0), spread))),
    )


def _of_product(logs: Vector, n: int, typical: Vector) -> tuple[float, float]:
    """Bounds of the share who spent times the mean of what they spent."""
    normal, chi_squared, share = _draws(logs.size, n)
    weight = logs.size + _WEIGHT_OF_LEVEL
    level = (logs.sum() + _WEIGHT_OF_LEVEL * typical.mean()) / weight
    squares = ((logs - level) ** 2).sum() + _WEIGHT_OF_LEVEL * (level - typical.mean()) ** 2
    variance = (squares + _WEIGHT_OF_SPREAD * typical.var()) / chi_squared
    money = np.exp(level + normal * np.sqrt(variance / weight) + variance / 2)
    low, high = np.quantile(share * money, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


@cache
def _draws(n_spent: int, n: int) -> Matrix:
    """Standard normal, chi-squared and Beta draws, shape (3, draws)."""
    rng = np.random.default_rng([n_spent, n])
    return np.array(
        [
            rng.standard_normal(_DRAWS),
            rng.chisquare(n_spent + _WEIGHT_OF_SPREAD, _DRAWS),
            rng.beta(n_spent + 0.5, n - n_spent + 0.5, _DRAWS),
        ]
    )


def _of_mean(values: Vector) -> tuple[float, float]:
    """Bounds of a mean by Johnson's t: the side to which the values are skewed reaches further."""
    z, mean, error = NormalDist().inv_cdf((1 + LEVEL) / 2), float(values.mean()), _error(values)
    if error == 0:
        return mean, mean
    skewness = float(((values - mean) ** 3).mean()) / float(values.std()) ** 3
    shift = skewness * (1 + 2 * z**2) / (6 * values.size**0.5)
    return mean + error * (shift - z), mean + error * (shift + z)


def _error(values: Vector) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size))
