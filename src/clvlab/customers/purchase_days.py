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
from clvlab.money import from_millionths


def customer_days(log: TransactionLog, end: date) -> pl.DataFrame:
    """One row per customer and day up to `end`, sorted: customer_id, date, is_purchase (and spend).

    `spend` is the day's net money; a log without amounts has none, and each of its days is a purchase.
    """
    parts = [part.with_ids(part.until(end).days.drop("orders").collect()) for part in log.days]
    days = pl.concat(parts)
    if log.has_amounts:
        days = days.with_columns(from_millionths(pl.col("spend")))
    return days if len(parts) == 1 else days.sort("customer_id", "date")


def rows_until(log: TransactionLog, end: date) -> pl.LazyFrame:
    """The log's accepted rows up to the end of the day `end`."""
    return log.accepted.filter(pl.col("date") <= end)


def describe_span(log: TransactionLog) -> str:
    """A sentence that says from when to when the log runs."""
    days = log.accepted.select(first=pl.col("date").min(), last=pl.col("date").max()).collect(engine="streaming")
    first, last = days.row(0)
    return "The log has no rows." if first is None else f"The log runs from {first} to {last}."
