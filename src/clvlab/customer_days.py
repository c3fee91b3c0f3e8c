"""The rows of a log brought together by customer and day, once for all that is asked of them.

Ids are texts, and to hash and compare each of them again for every question costs more than all else of a summary.
Here each is told by a number, and the rows are brought into the order of customers and days, in which these are runs,
whose sums are differences of running totals.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from clvlab.memory_limit import bytes_held, rows_at_once
from clvlab.money import bits_of_sums, to_millionths
from clvlab.scratch import scratch_file

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BYTES_OF_A_DAY = 24


@dataclass(frozen=True, eq=False)
class CustomerDays:
    """Customers of a log with all their days.

    Attributes
    ----------
    customers : customer_id, rows (how many of the log are theirs); sorted by id
    days : customer (a place in `customers`), date, is_purchase, orders (how many began on that day and are no
        returns: those of an id, or what was bought that day), and of a log with amounts `spend`, the day's net money
        in whole millionths; sorted by customer and date
    shared : the `place` of each row that is not alone on its customer's day; None of rows without such a column
    """

    customers: pl.DataFrame
    days: pl.LazyFrame
    shared: pl.Series | None = None

    def until(self, end: date) -> "CustomerDays":
        """The days up to the end of the day `end`; the customers stay those of all days."""
        return replace(self, days=self.days.filter(pl.col("date") <= end))

    def with_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the customer's id in front, in place of the customer's place."""
        ids = self.customers["customer_id"].gather(rows["customer"])
        return rows.drop("customer").insert_column(0, ids)


def _in_parts(rows: pl.LazyFrame, n_parts: int) -> list[pl.LazyFrame]:
    """The rows of a log in parts, each of which has some customers with all their rows."""
    if n_parts == 1:
        return [rows]
    part = pl.col("customer_id").hash() % n_parts
    return [rows.filter(part == number) for number in range(n_parts)]


