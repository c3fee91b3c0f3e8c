"""G/NBD: customers buy at their own rates, and all leave with the same odds after any repeat purchase.

A customer buys at Poisson rate lambda ~ Gamma(r, alpha) while active and leaves after a repeat purchase with
probability p = q / (1 + q), so that the number of purchases until then is geometric: BG/NBD without differences in p.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from clvlab.arrays import Counts, Vector
from clvlab.models.negative_binomial import by_moments, log_buying, log_probability, upper_tail
from clvlab.models.numerics.jets import Number, log, log1p, log_ratio, sum_of_log1p_exp
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_model import BUYING, LEAVING, PurchaseModel
from clvlab.models.uncertainty import log_logistic


@dataclass(frozen=True)
class GeometricNbd(PurchaseModel):
    """A fitted G/NBD model.

    Attributes
    ----------
    r, alpha : purchase rates are Gamma(r, alpha), alpha in time units
    q : odds of leaving after a repeat purchase
    """

    q: float

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "q")
    meanings: ClassVar[Mapping[str, str]] = MappingProxyType({"r": BUYING, "alpha": BUYING, "q": LEAVING})
    leaving: ClassVar[tuple[str, float] | None] = ("q", 1.0)

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        r, alpha, q = parameters
        n_purchases = population.n_customers * population.mean(0)
        total = log_buying(r, alpha, population) - n_purchases * log1p(q)
        for block in population.repeaters.blocks:
            x, t_x, T = block.columns
            since = (r + x) * log_ratio(alpha + t_x, T - t_x)
            total = total + sum_of_log1p_exp(since, block.weight, log(q))
        return total

    @classmethod
    def log_prior_of(cls, log_parameters: Vector, population: Population) -> float:
        del population
        return log_logistic(log_parameters[0]) + log_logistic(log_parameters[2])

    @staticmethod
    def starting_point(population: Population) -> Vector:
        return np.array([*by_moments(population), 0.1])

    @property
    def p(self) -> float:
        """Probability of leaving after a repeat purchase."""
        return self.q / (1 + self.q)

    def p_alive_given(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        since = np.log1p((T - t_x) / (self.alpha + t_x))
        return 1 / (1 + (x > 0) * np.exp(np.log(self.q) + np.minimum((self.r + x) * since, 600.0)))

    def purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        return -np.expm1(-(self.r + x) * np.log1p(self.p * t / (self.alpha + T))) / self.p

    def rate_if_alive(self, x: Vector, T: Vector) -> Callable[[Vector], Vector]:
        shape, age = self.r + x, self.alpha + T
        return lambda u: shape / age * np.exp(-(shape + 1) * np.log1p(self.p * u / age))

    def pmf_if_alive(self, n: int, t: float, x: Vector, T: Vector) -> Vector:
        shape, age = self.r + x, self.alpha + T
        active: Vector = (1 - self.p) ** n * np.exp(log_probability(n, t, shape, age))
        return active if n == 0 else active + self.p * (1 - self.p) ** (n - 1) * upper_tail(n, t, shape, age)

    def draw_if_alive(self, random: np.random.Generator, t: Vector, x: Vector, T: Vector) -> tuple[Counts, Vector]:
        chances = random.poisson(random.gamma(self.r + x, 1 / (self.alpha + T)) * t)
        count = np.minimum(chances, random.geometric(max(self.p, np.finfo(float).tiny), x.size))
        last = t * random.beta(np.maximum(count, 1), chances - count + 1)
        return count, np.where(count > 0, last, 0.0)
