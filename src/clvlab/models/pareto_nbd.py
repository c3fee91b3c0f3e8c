"""Pareto/NBD: how often a customer buys, and whether they still do.

A customer buys at Poisson rate lambda while active and leaves at rate mu, whether buying or not; across customers
lambda ~ Gamma(r, alpha) and mu ~ Gamma(s, beta).

[1] Schmittlein, Morrison & Colombo (1987), "Counting your customers: who are they and what will they do next?",
    Management Science 33(1), 1-24.
[2] Fader & Hardie (2005), "A note on deriving the Pareto/NBD model and related expressions".
[3] Fader & Hardie (2014), "Deriving the conditional PMF of the Pareto/NBD model".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from scipy import special

from clvlab.arrays import Counts, Flags, Vector
from clvlab.models.negative_binomial import by_moments, log_buying, log_probability
from clvlab.models.numerics.distinct import DistinctRows, in_chunks
from clvlab.models.numerics.jets import Number, log, log_integral, log_ratio, sum_of, sum_of_log1p_exp, value_of
from clvlab.models.numerics.population import Population
from clvlab.models.numerics.quadrature import count_nodes, legendre
from clvlab.models.purchase_history import PurchaseHistories
from clvlab.models.purchase_model import BUYING, LEAVING, PurchaseModel
from clvlab.models.uncertainty import log_logistic

INTEGRALS_AT_ONCE = 512  # few enough that their nodes stay in the processor's cache
EXACT = (16, 40)  # nodes over the time at which a customer may have left: where that is short, else
TO_DRAW_BY = (8, 20)  # the same for P(alive) within 1e-7 of the exact one: no simulation could tell them apart
SHORT, STEEP = 4.0, 12.0  # it is short within a factor of e^SHORT in time, and of e^STEEP in density
DENSITY_CUT_AT = 40.0  # e^-40: share of its peak at which the density of the time of leaving is cut
SLOWEST = 1e-300  # rate of leaving: Gamma(s) of a small s underflows to 0, through which times cannot be divided
NO_TIME = 1e-300  # stands for an interval of length 0, in which nobody can have left


@dataclass(frozen=True)
class ParetoNbd(PurchaseModel):
    """A fitted Pareto/NBD model.

    With a calendar both rates are by its clock: in high season customers buy more, and leave more readily.

    Attributes
    ----------
    r, alpha : purchase rates are Gamma(r, alpha), alpha in time units
    s, beta : rates of leaving are Gamma(s, beta), beta in time units

    Examples
    --------
    >>> import polars as pl
    >>> model = ParetoNbd(0.553, 10.58, 0.606, 11.67, time_unit="week")
    >>> heavy = pl.DataFrame({"frequency": [26], "recency": [30.86], "T": [31]})
    >>> model.p_alive(heavy).round(3), model.expected_purchases(heavy, "52 weeks").round(1)
    (array([0.998]), array([25.5]))
    """

    s: float
    beta: float

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    meanings: ClassVar[tuple[str, ...]] = (BUYING, BUYING, LEAVING, LEAVING)
    leaving: ClassVar[tuple[str, float] | None] = ("beta", -1.0)

    @classmethod
    def log_likelihood_of(cls, parameters: Sequence[Number], population: Population) -> Number:
        """Section 3 of [2], as the likelihood of being active times (1 + odds of having left)."""
        r, alpha, s, beta = parameters
        total = log_buying(r, alpha, population)
        for block in population.split(INTEGRALS_AT_ONCE):
            staying = s * sum_of(log_ratio(beta, block.columns[2]), block.weight)
            left = sum_of_log1p_exp(log_odds_left(parameters, *block.columns), block.weight)
            total = total + (left - staying)
        return total

    @classmethod
    def log_prior_of(cls, log_parameters: Sequence[Number], population: Population) -> Number:
        """Logistic priors of ln r, of ln s and of ln(T s / beta), the rate of leaving in a mean age T."""
        log_r, _, log_s, log_beta = log_parameters
        log_age = float(np.log(population.mean(2)))
        return log_logistic(log_r) + log_logistic(log_s) + log_logistic(log_age + log_s - log_beta)

    @staticmethod
    def starting_point(population: Population) -> Vector:
        return np.array([*by_moments(population), 0.5, 0.5 * population.mean(2)])

    def p_alive_given(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        return self._p_alive(x, t_x, T, EXACT)

    def p_alive_to_draw_by(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        return self._p_alive(x, t_x, T, TO_DRAW_BY)

    def _p_alive(self, x: Vector, t_x: Vector, T: Vector, n_nodes: tuple[int, int]) -> Vector:
        log_odds = partial(log_odds_left, list(self.parameters.values()), n_nodes=n_nodes)
        return np.asarray(special.expit(-in_chunks(log_odds, x, t_x, T, size=4 * INTEGRALS_AT_ONCE)))

    def _alive(self, table: PurchaseHistories) -> Vector:
        """Once for each distinct history: an integral costs more than looking it up."""
        return DistinctRows.of(table.columns).each(self.p_alive_given)

    def purchases_if_alive(self, t: float, x: Vector, T: Vector) -> Vector:
        """Equation (41) of [2]; the expected time as a customer in a form that holds at s = 1, too."""
        growth = np.log1p(t / (self.beta + T))
        time_left = (self.beta + T) * growth * special.exprel((1 - self.s) * growth)
        return np.asarray((self.r + x) / (self.alpha + T) * time_left)

    def rate_if_alive(self, x: Vector, T: Vector) -> Callable[[Vector], Vector]:
        at_first = (self.r + x) / (self.alpha + T)
        return lambda u: at_first * np.exp(-self.s * np.log1p(u / (self.beta + T)))

    @property
    def rate_steepness(self) -> float:
        return self.s

    def time_scale(self, T: Vector) -> Vector:
        return min(self.alpha, self.beta) + T

    def pmf_if_alive(self, n: int, t: float, x: Vector, T: Vector) -> Vector:
        """Bought n times and still active, or n times before leaving at some time in between. [3]"""
        shape, age, beta = self.r + x, self.alpha + T, self.beta + T
        active: Vector = np.exp(log_probability(n, t, shape, age) - self.s * np.log1p(t / beta))
        if t == 0:
            return active
        left = partial(self._pmf_if_left, n, t)
        return active + in_chunks(left, shape, age, beta, size=INTEGRALS_AT_ONCE)

    def _pmf_if_left(self, n: int, t: float, shape: Vector, age: Vector, beta: Vector) -> Vector:
        """P(n purchases in (T, T + t], and having left within it | alive at T, history)."""
        ways = special.gammaln(shape + n) - special.gammaln(shape) - special.gammaln(n + 1) - n * np.log(age)
        shape, age, beta = shape[:, None], age[:, None], beta[:, None]
        log_time, weights = count_nodes(n, t, shape, age)
        time = np.exp(log_time)
        density = ways[:, None] + n * log_time - (shape + n) * np.log1p(time / age) - self.s * np.log1p(time / beta)
        left: Vector = (weights * time / (beta + time) * np.exp(density)).sum(axis=1)
        return self.s * left

    def draw_if_alive(self, random: np.random.Generator, t: Vector, x: Vector, T: Vector) -> tuple[Counts, Vector]:
        rate = random.gamma(self.r + x, 1 / (self.alpha + T))
        leaving = np.maximum(random.gamma(self.s, 1 / (self.beta + T)), SLOWEST)
        stay = np.minimum(random.exponential(size=x.size) / leaving, t)
        count = random.poisson(rate * stay)
        return count, np.where(count > 0, stay * random.beta(np.maximum(count, 1), 1), 0.0)


def log_odds_left(
    parameters: Sequence[Number], x: Vector, t_x: Vector, T: Vector, n_nodes: tuple[int, int] = EXACT
) -> Number:
    """Log-odds of having left by T, as one integral of a positive function.

        odds = s * integral over tau in (t_x, T) of
               ((alpha + T) / (alpha + tau))^(r + x) * ((beta + T) / (beta + tau))^s / (beta + tau)

    The papers' difference of two 2F1 is the same number, but cancels and overflows. In ln(m + tau), m the smaller of
    alpha and beta, the integrand has no singularity nearer than pi to the interval. `n_nodes` are for a
    short interval and for any other.
    """
    r, alpha, s, beta = parameters
    values = value_of(r), value_of(alpha), value_of(s), value_of(beta)
    if all(isinstance(each, float) for each in parameters):
        return _log_odds_in_numbers(values, x, t_x, T, n_nodes)
    near, length, is_short = _leaving_times(values, x, t_x, T)
    nodes, weights = legendre(n_nodes[0] if is_short.all() else n_nodes[1])
    steps = nodes * length[:, None]
    tau = t_x[:, None] + near[:, None] * np.expm1(steps)
    log_weights = np.log(near * length)[:, None] + np.log(weights) + steps
    x, left = x[:, None], T[:, None] - tau
    density = (r + x) * log_ratio(alpha + tau, left) + s * log_ratio(beta + tau, left) - log(beta + tau)
    return log(s) + log_integral(density, log_weights)


def _log_odds_in_numbers(
    parameters: tuple[float, float, float, float], x: Vector, t_x: Vector, T: Vector, n_nodes: tuple[int, int]
) -> Vector:
    """The same, with the integrand relative to what it is at t_x, where it is largest: half as many logarithms."""
    r, alpha, s, beta = parameters
    near, length, is_short = _leaving_times(parameters, x, t_x, T)
    # Of alpha + tau and beta + tau the smaller is `near` at t_x, and grows as e^steps.
    at_t_x, first = max(alpha, beta) + t_x, np.full(x.shape, s + 1)
    smaller, larger = (r + x, first) if alpha < beta else (first, r + x)
    mean = np.empty(x.shape)
    for n, rows in zip(n_nodes, (is_short, ~is_short), strict=True):
        nodes, weights = legendre(n)
        steps = nodes * length[rows, None]
        grown = (near[rows] / at_t_x[rows])[:, None] * np.expm1(steps)
        fallen = (1 - smaller[rows])[:, None] * steps - larger[rows, None] * np.log1p(grown)
        mean[rows] = np.exp(fallen) @ weights
    since = (r + x) * np.log1p((T - t_x) / (alpha + t_x)) + s * np.log1p((T - t_x) / (beta + t_x))
    return np.asarray(since + np.log(length * mean) + np.log(near / (beta + t_x)) + np.log(s))


def _leaving_times(
    parameters: tuple[float, float, float, float], x: Vector, t_x: Vector, T: Vector
) -> tuple[Vector, Vector, Flags]:
    """Where the integral is worth taking: m + t_x, its length in ln(m + tau), and whether few nodes will do."""
    r, alpha, _, beta = parameters
    # Past this time the density has fallen to a negligible share of its peak.
    with np.errstate(over="ignore"):
        end = np.minimum(T, t_x + (alpha + t_x) * np.expm1(DENSITY_CUT_AT / (r + x)))
    near = min(alpha, beta) + t_x
    length = np.log1p((end - t_x) / near)
    fall = (r + x) * np.log1p((end - t_x) / (alpha + t_x))
    return near, np.maximum(length, NO_TIME), (length < SHORT) & (fall < STEEP)
