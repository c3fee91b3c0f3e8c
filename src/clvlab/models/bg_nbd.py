"""BG/NBD: how often a customer buys, and whether they still do.

A customer buys at Poisson rate lambda while alive and may leave after any repeat purchase with probability p; across
customers lambda ~ Gamma(r, alpha) and p ~ Beta(a, b).

[1] Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24(2), 275-284.
[2] Fader, Hardie & Lee (2008), "Computing P(alive) using the BG/NBD model".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import special

from clvlab.models.family import PurchaseModel
from clvlab.models.jets import Number, Vector, log, log_beta, log_gamma, softplus
from clvlab.models.quadrature import beta_mean
from clvlab.models.tuples import Tuples


@dataclass(frozen=True)
class BgNbd(PurchaseModel):
    """A fitted BG/NBD model.

    Attributes
    ----------
    r, alpha : purchase rates are Gamma(r, alpha), alpha in time units
    a, b : probabilities of leaving after a purchase are Beta(a, b)
    """

    a: float
    b: float

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    @staticmethod
    def _log_likelihood(parameters: Sequence[Number], tuples: Tuples) -> Number:
        """Equation (6) of [1], as the likelihood of being alive times (1 + odds of having left)."""
        r, alpha, a, b = parameters
        x, t_x, T = tuples.columns
        log_age = log(alpha + T)
        purchases = tuples.by_x(lambda x: log_gamma(r + x) - log_gamma(r) + log_beta(a, b + x) - log_beta(a, b))
        alive = purchases + r * log(alpha) - (r + x) * log_age
        left = tuples.by_x(lambda x: log(a) - log(b + np.maximum(x, 1) - 1)) + (r + x) * (log_age - log(alpha + t_x))
        # A customer with no repeat purchase cannot have left.
        return alive + softplus(left) * (x > 0)

    @staticmethod
    def _start(tuples: Tuples) -> Vector:
        return np.array([0.5, 0.5 * tuples.mean(2) / tuples.mean(0), 1.0, 2.0])

    def _p_alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        """1 without a repeat purchase. [2], as log-odds."""
        left = np.log(self.a / (self.b + np.maximum(x, 1) - 1))
        left = left + (self.r + x) * np.log((self.alpha + T) / (self.alpha + t_x))
        return np.where(x == 0, 1.0, special.expit(-left))

    def _purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        return purchases_before_leaving(t, self.r + x, self.alpha + T, self.a, self.b + x)

    def _purchases_new(self, t: float) -> float:
        return float(self._purchases_if_alive(t, np.zeros(1), np.zeros(1))[0])

    def _rate_if_alive(self, u: Vector, x: Vector, T: Vector) -> Vector:
        return purchase_rate(u, self.r + x, self.alpha + T, self.a, self.b + x)


def purchases_before_leaving(t: float, shape: Vector, age: Vector, a: float, b: Vector) -> Vector:
    """E[purchases in the next t], where rate ~ Gamma(shape, age) and a purchase is the last with p ~ Beta(a, b).

    Given both the mean is (1 - e^(-rate p t)) / p; over the rate it is (1 - (1 + p t / age)^-shape) / p. That has the
    same mean over p as equation (10) of [1], without its cancellation near a = 1.
    """

    def given(p: Vector, shape: Vector, age: Vector) -> Vector:
        return -np.expm1(-shape * np.log1p(p * (t / age))) / p

    return beta_mean(given, a, b, shape, age)


def purchase_rate(u: Vector, shape: Vector, age: Vector, a: float, b: Vector) -> Vector:
    """The derivative of `purchases_before_leaving` at t = u: the expected purchases per time unit."""

    def given(p: Vector, shape: Vector, age: Vector, u: Vector) -> Vector:
        return np.exp(-(shape + 1) * np.log1p(p * (u / age)))

    return shape / age * beta_mean(given, a, b, shape, age, u)
