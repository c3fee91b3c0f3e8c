"""How much two sets of customers differ, with an interval: in the mean of their money, and in the share who bought.

Money is skewed: most customers bring nothing, a few bring most of it, and the control has few of these. Welch's
interval then misses three times too often, to one side. The control was drawn by lot: where contacts change nothing,
any other draw would have been as likely as this one. The interval of the mean is therefore that of the studentised
permutation test [1, 2]. Where contacts change nothing, it holds 0 with its stated probability, exactly, however money
is spread; where they do, it holds the difference in large samples. The interval of shares is Newcombe's, made of
Wilson's for each share [3], which holds in small samples, too.

[1] Janssen (1997), Statistics & Probability Letters 36, 9-21.
[2] Chung & Romano (2013), Annals of Statistics 41, 484-507.
[3] Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
"""

import hashlib
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from clvlab.arrays import Matrix, Vector

LEVEL = 0.95
POWER = 0.8
"""The probability with which a difference is to be found that is said to be large enough."""
N_DRAWS, N_DRAWS_OF_MANY = 1_999, 199
"""With the draw that was made these are 2,000, of which the bounds cut off 50 on either side; or 200, and 5."""
_MANY = 100_000
"""From so many customers on a draw takes long."""
_AT_ONCE = 2_000_000
_Z, _Z_POWER = NormalDist().inv_cdf((1 + LEVEL) / 2), NormalDist().inv_cdf(POWER)


def mean_difference(one: Vector, other: Vector, n_draws: int | None = None) -> tuple[float, float] | None:
    """Bounds of the mean of `one` less that of `other`; None where no two values differ.

    The draws are the same for the same values, in whatever order they come.

    Parameters
    ----------
    one, other
        of two customers or more each
    n_draws
        how many other draws to compare with, with this one a multiple of 40; None is N_DRAWS, or fewer of many
        customers. What the bounds promise, they promise with any number of draws

    >>> low, high = mean_difference(np.array([5.0, 6.0, 7.0, 8.0, 9.0]), np.array([1.0, 2.0, 3.0, 2.0, 1.0]))
    >>> low > 0, low < 5.2 < high
    (True, True)
    """
    pooled = np.sort(np.concatenate([one, other]))
    if pooled[0] == pooled[-1]:
        return None
    n_draws = n_draws or (N_DRAWS if pooled.size < _MANY else N_DRAWS_OF_MANY)
    # Of the smaller one the sums are drawn, of the larger one they are what is left.
    few = min(one, other, key=len)
    sign = 1.0 if few is one else -1.0
    drawn = np.concatenate([_statistics(some, pooled) for some in _draws(pooled, few.size, n_draws)])
    cut = round((n_draws + 1) * (1 - LEVEL) / 2)
    ordered = np.sort(sign * drawn)
    difference, error = float(one.mean() - other.mean()), _error(one, other)
    return difference - error * float(ordered[-cut]), difference - error * float(ordered[cut - 1])


def share_difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float]:
    """Bounds of the share of `one` less that of `other`, each given as (how many did, of how many).

    >>> low, high = share_difference((56, 70), (48, 80))  # table II (a) of [3]
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    (first, first_low, first_high), (second, second_low, second_high) = _wilson(*one), _wilson(*other)
    difference = first - second
    return (
        difference - float(np.hypot(first - first_low, second_high - second)),
        difference + float(np.hypot(first_high - first, second - second_low)),
    )


def smallest_found(spread: float, n_one: int, n_other: int) -> float:
    """The difference that would be found with probability POWER, if values had this standard deviation.

    >>> round(smallest_found(100.0, 900, 100), 1)
    29.5
    """
    return float((_Z + _Z_POWER) * spread * np.sqrt(1 / n_one + 1 / n_other))


def _draws(pooled: Vector, size: int, n_draws: int) -> Iterator[Matrix]:
    """Values of so many customers drawn by lot from all, n_draws times; rows are draws, some at once."""
    # By the values, so that a chance of the draws is not the same in every period and every report.
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(pooled.tobytes()).digest()))
    at_once = max(_AT_ONCE // pooled.size, 1)
    for begin in range(0, n_draws, at_once):
        lots = rng.random((min(at_once, n_draws - begin), pooled.size), dtype=np.float32)
        yield pooled[np.argpartition(lots, size - 1, axis=1)[:, :size]]


def _statistics(drawn: Matrix, pooled: Vector) -> Vector:
    """Of each draw, the difference of its mean from that of all others, in standard errors."""
    n, n_rest = drawn.shape[1], pooled.size - drawn.shape[1]
    total, squares = drawn.sum(axis=1), (drawn**2).sum(axis=1)
    rest, rest_squares = pooled.sum() - total, (pooled**2).sum() - squares
    variance = (squares - total**2 / n) / (n - 1) / n
    rest_variance = (rest_squares - rest**2 / n_rest) / (n_rest - 1) / n_rest
    error = np.sqrt(np.maximum(variance, 0) + np.maximum(rest_variance, 0))
    difference = total / n - rest / n_rest
    statistics: Vector = np.divide(difference, error, out=np.copysign(np.inf, difference), where=error > 0)
    return statistics


def _error(one: Vector, other: Vector) -> float:
    return float(np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size))


def _wilson(did: int, of: int) -> tuple[float, float, float]:
    """A share and Wilson's bounds of it."""
    share, weight = did / of, _Z**2 / of
    middle = (share + weight / 2) / (1 + weight)
    half = _Z * np.sqrt(share * (1 - share) / of + weight / of / 4) / (1 + weight)
    return share, float(middle - half), float(middle + half)
