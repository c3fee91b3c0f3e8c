"""What is predicted without a model: from each customer's past days alone, or from everybody's.

    own_rate               repeats per unit of age, the age being at least the horizon: a customer who bought twice in
                           a week is not expected to go on like that
    last_365_days          the rate of the last 365 days (of all days, where the log is younger)
    last_period            what the customer did in as long a period up to the origin
    same_period_last_year  what the customer did in the same days a year ago: the seasonal naive prediction
    average                what the average customer does in that time
    nobody                 that nobody comes back

The last period and last year's are unknown where the log does not reach back so far, last year's also where the
horizon is longer than a year.

References
----------
Hyndman & Athanasopoulos (2021), "Forecasting: principles and practice", 3rd edition, 5.2 (naive, seasonal naive).
Wübben & von Wangenheim (2008), "Instant customer base analysis: managerial heuristics often 'get it right'", Journal
of Marketing 72(3), on how hard such rules are to beat.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from clvlab.money import from_millionths

NAIVE = ("own_rate", "last_365_days", "last_period", "same_period_last_year", "average", "nobody")
YEAR = 365

Window = tuple[date, date]
"""The days after the first, up to the second."""


def windows(origin: date, days: int, first: date) -> dict[str, Window]:
    """What to count for a horizon of `days` after `origin`, as far as a log that begins on `first` knows it."""
    year_ago, before = origin - timedelta(days=YEAR), first - timedelta(days=1)
    found = {
        "actual": (origin, origin + timedelta(days=days)),
        "last_365_days": (max(year_ago, before), origin),
        "last_period": (origin - timedelta(days=days), origin),
    }
    if days <= YEAR:
        found["same_period_last_year"] = (year_ago, year_ago + timedelta(days=days))
    return {name: window for name, window in found.items() if window[0] >= before}


def counted(days: pl.DataFrame, what: str, wanted: Mapping[str, Window]) -> pl.DataFrame:
    """customer, and of each window the purchases or the spend of customers with a row in any of them.

    `days` are numbered, see `clvlab.customers.numbered_days`.
    """
    earliest, latest = min(after for after, _ in wanted.values()), max(until for _, until in wanted.values())
    day = pl.col("date")
    within = {name: (day > after) & (day <= until) for name, (after, until) in wanted.items()}
    done = pl.col("is_purchase").cast(pl.UInt32) if what == "purchases" else pl.col("spend")
    sums = (
        days.filter((day > earliest) & (day <= latest))
        .select("customer", **{name: pl.when(inside).then(done) for name, inside in within.items()})
        .group_by("customer")
        .agg(pl.col(list(within)).sum())
    )
    figures = pl.col(list(within))
    return sums.with_columns(figures.cast(pl.Float64) if what == "purchases" else from_millionths(figures))


def naive(what: str, length: float, year: float, age: pl.Expr) -> dict[str, pl.Expr]:
    """The naive predictions of `what` that are not counts of a window as they are, for a table with those counts.

    `length` is the horizon's, `year` that of the window `last_365_days`, and `age` each customer's, all in plain time
    of one unit.
    """
    repeats = pl.col("frequency").cast(pl.Float64)
    if what == "spend":
        repeats *= pl.col("monetary_value").fill_null(0.0)
    ages = age.sum()
    return {
        "own_rate": repeats / pl.max_horizontal(age, pl.lit(length)) * length,
        "last_365_days": pl.col("last_365_days") / year * length,
        "average": pl.when(ages > 0).then(repeats.sum() / ages).otherwise(0.0) * length,
        "nobody": pl.lit(0.0),
    }
