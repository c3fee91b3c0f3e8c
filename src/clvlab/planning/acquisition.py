"""How many customers come for the first time: the recent rate, carried forward.

The rate is that of the last half year: it follows a business that grows or shrinks, and does not swing with a single
month. Where nobody came in the last quarter acquisition has ended, and nobody is expected. Newcomers come in crowds:
their weekly counts vary more than chance alone would have them by a factor, the dispersion, which is shrunk to 1.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

RECENT, QUARTER = 182, 91
"""Days whose newcomers count, and days without any after which none are expected."""
YEAR = 365
SHRUNK_BY = 4
"""Weeks that a dispersion of 1 counts for, next to those that were seen."""


@dataclass(frozen=True)
class Acquisition:
    """Newcomers of recent days.

    Attributes
    ----------
    came : how many
    days : in how many days
    per_day : how many are expected a day
    dispersion : variance of their counts relative to that of chance alone, 1 or more
    first_spend, later_spend : mean money of a first purchase of theirs, and of a later purchase of anybody within the
        last year, less what went back; None without amounts
    """

    came: int
    days: int
    per_day: float
    dispersion: float
    first_spend: float | None
    later_spend: float | None

    @classmethod
    def of(cls, days: pl.DataFrame, cutoff: date) -> "Acquisition":
        """From customers' days up to the cutoff, see `clvlab.customers.customer_days`."""
        first: date = days["date"].min()  # type: ignore[assignment]
        n = min(RECENT, (cutoff - first).days + 1)
        begun = days.filter("is_purchase").group_by("customer_id").agg(begun=pl.col("date").min())
        recent = begun.filter(pl.col("begun") > cutoff - timedelta(days=n))
        ended = recent.filter(pl.col("begun") > cutoff - timedelta(days=QUARTER)).is_empty()
        first_spend, later_spend = _spend(days.join(begun, on="customer_id"), cutoff, n)
        return cls(
            came=recent.height,
            days=n,
            per_day=0.0 if ended else recent.height / n,
            dispersion=_dispersion(recent["begun"], cutoff, n),
            first_spend=first_spend,
            later_spend=later_spend,
        )

    def variance(self, days: float) -> float:
        """Relative variance of how many come within so many days: chance, and the rate, which is not known well."""
        if self.per_day == 0 or days <= 0:
            return 0.0
        return self.dispersion * (1 / (self.per_day * days) + 1 / self.came)


def _spend(days: pl.DataFrame, cutoff: date, recent: int) -> tuple[float | None, float | None]:
    """Mean money of first purchases of recent days, and of later ones of the last year; None where unknown."""
    if "spend" not in days.columns:
        return None, None
    is_first = pl.col("date") == pl.col("begun")
    firsts = days.filter(is_first, pl.col("date") > cutoff - timedelta(days=recent))
    later = days.filter(~is_first, pl.col("date") > cutoff - timedelta(days=YEAR))
    spent, bought = later.select(pl.col("spend").sum(), pl.col("is_purchase").sum()).row(0)
    first: float | None = firsts["spend"].mean()  # type: ignore[assignment]
    return first, spent / bought if bought else first


def _dispersion(dates: pl.Series, cutoff: date, days: int) -> float:
    weeks = days // 7
    ago = (pl.Series([cutoff]) - dates).dt.total_days().to_numpy() // 7
    counts = np.bincount(ago[ago < weeks].astype(np.intp), minlength=weeks)
    if weeks < 2 or counts.sum() == 0:
        return 1.0
    seen = counts.var(ddof=1) / counts.mean()
    return max(1.0, float((SHRUNK_BY + (weeks - 1) * seen) / (SHRUNK_BY + weeks - 1)))
