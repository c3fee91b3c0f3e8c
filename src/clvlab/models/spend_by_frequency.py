"""Spend that depends on how often customers buy: Gamma-Gamma next to the mean of a customer's band of frequency.

Gamma-Gamma takes spend for independent of frequency. Let a band's mean be what a repeat purchase of its customers is
worth: what a customer spends relative to that is then much the same in every band, and Gamma-Gamma describes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import polars as pl

from clvlab.arrays import Counts, Positions, Vector
from clvlab.models import purchase_history
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.purchase_history import Customers

BOUNDS = (2, 4, 8)
"""Repeat purchases from which on a customer is of the second, the third and the fourth band."""
SMALLEST_BAND = 30
"""Customers of a band; a smaller one is part of the band next to it."""


@dataclass(frozen=True)
class SpendByFrequency:
    """A fitted model of spend in bands of frequency. There is no unfitted one: call `fit`.

    Attributes
    ----------
    bounds : repeat purchases from which on a customer is of the second band, of the third, ...
    means : what a repeat purchase of each band is worth, in currency; one more than there are bounds
    relative : Gamma-Gamma of what customers spend relative to their band's mean

    Examples
    --------
    Of two customers who spent the same the one who buys often is compared with others who do:

    >>> import polars as pl
    >>> model = SpendByFrequency((2,), (10.0, 40.0), GammaGamma(6.0, 4.0, 0.5))
    >>> customers = pl.DataFrame({"frequency": [0, 1, 3], "monetary_value": [None, 20.0, 20.0]})
    >>> model.expected_spend(customers).round(1)
    array([10. , 16.7, 22.9])
    """

    bounds: tuple[int, ...]
    means: tuple[float, ...]
    relative: GammaGamma

    first_purchases: ClassVar[bool] = False

    @classmethod
    def fit(cls, customers: Customers) -> Self:
        """Fit to the customers with a repeat purchase and a positive mean spend; errors are those of Gamma-Gamma."""
        x, m = purchase_history.read_spend(customers, first_purchases=False).columns
        spends = (x > 0) & (m > 0)
        x, m = x[spends], m[spends]
        bounds = _bounds_of(x)
        band = np.searchsorted(bounds, x, side="right")
        means = np.bincount(band, x * m) / np.bincount(band, x)
        relative = GammaGamma.fit(pl.DataFrame({"frequency": x, "monetary_value": m / means[band]}))
        return cls(bounds, tuple(means.tolist()), relative)

    def expected_spend(self, customers: Customers) -> Vector:
        """Expected value of each customer's future purchases; one per row, NaN for prospects.

        Who has not bought again is of the first band.
        """
        table = purchase_history.read_spend(customers, first_purchases=False)
        x, m = table.columns
        mean = self._mean_of(x)
        return table.spread(mean * self.relative.expected_spend_given(x, m / mean))

    def futures(self, n: int, seed: int) -> list[Self]:
        """The model at `n` draws of the parameters of `relative`: one for each future."""
        return [replace(self, relative=relative) for relative in self.relative.futures(n, seed)]

    def worth(self, random: np.random.Generator, x: Vector, spent: Vector, count: Counts, owner: Positions) -> Vector:
        """What each purchase of one future is worth; see `GammaGamma.worth`."""
        mean = self._mean_of(x)
        return mean[owner] * self.relative.worth(random, x, spent / mean, count, owner)

    def expected_worth(self, x: Vector, spent: Vector) -> Vector:
        """The mean of what `worth` draws for each purchase of a customer."""
        mean = self._mean_of(x)
        return mean * self.relative.expected_worth(x, spent / mean)

    def _mean_of(self, x: Vector) -> Vector:
        """The mean of each customer's band."""
        return np.array(self.means)[np.searchsorted(self.bounds, x, side="right")]


def _bounds_of(x: Iterable[float]) -> tuple[int, ...]:
    """Those of BOUNDS between which, and from which on, there are customers enough.

    >>> _bounds_of([1] * 30 + [3] * 29 + [5] * 30)
    (2,)
    """
    counts, found = np.array(x), [0]
    for bound in BOUNDS:
        below = np.sum((counts >= found[-1]) & (counts < bound))
        if min(below, np.sum(counts >= bound)) >= SMALLEST_BAND:
            found.append(bound)
    return tuple(found[1:])
