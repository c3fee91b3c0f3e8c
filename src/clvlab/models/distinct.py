"""Distinct rows of a few columns of numbers, fast for millions of customers.

Times are nearly always whole numbers of days, so that a row is one whole number: a key that can be sorted, counted or
looked up. Other numbers take a slower way to the same result. The order of the rows reaches no digit of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.models.jets import Vector
from clvlab.units import DAYS_PER

CHUNK = 65_536  # rows read at once: few enough to stay in the processor's cache
LARGEST_KEY = 2**62
LARGEST_TABLE = 2**22

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Key:
    """Rows as whole numbers: each column in its own steps, the last one changing fastest.

    Attributes
    ----------
    per_unit : what makes each column whole numbers
    sizes : how many steps each column needs
    """

    per_unit: tuple[float, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, columns: Sequence[Vector]) -> "Key | None":
        """A key for these columns; None if they are not whole numbers of days, or too large for one key."""
        per_unit = [steps_per_unit(column) for column in columns]
        known = tuple(per for per in per_unit if per is not None)
        if len(known) < len(columns):
            return None
        sizes = tuple(int(column.max(initial=0) * per) + 2 for column, per in zip(columns, known, strict=True))
        return cls(known, sizes) if np.prod(np.array(sizes, dtype=float)) < LARGEST_KEY else None

    @property
    def n_values(self) -> int:
        """All keys are below this."""
        return int(np.prod(np.array(self.sizes, dtype=np.int64)))

    def encode(self, columns: Sequence[Vector]) -> NDArray[np.int64]:
        """The key of each row."""
        key = np.zeros(columns[0].size, dtype=np.int64)
        for low in range(0, key.size, CHUNK):
            part = key[low : low + CHUNK]
            for column, per, size in zip(columns, self.per_unit, self.sizes, strict=True):
                part *= size
                part += np.rint(column[low : low + CHUNK] * per).astype(np.int64)
        return key

    def decode(self, key: NDArray[np.int64]) -> Matrix:
        """The rows of these keys, one per column."""
        columns = np.empty((len(self.sizes), key.size))
        for i in reversed(range(len(self.sizes))):
            key, steps = np.divmod(key, self.sizes[i])
            columns[i] = steps / self.per_unit[i]
        return columns


def counted(columns: Sequence[Vector]) -> tuple[Matrix, Vector]:
    """Distinct rows, sorted, one per column; and how often each occurs."""
    key = Key.of(columns)
    if key is not None:
        keys = key.encode(columns)
        keys.sort()
        starts = run_starts(keys)
        return key.decode(keys[starts]), np.diff(starts, append=keys.size).astype(float)
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


def on_distinct(function: Callable[..., Vector], *columns: Vector) -> Vector:
    """function(*columns), computed once for each distinct row, in sorted order."""
    key = Key.of(columns)
    if key is None:
        rows = _frame(columns)
        distinct = rows.unique().sort(rows.columns)
        return _looked_up(rows, distinct, function(*(column.to_numpy() for column in distinct.get_columns())))
    keys = key.encode(columns)
    if key.n_values > LARGEST_TABLE:
        rows = _frame([keys])
        distinct = rows.unique().sort(rows.columns)
        return _looked_up(rows, distinct, function(*key.decode(distinct.to_series().to_numpy())))
    present = np.flatnonzero(np.bincount(keys))
    table = np.empty(key.n_values)
    table[present] = function(*key.decode(present))
    return table[keys]


def steps_per_unit(column: Vector) -> float | None:
    """What makes the column whole numbers: 1 for counts and days, 7 for weeks, 30.4375 for months; else None."""
    for per in (DAYS_PER["day"], DAYS_PER["week"], DAYS_PER["month"]):
        if all(_are_steps(column[low : low + CHUNK], per) for low in range(0, column.size, CHUNK)):
            return per
    return None


def run_starts(*columns: NDArray[Any]) -> NDArray[np.intp]:
    """Where each run of equal rows begins."""
    changes = np.zeros(columns[0].size, dtype=bool)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _frame(columns: Sequence[NDArray[Any]]) -> pl.DataFrame:
    return pl.DataFrame({f"c{i}": column for i, column in enumerate(columns)})


def _looked_up(rows: pl.DataFrame, distinct: pl.DataFrame, values: Vector) -> Vector:
    """The value of each row, given those of the distinct ones."""
    table = distinct.with_columns(value=pl.Series(values))
    return rows.join(table, on=rows.columns, how="left", maintain_order="left")["value"].to_numpy()


def _are_steps(values: Vector, per: float) -> bool:
    return np.array_equal(np.rint(values * per) / per, values)


def _sorted_within_first(x: Vector, m: Vector) -> tuple[Matrix, Vector]:
    """Distinct pairs of a count and any number: a radix sort of the counts, then a plain sort within each."""
    order = np.argsort(x.astype(np.uint16), kind="stable")
    x, m = x[order], m[order]
    for run in np.split(m, run_starts(x)[1:]):
        run.sort()
    starts = run_starts(x, m)
    return np.stack([x[starts], m[starts]]), np.diff(starts, append=x.size).astype(float)
