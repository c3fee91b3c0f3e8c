"""Adaptive importance sampling: points weighed in proportion to a density that can be evaluated, not drawn from.

Candidates come from Student's t distribution about a point. Where their weights are too uneven, the next round's come
from one with the weighted mean and covariance of all before, and the candidates of all rounds are weighed by the
mixture that they came from, so that no round's mistake weighs more than its share. [1, 2]

[1] Cappe, Guillin, Marin & Robert (2004), "Population Monte Carlo", J. Computational and Graphical Statistics 13(4).
[2] Owen & Zhou (2000), "Safe and effective importance sampling", JASA 95(449), 135-143 (the mixture's weights).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import special

from clvlab.arrays import Matrix, Vector

DEGREES = 5  # of freedom of Student's t, whose tails are wider than a likelihood's
ROUNDS = 8
NARROWEST = 1e-3  # of the first round's spread: no later round collapses onto a single candidate


@dataclass(frozen=True, eq=False)
class Weighed:
    """Points and their weights, which sum to 1. shape (n, k) and (n,)."""

    points: Matrix
    weight: Vector

    @property
    def effective_size(self) -> float:
        """How many points of equal weight these are worth."""
        return float(1 / (self.weight @ self.weight))

    def drawn(self, n: int, random: np.random.Generator) -> Matrix:
        """`n` of the points, each as often as its weight demands, rounded up or down, in random order."""
        steps = (np.arange(n) + random.random()) / n
        chosen = np.searchsorted(np.cumsum(self.weight), steps).clip(max=self.weight.size - 1)
        return np.asarray(self.points[random.permutation(chosen)])


@dataclass(frozen=True, eq=False)
class StudentT:
    """Student's t distribution: its centre, and the Cholesky factor of its scale matrix."""

    centre: Vector
    factor: Matrix

    @classmethod
    def of(cls, centre: Vector, scale: Matrix) -> Self:
        """The one with this centre and scale matrix."""
        return cls(centre, np.asarray(np.linalg.cholesky(scale), dtype=float))

    @classmethod
    def fitted(cls, found: Weighed, first: "StudentT") -> Self:
        """The one with the mean of weighed points, and about as wide as they are."""
        centre = found.weight @ found.points
        apart = found.points - centre
        covariance = (found.weight[:, None] * apart).T @ apart
        return cls.of(centre, covariance + NARROWEST**2 * first.factor @ first.factor.T)

    def draw(self, n: int, random: np.random.Generator) -> Matrix:
        """`n` draws, shape (n, k)."""
        normal = random.standard_normal((n, self.centre.size))
        stretch = np.sqrt(DEGREES / random.chisquare(DEGREES, n))
        return self.centre + (normal * stretch[:, None]) @ self.factor.T

    def log_density(self, points: Matrix) -> Vector:
        """Log-density at each point, up to a constant that is the same for all of one dimension."""
        z = np.linalg.solve(self.factor, (points - self.centre).T)
        spread = np.log1p(np.einsum("ij,ij->j", z, z) / DEGREES)
        density: Vector = -np.log(np.diag(self.factor)).sum() - (DEGREES + self.centre.size) / 2 * spread
        return density


def sampled(
    log_density: Callable[[Vector], float],
    point: Vector,
    covariance: Matrix,
    per_round: int,
    enough: float,
    random: np.random.Generator,
) -> Weighed:
    """Weighed candidates for a density known up to a factor.

    Parameters
    ----------
    log_density
        of one point, shape (k,); where it is not finite the density is 0
    point, covariance
        about where the density lies, and how wide it is there
    per_round
        candidates drawn in one round
    enough
        effective size at which no further round is made; `ROUNDS` at most
    random
        generator
    """
    first = StudentT.of(point, covariance)
    sources, points, densities = [first], np.empty((0, point.size)), np.empty(0)
    while True:
        fresh = sources[-1].draw(per_round, random)
        points = np.concatenate([points, fresh])
        densities = np.concatenate([densities, [log_density(each) for each in fresh]])
        found = Weighed(points, _weights(densities, sources, points))
        if found.effective_size >= enough or len(sources) == ROUNDS:
            return found
        sources.append(StudentT.fitted(found, first))


def _weights(densities: Vector, sources: list[StudentT], points: Matrix) -> Vector:
    log_weight = np.where(np.isfinite(densities), densities, -np.inf)
    log_weight -= special.logsumexp([source.log_density(points) for source in sources], axis=0)
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())
