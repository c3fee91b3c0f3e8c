"""The one place where likelihoods are maximised, and where the result is judged.

A model states its log-likelihood; `maximise` finds the maximum by Newton's method on the log-parameters, with the
exact gradient and Hessian. Many customers are first taken together where they are nearly equal: the maximum of that
coarser population is near, and one expansion of the whole population's likelihood puts the rest right, to an error
that is estimated and bounded. [1]

What was found is judged by the gradient, the Hessian and the distance to the boundary, never by how the search ended.
Where the data cannot identify a parameter it says which, within bounded work.

[1] Jordan, Lee & Yang (2019), "Communication-efficient distributed statistical inference", JASA 114(526), 668-681.
    `CorrectedLikelihood` is their surrogate likelihood, taken to second order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from clvlab.arrays import Matrix, Vector
from clvlab.errors import ConvergenceError
from clvlab.models.numerics import jets
from clvlab.models.numerics.jets import Number
from clvlab.models.numerics.population import Population

MAX_STEPS = 100
LONGEST_STEP = 2.0  # in log-parameters: none changes more than e^2-fold at once
FARTHEST = 14.0  # in log-parameters: a maximum a million-fold away from a sensible start is not one
FARTHEST_DRAW = 46.0  # in log-parameters, e^46 = 1e20: beyond it digits are lost, and no prior has any mass
STATIONARY = 1e-7  # in log-parameters: length of the Newton step at a maximum
NEARLY = 1e-3  # the same, where rounding allows no further progress
EXACT = 1e-7  # in log-parameters: error of a maximum found by way of a coarser population
MANY_DISTINCT = 5_000  # customers: with more of them a coarser population saves time, as README.md has measured


class Expandable(Protocol):
    """A function of parameters that range over all numbers."""

    def expand(self, point: Vector) -> "Expansion":
        """Value, gradient and Hessian at a point."""


class Objective(Expandable, Protocol):
    """What can be maximised: the log-likelihood of a population, in parameters that range over all numbers."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters."""

    @property
    def n_customers(self) -> float:
        """How many customers the population has."""

    @property
    def n_distinct(self) -> int:
        """How many of them differ."""

    @property
    def meanings(self) -> tuple[str, ...]:
        """What the parameters say, in their order, as far as words are known."""

    def coarse(self) -> Self:
        """The same for fewer distinct customers, each for all those near."""