def brought_together(accepted: pl.LazyFrame, n_rows: int) -> list[CustomerDays]:
    """The customers of a log and their days; of a long log in parts, of a longer one each set down in a file."""
    parts = _in_parts(_needed(accepted), max(1, -(-n_rows // rows_at_once())))
    fit = n_rows * _BYTES_OF_A_DAY <= bytes_held()
    return [_days_of(part) if fit else _set_down(_days_of(part)) for part in parts]


def _needed(accepted: pl.LazyFrame) -> pl.LazyFrame:
    """customer_id, date, place and order_id of a log that has them, money (in whole millionths) and is_return."""
    found = accepted.collect_schema()
    columns = {name: pl.col(name) for name in ("customer_id", "date", "place", "order_id") if name in found}
    if "amount" in found:
        amount = pl.col("amount")
        columns |= {"money": to_millionths(amount, bits_of_sums(accepted.select(amount))), "is_return": amount < 0}
    return accepted.select(**columns)


def _set_down(part: CustomerDays) -> CustomerDays:
    path = scratch_file()
    part.days.sink_parquet(path, compression="lz4")
    return replace(part, days=pl.scan_parquet(path, glob=False).set_sorted("customer"))


def _days_of(rows: pl.LazyFrame) -> CustomerDays:
    held = rows.drop("order_id", strict=False).collect(engine="streaming")
    numbers = _numbered(held["customer_id"])
    ids = held["customer_id"].gather(_firsts(numbers))
    held = held.drop("customer_id")  # of no more use, and half of it
    runs = _runs_of(numbers, held["date"].to_physical())
    by_id = ids.arg_sort()
    customers = pl.DataFrame({"customer_id": ids, "rows": runs.lengths(runs.customer_starts).cast(pl.Int64)})[by_id]
    added_up = _of_customers(_added_up(held, runs), runs, by_id)
    days = added_up.lazy()
    if "is_purchase" not in added_up:
        # What is the same of all takes no memory as long as nobody asks for it.
        days = days.with_columns(is_purchase=pl.lit(True), orders=pl.lit(1, pl.UInt32))
    if "order_id" in rows.collect_schema():
        days = _with_orders(days, _orders_begun(rows, customers["customer_id"])).collect().lazy()
    return CustomerDays(customers, days, held["place"].gather(runs.shared) if "place" in held else None)


def _with_orders(days: pl.LazyFrame, begun: pl.DataFrame) -> pl.LazyFrame:
    """The days with the orders that began on them."""
    joined = days.drop("orders").join(begun.lazy(), on=["customer", "date"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("orders").fill_null(0), pl.col("customer").set_sorted())


def _orders_begun(rows: pl.LazyFrame, ids: pl.Series) -> pl.DataFrame:
    """customer (the place of the id), date, orders: each order on the first of its days that is no return.

    What has no id is an order of its day.
    """
    bought = rows.filter(~pl.col("is_return")) if "is_return" in rows.collect_schema() else rows
    order = pl.coalesce("order_id", pl.col("date").cast(pl.String))
    place = pl.LazyFrame(ids).with_row_index("customer")
    begun = bought.group_by("customer_id", order=order).agg(pl.col("date").min()).group_by("customer_id", "date")
    counted = begun.agg(orders=pl.len()).join(place, on="customer_id")
    return counted.select("customer", "date", "orders").collect(engine="streaming")


@dataclass(frozen=True, eq=False)
class _Runs:
    """An order of rows in which those of a customer, and of these those of a day, are together.

    order : places of the rows
    day_starts, customer_starts : where in that order a day of a customer, and a customer, begins
    days : the day of each of `day_starts`
    """

    order: pl.Series
    day_starts: pl.Series
    customer_starts: pl.Series
    days: pl.Series

    def lengths(self, starts: pl.Series) -> pl.Series:
        """How many rows are in each of the runs that start there."""
        return starts.shift(-1, fill_value=len(self.order)) - starts

    def sums(self, values: pl.Series) -> pl.Series:
        """The sum of the values of each day: the running total at its end, less that at the end of the day before."""
        ends = self.day_starts.shift(-1, fill_value=len(self.order)) - 1
        # Looked up in one piece: in many, as which values come, it takes three times as long.
        total = values.rechunk().gather(self.order).cum_sum().gather(ends)
        return total - total.shift(1, fill_value=0)

    @property
    def shared(self) -> pl.Series:
        """The places of the rows that are not alone on their customer's day."""
        lengths = self.lengths(self.day_starts)
        several = lengths > 1
        return self.order.gather(_ranges(self.day_starts.filter(several), lengths.filter(several)))


def _runs_of(numbers: NDArray[np.int32], days: pl.Series) -> _Runs:
    """The rows of these customers, by number, and days (since 1970) in the order of both."""
    first = days.min() or 0
    table = _in_cells(numbers, (days - first).to_numpy())
    customer_starts, day = pl.Series(table.indptr[:-1]), pl.Series(table.indices)
    day_starts = (day != day.shift()).fill_null(value=True).scatter(customer_starts, values=True).arg_true()
    return _Runs(pl.Series(table.data), day_starts, customer_starts, day.gather(day_starts) + first)


def _in_cells(customer: NDArray[np.int32], day: NDArray[np.int32]) -> "csr_array":
    """The places of rows as entries of a table of customers by days, in the order of its cells."""
    from scipy.sparse import coo_array  # takes its time, and a command that only helps needs none of it

    place = np.arange(len(day), dtype=np.int32)
    cells = coo_array((place, (customer, day)), shape=(customer.max(initial=-1) + 1, day.max(initial=-1) + 1))
    cells.has_canonical_format = True  # or else entries of one cell would be added up
    table = cells.tocsr()
    table.sort_indices()
    return table


def _numbered(ids: pl.Series) -> NDArray[np.int32]:
    """A number for each customer, from 0 on as they come: hashes of ids are told apart faster than texts.

    Should two ids have one hash, a second hash is not the same for all rows of that number.
    """
    numbers = _factorized(_hashes(ids))
    second = ids.hash(seed=1).to_numpy().astype(np.uint32)
    known = np.empty(numbers.max(initial=-1) + 1, np.uint32)
    known[numbers] = second
    return _factorized(ids.rank("dense")) if (known[numbers] != second).any() else numbers


def _factorized(values: pl.Series) -> NDArray[np.int32]:
    return pd.factorize(values.to_numpy())[0].astype(np.int32)


def _firsts(numbers: NDArray[np.int32]) -> pl.Series:
    """Where each number comes first, of numbers from 0 on as they come.

    >>> _firsts(np.array([0, 1, 0, 2], np.int32)).to_list()
    [0, 1, 3]
    """
    return pl.Series(np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1)))


def _hashes(ids: pl.Series) -> pl.Series:
    return ids.hash()


def _ranges(starts: pl.Series, lengths: pl.Series) -> pl.Series:
    """start, start + 1, ... of each start, as many as its length says, one after the other.

    >>> _ranges(pl.Series([7, 1]), pl.Series([2, 3])).to_list()
    [7, 8, 1, 2, 3]
    """
    length = lengths.to_numpy().astype(np.int32)
    offset = starts.to_numpy().astype(np.int32) - (np.cumsum(length, dtype=np.int32) - length)
    return pl.Series(np.repeat(offset, length) + np.arange(length.sum(), dtype=np.int32))


def _added_up(held: pl.DataFrame, runs: _Runs) -> pl.DataFrame:
    """date and spend of each day, in the order of the runs; of rows with returns also is_purchase and orders."""
    days = pl.DataFrame({"date": runs.days.cast(pl.Date)})
    if "money" not in held.columns:
        return days
    spend = runs.sums(held["money"])
    if not held["is_return"].any():
        return days.with_columns(spend.alias("spend"))
    n_returns = runs.sums(held["is_return"].cast(pl.UInt32))
    is_purchase, is_order = (spend > 0) | (n_returns == 0), n_returns < runs.lengths(runs.day_starts)
    orders = is_order.cast(pl.UInt32)
    return days.with_columns(spend.alias("spend"), is_purchase.alias("is_purchase"), orders.alias("orders"))


def _of_customers(days: pl.DataFrame, runs: _Runs, customers: pl.Series) -> pl.DataFrame:
    """The days of these customers, in this order, each with its customer's place among them."""
    first = pl.Series(np.searchsorted(runs.day_starts, runs.customer_starts))
    n_days = (first.shift(-1, fill_value=days.height) - first).gather(customers)
    ordered = days[_ranges(first.gather(customers), n_days)]
    place = np.repeat(np.arange(len(customers), dtype=np.uint32), n_days)
    return ordered.insert_column(0, pl.Series("customer", place).set_sorted())
