"""A population reduced to its distinct tuples: the likelihood depends on a customer through nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clvlab.models.numerics.distinct import Matrix, counted, run_starts, weighed
from clvlab.models.numerics.jets import Vector

# Tuples worked on at once: few enough that every intermediate stays in the processor's cache, and that BLAS, which
# would split a dot product of 10,000 among threads that wait for one another, leaves it to one.
BLOCK = 9_984
CELLS = 1_296  # of customers with the same x, where nearly equal ones are taken together


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
        # einsum, since BLAS would wake its threads for a sum that memory alone limits.
        return float(np.einsum("i,i", self.weight, self.columns[column]) / self.n_customers)

    def coarse(self) -> "Tuples":
        """Fewer tuples: of each x those that are near one another, at most `CELLS` groups of them, at their mean."""
        others = self.columns[1:]
        # More cells than tuples, since most are empty.
        n_steps = round(min(CELLS, 4 * len(self) / self.starts.size) ** (1 / len(others)))
        cell = np.repeat(np.arange(self.starts.size), np.diff(self.starts, append=len(self)))
        for column in others:
            _divide(cell, column, n_steps)
        weight = np.bincount(cell, self.weight).astype(float)
        there = np.flatnonzero(weight > 0)
        x = self.columns[0][self.starts][there // n_steps ** len(others)]
        means = [np.bincount(cell, self.weight * column)[there] / weight[there] for column in others]
        return Tuples(np.stack([x, *means]), weight[there])

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
        return self.columns[0][self.starts], np.add.reduceat(self.weight, self.starts)

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
    def starts(self) -> NDArray[np.intp]:
        """Where the run of tuples of each distinct x begins."""
        return run_starts(self.columns[0])


def _divide(cell: NDArray[np.intp], column: Vector, n_steps: int) -> None:
    """Divide each cell in `n_steps`, by steps of the column that are even in ln(mean / 4 + value)."""
    mean, largest = float(column.mean()), float(column.max())
    per = 4 / mean if mean > 0 else 0.0
    # Slightly fewer, so that the largest is on the last, and rounding moves nobody who stands on an edge.
    density = (1 - 1e-9) * n_steps / max(np.log1p(per * largest), 1e-300)
    for low in range(0, cell.size, BLOCK):
        part = cell[low : low + BLOCK]
        part *= n_steps
        part += (density * np.log1p(per * column[low : low + BLOCK])).astype(np.intp)
