"""What BG/NBD and MBG/NBD share: gamma purchase rates, and a beta probability of leaving at each purchase.

They differ in one thing: whether the first purchase, too, can be the last. So all formulas are in terms of the number
of purchases that an active customer has survived: x in BG/NBD, x + 1 in MBG/NBD.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import special

from clvlab.arrays import Counts, Vector
from clvlab.models.negative_binomial import by_moments, log_buying, log_probability, upper_tail
from clvlab.models.numerics.jets import Number, log, log_gamma, log_ratio, sum_of, sum_of_log1p_exp
from clvlab.models.numerics.population import Population
from clvlab.models.numerics.quadrature import BetaMean
from clvlab.models.purchase_model import BUYING, LEAVING, PurchaseModel
from clvlab.models.uncertainty import log_logistic, log_sum

LARGEST_LOG = 690.0  # of odds, which must stay finite


@dataclass(frozen=True)
class BetaGeometric(PurchaseModel):
    """A customer buys at rate lambda ~ Gamma(r, alpha) and leaves at a purchase with probability p ~ Beta(a, b)."""

    a: float
    b: float

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    meanings: ClassVar[tuple[str, ...]] = (BUYING, BUYING, LEAVING, LEAVING)
    leaving: ClassVar[tuple[str, float] | None] = ("a", 1.0)

    @staticmethod
    @abstractmethod
    def survived(x: Vector) -> Vector:
        """Purchases that a customer still active has survived."""

    @staticmethod
    @abstractmethod
    def may_have_left(population: Population) -> Population:
        """The customers who have survived a purchase: nobody leaves but at one."""

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """The likelihood of being active times (1 + odds of having left at the last purchase)."""
        r, alpha, a, b = parameters
        x, weight = population.by_x
        survived = cls.survived(x)
        staying = sum_of(
            log_gamma(b + survived) - log_gamma(b) - (log_gamma(a + b + survived) - log_gamma(a + b)), weight
        )

        total = log_buying(r, alpha, population) + staying
        for block in cls.may_have_left(population).blocks:
            x, t_x, T = block.columns
            level = log(a) - log(b + (cls.survived(x[block.starts]) - 1))
            since = (r + x) * log_ratio(alpha + t_x, T - t_x)
            total = total + sum_of_log1p_exp(since, block.weight, level, block.starts)
        return total

    @classmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Logistic priors of ln r, of ln(a + b) and of ln(a / b): the mean probability of leaving is uniform."""
        del population
        log_r, _, log_a, log_b = log_parameters
        return log_logistic(log_r) + log_logistic(log_sum(log_a, log_b)) + log_logistic(log_a - log_b)

    @staticmethod
    def starting_point(population: Population) -> Vector:
        return np.array([*by_moments(population), 0.5, 2.0])

    def p_alive_given(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        survived = self.survived(x)
        at_last_purchase = (survived > 0) * self.a / (self.b + (np.maximum(survived, 1) - 1))
        log_since = (self.r + x) * np.log1p((T - t_x) / (self.alpha + t_x))
        return 1.0 / (1.0 + at_last_purchase * np.exp(np.minimum(log_since, LARGEST_LOG)))

    def purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        """Given rate and p the mean is (1 - e^(-rate p t)) / p; over the rate it is (1 - (1 + p t / age)^-shape) / p.

        Its mean over p is the papers' difference of 1 and a 2F1, without the cancellation near a = 1.
        """

        def given(p: Vector, shape: Vector, age: Vector) -> Vector:
            return -np.expm1(-shape * np.log1p(p * (t / age))) / p

        return BetaMean(self.a, self.b + self.survived(x))(given, self.r + x, self.alpha + T)

    @property
    def rate_steepness(self) -> float:
        return self.r + self.a

    def rate_if_alive(self, x: Vector, T: Vector) -> Callable[[Vector], Vector]:
        """The derivative of the above at t = u."""

        def given(p: Vector, shape: Vector, age: Vector, u: Vector) -> Vector:
            return np.exp(-(shape + 1) * np.log1p(p * (u / age)))

        mean = BetaMean(self.a, self.b + self.survived(x))
        shape, age = self.r + x, self.alpha + T
        return lambda u: shape / age * mean(given, shape, age, u)

    def pmf_if_alive(self, n: int, t: float, x: Vector, T: Vector) -> Vector:
        """Bought n times and still active, or left at the n-th of at least n purchases."""
        shape, age, b = self.r + x, self.alpha + T, self.b + self.survived(x)
        log_survived = special.betaln(self.a, b + n) - special.betaln(self.a, b)
        active: Vector = np.exp(log_survived + log_probability(n, t, shape, age))
        if n == 0:
            return active
        log_left = special.betaln(self.a + 1, b + n - 1) - special.betaln(self.a, b)
        left: Vector = np.exp(log_left) * upper_tail(n, t, shape, age)
        return active + left

    def draw_if_alive(self, random: np.random.Generator, t: Vector, x: Vector, T: Vector) -> tuple[Counts, Vector]:
        chances = random.poisson(random.standard_gamma(self.r + x) / (self.alpha + T) * t)
        last, count, some = np.zeros(x.size), np.zeros_like(chances), np.flatnonzero(chances)
        p = random.beta(self.a, (self.b + self.survived(x))[some])
        # Beta(a, b) of a small a underflows to 0: nobody leaves.
        count[some] = np.minimum(chances[some], random.geometric(np.maximum(p, np.finfo(float).tiny)))
        # The count-th of `chances` points that fall evenly on (0, t).
        last[some] = t[some] * random.beta(count[some], chances[some] - count[some] + 1)
        return count, last
