"""Functions of a customer's age, or of a time, that are smooth, computed at a few and interpolated to all others.

Expected purchases are an integral for each distinct (x, T): tens of thousands of them where customers come every day.
In ln(scale + T) they are analytic to a distance of pi from the axis, so that a polynomial through a few Chebyshev
points gives all ages of one x to rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial.chebyshev import chebpts1, chebvander
from numpy.typing import NDArray

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.models.numerics.distinct import run_starts

SETTLED = 1e-12  # of the smallest value: the last coefficients of a polynomial that needs no higher ones
NEGLIGIBLE = 1e-9  # the same, of the largest value
MOST_POINTS = 400  # beyond which rounding, and no want of points, keeps a polynomial from settling


def interpolated_in_age(
    function: Callable[[Vector, Vector], Vector],
    x: Vector,
    T: Vector,
    scale: float,
    settled: float = SETTLED,
    least: float = 0.0,
) -> Vector:
    """function(x, T) for each row to a relative error of about ten times `settled`, of values below `least` of that.

    function(x, T) * (scale + T) should be analytic in ln(scale + T) to a distance of pi. Where a few points do not
    settle it, more are taken, until computing row by row is less work. It may return several values for each row, on
    axes before that of the rows.
    """
    found = InAge.of(function, x, T, scale, settled, least)
    return function(x, T) if found is None else found.values()


def interpolated_in_log(
    function: Callable[[Vector], Matrix], evened: Callable[[Vector], Matrix], time: Vector, n_points: int
) -> Matrix | None:
    """Several functions at many times above 0, shape (functions, times), to a relative error of about 1e-11.

    function(time) * evened(time) should be analytic in ln(time) to a distance of about pi, and of like size at all
    times. Where `n_points`, and four more for each factor e of time, do not settle it, half as many again are taken;
    None where computing each is less work.
    """
    position = np.log(time / time.min())
    longest = float(position.max())
    n_points += int(4 * longest)
    while n_points < min(time.size, MOST_POINTS) and longest > 0:
        at = time.min() * np.exp((chebpts1(n_points) + 1) / 2 * longest)
        values = function(at) * evened(at)
        coefficients = values @ _to_coefficients(n_points).T
        if (np.abs(coefficients[:, -3:]).max(axis=1) <= SETTLED * np.abs(values).min(axis=1)).all():
            return np.asarray(coefficients @ chebvander(2 * position / longest - 1, n_points - 1).T / evened(time))
        n_points += n_points // 2
    return None


def summed_in_age(
    function: Callable[[Vector, Vector], Matrix],
    weights: Callable[[Vector], Matrix],
    x: Vector,
    T: Vector,
    scale: float,
    settled: float = SETTLED,
) -> Vector:
    """The sum of the several values of function(x, T) for each row, each times its weight at the age T.

    Only the values are interpolated, so that the weights may have steps and kinks. Shapes (values, rows) and (values,
    ages).
    """
    found = InAge.of(function, x, T, scale, settled)
    if found is None:
        return np.asarray(np.einsum("vr,vr->r", function(x, T), weights(T)))
    return found.summed(weights)


@dataclass(frozen=True, eq=False)
class InAge:
    """A function of (x, T) times (scale + T) as sums of Chebyshev polynomials in ln(scale + T), one for each x.

    Attributes
    ----------
    coefficients : shape (..., counts, polynomials), several values of the function on the axes before
    ages : the distinct ones
    scaled : scale + age of each
    basis : the polynomials at each age
    of_count, of_age : which distinct x and which age each row has
    """

    coefficients: NDArray[np.float64]
    ages: Vector
    scaled: Vector
    basis: Matrix
    of_count: Positions
    of_age: Positions

    @classmethod
    def of(
        cls,
        function: Callable[[Vector, Vector], NDArray[np.float64]],
        x: Vector,
        T: Vector,
        scale: float,
        settled: float,
        least: float = 0.0,
    ) -> "InAge | None":
        """As exact as `interpolated_in_age` says; None where computing row by row is less work."""
        counts, of_count = np.unique(x, return_inverse=True)
        ages, of_age = np.unique(T, return_inverse=True)
        position = np.log((scale + ages) / (scale + ages[:1]))
        n_points = 14 + int(4 * position.max(initial=0.0))
        while counts.size * n_points < x.size and n_points < MOST_POINTS:
            points = (chebpts1(n_points) + 1) / 2 * position[-1]
            at = (scale + ages[0]) * np.exp(points) - scale
            values = function(np.repeat(counts, n_points), np.tile(at, counts.size))
            values = values.reshape(*values.shape[:-1], counts.size, n_points) * (scale + at)
            coefficients = values @ _to_coefficients(n_points).T
            last = np.abs(coefficients[..., -3:]).max(axis=-1)
            if (last <= settled * np.maximum(np.abs(values).min(axis=-1), least * scale)).all():
                basis = chebvander(2 * position / position[-1] - 1, n_points - 1)
                return cls(coefficients, ages, scale + ages, basis, of_count, of_age)
            n_points *= 2
        return None

    def values(self) -> NDArray[np.float64]:
        """The function of each row."""
        scaled = np.einsum("...ij,ij->...i", self.coefficients[..., self.of_count, :], self.basis[self.of_age])
        return np.asarray(scaled / self.scaled[self.of_age])

    def summed(self, weights: Callable[[Vector], Matrix]) -> Vector:
        """The sum of the several values of each row, times weights of its age."""
        weight, total = weights(self.ages) / self.scaled, np.empty(self.of_count.size)
        in_order = np.argsort(self.of_count, kind="stable")
        for count, rows in enumerate(np.split(in_order, run_starts(self.of_count[in_order])[1:])):
            at = self.of_age[rows]
            values = self.coefficients[:, count] @ self.basis[at].T
            total[rows] = np.einsum("vr,vr->r", values, weight[:, at])
        return total


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Functions on (0, longest), several for each of some kinds of rows, as sums of Chebyshev polynomials.

    Attributes
    ----------
    coefficients : shape (functions, kinds, polynomials)
    longest : of each kind
    kind : of each row
    """

    coefficients: NDArray[np.float64]
    longest: Vector
    kind: Positions

    @classmethod
    def of(
        cls, function: Callable[[Matrix], NDArray[np.float64]], longest: Vector, kind: Positions, n_points: int
    ) -> "Interpolated":
        """Of analytic functions to an error of about 1e-9 of their largest value, in that many points or more.

        `function` takes positions, in one row for each kind, and returns their values, one such table per function.
        """
        n_points += int(longest.max(initial=0.0))
        while True:
            values = function((chebpts1(n_points) + 1) / 2 * longest[:, None])
            coefficients = values @ _to_coefficients(n_points).T
            last = np.abs(coefficients[..., -3:]).max(axis=-1)
            if (last <= NEGLIGIBLE * np.abs(values).max(axis=-1)).all() or n_points > MOST_POINTS:
                return cls(coefficients, longest, kind)
            n_points += n_points // 2

    def basis(self, positions: Vector) -> Matrix:
        """The polynomials at a position of each row: what to weigh the coefficients with."""
        longest = np.where(self.longest > 0, self.longest, 1.0)
        inside = np.minimum(2 * positions / longest[self.kind] - 1, 1.0)
        return np.asarray(chebvander(inside, self.coefficients.shape[-1] - 1))

    def combined(self, weights: Matrix) -> Matrix:
        """The functions of each row, at the position of the basis, or summed over those of several."""
        return np.asarray(np.einsum("jrn,rn->jr", self.coefficients[:, self.kind], weights))


@lru_cache(maxsize=64)
def _to_coefficients(n: int) -> Matrix:
    """What turns values at the `n` Chebyshev points into coefficients of Chebyshev polynomials."""
    coefficients = chebvander(chebpts1(n), n - 1).T * (2 / n)
    coefficients[0] /= 2
    return np.asarray(coefficients)
