"""Customer tables as the models read them: checked column by column, prospects set aside, times in one unit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike

from clvlab.arrays import Flags, Matrix, Vector
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary
from clvlab.models.numerics.distinct import ROWS_IN_CACHE, DistinctRows
from clvlab.sources import spark
from clvlab.sources.memory import from_pandas
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit

Customers = CustomerSummary | pl.DataFrame | pd.DataFrame

LARGEST_COUNT = 2**31  # nobody buys on more days: a larger count is an integer that overflowed


@dataclass(frozen=True, eq=False)
class PurchaseHistories:
    """Columns of the customers who have bought, and which rows of the table they came from.

    `numbers` are those of their attributes, one column for each term, where a model reads any.
    """

    columns: list[Vector]
    is_buyer: Flags
    numbers: Matrix | None = None

    @cached_property
    def by_age(self) -> DistinctRows:
        """The distinct (x, T): what the future of an active customer depends on, but for one who buys regularly."""
        x, _, T = self.columns
        return DistinctRows.of([x, T])

    def weights(self, given: ArrayLike | None) -> Vector | None:
        """The buyers' part of `given`, one weight per row of the table; ParamsError unless finite and >= 0."""
        if given is None:
            return None
        try:
            weights = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            raise ParamsError(f"weights must be numbers, one per row of the table; found {given!r:.80}.") from None
        if weights.shape != self.is_buyer.shape:
            raise ParamsError(f"weights has the shape {weights.shape}; the table has {self.is_buyer.size} rows.")
        wrong = ~(np.isfinite(weights) & (weights >= 0))
        if wrong.any():
            row = int(wrong.argmax())
            raise ParamsError(f"weights, row {row}: {weights[row]} is not a finite number of 0 or more.")
        return weights[self.is_buyer]

    def spread(self, values: Vector) -> Vector:
        """One value per row of the table; NaN for prospects."""
        if values.size == self.is_buyer.size:
            return values
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
        table_of(customers)
        raise ParamsError(
            "A plain frame does not say in which unit its recency and T are. "
            "Pass time_unit='day', 'week' or 'month', or a CustomerSummary, which carries its own."
        )
    return check_time_unit(time_unit)


def read_histories(customers: Customers, names: Sequence[str], from_unit: str, to_unit: str) -> PurchaseHistories:
    """Read the columns `names` of the customers who have bought, times turned from one unit into another.

    Prospects are the rows with n_purchases 0. DataError names column, row and value of what cannot be a history.
    """
    table = table_of(customers)
    missing = set(names) - set(table.columns)
    if missing:
        raise MissingColumnsError(
            "The customer table", missing, table.columns, hint="`clvlab.summarise_customers` makes such a table."
        )
    columns = {name: _floats(table, name) for name in names}
    is_buyer = buyers_of(table)
    if not is_buyer.all():
        columns = {name: column[is_buyer] for name, column in columns.items()}
    for low in range(0, is_buyer.size, ROWS_IN_CACHE):
        part = {name: column[low : low + ROWS_IN_CACHE] for name, column in columns.items()}
        for name, wrong, why in _impossible(part):
            if wrong.any():
                _refuse(table, name, int(np.flatnonzero(is_buyer)[low + wrong.argmax()]), why)
    scale = DAYS_PER[from_unit] / DAYS_PER[to_unit]
    for name in {"recency", "T"} & set(names) if scale != 1.0 else ():
        columns[name] = columns[name] * scale
    return PurchaseHistories(list(columns.values()), is_buyer)


def read_spend(customers: Customers, *, first_purchases: bool) -> PurchaseHistories:
    """How many purchases each customer's spend is known of, and their mean value.

    Those are the repeat purchases (frequency, monetary_value); with first purchases all of them, and their value is
    all that the customer spent, less what went back on other days (total_spend), or 0 where nothing is left.
    """
    if not first_purchases:
        return read_histories(customers, ("frequency", "monetary_value"), "day", "day")
    histories, table = read_histories(customers, ("frequency",), "day", "day"), table_of(customers)
    if "total_spend" not in table.columns:
        raise MissingColumnsError(
            "The customer table",
            ["total_spend"],
            table.columns,
            hint="`clvlab.summarise_customers` makes such a table of a log with amounts.",
        )
    spent = _floats(table, "total_spend")[histories.is_buyer]
    if not np.isfinite(spent).all():
        row = int(np.flatnonzero(histories.is_buyer)[np.isfinite(spent).argmin()])
        _refuse(table, "total_spend", row, "")
    n = histories.columns[0] + 1
    return PurchaseHistories([n, np.maximum(spent, 0.0) / n], histories.is_buyer)


