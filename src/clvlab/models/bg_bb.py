"""BG/BB: how often customers act who have one opportunity a period, as donors who are asked once a year.

While active a customer takes each opportunity with probability p, and leaves before each with probability theta;
across customers p ~ Beta(alpha, beta) and theta ~ Beta(gamma, delta).

Symbols, as in the paper [1]:

    x    frequency      opportunities taken since the first purchase       count, >= 0
    t_x  recency        which of them was the last one taken, 0 if x == 0  x <= t_x <= n
    n    opportunities  how many there were                                count, >= 0

[1] Fader, Hardie & Shang (2010), "Customer-base analysis in a discrete-time noncontractual setting", Marketing
    Science 29(6), 1086-1108.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import special

from clvlab.arrays import Flags, Vector
from clvlab.models.discrete import DiscreteModel, check_count, never_ending
from clvlab.models.numerics.jets import Number, log_beta, log_integral, sum_of, sum_of_log1p_exp
from clvlab.models.numerics.population import Population
from clvlab.models.numerics.quadrature import BetaMean
from clvlab.models.purchase_history import Customers, numbered
from clvlab.models.purchase_model import BUYING, LEAVING
from clvlab.models.uncertainty import log_logistic, log_sum

ROWS_AT_ONCE = 512  # few enough that all the times at which they may have left stay in the processor's cache


@dataclass(frozen=True)
class BgBb(DiscreteModel):
    """A fitted BG/BB model. There is no unfitted one: call `fit`.

    A customer table has the columns frequency, recency and opportunities; `clvlab.summarise_opportunities` makes it.

    Attributes
    ----------
    alpha, beta : probabilities of taking an opportunity are Beta(alpha, beta)
    gamma, delta : probabilities of leaving before an opportunity are Beta(gamma, delta)
    period : from one opportunity to the next

    Examples
    --------
    Two donors of [1] who were asked six times, one of whom gave four times, the last at the fifth:

    >>> model = BgBb(1.2035, 0.7497, 0.6567, 2.7834, period="1 year")
    >>> donors = pl.DataFrame({"frequency": [0, 4], "recency": [0, 5], "opportunities": [6, 6]})
    >>> model.expected_purchases(donors, 10).round(2)
    array([0.13, 3.63])
    """

    alpha: float
    beta: float
    gamma: float
    delta: float

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    meanings: ClassVar[tuple[str, ...]] = (BUYING, BUYING, LEAVING, LEAVING)
    columns: ClassVar[tuple[str, ...]] = ("frequency", "recency", "opportunities")
    start: ClassVar[tuple[float, ...]] = (1.0, 1.0, 1.0, 2.0)

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """Equation (5) of [1]: the likelihood of being active times (1 + odds of having left)."""
        alpha, beta, gamma, delta = parameters
        total = -population.n_customers * (log_beta(alpha, beta) + log_beta(gamma, delta))
        for block in population.split(ROWS_AT_ONCE):
            x, t_x, n = block.columns
            active = log_beta(alpha + x, beta + (n - x)) + log_beta(gamma, delta + n)
            total = total + sum_of(active, block.weight)
            silent = np.flatnonzero(n > t_x)
            if silent.size:
                odds = _log_odds_left(parameters, x[silent], t_x[silent], n[silent])
                total = total + sum_of_log1p_exp(odds, block.weight[silent])
        return total

    @classmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Logistic priors of the odds of either mean and of the sums, so that the mean probabilities are uniform."""
        del population
        log_alpha, log_beta, log_gamma, log_delta = log_parameters
        return (
            log_logistic(log_alpha - log_beta)
            + log_logistic(log_sum(log_alpha, log_beta))
            + log_logistic(log_gamma - log_delta)
            + log_logistic(log_sum(log_gamma, log_delta))
        )

    @staticmethod
    def impossible(*columns: Vector) -> dict[str, tuple[Flags, str]]:
        """Nobody takes more opportunities than there were by the last one taken."""
        x, t_x, n = columns
        return {
            "recency": (t_x > n, "is later than the last opportunity"),
            "frequency": ((x > t_x) | ((x == 0) & (t_x > 0)), "does not go with this recency"),
        }

    def p_alive(self, customers: Customers) -> Vector:
        """Probability that each customer is still active at the last opportunity."""
        return self._alive(*self.read(customers).columns)

    def expected_purchases(self, customers: Customers, horizon: int) -> Vector:
        """Expected number of the next `horizon` opportunities that each customer takes. Equation (13) of [1]."""
        return self.discounted_purchases(customers, horizon, 0.0)

    def expected_purchases_new(self, horizon: int) -> float:
        """Expected number of the first `horizon` opportunities that a new customer takes."""
        return float(self.expected_purchases(NEW, horizon)[0])

    def discounted_purchases(self, customers: Customers, horizon: int | None, annual_discount_rate: float) -> Vector:
        """Expected opportunities taken, each worth (1 + d)^-years, the next one being a period away.

        Without a horizon (None) all of them: the discounted expected residual transactions, equation (14) of [1].
        """
        x, t_x, n = self.read(customers).columns
        discount = self.discount(annual_discount_rate)
        taken = self._alive(x, t_x, n) * (self.alpha + x) / (self.alpha + self.beta + n)
        if horizon is None:
            discount = never_ending(discount)

            def given(theta: Vector) -> Vector:
                return discount * (1 - theta) / ((1 - discount) + discount * theta)

            return taken * BetaMean(self.gamma, self.delta + n)(given)
        total, there = np.zeros(x.size), np.ones(x.size)
        for i in range(check_count("horizon", horizon)):
            there = there * (self.delta + n + i) / (self.gamma + self.delta + n + i)
            total += there * discount ** (i + 1)
        return taken * total

    def probability_of_purchases(self, count: int, customers: Customers, horizon: int) -> Vector:
        """Probability that each customer takes exactly `count` of the next `horizon` opportunities."""
        x, t_x, n = self.read(customers).columns
        count, horizon = check_count("count", count), check_count("horizon", horizon)
        alpha, beta, delta = self.alpha + x, self.beta + n - x, self.delta + n
        chance = np.zeros(x.size)
        for stay in range(count, horizon + 1):
            left = special.betaln(self.gamma + (stay < horizon), delta + stay) - special.betaln(self.gamma, delta)
            taken = special.betaln(alpha + count, beta + (stay - count)) - special.betaln(alpha, beta)
            chance += special.comb(stay, count) * np.exp(left + taken)
        alive = self._alive(x, t_x, n)
        return np.asarray(alive * chance + (1 - alive if count == 0 else 0.0))

    def probability_of_purchases_new(self, count: int, horizon: int) -> float:
        """Probability that a new customer takes exactly `count` of the first `horizon` opportunities."""
        return float(self.probability_of_purchases(count, NEW, horizon)[0])

    def simulate(self, n: int, opportunities: int | ArrayLike, seed: int) -> pl.DataFrame:
        """Simulate `n` customers with so many opportunities: customer_id, frequency, recency, opportunities."""
        random = np.random.default_rng(seed)
        given = np.broadcast_to(np.asarray(opportunities), n)
        theta = np.maximum(random.beta(self.gamma, self.delta, n), np.finfo(float).tiny)
        stay = np.minimum(random.geometric(theta) - 1, given)
        p, at = random.beta(self.alpha, self.beta, n), np.arange(1, int(given.max(initial=0)) + 1)
        taken = (random.random((n, at.size)) < p[:, None]) & (at <= stay[:, None])
        recency = (taken * at).max(axis=1, initial=0)
        return pl.DataFrame(
            {"customer_id": numbered(n), "frequency": taken.sum(axis=1), "recency": recency, "opportunities": given}
        )

    def _alive(self, x: Vector, t_x: Vector, n: Vector) -> Vector:
        alive, silent = np.ones(x.size), np.flatnonzero(n > t_x)
        if silent.size:
            parameters = list(self.parameters.values())
            alive[silent] = special.expit(-_log_odds_left(parameters, x[silent], t_x[silent], n[silent]))
        return alive


NEW = pl.DataFrame({name: [0] for name in BgBb.columns})


def _log_odds_left(parameters: Sequence[Number], x: Vector, t_x: Vector, n: Vector) -> Number:
    """Log-odds of having left before one of the opportunities after the last one taken, of which there are some."""
    alpha, beta, gamma, delta = parameters
    later = np.arange(int((n - t_x).max()))
    x, n = np.broadcast_arrays(x[:, None], n[:, None] + 0 * later)
    stayed = t_x[:, None] + later
    with np.errstate(divide="ignore"):
        is_there = np.log((stayed < n).astype(float))
    stayed = np.minimum(stayed, n)
    left = log_beta(alpha + x, beta + (stayed - x)) + log_beta(gamma + 1.0, delta + stayed)
    active = log_beta(alpha + x, beta + (n - x)) + log_beta(gamma, delta + n)
    return log_integral(left - active, is_there)
