"""Gamma-Gamma: what a customer spends per purchase.

A customer's purchases have Gamma(p, nu) values; across customers nu ~ Gamma(q, gamma). Spend is independent of how
often the customer buys: a correlation above 0.3 is a warning.

Symbols, as in the papers: x purchases (repeat purchase days), m their mean value.

[1] Fader, Hardie & Lee (2005), "RFM and CLV: Using iso-value curves", Journal of Marketing Research 42(4), 415-430.
[2] Fader & Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from clvlab.arrays import Counts, Positions, Vector
from clvlab.errors import ClvlabWarning, ConvergenceError, DataError
from clvlab.models import purchase_history
from clvlab.models.fitted_model import Estimate, FittedModel, check_penalty
from clvlab.models.numerics import maximum
from clvlab.models.numerics.distinct import in_chunks
from clvlab.models.numerics.jets import Number, log, log1p, log_beta, sum_of
from clvlab.models.numerics.maximum import Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_history import Customers
from clvlab.models.uncertainty import log_logistic, tails

STRONG_CORRELATION = 0.3


@dataclass(frozen=True)
class GammaGamma(FittedModel):
    """A fitted Gamma-Gamma model. There is no unfitted one: call `fit`.

    Attributes
    ----------
    p : shape of one customer's purchase values
    q, gamma : shape and rate of nu across customers; the population's mean spend is p gamma / (q - 1) if q > 1
    first_purchases : whether customers' first purchases count, too, as in `fit`

    Examples
    --------
    A customer with few purchases is drawn towards the population's mean:

    >>> import polars as pl
    >>> model = GammaGamma(6.25, 3.74, 15.44)
    >>> customers = pl.DataFrame({"frequency": [0, 1, 20], "monetary_value": [None, 100.0, 100.0]})
    >>> model.expected_spend(customers).round(1)
    array([35.2, 80.3, 98.6])
    """

    p: float
    q: float
    gamma: float
    first_purchases: bool = field(default=False, kw_only=True)

    names: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")
    meanings: ClassVar[tuple[str, ...]] = (
        "how much a customer's own purchases differ",
        "how much customers differ",
        "how much customers differ",
    )

    @property
    def _facts(self) -> str:
        return super()._facts + ("; first purchases count" if self.first_purchases else "")

    @classmethod
    def fit(
        cls,
        customers: Customers,
        *,
        weights: ArrayLike | None = None,
        penalty: float = 0.0,
        prior: bool = False,
        first_purchases: bool = False,
    ) -> Self:
        """Fit by maximum likelihood to the customers with a purchase that counts and a positive mean spend.

        Parameters
        ----------
        customers
            frequency, monetary_value (null or 0 without a repeat purchase)
        weights
            how many customers each row stands for; 1 by default
        penalty
            subtracts penalty * sum(ln(parameter)^2) from the log-likelihood, gamma in units of the currency
        prior
            whether a weak prior counts, standard logistic distributions of ln p and ln q, so that few customers have
            an answer, too, with wide intervals
        first_purchases
            whether first purchases count, so that a one-time buyer's own is known: read are frequency and
            total_spend, of which returns on other days are taken off, instead of monetary_value. The literature
            leaves them out, since what brings a customer in may be unlike what they buy later

        A customer whose mean spend is 0 cannot come from this model and is left out. ClvlabWarning if frequency and
        spend correlate above 0.3: the model takes them for independent.
        """
        check_penalty(penalty, prior=prior)
        table = purchase_history.read_spend(customers, first_purchases=first_purchases)
        x, m = table.columns
        spends = np.flatnonzero((x > 0) & (m > 0))
        given = table.weights(weights)
        population = Population.of([x[spends], m[spends]], None if given is None else given[spends])
        _refuse_uninformative(population)
        _warn_if_dependent(population)
        likelihood = Likelihood(
            cls.log_likelihood_of, cls.names, population, penalty, cls.meanings, cls.log_prior_of, prior
        )
        start = np.log([3.0, 3.0, 2.0 / 3.0 * population.mean(1)])
        found = maximum.maximise(likelihood, start)
        estimate = Estimate.at(found, likelihood)
        return cls(*np.exp(found.point).tolist(), first_purchases=first_purchases, estimate=estimate)

    @property
    def mean_spend(self) -> float:
        """Mean value of a purchase across the population, p gamma / (q - 1); infinite where q <= 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else np.inf

    def mean_spend_interval(self, level: float = 0.95, n_draws: int = 400, seed: int = 0) -> tuple[float, float]:
        """Where `mean_spend` lies with the probability `level`; high is infinite where q may well be <= 1."""
        means = [model.mean_spend for model in self.futures(n_draws, seed)]
        low, high = np.quantile(means, tails(level), method="inverted_cdf").tolist()
        return low, high

    def expected_spend(self, customers: Customers) -> Vector:
        """Expected value of each customer's future purchases; one per row, NaN for prospects. Equation (5) of [2].

        A customer without a repeat purchase has the population's mean, unless first purchases count; where q <= 1
        that mean does not exist: they have NaN, and a ClvlabWarning says so.
        """
        table = purchase_history.read_spend(customers, first_purchases=self.first_purchases)
        expected = in_chunks(self.expected_spend_given, *table.columns)
        if np.isnan(expected).any():
            warnings.warn(
                f"q is {self.q:.3g}: spend varies so much across customers that its mean does not exist; customers "
                "without a repeat purchase have no expected spend.",
                ClvlabWarning,
                stacklevel=2,
            )
        return table.spread(expected)

    def futures(self, n: int, seed: int) -> list[Self]:
        """The model at `n` draws of its parameters: one for each future."""
        return self.at_draws(self.draws(n, seed))

    def worth(self, random: np.random.Generator, x: Vector, spent: Vector, count: Counts, owner: Positions) -> Vector:
        """What each purchase of one future is worth.

        Parameters
        ----------
        random
            of the future
        x, spent
            repeat purchases so far, and the money spent on those that count, of each customer
        count
            purchases of the future, of each customer
        owner
            of each of these purchases, whose it is
        """
        buys = np.flatnonzero(count)
        nu = np.ones(count.size)
        known = x[buys] + self.first_purchases
        nu[buys] = random.standard_gamma(self.p * known + self.q) / (self.gamma + spent[buys])
        return np.asarray(random.standard_gamma(self.p, owner.size) / nu[owner])

    def expected_worth(self, x: Vector, spent: Vector) -> Vector:
        """The mean of what `worth` draws for each purchase of a customer; NaN where it does not exist."""
        known = x + self.first_purchases
        return self.expected_spend_given(known, spent / np.maximum(known, 1))

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """Log-likelihood of all customers, (x, m) each, in numbers or jets.

        Equation (1a) of [2], with gamma over the money spent so that large terms do not cancel.
        """
        p, q, gamma = parameters
        x, weight = population.by_x
        total = q * log(gamma) * population.n_customers - sum_of(log_beta(p * x, q), weight)
        for block in population.blocks:
            x, (log_spent, log_mean) = block.columns[0], block.log_spent
            of_block = (p * x + q) * log1p(gamma * block.over_spent)
            total = total - (sum_of(of_block, block.weight) + q * log_spent + log_mean)
        return total

    @classmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Logistic priors of ln p and of ln q."""
        del population
        return log_logistic(log_parameters[0]) + log_logistic(log_parameters[1])

    def expected_spend_given(self, x: Vector, m: Vector) -> Vector:
        """E[value of a purchase | x purchases of the mean value m]; NaN where that mean does not exist."""
        spent = np.where(x > 0, x * m, 0.0)
        divisor = self.p * x + (self.q - 1)
        if self.q <= 1:
            divisor[divisor <= 0] = np.nan
        return np.asarray(self.p * (self.gamma + spent) / divisor)


def _refuse_uninformative(population: Population) -> None:
    if population.n_distinct == 0:
        raise DataError(
            "GammaGamma needs customers with a repeat purchase and a positive spend; the table has none.",
            code="no_spenders",
        )
    m = population.columns[1]
    if np.ptp(m) == 0:
        raise ConvergenceError(
            f"All {population.n_customers:g} customers with a repeat purchase spend the same ({m[0]:g}), so that no "
            "parameter of GammaGamma (p, q, gamma) can be identified: expect that spend of everybody.",
            GammaGamma.names,
            code="same_spend",
            customers=population.n_customers,
            spend=float(m[0]),
        )


def _warn_if_dependent(population: Population) -> None:
    apart = population.columns - np.array([[population.mean(0)], [population.mean(1)]])
    (x_x, x_m), (_, m_m) = np.einsum("in,jn,n->ij", apart, apart, population.weight)
    correlation = x_m / np.sqrt(x_x * m_m) if x_x * m_m > 0 else 0.0
    if correlation > STRONG_CORRELATION:
        warnings.warn(
            ClvlabWarning(
                f"Frequency and spend correlate at {correlation:.2f}: Gamma-Gamma takes them for independent, and "
                "will expect too little of frequent buyers.",
                code="dependent",
                correlation=correlation,
            ),
            stacklevel=3,
        )
