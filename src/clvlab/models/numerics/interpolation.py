"""Functions of a customer's age that are smooth, computed at a few ages and interpolated to all others.

Expected purchases are an integral for each distinct (x, T): tens of thousands of them where customers come every day.
In ln(scale + T) they are analytic to a distance of pi from the axis, so that a polynomial through a few Chebyshev
points gives all ages of one x to rounding.
"""

from collections.abc import Callable

import numpy as np
from numpy.polynomial.chebyshev import chebpts1, chebvander

from clvlab.arrays import Matrix, Vector

SETTLED = 1e-12  # of the smallest value: the last coefficients of a polynomial that needs no higher ones


def interpolated_in_age(function: Callable[[Vector, Vector], Vector], x: Vector, T: Vector, scale: float) -> Vector:
    """function(x, T) for each row to a relative error below 1e-11.

    function(x, T) * (scale + T) should be analytic in ln(scale + T) to a distance of pi. Where a few points do not
    settle it, more are taken, until computing row by row is less work.
    """
    counts, of_count = np.unique(x, return_inverse=True)
    ages, of_age = np.unique(T, return_inverse=True)
    position = np.log((scale + ages) / (scale + ages[:1]))
    n_points = 14 + int(4 * position.max(initial=0.0))
    while counts.size * n_points < x.size:
        points = (chebpts1(n_points) + 1) / 2 * position[-1]
        at = (scale + ages[0]) * np.exp(points) - scale
        values = function(np.repeat(counts, n_points), np.tile(at, counts.size)).reshape(counts.size, n_points)
        values *= scale + at
        coefficients = values @ _to_coefficients(n_points).T
        last = np.abs(coefficients[:, -3:]).max(axis=1)
        if (last <= SETTLED * np.abs(values).min(axis=1)).all():
            to_ages = chebvander(2 * position / position[-1] - 1, n_points - 1)
            scaled = np.einsum("ij,ij->i", coefficients[of_count], to_ages[of_age])
            return np.asarray(scaled / (scale + T))
        n_points *= 2
    return function(x, T)


def _to_coefficients(n: int) -> Matrix:
    """What turns values at the `n` Chebyshev points into coefficients of Chebyshev polynomials."""
    coefficients = chebvander(chebpts1(n), n - 1).T * (2 / n)
    coefficients[0] /= 2
    return np.asarray(coefficients)
