"""A population reduced to its distinct tuples: the likelihood depends on a customer through nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.models.jets import Vector
from clvlab.units import DAYS_PER

BLOCK = 8_192  # tuples worked on at once: few enough that every intermediate stays in the processor's cache
CHUNK = 65_536  # rows read at once, for the same reason
LARGEST_KEY = 2**62

Matrix = NDArray[np.float64]


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
        if weight is not None:
            return cls(*_grouped(columns, weight))
        steps = [_steps_per_unit(column) for column in columns]
        sizes = [int(column.max(initial=0) * (per or 0)) + 1 for column, per in zip(columns, steps, strict=True)]
        if None not in steps and np.prod(np.array(sizes, dtype=float)) < LARGEST_KEY:
            return cls(*_counted(columns, [per for per in steps if per], sizes))
        if len(columns) == 2 and sizes[0] <= 2**16:
            return cls(*_sorted_within_x(*columns))
        return cls(*_grouped(columns, np.ones(columns[0].size)))

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
        """About `size` of the tuples, evenly spread over the sorted list; all of them if there are no more."""
        every = max(len(self) // size, 1)
        return Tuples(self.columns[:, ::every].copy(), self.weight[::every].copy())

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
        starts = _starts(self.columns[0])
        return self.columns[0][starts], np.add.reduceat(self.weight, starts)

    @cached_property
    def by_age(self) -> tuple[Vector, Vector, Vector]:
        """The distinct T, the weight of the customers with each, and the weight of their repeat purchases."""
        x, _, T = self.columns
        per = _steps_per_unit(T)
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
    def distinct_x(self) -> tuple[Vector, NDArray[np.intp]]:
        """The distinct x, and which of them each tuple has."""
        starts = _starts(self.columns[0])
        return self.columns[0][starts], np.repeat(np.arange(starts.size), np.diff(starts, append=len(self)))


def _starts(*columns: NDArray[Any]) -> NDArray[np.intp]:
    """Where each run of equal rows begins."""
    changes = np.zeros(columns[0].size, dtype=bool)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _steps_per_unit(column: Vector) -> float | None:
    """What makes the column whole numbers: 1 for counts and days, 7 for weeks, 30.4375 for months; else None."""
    for per in (DAYS_PER["day"], DAYS_PER["week"], DAYS_PER["month"]):
        if all(_are_steps(column[low : low + CHUNK], per) for low in range(0, column.size, CHUNK)):
            return per
    return None


def _are_steps(values: Vector, per: float) -> bool:
    return np.array_equal(np.rint(values * per) / per, values)


def _counted(columns: Sequence[Vector], per: Sequence[float], sizes: Sequence[int]) -> tuple[Matrix, Vector]:
    """Distinct tuples of whole numbers (of days), and how often each occurs: the runs of one sorted key."""
    key = np.empty(columns[0].size, dtype=np.int64)
    for low in range(0, key.size, CHUNK):
        part = slice(low, low + CHUNK)
        key[part] = 0
        for column, steps, size in zip(columns, per, sizes, strict=True):
            key[part] = key[part] * size + np.rint(column[part] * steps).astype(np.int64)
    key.sort()
    starts = _starts(key)
    rest = key[starts]
    distinct = np.empty((len(columns), starts.size))
    for i in reversed(range(len(columns))):
        rest, numbers = np.divmod(rest, sizes[i])
        distinct[i] = numbers / per[i]
    return distinct, np.diff(starts, append=key.size).astype(float)


def _sorted_within_x(x: Vector, m: Vector) -> tuple[Matrix, Vector]:
    """Distinct pairs of a count and any number: a radix sort of the counts, then a plain sort within each."""
    order = np.argsort(x.astype(np.uint16), kind="stable")
    x, m = x[order], m[order]
    for run in np.split(m, _starts(x)[1:]):
        run.sort()
    starts = _starts(x, m)
    return np.stack([x[starts], m[starts]]), np.diff(starts, append=x.size).astype(float)


def _grouped(columns: Sequence[Vector], weight: Vector) -> tuple[Matrix, Vector]:
    """Distinct tuples of any numbers, and the weight of each."""
    names = [f"c{i}" for i in range(len(columns))]
    rows = pl.DataFrame(dict(zip(names, columns, strict=True))).with_columns(weight=pl.Series(weight))
    # Weights are sorted before they are added, so that the order of the rows cannot reach the last digit.
    counts = rows.filter(pl.col("weight") > 0).group_by(names).agg(pl.col("weight").sort().sum()).sort(names)
    return counts.select(names).to_numpy().T.copy(), counts["weight"].to_numpy()
