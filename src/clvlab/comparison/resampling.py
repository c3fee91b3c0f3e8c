"""Customers drawn again and again, and what the draws say of a figure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np

from clvlab.arrays import Vector
from clvlab.comparison.outcomes import FIFTHS, ONLY_TEACH

LEVEL = 0.95
KNOWLEDGE = 0.99
"""Means over deals of groupings that know nothing are skewed to the right: at 95 % too many would seem to know."""
SHARE_JUDGED = (FIFTHS - ONLY_TEACH) / FIFTHS
_CELLS_AT_ONCE = 20_000_000  # of the resampling weights: 160 MB


def resamples(n_customers: int, n_rounds: int, seed: int, deal: int = 0) -> Iterator[Vector]:
    """How often each customer counts in each bootstrap round, shape (some rounds, n_customers), block by block."""
    rng = np.random.default_rng([seed, 2, deal])
    block = max(1, _CELLS_AT_ONCE // n_customers)
    for start in range(0, n_rounds, block):
        rounds = min(block, n_rounds - start)
        drawn = rng.integers(0, n_customers, (rounds, n_customers)) + n_customers * np.arange(rounds)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rounds * n_customers).reshape(rounds, n_customers).astype(float)


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure as the mean over windows and deals, and how it errs.

    A bootstrap round draws the customers within one deal, so that its errors are those of a single deal. That part
    of their variance which lies between the deals of the same customers is averaged away: it is taken off, up to the
    share that there would be if every customer were judged at once.

    Attributes
    ----------
    points : the figure of each deal, shape (n_windows, n_deals)
    errors : of each bootstrap round, the figure less that of its deal, shape (n_windows, n_rounds); the same
        customers are drawn in all windows
    """

    points: Vector
    errors: Vector

    def __sub__(self, other: "Figure") -> "Figure":
        """The paired difference, over the deals that both were judged in."""
        n_deals = min(self.points.shape[1], other.points.shape[1])
        return Figure(self.points[:, :n_deals] - other.points[:, :n_deals], self.errors - other.errors)

    @property
    def value(self) -> float:
        """The mean over windows and deals."""
        return float(self.points.mean())

    @property
    def between_deals(self) -> float:
        """The standard error that is left because only so many deals were made."""
        n_deals = self.points.shape[1]
        return float(self.points.mean(axis=0).std(ddof=1) / n_deals**0.5) if n_deals > 1 else 0.0

    @cached_property
    def draws(self) -> Vector:
        """Errors of the mean, shape (n_rounds,); NaN where a round leaves the figure open."""
        n_deals = self.points.shape[1]
        single = (self.errors**2).mean(axis=1)
        deals = self.points.var(axis=1, ddof=1) if n_deals > 1 else np.zeros(len(self.points))
        left = 1 - deals * (1 - 1 / n_deals) / np.where(single > 0, single, np.inf)
        least = SHARE_JUDGED if n_deals > 1 else 1.0
        return np.asarray((self.errors * np.sqrt(np.maximum(left, least))[:, None]).mean(axis=0))

    @property
    def error(self) -> float:
        """The standard error; NaN where a round leaves the figure open."""
        return float(np.sqrt((self.draws**2).mean()))

    def interval(self) -> tuple[float, float]:
        """The 95 % interval of this figure by itself."""
        reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * self.error
        return self.value - reach, self.value + reach


def simultaneous(figures: Sequence[Figure], level: float = LEVEL) -> list[tuple[float, float]]:
    """Intervals of several figures that hold all at once: the largest of their errors is bounded (max-T).

    Reference
    ---------
    Westfall & Young (1993), "Resampling-based multiple testing"; Hothorn, Bretz & Westfall (2008), Biometrical
    Journal 50, 346-363.
    """
    bound = NormalDist().inv_cdf((1 + level) / 2)
    errors = [np.abs(figure.draws) / figure.error for figure in figures if figure.error > 0]
    if errors:
        bound = max(bound, float(np.quantile(np.max(errors, axis=0), level)))
    return [(f.value - bound * f.error, f.value + bound * f.error) for f in figures]
