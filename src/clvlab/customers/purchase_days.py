"""A customer's day is one purchase.

A day is a purchase unless returns (negative amounts) bring it to nothing or less; a day of returns alone counts as
money, not as a purchase.

    amounts of a day   spend   purchase
    +10, +5              15    yes
    +10, -4               6    yes
    +10, -10              0    no
    -4                   -4    no
    0                     0    yes: somebody came, if for a gift
"""

from datetime import date

import polars as pl

from clvlab.frames import TransactionLog
from clvlab.money import from_millionths, to_millionths


def customer_days(log: TransactionLog, end: date) -> pl.DataFrame:
    """One row per customer and day up to `end`, sorted: customer_id, date, is_purchase (and spend).

    `spend` is the day's net money; a log without amounts has none, and each of its days is a purchase.
    """
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


def rows_until(log: TransactionLog, end: date) -> pl.LazyFrame:
    """The log's accepted rows up to the end of the day `end`."""
    return log.accepted.filter(pl.col("date") <= end)


def describe_span(log: TransactionLog) -> str:
    """A sentence that says from when to when the log runs."""
    days = log.accepted.select(first=pl.col("date").min(), last=pl.col("date").max()).collect(engine="streaming")
    first, last = days.row(0)
    return "The log has no rows." if first is None else f"The log runs from {first} to {last}."