def table_of(customers: Customers) -> pl.DataFrame:
    """The table itself, as a polars frame."""
    if isinstance(customers, CustomerSummary):
        return customers.data
    if isinstance(customers, pl.DataFrame):
        return customers
    if isinstance(customers, pd.DataFrame):
        return from_pandas(customers)
    if spark.is_frame(customers):
        return spark.collected(customers)
    if hasattr(customers, "__arrow_c_stream__"):
        return pl.DataFrame(customers)
    raise ParamsError(
        f"{type(customers).__name__} is not a customer table. Give a CustomerSummary, as "
        "`clvlab.summarise_customers` makes it, or a pandas, polars, Arrow or Spark frame."
    )


def buyers_of(table: pl.DataFrame) -> Flags:
    """Which rows have bought: all but those with n_purchases 0."""
    if "n_purchases" not in table.columns:
        return np.ones(table.height, dtype=bool)
    return (table["n_purchases"] != 0).fill_null(True).to_numpy()


def numbered(n: int) -> list[str]:
    """Ids of `n` simulated customers, 1 ... n, all of one length so that they sort as numbers do."""
    return [f"{i:0{len(str(n))}d}" for i in range(1, n + 1)]


def with_ids(values: pl.DataFrame, customers: Customers) -> pl.DataFrame:
    """`values` with the table's customer_id in front, if it has one."""
    table = table_of(customers)
    if "customer_id" not in table.columns:
        return values
    return values.insert_column(0, table["customer_id"])


def _floats(table: pl.DataFrame, name: str) -> Vector:
    """A column as floats, NaN for null."""
    column = table[name]
    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise DataError(f"Column {name!r} has the type {column.dtype}; it must hold numbers.")
    column = column.cast(pl.Float64)
    return (column.fill_null(float("nan")) if column.null_count() else column).to_numpy()


def _impossible(columns: Mapping[str, Vector]) -> Iterator[tuple[str, Flags, str]]:
    """What cannot be a history: the column, which rows, and why ("" if that can be seen of the value)."""
    x = columns["frequency"]
    for name, values in columns.items():
        # Two reductions clear nearly every column; a NaN fails both comparisons.
        if not (values.min(initial=0.0) >= 0 and values.max(initial=0.0) < np.inf):
            wrong = ~((values >= 0) & (values < np.inf))
            yield name, wrong & (x != 0) if name == "monetary_value" else wrong, ""
    if x.max(initial=0.0) >= LARGEST_COUNT:
        yield "frequency", x >= LARGEST_COUNT, "is an integer that overflowed"
    yield "frequency", x != np.rint(x), "is not a whole number of purchase days"
    if "recency" in columns:
        t_x, T = columns["recency"], columns["T"]
        yield "recency", t_x > T, "is larger than T: both are ages, in the same unit"
        if T.min(initial=np.inf) == 0:
            yield "frequency", (T == 0) & (x > 0), "must be 0 where T is 0: nobody buys again in no time"
        yield "recency", (x == 0) & (t_x > 0), "must be 0 where frequency is 0"


def _refuse(table: pl.DataFrame, name: str, row: int, why: str) -> NoReturn:
    customer = f" (customer {table['customer_id'][row]})" if "customer_id" in table.columns else ""
    value = table[name][row]
    raise DataError(f"Column {name!r}, row {row}{customer}: {value} {why or _flaw(value)}.")


def _flaw(value: float | None) -> str:
    """Why `value` is not a finite number of 0 or more."""
    if value is None or value != value:
        return "is missing"
    return "is infinite" if np.isinf(value) else "is negative (or an integer that overflowed)"
