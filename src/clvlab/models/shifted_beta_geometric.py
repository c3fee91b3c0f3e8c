"""Shifted-beta-geometric: how long customers keep a contract that they renew or cancel once a period.

At each renewal a customer cancels with probability theta; across customers theta ~ Beta(alpha, beta). Those who
cancel easily are gone first, so that the retention rate of a group grows although nobody's own does.

Symbols: m renewals so far; whoever cancels does so at the next one.

[1] Fader & Hardie (2007), "How to project customer retention", Journal of Interactive Marketing 21(1), 76-90.
[2] Fader & Hardie (2010), "Customer-base valuation in a contractual setting: the perils of ignoring heterogeneity",
    Marketing Science 29(1), 85-93.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from clvlab.arrays import Flags, Vector
from clvlab.errors import DataError
from clvlab.models.discrete import DiscreteModel, check_count, never_ending
from clvlab.models.lifetime_value import check_margin
from clvlab.models.numerics.jets import Number, log_gamma, sum_of
from clvlab.models.numerics.population import Population
from clvlab.models.numerics.quadrature import BetaMean
from clvlab.models.purchase_history import Customers, numbered, with_ids
from clvlab.models.uncertainty import log_logistic, log_sum

CANCELLING = "how readily customers cancel, and how much they differ in it"


@dataclass(frozen=True)
class ShiftedBetaGeometric(DiscreteModel):
    """A fitted shifted-beta-geometric model. There is no unfitted one: call `fit` or `fit_survivors`.

    A table of contracts has the columns `renewals` (how often each was renewed) and `cancelled` (whether it was
    cancelled at the next renewal, rather than running still).

    Attributes
    ----------
    alpha, beta : probabilities of cancelling at a renewal are Beta(alpha, beta)
    period : from one renewal to the next

    Examples
    --------
    The high-end customers of [1]: of 1,000, so many were left after 1, 2 ... 7 years.

    >>> model = ShiftedBetaGeometric.fit_survivors([1000, 869, 743, 653, 593, 551, 517, 491], period="1 year")
    >>> round(model.alpha, 3), round(model.beta, 3)
    (0.668, 3.806)
    >>> model.survival(12).round(3)[-1]
    np.float64(0.378)
    """

    alpha: float
    beta: float

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    meanings: ClassVar[tuple[str, ...]] = (CANCELLING, CANCELLING)
    columns: ClassVar[tuple[str, ...]] = ("renewals", "cancelled")
    start: ClassVar[tuple[float, ...]] = (1.0, 2.0)

    @classmethod
    def fit_survivors(
        cls, survivors: Sequence[float], *, period: str, penalty: float = 0.0, prior: bool = False
    ) -> Self:
        """Fit to how many customers were there at first, and were left after 1, 2 ... renewals.

        DataError unless the numbers fall, or stay, and are at least 2.
        """
        left = np.asarray(survivors, dtype=float)
        if left.size < 2 or not (np.isfinite(left).all() and left[-1] >= 0 and (np.diff(left) <= 0).all()):
            raise DataError(
                f"survivors is {list(survivors)!r:.80}; customers left after each renewal never become more."
            )
        last = left.size - 1
        contracts = pl.DataFrame({"renewals": [*range(last), last], "cancelled": [True] * last + [False]})
        weights = np.append(-np.diff(left), left[-1])
        return cls.fit(contracts, period=period, weights=weights, penalty=penalty, prior=prior)

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """B(alpha + cancelled, beta + m) / B(alpha, beta) of each contract: equations (5) and (6) of [1]."""
        alpha, beta = parameters
        m, cancelled = population.columns
        of_each = log_gamma(alpha + cancelled) + log_gamma(beta + m) - log_gamma(alpha + beta + (m + cancelled))
        of_all = log_gamma(alpha) + log_gamma(beta) - log_gamma(alpha + beta)
        return sum_of(of_each, population.weight) - population.n_customers * of_all

    @classmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Logistic priors of ln(alpha + beta) and of ln(alpha / beta): the mean probability is uniform."""
        del population
        log_alpha, log_beta = log_parameters
        return log_logistic(log_sum(log_alpha, log_beta)) + log_logistic(log_alpha - log_beta)

    @staticmethod
    def impossible(*columns: Vector) -> dict[str, tuple[Flags, str]]:
        """Cancelled is yes or no."""
        return {"cancelled": (columns[1] > 1, "is neither true nor false")}

    def survival(self, n: int) -> Vector:
        """Share of new customers left after 0, 1 ... n renewals. Equation (6) of [1]."""
        return np.cumprod([1.0, *self.retention(n)])

    def retention(self, n: int) -> Vector:
        """Share of those there who renew at the 1st, 2nd ... n-th renewal. Equation (7) of [1]."""
        m = np.arange(check_count("n", n))
        return np.asarray((self.beta + m) / (self.alpha + self.beta + m))

    def p_renewal(self, contracts: Customers) -> Vector:
        """Probability that each contract is renewed next; 0 for cancelled ones."""
        m, cancelled = self.read(contracts).columns
        return (1 - cancelled) * (self.beta + m) / (self.alpha + self.beta + m)

    def expected_renewals(self, contracts: Customers, horizon: int) -> Vector:
        """Expected renewals of each contract at the next `horizon` times; 0 for cancelled ones."""
        return self.discounted_renewals(contracts, horizon, 0.0)

    def discounted_renewals(self, contracts: Customers, horizon: int | None, annual_discount_rate: float) -> Vector:
        """Expected renewals, the next of which is due now and counts in full, each later one (1 + d)^-years.

        Without a horizon (None) all of them: the discounted expected residual lifetime, equation (6) of [2]. 0 for
        cancelled contracts.
        """
        m, cancelled = self.read(contracts).columns
        discount = self.discount(annual_discount_rate)
        if horizon is None:
            return (1 - cancelled) * self._ahead(never_ending(discount), m)
        total, there = np.zeros(m.size), 1 - cancelled
        for i in range(check_count("horizon", horizon)):
            there = there * (self.beta + m + i) / (self.alpha + self.beta + m + i)
            total += there * discount**i
        return total

    def residual_value(
        self,
        contracts: Customers,
        price: float,
        annual_discount_rate: float,
        margin: float = 1.0,
        *,
        horizon: int | None = None,
    ) -> pl.DataFrame:
        """Value each contract just before its next renewal is due, the price being paid at every renewal.

        Parameters
        ----------
        contracts
            renewals, cancelled; a pandas or polars frame
        price
            of a period, in currency
        annual_discount_rate
            effective, 0.10 is 10 % a year
        margin
            share of the price that is kept
        horizon
            number of renewals that count; all of them if None

        Returns
        -------
        customer_id (if the table has it), p_renewal, discounted_renewals, residual_clv (currency)
        """
        check_margin(margin)
        discounted = self.discounted_renewals(contracts, horizon, annual_discount_rate)
        values = pl.DataFrame(
            {
                "p_renewal": self.p_renewal(contracts),
                "discounted_renewals": discounted,
                "residual_clv": discounted * price * margin,
            }
        )
        return with_ids(values, contracts)

    def new_customer_value(self, price: float, annual_discount_rate: float, margin: float = 1.0) -> float:
        """Value of a customer about to subscribe, the first period's price included: what acquisition may cost."""
        check_margin(margin)
        discount = never_ending(self.discount(annual_discount_rate))
        return float(price * margin * (1 + discount * self._ahead(discount, np.zeros(1))[0]))

    def simulate(self, n: int, opportunities: int | ArrayLike, seed: int) -> pl.DataFrame:
        """Simulate `n` contracts of which so many renewals were due: customer_id, renewals, cancelled."""
        random = np.random.default_rng(seed)
        due = np.broadcast_to(np.asarray(opportunities), n)
        theta = np.maximum(random.beta(self.alpha, self.beta, n), np.finfo(float).tiny)
        renewals = np.minimum(random.geometric(theta) - 1, due)
        return pl.DataFrame({"customer_id": numbered(n), "renewals": renewals, "cancelled": renewals < due})

    def _ahead(self, discount: float, m: Vector) -> Vector:
        """Discounted renewals without end: the mean over theta of (1 - theta) / (1 - discount (1 - theta)).

        The paper's 2F1 is the same number.
        """

        def given(theta: Vector) -> Vector:
            return (1 - theta) / ((1 - discount) + discount * theta)

        return BetaMean(self.alpha, self.beta + m)(given)
