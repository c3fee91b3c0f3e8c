"""Customers' days, told by how many days ago they were."""

from datetime import date, timedelta

import polars as pl

CUTOFF = date(2024, 2, 29)


def days_of(*rows: tuple[str, int, float]) -> pl.DataFrame:
    """The days of customers: who, how many days before the cutoff, for how much; below 0 it is no purchase."""
    table = [(who, CUTOFF - timedelta(days=ago), amount, amount > 0) for who, ago, amount in rows]
    schema = ["customer", "date", "spend", "is_purchase"]
    return pl.DataFrame(table, schema=schema, orient="row").sort("customer", "date")
