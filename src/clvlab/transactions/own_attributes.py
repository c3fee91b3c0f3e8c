"""Columns of the log that say something of the customer, such as a country, as a dated table of attributes."""

from collections.abc import Sequence

import polars as pl

from clvlab.errors import MissingColumnsError, ParamsError, did_you_mean
from clvlab.sources import OURS


def own_attributes(accepted: pl.LazyFrame, columns: Sequence[str], table: str) -> tuple[pl.DataFrame, ...]:
    """customer_id, date and these columns, one row for each customer and day; nothing where none is asked for.

    Raises
    ------
    MissingColumnsError : a column is not there
    ParamsError : a column is called as one that every table of attributes has
    """
    if not columns:
        return ()
    found = [name for name in accepted.collect_schema().names() if not name.startswith(OURS)]
    if missing := [name for name in columns if name not in found]:
        hint = f"It is named as an attribute.{did_you_mean(missing[0], found)}"
        raise MissingColumnsError(table, missing, found, hint=hint)
    days = {"customer_id": pl.col(OURS + "customer_id"), "date": pl.col(OURS + "day")}
    if taken := [name for name in columns if name in days]:
        raise ParamsError(
            f"{taken[0]!r} cannot be an attribute: every table of attributes has a column of that name."
        )
    by_day = accepted.select(*columns, **days).group_by("customer_id", "date", maintain_order=True)
    last = by_day.agg(pl.col(*columns).drop_nulls().last())
    return (last.sort("customer_id", "date").collect(engine="streaming"),)
