"""The one place where likelihoods are maximised, and where the result is judged.

A model states its log-likelihood; this engine finds the maximum by Newton's method on the log-parameters, with the
exact gradient and Hessian. What it found is judged by the gradient, the Hessian and the distance to the boundary,
never by how the search ended. Where the data cannot identify a parameter it says which, within bounded work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from clvlab.errors import ConvergenceError
from clvlab.models import jets
from clvlab.models.jets import Number, Vector
from clvlab.models.tuples import Tuples

Matrix = NDArray[np.float64]

MAX_STEPS = 100
LONGEST_STEP = 2.0  # in log-parameters: none changes more than e^2-fold at once
FARTHEST = 14.0  # in log-parameters: a maximum a million-fold away from a sensible start is none
STATIONARY = 1e-4  # in log-parameters: length of the Newton step at a maximum
NEARLY = 1e-3  # the same, where rounding allows no further progress
ROUGH = 0.1  # the same, for a start: less than a part of the tuples can tell
SUBSAMPLE = 2_560  # tuples: twice as many get their start from a part of them


class Objective(Protocol):
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
    def meanings(self) -> Mapping[str, str]:
        """What the parameters say, as far as words are known."""

    def expand(self, point: Vector) -> "Expansion":
        """Value, gradient and Hessian at a point."""

    def quarter(self) -> Self:
        """The same for a quarter of the distinct customers."""


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood of a population as a function of the log-parameters.

    Attributes
    ----------
    total : (parameters, tuples) -> log-likelihood of all customers; the same lines serve numbers and jets
    names : the parameters, all positive
    tuples : the population
    penalty : subtracted is penalty * sum(ln(parameter)^2), parameters in the data's own units
    meanings : what the parameters say, for the message where they cannot be identified
    """

    total: Callable[[Sequence[Number], Tuples], Number]
    names: tuple[str, ...]
    tuples: Tuples
    penalty: float = 0.0
    meanings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def n_customers(self) -> float:
        """Sum of the weights."""
        return self.tuples.n_customers

    @property
    def n_distinct(self) -> int:
        """Number of tuples."""
        return len(self.tuples)

    def quarter(self) -> Self:
        """The likelihood of a quarter of the tuples."""
        return replace(self, tuples=self.tuples.thinned(max(len(self.tuples) // 4, 1)))

    def at(self, point: Vector) -> float:
        """Log-likelihood of the population at the log-parameters `point`, without the penalty."""
        return float(self.total(np.exp(point).tolist(), self.tuples))

    def expand(self, point: Vector) -> "Expansion":
        """The penalised log-likelihood, its gradient and its Hessian in the log-parameters."""
        values = np.exp(point)
        value, slope, curvature = jets.expanded(self.total(jets.variables(values), self.tuples), point.size)
        gradient = values * slope
        return Expansion(
            point,
            value - self.penalty * float(point @ point),
            gradient - 2 * self.penalty * point,
            np.outer(values, values) * curvature + np.diag(gradient - 2 * self.penalty),
        )


@dataclass(frozen=True)
class Expansion:
    """The penalised log-likelihood about a point, to second order."""

    point: Vector
    value: float
    gradient: Vector
    hessian: Matrix

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


def fit(likelihood: Objective, start: Vector) -> Expansion:
    """Return the expansion at the maximum; ConvergenceError names the parameters that have none."""
    found = climb(likelihood, _nearby(likelihood, start), STATIONARY)
    _judge(likelihood, found, start)
    # The last step is too short to change the Hessian, so that it need not be computed again.
    step = found.newton_step()
    return replace(found, point=found.point + step, value=found.value + float(found.gradient @ step) / 2)


def _nearby(likelihood: Objective, start: Vector) -> Vector:
    """A better start for larger data: the maximum for a quarter of the tuples, itself found in this way."""
    if likelihood.n_distinct < 2 * SUBSAMPLE:
        return start
    part = likelihood.quarter()
    rough = climb(part, _nearby(part, start), ROUGH)
    better = rough.point + rough.newton_step()
    return better if _is_inside(better, start) else start


def climb(likelihood: Objective, start: Vector, tolerance: float) -> Expansion:
    """Newton steps, halved while they lead down, until one is shorter than `tolerance` or none leads up."""
    here = likelihood.expand(start)
    for _ in range(MAX_STEPS):
        step = here.newton_step()
        if float(np.abs(step).max()) < tolerance or not _is_inside(here.point, start):
            return here
        ahead = _step_up(likelihood, here, step)
        if ahead is None:
            return here
        here = ahead
    return here


def _step_up(likelihood: Objective, here: Expansion, step: Vector) -> Expansion | None:
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
    stationary = float(np.abs(found.newton_step()).max()) < NEARLY
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
        f"{' and '.join(ways)}. Use a simpler model, more customers, or a penalty (penalty=0.1).",
        up + down,
    )


def _in_words(likelihood: Objective, names: Sequence[str]) -> str:
    """What these parameters say, in brackets, or nothing."""
    meanings = dict.fromkeys(likelihood.meanings[name] for name in names if name in likelihood.meanings)
    return f" ({'; '.join(meanings)})" if meanings else ""
