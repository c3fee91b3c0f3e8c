"""A population reduced to its distinct customers, which is all that the likelihood depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.models.numerics.distinct import counted, run_starts, weighed

# Rows worked on at once: few enough that every intermediate stays in the processor's cache, and that BLAS, which
# would split a dot product of 10,000 among threads that wait for one another, leaves it to one.
ROWS_PER_BLOCK = 9_984
CELLS_PER_COUNT = 1_296  # in which customers with the same x are taken together


@dataclass(frozen=True, eq=False)
class Population:
    """Distinct customers, sorted, and the weight (number of customers) of each.

    Attributes
    ----------
    columns : shape (k, n_distinct), the first is the number of purchases x; (x, t_x, T), or (x, mean spend)
    weight : shape (n_distinct,)
    """

    columns: Matrix
    weight: Vector

    @classmethod
    def of(cls, columns: Sequence[Vector], weight: Vector | None = None) -> "Population":
        """Reduce one row per customer to the distinct ones; equal customers' weights (1 by default) add up."""
        return cls(*(counted(columns) if weight is None else weighed(columns, weight)))

    @property
    def n_distinct(self) -> int:
        """Number of distinct customers."""
        return self.weight.size

    @cached_property
    def n_customers(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    def mean(self, column: int) -> float:
        """Mean of a column over customers."""
        # einsum, since BLAS would wake its threads for a sum that memory alone limits.
        return float(np.einsum("i,i", self.weight, self.columns[column]) / self.n_customers)

    def coarse(self) -> "Population":
        """Fewer distinct customers, at most `CELLS_PER_COUNT` of each x: those near one another at their mean."""
        others = self.columns[1:]
        # More cells than customers, since most are empty.
        n_steps = round(min(CELLS_PER_COUNT, 4 * self.n_distinct / self.starts.size) ** (1 / len(others)))
        cell = np.repeat(np.arange(self.starts.size), np.diff(self.starts, append=self.n_distinct))
        for column in others:
            _divide(cell, column, n_steps)
        weight = np.bincount(cell, self.weight).astype(float)
        there = np.flatnonzero(weight > 0)
        x = self.columns[0][self.starts][there // n_steps ** len(others)]
        means = [np.bincount(cell, self.weight * column)[there] / weight[there] for column in others]
        return Population(np.stack([x, *means]), weight[there])

    def with_weight(self, weight: Vector) -> "Population":
        """The same distinct customers with other weights; those of none are left out."""
        there = weight > 0
        return Population(self.columns[:, there], weight[there])

    @cached_property
    def repeaters(self) -> "Population":
        """The customers with a repeat purchase."""
        first = int(np.searchsorted(self.columns[0], 0, side="right"))
        return Population(self.columns[:, first:], self.weight[first:])

    @cached_property
    def blocks(self) -> tuple["Population", ...]:
        """The same customers in blocks of at most `ROWS_PER_BLOCK` distinct ones."""
        return self.split(ROWS_PER_BLOCK)

    def split(self, size: int) -> tuple["Population", ...]:
        """The same customers in blocks of at most `size` distinct ones."""
        return tuple(
            Population(self.columns[:, low : low + size], self.weight[low : low + size])
            for low in range(0, self.n_distinct, size)
        )

    @cached_property
    def by_x(self) -> tuple[Vector, Vector]:
        """The distinct x, and the weight of the customers with each."""
        return self.columns[0][self.starts], np.add.reduceat(self.weight, self.starts)

    @cached_property
    def over_spent(self) -> Vector:
        """1 / (x m) of customers (x, m): the reciprocal of all that a customer spent."""
        inverse: Vector = 1 / (self.columns[0] * self.columns[1])
        return inverse

    @cached_property
    def log_spent(self) -> tuple[float, float]:
        """Sums of ln(x m) and of ln m over customers (x, m)."""
        x, m = self.columns
        return float(self.weight @ np.log(x * m)), float(self.weight @ np.log(m))

    @cached_property
    def starts(self) -> Positions:
        """Where the run of customers of each distinct x begins."""
        return run_starts(self.columns[0])


def _divide(cell: Positions, column: Vector, n_steps: int) -> None:
    """Divide each cell in `n_steps`, by steps of the column that are even in ln(mean / 4 + value)."""
    mean, largest = float(column.mean()), float(column.max())
    per = 4 / mean if mean > 0 else 0.0
    # Slightly fewer, so that the largest is on the last, and rounding moves nobody who is on an edge.
    density = (1 - 1e-9) * n_steps / max(np.log1p(per * largest), 1e-300)
    for low in range(0, cell.size, ROWS_PER_BLOCK):
        part = cell[low : low + ROWS_PER_BLOCK]
        part *= n_steps
        part += (density * np.log1p(per * column[low : low + ROWS_PER_BLOCK])).astype(np.intp)
