"""The likelihood of customers of several kinds, whose log-parameters are linear in common parameters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from clvlab.arrays import Matrix, Vector
from clvlab.models.numerics import jets
from clvlab.models.numerics.distinct import weighed
from clvlab.models.numerics.jets import Number
from clvlab.models.numerics.maximum import FARTHEST_DRAW, Expansion, Likelihood
from clvlab.models.numerics.population import Population
from clvlab.models.purchase_model import PurchaseModel
from clvlab.models.uncertainty import log_logistic


@dataclass(frozen=True, eq=False)
class JointLikelihood:
    """The likelihood of several populations, whose log-parameters are linear in common ones.

    The common ones are the log-parameters of a model, then coefficients on a common scale. The weak prior is that of
    the model, and a standard logistic distribution of each coefficient; a penalty of either takes its place.

    Attributes
    ----------
    model : the kind of model
    names : the common parameters
    parts : the likelihood of each population
    maps : what turns the common parameters into each population's log-parameters
    kinds : the numbers that tell each population from the others
    everybody : all populations together
    penalty, coefficient_penalty : subtracted are penalty * sum(ln(parameter)^2) and coefficient_penalty *
        sum(coefficient^2)
    has_prior : whether the weak prior moves the maximum, too
    """

    model: type[PurchaseModel]
    names: tuple[str, ...]
    parts: tuple[Likelihood, ...]
    maps: tuple[Matrix, ...]
    kinds: tuple[Vector, ...]
    everybody: Population
    penalty: float = 0.0
    coefficient_penalty: float = 0.0
    has_prior: bool = False

    @property
    def meanings(self) -> tuple[str, ...]:
        """What the parameters of the model say, which come first."""
        return self.model.meanings

    @property
    def n_customers(self) -> float:
        """Sum of the weights of all populations."""
        return sum(part.n_customers for part in self.parts)

    @property
    def n_distinct(self) -> int:
        """Number of distinct customers of all populations."""
        return sum(part.n_distinct for part in self.parts)

    def coarse(self) -> Self:
        """Every population coarser."""
        return replace(self, parts=tuple(part.coarse() for part in self.parts))

    def resampled(self, random: np.random.Generator) -> Self:
        """The same of as many customers, drawn with replacement from all kinds."""
        weight = np.concatenate([part.population.weight for part in self.parts])
        drawn = random.multinomial(round(self.n_customers), weight / weight.sum()).astype(np.float64)
        ends = np.cumsum([part.n_distinct for part in self.parts])[:-1]
        weights = np.split(drawn, ends)
        there = [i for i, weight in enumerate(weights) if weight.any()]
        populations = (self.parts[i].population.with_weight(weights[i]) for i in there)
        parts = (replace(self.parts[i], population=each) for i, each in zip(there, populations, strict=True))
        maps, kinds = (tuple(each[i] for i in there) for each in (self.maps, self.kinds))
        return replace(self, parts=tuple(parts), maps=maps, kinds=kinds)

    def knows_all_of(self, smaller: "JointLikelihood") -> bool:
        """Whether it is of the same customers, of whom it knows all numbers that the smaller one knows."""
        mine, theirs = self.customers_by(smaller.names), smaller.customers_by(smaller.names)
        return mine.shape == theirs.shape and np.allclose(mine, theirs, rtol=1e-12, atol=0.0)

    def customers_by(self, names: Sequence[str]) -> Matrix:
        """Distinct histories with the numbers of some terms and how many customers there are, one per column."""
        own = len(self.model.names)
        chosen = [self.names.index(name) - own for name in names[own:]]
        rows = [
            np.vstack([part.population.columns, np.repeat(z[chosen, None], part.n_distinct, axis=1)])
            for part, z in zip(self.parts, self.kinds, strict=True)
        ]
        weights = [part.population.weight for part in self.parts]
        found, weight = weighed(list(np.concatenate(rows, axis=1)), np.concatenate(weights))
        return np.vstack([found, weight])

    def at(self, point: Vector) -> float:
        """Log-likelihood of all customers, without penalty or prior."""
        return sum(part.at(to_own @ point) for part, to_own in zip(self.parts, self.maps, strict=True))

    def log_posterior(self, point: Vector) -> float:
        """What draws are in proportion to, up to a constant; -inf out of all proportion."""
        if max(np.abs(to_own @ point).max() for to_own in self.maps) > FARTHEST_DRAW:
            return -np.inf
        return self.at(point) - float(self._penalties @ point**2) + float(self._log_prior(point.tolist()))

    def expand(self, point: Vector) -> Expansion:
        """All that is maximised, by the chain rule."""
        penalties = self._penalties
        value, gradient, hessian = -float(penalties @ point**2), -2 * penalties * point, np.diag(-2 * penalties)
        for part, to_own in zip(self.parts, self.maps, strict=True):
            own = part.expand(to_own @ point)
            value += own.value
            gradient += to_own.T @ own.gradient
            hessian += to_own.T @ own.hessian @ to_own
        if self.has_prior:
            of_prior = jets.expanded(self._log_prior(jets.variables(point)), point.size)
            value, gradient, hessian = value + of_prior[0], gradient + of_prior[1], hessian + of_prior[2]
        return Expansion(point, value, gradient, hessian)

    @property
    def _penalties(self) -> Vector:
        own = len(self.model.names)
        return np.repeat([self.penalty, self.coefficient_penalty], [own, len(self.names) - own])

    def _log_prior(self, point: Sequence[Number]) -> Number:
        """The weak prior of whatever has no penalty, in numbers or jets."""
        own, total = len(self.model.names), 0.0
        if not self.penalty:
            prior = self.model.log_rate_prior_of if self.has_prior else self.model.log_prior_of
            total = prior(point[:own], self.everybody)
        if self.coefficient_penalty:
            return total
        return total + sum(log_logistic(coefficient) for coefficient in point[own:])
