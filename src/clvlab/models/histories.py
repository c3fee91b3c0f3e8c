"""Customer tables as the models read them: checked column by column, prospects set aside, times in one unit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray

from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary
from clvlab.models.jets import Vector
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit

Customers = CustomerSummary | pl.DataFrame | pd.DataFrame

LARGEST_COUNT = 2**31  # nobody buys on more days: a larger count is an integer that overflowed


@dataclass(frozen=True)
class Histories:
    """Columns of the customers who have bought, and where they stand in the table that they came from."""

    columns: list[Vector]
    is_buyer: NDArray[np.bool_]

    def weights(self, given: ArrayLike | None) -> Vector | None:
        """The buyers' part of `given`, one weight per row of the table; ParamsError unless finite and >= 0."""
        if given is None:
            return None
        weights = np.asarray(given, dtype=float)
        if weights.shape != self.is_buyer.shape:
            raise ParamsError(f"weights has the shape {weights.shape}; the table has {self.is_buyer.size} rows.")
        wrong = ~(np.isfinite(weights) & (weights >= 0))
        if wrong.any():
            row = int(wrong.argmax())
            raise ParamsError(f"weights, row {row}: {weights[row]} is not a finite number of 0 or more.")
        return weights[self.is_buyer]

    def spread(self, values: Vector) -> Vector:
        """One value per row of the table; NaN for prospects."""
        everyone = np.full(self.is_buyer.size, np.nan)
        everyone[self.is_buyer] = values
        return everyone


def unit_of(customers: Customers, time_unit: str | None) -> TimeUnit:
    """The unit of a table's times: a CustomerSummary carries its own, a plain frame needs `time_unit`."""
    if isinstance(customers, CustomerSummary):
        if time_unit is not None and time_unit != customers.time_unit:
            raise ParamsError(f"time_unit is {time_unit!r}, but the customer table says {customers.time_unit!r}.")
        return customers.time_unit
    if time_unit is None:
        raise ParamsError(
            "A plain frame does not say in which unit its recency and T are. "
            "Pass time_unit='day', 'week' or 'month', or a CustomerSummary, which carries its own."
        )
    return check_time_unit(time_unit)


def read(customers: Customers, names: Sequence[str], from_unit: str, to_unit: str) -> Histories:
    """Read the columns `names` of the customers who have bought, times turned from one unit into another.

    Prospects are the rows with n_purchases 0. DataError names column, row and value of what cannot be a history.
    """
    table = table_of(customers)
    missing = set(names) - set(table.columns)
    if missing:
        raise MissingColumnsError(
            "The customer table", missing, table.columns, hint="`clvlab.summarise_customers` makes such a table."
        )
    is_buyer = pl.Series([True]).new_from_index(0, table.height)
    if "n_purchases" in table.columns:
        is_buyer = (table["n_purchases"] != 0).fill_null(True)
    columns = {name: _floats(table, name) for name in names}
    _refuse_impossible(table, columns, is_buyer)
    scale = DAYS_PER[from_unit] / DAYS_PER[to_unit]
    for name in {"recency", "T"} & set(names) if scale != 1.0 else ():
        columns[name] = columns[name] * scale
    buyers = is_buyer.to_numpy()
    chosen = [column.to_numpy() for column in columns.values()]
    return Histories(chosen if buyers.all() else [column[buyers] for column in chosen], buyers)


def table_of(customers: Customers) -> pl.DataFrame:
    """The table itself, as a polars frame."""
    if isinstance(customers, CustomerSummary):
        return customers.data
    return customers if isinstance(customers, pl.DataFrame) else pl.from_pandas(customers)


def _floats(table: pl.DataFrame, name: str) -> pl.Series:
    """A column as floats, NaN for null."""
    column = table[name]
    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise DataError(f"Column {name!r} has the type {column.dtype}; it must hold numbers.")
    return column.cast(pl.Float64).fill_null(float("nan")).rechunk()


def _refuse_impossible(table: pl.DataFrame, columns: dict[str, pl.Series], is_buyer: pl.Series) -> None:
    frequency = columns["frequency"]
    for name, column in columns.items():
        counts = is_buyer & (frequency > 0) if name == "monetary_value" else is_buyer
        _refuse(table, name, counts & column.is_nan(), "is missing")
        _refuse(table, name, counts & column.is_infinite(), "is infinite")
        _refuse(table, name, counts & (column < 0), "is negative (or an integer that overflowed)")
    _refuse(table, "frequency", is_buyer & (frequency >= LARGEST_COUNT), "is an integer that overflowed")
    _refuse(table, "frequency", is_buyer & (frequency != frequency.round()), "is not a whole number of purchase days")
    if "recency" in columns:
        recency, age = columns["recency"], columns["T"]
        _refuse(table, "recency", is_buyer & (recency > age), "is larger than T: both are ages, in the same unit")
        _refuse(table, "recency", is_buyer & (frequency == 0) & (recency > 0), "must be 0 where frequency is 0")


def _refuse(table: pl.DataFrame, name: str, wrong: pl.Series, why: str) -> None:
    if not wrong.any():
        return
    row = int(wrong.arg_max() or 0)
    customer = f" (customer {table['customer_id'][row]})" if "customer_id" in table.columns else ""
    others = int(wrong.sum()) - 1
    raise DataError(
        f"Column {name!r}, row {row}{customer}: {table[name][row]} {why}"
        + (f"; so are {others} more rows." if others else ".")
    )