class Drawable(Objective, Protocol):
    """A log-likelihood whose parameters can be drawn."""

    def log_posterior(self, point: Vector) -> float:
        """What draws are in proportion to, up to a constant; -inf out of all proportion."""

    def resampled(self, random: np.random.Generator) -> Self:
        """The same of as many customers, drawn with replacement."""


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The log-likelihood of a population as a function of the log-parameters.

    Attributes
    ----------
    total : (parameters, population) -> log-likelihood of all customers; the same lines serve numbers and jets
    names : the parameters, all positive
    population : the customers
    penalty : subtracted is penalty * sum(ln(parameter)^2), parameters in the data's own units
    meanings : what the parameters say, in their order, for the message where they cannot be identified
    log_prior : (log-parameters, population) -> log-density of a weak prior, in numbers or jets, which draws follow
        where the data do not say. A penalty takes its place
    has_prior : whether the prior moves the maximum, too
    """

    total: Callable[[Sequence[Number], Population], Number]
    names: tuple[str, ...]
    population: Population
    penalty: float = 0.0
    meanings: tuple[str, ...] = ()
    log_prior: Callable[[Sequence[Number], Population], Number] | None = None
    has_prior: bool = False

    @property
    def n_customers(self) -> float:
        """Sum of the weights."""
        return self.population.n_customers

    @property
    def n_distinct(self) -> int:
        """Number of distinct customers."""
        return self.population.n_distinct

    def coarse(self) -> Self:
        """The likelihood of the same customers, those near one another taken for their mean."""
        return replace(self, population=self.population.coarse())

    def resampled(self, random: np.random.Generator) -> Self:
        """The likelihood of as many customers, drawn with replacement."""
        weight = self.population.weight
        drawn = random.multinomial(round(self.n_customers), weight / weight.sum())
        return replace(self, population=self.population.with_weight(drawn.astype(float)))

    def at(self, point: Vector) -> float:
        """Log-likelihood of the population at the log-parameters `point`, without the penalty."""
        return float(self.total(np.exp(point).tolist(), self.population))

    def log_posterior(self, point: Vector) -> float:
        """What draws of the log-parameters are in proportion to, up to a constant; -inf out of all proportion."""
        if np.abs(point).max() > FARTHEST_DRAW:
            return -np.inf
        if self.penalty or self.log_prior is None:
            return self.at(point) - self.penalty * float(point @ point)
        return self.at(point) + float(self.log_prior(point.tolist(), self.population))

    def expand(self, point: Vector) -> "Expansion":
        """The log-likelihood with penalty or prior, its gradient and its Hessian in the log-parameters."""
        values = np.exp(point)
        value, slope, curvature = jets.expanded(self._with_prior(jets.variables(values)), point.size)
        gradient = values * slope
        return Expansion(
            point,
            value - self.penalty * float(point @ point),
            gradient - 2 * self.penalty * point,
            np.outer(values, values) * curvature + np.diag(gradient - 2 * self.penalty),
        )

    def without_prior(self, found: "Expansion") -> float:
        """The log-likelihood alone where `found` is the expansion of all that is maximised."""
        value = found.value + self.penalty * float(found.point @ found.point)
        if self.has_prior and self.log_prior is not None:
            value -= float(self.log_prior(found.point.tolist(), self.population))
        return value

    def _with_prior(self, parameters: Sequence[Number]) -> Number:
        total = self.total(parameters, self.population)
        if self.has_prior and self.log_prior is not None:
            total = total + self.log_prior([jets.log(each) for each in parameters], self.population)
        return total


@dataclass(frozen=True, eq=False)
class Expansion:
    """The penalised log-likelihood about a point, to second order."""

    point: Vector
    value: float
    gradient: Vector
    hessian: Matrix

    @cached_property
    def newton_step(self) -> Vector:
        """The step to the maximum of the quadratic; uphill, and of bounded length, where there is none."""
        curvature, axes = np.linalg.eigh(-self.hessian)
        flattest = max(float(np.abs(curvature).max()) * 1e-14, 1e-300)
        step: Vector = axes @ ((axes.T @ self.gradient) / np.maximum(np.abs(curvature), flattest))
        return step / max(1.0, float(np.abs(step).max()) / LONGEST_STEP)

    @property
    def covariance(self) -> Matrix:
        """The inverse of the negative Hessian: at a maximum, the covariance of its estimate."""
        inverse = np.asarray(np.linalg.inv(-self.hessian), dtype=float)
        return np.asarray((inverse + inverse.T) / 2)

    @property
    def is_peaked(self) -> bool:
        """Whether the log-likelihood falls in every direction."""
        return bool(np.linalg.eigvalsh(-self.hessian)[0] > 0)


@dataclass(frozen=True, eq=False)
class CorrectedLikelihood:
    """A coarser population's log-likelihood, put right to second order by the whole population's at one point.

    What remains is the difference between their third derivatives: small, times a small distance cubed.

    Attributes
    ----------
    coarse : the coarser population
    there : its expansion about the point
    whole : the whole population's, about the same point
    """

    coarse: Objective
    there: Expansion
    whole: Expansion

    def expand(self, point: Vector) -> Expansion:
        """Value, gradient and Hessian at a point."""
        here, hessian = self.coarse.expand(point), self._hessian
        gradient = self._gradient + hessian @ (point - self.whole.point)
        return Expansion(point, here.value + self.correction(point), here.gradient + gradient, here.hessian + hessian)

    def correction(self, point: Vector) -> float:
        """What is added to the coarser population's log-likelihood."""
        moved = point - self.whole.point
        return self.whole.value - self.there.value + float(moved @ (self._gradient + self._hessian @ moved / 2))

    @property
    def _gradient(self) -> Vector:
        return self.whole.gradient - self.there.gradient

    @property
    def _hessian(self) -> Matrix:
        return self.whole.hessian - self.there.hessian

    def error(self, maximum: Vector) -> float:
        """About how far, in log-parameters, `maximum` is from the whole population's.

        The coarser population's third derivatives took it from where Newton's step leads to where it is; they are as
        wrong as its second derivatives are. Infinite where the whole population's likelihood has no peak.
        """
        if not self.whole.is_peaked:
            return np.inf
        by_third = maximum - (self.whole.point + self.whole.newton_step)
        wrong = np.linalg.eigvals(np.linalg.solve(self.whole.hessian, self.there.hessian)) - 1
        return float(np.abs(wrong).max() * np.abs(by_third).max())


