"""A customer's day is one purchase.

A day is a purchase unless returns (negative amounts) bring it to nothing or less; a day of returns alone counts as
money, not as a purchase.

    amounts of a day   spend   purchase
    +10, +5              15    yes
    +10, -4               6    yes
    +10, -10              0    no
    -4                   -4    no
    0                     0    yes: somebody came, if for a gift

A log that is asked for its customers as of many days can be grouped once (`keep_days`), and only filtered then:
customers are numbered in the order of their ids, so that nothing has to be hashed or sorted again. What comes of it
is what comes of the rows, to the last digit: money is added up in whole millionths, and an order counts on the first
day that it has.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import polars as pl

from clvlab.frames import TransactionLog
from clvlab.money import from_millionths, to_millionths

_DAYS = "days"


@dataclass(frozen=True, eq=False)
class KeptDays:
    """All days of a log's customers.

    Attributes
    ----------
    ids : sorted, each once
    days : one row per customer and day, sorted: customer (the place of the id), date, is_purchase, orders (that
        began on it, returns left out), and spend in whole millionths, where there are amounts
    last : the day after which nothing is known
    """

    ids: pl.Series
    days: pl.DataFrame
    last: date = date.max

    @classmethod
    def of(cls, log: TransactionLog) -> Self:
        """Group the accepted rows of a log."""
        days = days_of(log.accepted)
        if "order_id" in log.accepted.collect_schema():
            on_first_day = orders_of(log.accepted).group_by("customer_id", "date").agg(orders=pl.len())
            days = days.join(on_first_day, on=["customer_id", "date"], how="left")
        else:
            days = days.with_columns(orders=pl.col("is_order"))
        found = days.drop("is_order").sort("customer_id", "date").collect(engine="streaming")
        is_new = (pl.col("customer_id") != pl.col("customer_id").shift()).fill_null(True)
        ids = found.filter(is_new)["customer_id"]
        customer = (is_new.cum_sum() - 1).cast(pl.UInt32).set_sorted()
        orders = pl.col("orders").cast(pl.UInt32).fill_null(0)
        return cls(ids, found.select(customer.alias("customer"), pl.exclude("customer_id", "orders"), orders))

    def until(self, end: date) -> pl.DataFrame:
        """Those up to a day."""
        return self.days.filter(pl.col("date") <= min(end, self.last))

    def with_ids(self, found: pl.DataFrame) -> pl.DataFrame:
        """A table of such customers, sorted, with their ids in place of their numbers."""
        ids = self.ids.gather(found["customer"]).alias("customer_id")
        return found.drop("customer").insert_column(0, ids)


def keep_days(log: TransactionLog) -> None:
    """Group a log by customers' days, which have to fit memory, for all that will be asked of it."""
    if _DAYS not in log.kept:
        log.kept[_DAYS] = KeptDays.of(log)


def kept_days(log: TransactionLog) -> KeptDays | None:
    """The days of a log of which they are kept."""
    found: KeptDays | None = log.kept.get(_DAYS)
    return found


def log_until(log: TransactionLog, end: date) -> TransactionLog:
    """The log as it was at the end of a day, on which nobody knows of later rows."""
    earlier, kept = replace(log, accepted=rows_until(log, end)), kept_days(log)
    if kept is not None:
        earlier.kept[_DAYS] = replace(kept, last=min(end, kept.last))
    return earlier


def customer_days(log: TransactionLog, end: date) -> pl.DataFrame:
    """One row per customer and day up to `end`, sorted: customer_id, date, is_purchase (and spend).

    `spend` is the day's net money; a log without amounts has none, and each of its days is a purchase.
    """
    kept = kept_days(log)
    if kept is not None:
        days = kept.with_ids(kept.until(end)).drop("orders").lazy()
    else:
        days = days_of(rows_until(log, end)).drop("is_order").sort("customer_id", "date")
    if log.has_amounts:
        days = days.with_columns(from_millionths(pl.col("spend")))
    return days.collect(engine="streaming")


def days_of(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The plan of `customer_days`, in no order, with `spend` in whole millionths.

    `is_order` says whether any row of the day is no return.
    """
    by_day = rows.group_by("customer_id", "date")
    if "amount" not in rows.collect_schema():
        return by_day.agg().with_columns(is_purchase=pl.lit(True), is_order=pl.lit(True))
    amount = pl.col("amount")
    days = by_day.agg(spend=to_millionths(amount).sum(), has_return=(amount < 0).any(), is_order=(amount >= 0).any())
    return days.with_columns(is_purchase=(pl.col("spend") > 0) | ~pl.col("has_return")).drop("has_return")


def orders_of(rows: pl.LazyFrame) -> pl.LazyFrame:
    """customer_id, order_id, date of its first row: the orders that are not returns alone; what has no id is an order
    of its day.
    """
    bought = rows.filter(pl.col("amount") >= 0) if "amount" in rows.collect_schema() else rows
    order = pl.coalesce("order_id", pl.col("date").cast(pl.String))
    return bought.group_by("customer_id", order).agg(pl.col("date").min())


def rows_until(log: TransactionLog, end: date) -> pl.LazyFrame:
    """The log's accepted rows up to the end of the day `end`."""
    return log.accepted.filter(pl.col("date") <= end)


def describe_span(log: TransactionLog) -> str:
    """A sentence that says from when to when the log runs."""
    days = log.accepted.select(first=pl.col("date").min(), last=pl.col("date").max()).collect(engine="streaming")
    first, last = days.row(0)
    return "The log has no rows." if first is None else f"The log runs from {first} to {last}."
