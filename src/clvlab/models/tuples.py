"""A population reduced to its distinct tuples: the likelihood depends on a customer through nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clvlab.models.distinct import Matrix, counted, run_starts, steps_per_unit, weighed
from clvlab.models.jets import Vector

# Tuples worked on at once: few enough that every intermediate stays in the processor's cache, and that BLAS, which
# would split a dot product of 10,000 among threads that wait for one another, leaves it to one.
BLOCK = 8_192


@dataclass(frozen=True)
class Tuples:
    """Distinct tuples, sorted, and the weight (number of customers) of each.

    Attributes
    ----------
    columns : shape (k, n), the first is the number of purchases x; (x, t_x, T), or (x, mean spend)
    weight : shape (n,)
    """

    columns: Matrix
    weight: Vector

    @classmethod
    def of(cls, columns: Sequence[Vector], weight: Vector | None = None) -> "Tuples":
        """Reduce one row per customer to distinct tuples; equal customers' weights (1 by default) add up."""
        return cls(*(counted(columns) if weight is None else weighed(columns, weight)))

    def __len__(self) -> int:
        return self.weight.size

    @cached_property
    def n_customers(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    def mean(self, column: int) -> float:
        """Mean of a column over customers."""
        return float(self.weight @ self.columns[column] / self.n_customers)

    def thinned(self, size: int) -> "Tuples":
        """At most `size` tuples: customers at even distances in the sorted list, each for those around."""
        distance = self.n_customers / size
        weight = np.diff(np.ceil(np.cumsum(self.weight) / distance), prepend=0.0)
        there = np.flatnonzero(weight)
        return Tuples(self.columns[:, there], weight[there])

    @cached_property
    def repeaters(self) -> "Tuples":
        """The customers with a repeat purchase."""
        first = int(np.searchsorted(self.columns[0], 0, side="right"))
        return Tuples(self.columns[:, first:], self.weight[first:])

    @cached_property
    def blocks(self) -> tuple["Tuples", ...]:
        """The same tuples in blocks of at most `BLOCK`."""
        return self.split(BLOCK)

    def split(self, size: int) -> tuple["Tuples", ...]:
        """The same tuples in blocks of at most `size`."""
        return tuple(
            Tuples(self.columns[:, low : low + size], self.weight[low : low + size])
            for low in range(0, len(self), size)
        )

    @cached_property
    def by_x(self) -> tuple[Vector, Vector]:
        """The distinct x, and the weight of the customers with each."""
        starts = run_starts(self.columns[0])
        return self.columns[0][starts], np.add.reduceat(self.weight, starts)

    @cached_property
    def by_age(self) -> tuple[Vector, Vector, Vector]:
        """The distinct T, the weight of the customers with each, and the weight of their repeat purchases."""
        x, _, T = self.columns
        per = steps_per_unit(T)
        if per is None:
            distinct, index = np.unique(T, return_inverse=True)
        else:
            index = np.rint(T * per).astype(np.intp)
            distinct = np.arange(index.max(initial=-1) + 1) / per
        customers = np.bincount(index, self.weight).astype(float)
        purchases = np.bincount(index, self.weight * x).astype(float)
        there = customers > 0
        return distinct[there], customers[there], purchases[there]

    @cached_property
    def over_spent(self) -> Vector:
        """1 / (x m) of tuples (x, m): the reciprocal of all that a customer spent."""
        inverse: Vector = 1 / (self.columns[0] * self.columns[1])
        return inverse

    @cached_property
    def log_spent(self) -> tuple[float, float]:
        """Sums of ln(x m) and of ln m over the customers of tuples (x, m)."""
        x, m = self.columns
        return float(self.weight @ np.log(x * m)), float(self.weight @ np.log(m))

    @cached_property
    def runs_of_x(self) -> tuple[Vector, NDArray[np.intp]]:
        """The distinct x, and how many tuples have each."""
        starts = run_starts(self.columns[0])
        return self.columns[0][starts], np.diff(starts, append=len(self))
