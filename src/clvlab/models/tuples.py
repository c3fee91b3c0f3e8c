"""A population reduced to its distinct tuples: the likelihood depends on a customer through nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.models import jets
from clvlab.models.jets import Number, Vector

BLOCK = 8_192  # tuples worked on at once: few enough that every intermediate stays in the processor's cache


@dataclass(frozen=True)
class Tuples:
    """Distinct tuples, sorted, and the weight (number of customers) of each.

    Attributes
    ----------
    columns : shape (k, n), the first is the number of purchases x; (x, t_x, T), or (x, mean spend)
    weight : shape (n,)
    """

    columns: NDArray[np.float64]
    weight: Vector

    @classmethod
    def of(cls, columns: list[Vector], weight: Vector | None = None) -> "Tuples":
        """Reduce one row per customer to distinct tuples; equal customers' weights (1 by default) add up."""
        names = [f"c{i}" for i in range(len(columns))]
        rows = pl.DataFrame(dict(zip(names, columns, strict=True)))
        if weight is None:
            counts = rows.group_by(names).agg(pl.len().cast(pl.Float64).alias("weight")).sort(names)
        else:
            rows = rows.with_columns(weight=pl.Series(weight)).filter(pl.col("weight") > 0)
            counts = rows.group_by(names).agg(pl.col("weight").sort().sum()).sort(names)
        return cls(counts.select(names).to_numpy().T.copy(), counts["weight"].to_numpy())

    def __len__(self) -> int:
        return self.weight.size

    @property
    def n_customers(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    def mean(self, column: int) -> float:
        """Mean of a column over customers."""
        return float(self.weight @ self.columns[column] / self.weight.sum())

    def thinned(self, size: int) -> "Tuples":
        """About `size` of the tuples, evenly spread over the sorted list; all of them if there are no more."""
        every = max(len(self) // size, 1)
        return Tuples(self.columns[:, ::every].copy(), self.weight[::every].copy())

    @cached_property
    def blocks(self) -> tuple["Tuples", ...]:
        """The same tuples in blocks of at most `BLOCK`."""
        return tuple(
            Tuples(self.columns[:, low : low + BLOCK], self.weight[low : low + BLOCK])
            for low in range(0, len(self), BLOCK)
        )

    def by_x(self, function: Callable[[Vector], Number]) -> Number:
        """function(x) for every tuple, computed once for each distinct x."""
        distinct, index = self._distinct_x
        return jets.take(function(distinct), index)

    @cached_property
    def _distinct_x(self) -> tuple[Vector, NDArray[np.intp]]:
        distinct, index = np.unique(self.columns[0], return_inverse=True)
        return distinct, index

    def __iter__(self) -> Iterator[Vector]:
        return iter(self.columns)
