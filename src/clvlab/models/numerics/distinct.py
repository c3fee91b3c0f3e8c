"""Distinct rows of a few columns of numbers, fast for millions of customers.

Times are nearly always whole numbers of days, so that a row is one whole number: a key that can be sorted, counted or
looked up. Other numbers take a slower way to the same result. The order of the rows reaches no digit of it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.units import DAYS_PER

ROWS_IN_CACHE = 16_384  # rows read at once: few enough to stay in the processor's cache
LARGEST_KEY = 2**53  # floats are exact to here
LARGEST_TABLE = 2**22


@dataclass(frozen=True, eq=False)
class Keys:
    """Rows of whole numbers of days, each as one whole number: the last column changes fastest.

    Attributes
    ----------
    values : the key of each row, below `n_values`; of 32 bits if these suffice, which sort twice as fast
    per_unit : what makes each column whole numbers
    sizes : how many steps each column needs
    """

    values: NDArray[Any]
    per_unit: tuple[float, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, columns: Sequence[Vector]) -> "Keys | None":
        """The keys of these rows; None if a column is not in whole days, or one key cannot hold them all."""
        per_unit = [steps_per_unit(column[:ROWS_IN_CACHE]) for column in columns]
        known = tuple(per for per in per_unit if per is not None)
        if len(known) < len(columns):
            return None
        sizes = tuple(int(column.max(initial=0) * per) + 2 for column, per in zip(columns, known, strict=True))
        if math.prod(sizes) >= LARGEST_KEY:
            return None
        values = np.empty(columns[0].size, np.uint32 if math.prod(sizes) < 2**32 else np.uint64)
        for low in range(0, values.size, ROWS_IN_CACHE):
            key: Any = 0.0
            for column, per, size in zip(columns, known, sizes, strict=True):
                steps = _steps(column[low : low + ROWS_IN_CACHE], per)
                if steps is None:
                    return None
                key = key * size + steps
            values[low : low + ROWS_IN_CACHE] = key
        return cls(values, known, sizes)

    @property
    def n_values(self) -> int:
        """All keys are below this."""
        return math.prod(self.sizes)

    def rows(self, values: NDArray[Any]) -> Matrix:
        """The rows that have these keys, one per column."""
        columns = np.empty((len(self.sizes), values.size))
        for low in range(0, values.size, ROWS_IN_CACHE):
            key = values[low : low + ROWS_IN_CACHE]
            for column, per, size in reversed(list(zip(columns, self.per_unit, self.sizes, strict=True))):
                rest = key // size
                column[low : low + ROWS_IN_CACHE] = key - rest * size
                column[low : low + ROWS_IN_CACHE] /= per
                key = rest
        return columns


def counted(columns: Sequence[Vector]) -> tuple[Matrix, Vector]:
    """Distinct rows, sorted, one per column; and how often each occurs."""
    keys = Keys.of(columns)
    if keys is not None:
        in_order = keys.values
        in_order.sort()
        starts = run_starts(in_order)
        return keys.rows(in_order[starts]), np.diff(starts, append=in_order.size).astype(float)
    if len(columns) == 2 and columns[0].max(initial=0) < 2**16:
        return _sorted_within_first(*columns)
    return weighed(columns, np.ones(columns[0].size))


def weighed(columns: Sequence[Vector], weight: Vector) -> tuple[Matrix, Vector]:
    """Distinct rows with a positive weight, sorted, one per column; and the weight of each."""
    rows = _frame(columns)
    names = rows.columns
    rows = rows.with_columns(weight=pl.Series(weight)).filter(pl.col("weight") > 0)
    # Weights are sorted before they are added, so that the order of the rows cannot reach the last digit.
    totals = rows.group_by(names).agg(pl.col("weight").sort().sum()).sort(names)
    return totals.select(names).to_numpy().T.copy(), totals["weight"].to_numpy()


@dataclass(frozen=True, eq=False)
class DistinctRows:
    """The distinct rows of a table, and which of them each row is.

    Attributes
    ----------
    rows : sorted, one per column, shape (number of columns, number of distinct rows)
    index : for each row of the table
    """

    rows: Matrix
    index: Positions

    @classmethod
    def of(cls, columns: Sequence[Vector]) -> "DistinctRows":
        """Find the distinct rows of these columns."""
        keys = Keys.of(columns)
        if keys is not None and keys.n_values <= LARGEST_TABLE:
            index = keys.values.astype(np.intp)
            is_there = np.zeros(keys.n_values, dtype=bool)
            is_there[index] = True
            place = np.cumsum(is_there) - 1
            return cls(keys.rows(np.flatnonzero(is_there)), place[index])
        table = _frame(columns if keys is None else [keys.values])
        distinct = table.unique().sort(table.columns).with_row_index("place")
        index = table.join(distinct, on=table.columns, how="left", maintain_order="left")["place"].to_numpy()
        rows = distinct.drop("place").to_numpy().T
        return cls(rows if keys is None else keys.rows(rows[0]), index)

    def each(self, function: Callable[..., Vector], times: Vector | float = 1.0) -> Vector:
        """function(*columns) for each row, computed once for each distinct one, times a factor per row."""
        values = function(*self.rows)[self.index]
        values *= times
        return values


def in_chunks(function: Callable[..., Vector], *columns: Vector, size: int = ROWS_IN_CACHE) -> Vector:
    """function(*columns) for every row, `size` rows at a time."""
    values = np.empty(columns[0].size)
    for low in range(0, values.size, size):
        part = slice(low, low + size)
        values[part] = function(*(column[part] for column in columns))
    return values


def steps_per_unit(column: Vector) -> float | None:
    """What makes the column whole numbers: 1 for counts and days, 7 for weeks, 30.4375 for months; else None."""
    for per in (DAYS_PER["day"], DAYS_PER["week"], DAYS_PER["month"]):
        if _steps(column, per) is not None:
            return per
    return None


def run_starts(*columns: NDArray[Any]) -> Positions:
    """Where each run of equal rows begins."""
    changes = np.ones(columns[0].size, dtype=bool)
    changes[1:] = columns[0][1:] != columns[0][:-1]
    for column in columns[1:]:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _frame(columns: Sequence[NDArray[Any]]) -> pl.DataFrame:
    return pl.DataFrame({f"c{i}": column for i, column in enumerate(columns)})


def _steps(column: Vector, per: float) -> Vector | None:
    """The column as whole numbers, `per` of them in a unit; None if it is not."""
    if per == 1:
        steps = exact = np.rint(column)
    else:
        steps = column * per
        np.rint(steps, out=steps)
        exact = steps / per
    return steps if bool((exact == column).all()) else None


def _sorted_within_first(x: Vector, m: Vector) -> tuple[Matrix, Vector]:
    """Distinct pairs of a count and any number: a radix sort of the counts, then a plain sort within each."""
    order = np.argsort(x.astype(np.min_scalar_type(int(x.max(initial=0)))), kind="stable")
    x, m = x[order], m[order]
    for run in np.split(m, run_starts(x)[1:]):
        run.sort()
    starts = run_starts(x, m)
    return np.stack([x[starts], m[starts]]), np.diff(starts, append=x.size).astype(float)