def maximise(likelihood: Objective, start: Vector) -> Expansion:
    """Return the expansion at the maximum; ConvergenceError names the parameters that have none."""
    found = _by_coarse(likelihood, start) if likelihood.n_distinct > MANY_DISTINCT else None
    if found is None:
        found = climb(likelihood, likelihood.expand(start), STATIONARY)
    _judge(likelihood, found, start)
    # The last step is too short to change the Hessian, so that it need not be computed again.
    step = found.newton_step
    return replace(found, point=found.point + step, value=found.value + float(found.gradient @ step) / 2)


def _by_coarse(likelihood: Objective, start: Vector) -> Expansion | None:
    """The expansion at the maximum, by way of a coarser population; None if that leads to no maximum."""
    coarse = likelihood.coarse()
    if coarse.n_distinct > likelihood.n_distinct / 2:
        return None
    there = climb(coarse, coarse.expand(start), NEARLY)
    if not _is_inside(there.point, start):
        return None
    whole = likelihood.expand(there.point)
    for _ in range(MAX_STEPS):
        corrected = CorrectedLikelihood(coarse, there, whole)
        found = climb(corrected, whole, STATIONARY)
        maximum = found.point + found.newton_step
        error = corrected.error(maximum)
        if error < EXACT:
            return found
        if not error < NEARLY:
            break
        there, whole = coarse.expand(maximum), likelihood.expand(maximum)
    return climb(likelihood, whole, STATIONARY)


def climb(likelihood: Expandable, start: Expansion, tolerance: float) -> Expansion:
    """Newton steps, halved while they lead down, until one is shorter than `tolerance` or none leads up."""
    here = start
    for _ in range(MAX_STEPS):
        step = here.newton_step
        if float(np.abs(step).max()) < tolerance or not _is_inside(here.point, start.point):
            return here
        ahead = _step_up(likelihood, here, step)
        if ahead is None:
            return here
        here = ahead
    return here


def _step_up(likelihood: Expandable, here: Expansion, step: Vector) -> Expansion | None:
    """The expansion a full, half, quarter ... step ahead, whichever first leads up; None if rounding hides it."""
    for halvings in range(20):
        ahead = likelihood.expand(here.point + step / 2**halvings)
        if ahead.value > here.value or (
            # On the plateau of rounding the gradient still tells which point is nearer the maximum.
            ahead.value > here.value - 1e-13 * abs(here.value)
            and np.abs(ahead.gradient).max() < np.abs(here.gradient).max()
        ):
            return ahead
    return None


def _is_inside(point: Vector, start: Vector) -> bool:
    return bool(np.abs(point - start).max() < FARTHEST)


def _judge(likelihood: Objective, found: Expansion, start: Vector) -> None:
    """Raise ConvergenceError unless `found` is an interior maximum."""
    stationary = float(np.abs(found.newton_step).max()) < NEARLY
    if stationary and found.is_peaked and _is_inside(found.point, start):
        return
    moved = found.point - start
    axes = np.linalg.eigh(-found.hessian)[1]
    suspects = np.abs(moved) > FARTHEST / 2
    if not suspects.any():
        suspects = np.abs(axes[:, 0]) > 0.5
    up, down = (
        [
            name
            for name, suspect, way in zip(likelihood.names, suspects, sign * moved, strict=True)
            if suspect and way > 0
        ]
        for sign in (1, -1)
    )
    ways = ([f"{', '.join(up)} -> infinity"] if up else []) + ([f"{', '.join(down)} -> 0"] if down else [])
    raise ConvergenceError(
        f"{likelihood.n_customers:g} customers ({likelihood.n_distinct} distinct) cannot identify "
        f"{', '.join(up + down)}{_in_words(likelihood, up + down)}: the likelihood has no maximum, it still rises as "
        f"{' and '.join(ways)}. Use a simpler model, more customers, or a weak prior (prior=True).",
        up + down,
        code="no_maximum",
        customers=likelihood.n_customers,
    )


def _in_words(likelihood: Objective, names: Sequence[str]) -> str:
    """What these parameters say, in brackets, or nothing."""
    said = dict(zip(likelihood.names, likelihood.meanings, strict=False))
    meanings = dict.fromkeys(said[name] for name in names if name in said)
    return f" ({'; '.join(meanings)})" if meanings else ""
