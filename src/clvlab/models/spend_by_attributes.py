"""Spend that depends on what customers are: Gamma-Gamma, scaled by a factor of each attribute.

A customer with attributes z spends e^(beta'z) times what a customer whose attributes are all at their reference does.
Spend relative to that factor is Gamma-Gamma's, and so is spend itself, on another scale:

    gamma_i = gamma e^(beta'z)

All parameters are fitted at once, since attributes go together, and since a ratio of means would rest on the few
customers who spend most. A weak prior, that a level spends as much as the reference give or take a factor of e, holds
what few customers would have to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from clvlab.arrays import Counts, Matrix, Positions, Vector
from clvlab.errors import ParamsError
from clvlab.models import purchase_history
from clvlab.models.attributes import Attributes
from clvlab.models.covariates import BANDS, smallest_level
from clvlab.models.fitted_model import Estimate
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.numerics import maximum
from clvlab.models.purchase_history import Customers
from clvlab.models.scaled_gamma_gamma import OWN, ScaledGammaGamma
from clvlab.models.uncertainty import from_normal

HELD = 0.5
"""Penalty of a coefficient: a normal prior of standard deviation 1 / sqrt(2 HELD), a factor of e."""


@dataclass(frozen=True, eq=False)
class SpendByAttributes:
    """A fitted model of spend by attributes. There is no unfitted one: call `fit`.

    Attributes
    ----------
    reference : Gamma-Gamma of a customer whose attributes are all at their reference, the most frequent level
    attributes : what is known of customers
    beta : logarithm of the factor of each of their terms
    covariance : of the reference's log-parameters and beta; None for a model that was given its parameters

    Examples
    --------
    Of two customers who spent the same, more is expected of the one whose like spend twice as much:

    >>> import polars as pl
    >>> regions = Attributes({"region": ("north", "south")}, (0.5,), (1.0,))
    >>> model = SpendByAttributes(GammaGamma(6.0, 4.0, 15.0), regions, np.log([2.0]))
    >>> customers = pl.DataFrame({"region": ["north", "south"], "frequency": 1, "monetary_value": 90.0})
    >>> model.expected_spend(customers)
    array([70., 80.])
    """

    reference: GammaGamma
    attributes: Attributes
    beta: Vector
    covariance: Matrix | None = field(default=None, repr=False)

    @property
    def first_purchases(self) -> bool:
        """Whether customers' first purchases count, too."""
        return self.reference.first_purchases

    @classmethod
    def fit(cls, customers: Customers, names: Sequence[str], *, first_purchases: bool = False) -> Self:
        """Fit to the customers with a purchase that counts and a positive mean spend.

        Parameters
        ----------
        customers
            as in `GammaGamma.fit`, and the attributes. Numbers are cut into four bands; levels of less than 2 % of
            the customers who count, or of fewer than 30, are one
        names
            columns of the customer table
        first_purchases
            as in `GammaGamma.fit`

        Raises
        ------
        DataError : an attribute is not there, or the same for all; no customer counts
        ConvergenceError : customers spend too much alike, as in `GammaGamma.fit`
        """
        plain = GammaGamma.fit(customers, first_purchases=first_purchases)
        table = purchase_history.read_spend(customers, first_purchases=first_purchases)
        buyers = purchase_history.table_of(customers).filter(table.is_buyer)
        x, m = table.columns
        counts = (x > 0) & (m > 0)
        # Levels are known of all, and as frequent as they are among those who count.
        attributes = Attributes.of(
            buyers, names, counts.astype(np.float64), bands=BANDS, smallest_level=smallest_level(int(counts.sum()))
        )
        z = attributes.matrix(buyers)[counts]
        likelihood = ScaledGammaGamma(x[counts], m[counts], z, attributes.terms, HELD)
        start = np.concatenate([plain.log_parameters, np.zeros(len(attributes.terms))])
        found = maximum.maximise(likelihood, start)
        estimate = Estimate(likelihood.at(found.point), found.covariance[:OWN, :OWN], likelihood.n_customers)
        reference = replace(_gamma_gamma(found.point, first_purchases=first_purchases), estimate=estimate)
        return cls(reference, attributes, found.point[OWN:], found.covariance)

    def expected_spend(self, customers: Customers) -> Vector:
        """Expected value of each customer's future purchases; one per row, NaN for prospects.

        Who has no purchase that counts has the mean of customers with the same attributes.
        """
        table = purchase_history.read_spend(customers, first_purchases=self.first_purchases)
        x, m = table.columns
        buyers = purchase_history.table_of(customers).filter(table.is_buyer)
        factor = self.factors(self.attributes.matrix(buyers))
        return table.spread(factor * self.reference.expected_spend_given(x, m / factor))

    def futures(self, n: int, seed: int) -> list[Self]:
        """The model at `n` draws of its parameters, by their normal approximation: one for each future."""
        if self.covariance is None:
            raise ParamsError("This SpendByAttributes was given its parameters, not fitted: it knows no errors.")
        point = np.concatenate([self.reference.log_parameters, self.beta])
        names = (*GammaGamma.names, *self.attributes.terms)
        draws, known = from_normal(names, point, self.covariance, n, seed), self.first_purchases
        return [
            replace(self, reference=_gamma_gamma(row, first_purchases=known), beta=row[OWN:], covariance=None)
            for row in draws.log_values
        ]

    def worth(self, random: np.random.Generator, x: Vector, spent: Vector, count: Counts, owner: Positions) -> Vector:
        """What each purchase of one future is worth; see `GammaGamma.worth`.

        All money, given and returned, is relative to the factor of each customer, as `factors` has it.
        """
        return self.reference.worth(random, x, spent, count, owner)

    def expected_worth(self, x: Vector, spent: Vector) -> Vector:
        """The mean of what `worth` draws for each purchase of a customer, all money relative to their factors."""
        return self.reference.expected_worth(x, spent)

    def factors(self, z: Matrix) -> Vector:
        """How many times what the reference does customers with these numbers of attributes spend, of each."""
        return np.asarray(np.exp(z @ self.beta))


@dataclass(frozen=True)
class SpendWithAttributes:
    """A kind of spend model with attributes, to be fitted to customers as they come.

    Attributes
    ----------
    names : columns of the customer table
    first_purchases : whether first purchases count, too
    """

    names: tuple[str, ...]
    first_purchases: bool = False

    def fit(self, customers: Customers) -> SpendByAttributes:
        """Fit a model of this kind; see `SpendByAttributes.fit`."""
        return SpendByAttributes.fit(customers, self.names, first_purchases=self.first_purchases)


def _gamma_gamma(point: Vector, *, first_purchases: bool) -> GammaGamma:
    """The reference of the model with these log-parameters and coefficients."""
    p, q, gamma = np.exp(point[:OWN]).tolist()
    return GammaGamma(p, q, gamma, first_purchases=first_purchases)
