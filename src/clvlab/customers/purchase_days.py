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

import numpy as np
import polars as pl

from clvlab.frames import TransactionLog
from clvlab.money import from_millionths


def customer_days(log: TransactionLog, end: date) -> pl.DataFrame:
    """One row per customer and day up to `end`, sorted: customer_id, date, is_purchase (and spend).

    `spend` is the day's net money; a log without amounts has none, and each of its days is a purchase.
    """
    return with_ids(log, in_currency(numbered_days(log, end)))


def numbered_days(log: TransactionLog, end: date) -> pl.DataFrame:
    """The same with the customer's place among all customers of the log, sorted by id, and money in whole millionths:
    customer, date, is_purchase (and spend).

    Of many days this takes a fraction of the time and memory that ids do.
    """
    parts = [part.until(end).days.drop("orders").collect() for part in log.days]
    if len(parts) == 1:
        return parts[0]
    places = [each.gather(part["customer"]) for each, part in zip(log.places, parts, strict=True)]
    days = pl.concat(parts).with_columns(pl.concat(places).alias("customer"))
    # Each part is in order: a stable sort has only to merge them.
    order = np.argsort(days["customer"].to_numpy(), kind="stable")
    return days[pl.Series(order)].with_columns(pl.col("customer").set_sorted())


def in_currency(days: pl.DataFrame) -> pl.DataFrame:
    """Numbered days with money in currency, where they have any."""
    return days.with_columns(from_millionths(pl.col("spend"))) if "spend" in days.columns else days


def with_ids(log: TransactionLog, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the customer's id in front, in place of the customer's place among all of the log."""
    return rows.drop("customer").insert_column(0, log.ids.gather(rows["customer"]).alias("customer_id"))


def places_of(log: TransactionLog, ids: pl.Series) -> pl.Series:
    """The places of these customers among all of the log; null for those who are not in it."""
    place = log.ids.search_sorted(ids)
    is_there = log.ids.gather(place.clip(upper_bound=len(log.ids) - 1)) == ids
    return place.zip_with(is_there, pl.Series([None], dtype=place.dtype)).alias("customer")


def rows_until(log: TransactionLog, end: date) -> pl.LazyFrame:
    """The log's accepted rows up to the end of the day `end`."""
    return log.accepted.filter(pl.col("date") <= end)


def describe_span(log: TransactionLog) -> str:
    """A sentence that says from when to when the log runs."""
    days = log.accepted.select(first=pl.col("date").min(), last=pl.col("date").max()).collect(engine="streaming")
    first, last = days.row(0)
    return "The log has no rows." if first is None else f"The log runs from {first} to {last}."
