"""NBD: customers buy at their own rates and never leave. The baseline for models with dropout.

[1] Ehrenberg (1959), "The pattern of consumer purchases", Applied Statistics 8(1), 26-41.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from clvlab.arrays import Counts, Vector
from clvlab.models.negative_binomial import by_moments, log_buying, log_probability
from clvlab.models.numerics.jets import Number
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_model import BUYING, PurchaseModel
from clvlab.models.uncertainty import log_logistic


@dataclass(frozen=True)
class Nbd(PurchaseModel):
    """A fitted NBD model.

    Attributes
    ----------
    r, alpha : purchase rates are Gamma(r, alpha), alpha in time units

    Examples
    --------
    >>> import polars as pl
    >>> model = Nbd(0.385, 12.07, time_unit="week")
    >>> customer = pl.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> model.expected_purchases(customer, "39 weeks").round(2)
    array([1.83])
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha")
    meanings: ClassVar[tuple[str, ...]] = (BUYING, BUYING)

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        r, alpha = parameters
        return log_buying(r, alpha, population)

    @classmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """A logistic prior of ln r."""
        del population
        return log_logistic(log_parameters[0])

    @staticmethod
    def starting_point(population: Population) -> Vector:
        return np.array(by_moments(population))

    def p_alive_given(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        del x, t_x  # Nobody leaves.
        return np.ones_like(T)

    def purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        return (self.r + x) / (self.alpha + T) * t

    def rate_if_alive(self, x: Vector, T: Vector) -> Callable[[Vector], Vector]:
        return lambda _u: (self.r + x) / (self.alpha + T)

    def pmf_if_alive(self, n: int, t: float, x: Vector, T: Vector) -> Vector:
        return np.exp(log_probability(n, t, self.r + x, self.alpha + T))

    def draw_if_alive(self, random: np.random.Generator, t: Vector, x: Vector, T: Vector) -> tuple[Counts, Vector]:
        count = random.poisson(random.gamma(self.r + x, 1 / (self.alpha + T)) * t)
        return count, np.where(count > 0, t * random.beta(np.maximum(count, 1), 1), 0.0)
