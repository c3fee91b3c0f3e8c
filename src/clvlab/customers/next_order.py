"""When a customer's next order is to be expected, if there is one.

A customer's own gaps say how long they usually wait; there are too few of them to say how much that varies. How much
it varies the whole base says: of all customers, the last gap relative to the mean of those before it. A customer's
next gap is their own mean gap times such a ratio of the customers who had as many gaps by then, and longer than they
have waited so far.
"""

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.customers.purchase_days import numbered_days, with_ids
from clvlab.frames import CustomerSummary, TransactionLog

FEWEST_PURCHASES = 3
"""Two gaps say how long a customer usually waits; one would not."""
MANY_GAPS = 5
"""From so many gaps on, their mean is known as well as it will ever be: customers with more are alike."""
FEWEST_RATIOS = 20
"""So many customers must have waited as long, relative to their gaps, and bought again."""
LEVEL = 0.5
"""The probability with which the window holds the next order, if there is one."""


def next_order(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:
    """customer_id, next_from, next_to: the days between which the next order is to be expected.

    The window leaves out the same probability on either side, and holds the order with LEVEL, if the customer buys
    again at all: whether they do is what `p_alive` says. It begins after the cutoff. Null for customers of fewer than
    FEWEST_PURCHASES purchase days, and where fewer than FEWEST_RATIOS customers of the base have waited as long,
    relative to their gaps before, and bought again.

    Parameters
    ----------
    log
        the log that the customers were summarised from
    customers
        days_since_last and last_purchase, as of the summary's cutoff
    """
    gaps = _gaps(log, customers)
    table = customers.data.select("customer_id", "days_since_last", "last_purchase").join(
        gaps.filter(pl.col("n") >= FEWEST_PURCHASES - 1), on="customer_id", how="left", maintain_order="left"
    )
    waited, mean, n = (table[name].cast(pl.Float64).to_numpy() for name in ("days_since_last", "mean", "n"))
    first, last = (np.full(table.height, np.nan) for _ in range(2))
    for gaps_before in range(FEWEST_PURCHASES - 1, MANY_GAPS + 1):
        alike = np.minimum(n, MANY_GAPS) == gaps_before
        first[alike], last[alike] = _window(waited[alike], mean[alike], _ratios(gaps, gaps_before))
    found = table.with_columns(first=pl.Series(first).fill_nan(None), last=pl.Series(last).fill_nan(None))
    return found.select("customer_id", next_from=_day("first"), next_to=_day("last"))


def _day(column: str) -> pl.Expr:
    """The day so long after the last purchase, and after the cutoff; null where that is not known."""
    days = pl.max_horizontal(pl.col(column).ceil(), pl.col("days_since_last") + 1)
    return pl.when(pl.col(column).is_not_null()).then(pl.col("last_purchase") + pl.duration(days=days))


def _gaps(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:
    """customer_id, n (gaps), last, mean (of all), mean_before (of those before the last), in days."""
    is_again = pl.col("customer") == pl.col("customer").shift()
    days = numbered_days(log, customers.cutoff).filter("is_purchase")
    gap = pl.col("gap")
    gaps = (
        days.select("customer", gap=pl.when(is_again).then(pl.col("date").diff().dt.total_days()))
        .drop_nulls("gap")
        .group_by("customer", maintain_order=True)
        .agg(n=pl.len(), last=gap.last(), mean=gap.mean(), mean_before=gap.head(pl.len() - 1).mean())
    )
    return with_ids(log, gaps)


def _ratios(gaps: pl.DataFrame, gaps_before: int) -> Vector:
    """The last gaps of customers relative to the mean of those before, of which there were so many; in order."""
    as_many = pl.min_horizontal(pl.col("n") - 1, MANY_GAPS) == gaps_before
    return gaps.filter(as_many).select(pl.col("last") / pl.col("mean_before")).to_series().sort().to_numpy()


def _window(waited: Vector, mean: Vector, ratios: Vector) -> tuple[Vector, Vector]:
    """Between how many days after the last purchase the next one is to be expected; NaN where that is not known."""
    first, last = (np.full(mean.size, np.nan) for _ in range(2))
    if ratios.size < FEWEST_RATIOS:
        return first, last
    place = np.searchsorted(ratios, waited / mean, side="right")
    left = ratios.size - place
    known = left >= FEWEST_RATIOS
    for days, share in ((first, (1 - LEVEL) / 2), (last, (1 + LEVEL) / 2)):
        at = place[known] + share * (left[known] - 1)
        days[known] = mean[known] * np.interp(at, np.arange(ratios.size), ratios)
    return first, last
