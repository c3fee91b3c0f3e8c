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
    first_spend : mean money of a first purchase; None without amounts, or without a newcomer
    """

    came: int
    days: int
    per_day: float
    dispersion: float
    first_spend: float | None

    @classmethod
    def of(cls, days: pl.DataFrame, cutoff: date) -> "Acquisition":
        """From customers' days up to the cutoff, see `clvlab.customers.customer_days`."""
        spend = {"spend": pl.col("spend").sort_by("date").first()} if "spend" in days.columns else {}
        firsts = days.filter("is_purchase").group_by("customer_id").agg(pl.col("date").min(), **spend)
        first: date = days["date"].min()  # type: ignore[assignment]
        n = min(RECENT, (cutoff - first).days + 1)
        recent = firsts.filter(pl.col("date") > cutoff - timedelta(days=n))
        ended = recent.filter(pl.col("date") > cutoff - timedelta(days=QUARTER)).is_empty()
        return cls(
            came=recent.height,
            days=n,
            per_day=0.0 if ended else recent.height / n,
            dispersion=_dispersion(recent["date"], cutoff, n),
            first_spend=recent["spend"].mean() if spend and recent.height else None,  # type: ignore[arg-type]
        )

    def variance(self, days: float) -> float:
        """Relative variance of how many come within so many days: chance, and the rate, which is not known well."""
        if self.per_day == 0 or days <= 0:
            return 0.0
        return self.dispersion * (1 / (self.per_day * days) + 1 / self.came)


def _dispersion(dates: pl.Series, cutoff: date, days: int) -> float:
    weeks = days // 7
    ago = (pl.Series([cutoff]) - dates).dt.total_days().to_numpy() // 7
    counts = np.bincount(ago[ago < weeks].astype(np.intp), minlength=weeks)
    if weeks < 2 or counts.sum() == 0:
        return 1.0
    seen = counts.var(ddof=1) / counts.mean()
    return max(1.0, float((SHRUNK_BY + (weeks - 1) * seen) / (SHRUNK_BY + weeks - 1)))
