"""How many customers come for the first time: the recent rate, carried forward.

The rate is that of the last half year: it follows a business that grows or shrinks, and does not swing with a single
month. Where nobody came in the last quarter acquisition has ended, and nobody is expected. Newcomers come in crowds:
their weekly counts vary more than chance alone would have them by a factor, the dispersion, which is shrunk to 1.

Where customers buy by a season, newcomers may come by one of their own, estimated in the same way. It counts if a
year ago it would have predicted the months since better than a rate that is the same all year, by BETTER and more.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from clvlab.customers import Calendar
from clvlab.units import DAYS_PER

RECENT, QUARTER = 182, 91
"""Days whose newcomers count, and days without any after which none are expected."""
YEAR = 365
BETTER = 0.1
"""How much smaller the mean absolute error of months must be with a season for it to count."""
SHRUNK_BY = 4
"""Weeks that a dispersion of 1 counts for, next to those that were seen."""


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Newcomers of recent days.

    Attributes
    ----------
    came : how many
    days : in how many days
    per_day : how many are expected on an average day
    dispersion : variance of their counts relative to that of chance alone, 1 or more
    first_spend, later_spend : mean money of a first purchase of theirs, and of a later purchase of anybody within the
        last year, less what went back; None without amounts
    season : in which months and events more or fewer come; None if at all times alike
    """

    came: int
    days: int
    per_day: float
    dispersion: float
    first_spend: float | None
    later_spend: float | None
    season: Calendar | None = None

    @classmethod
    def of(cls, days: pl.DataFrame, cutoff: date, calendar: Calendar | None = None) -> "Acquisition":
        """From customers' days up to the cutoff, see `clvlab.customers.numbered_days`, and their calendar."""
        first: date = days["date"].min()  # type: ignore[assignment]
        n = min(RECENT, (cutoff - first).days + 1)
        begun = days.filter("is_purchase").group_by("customer").agg(begun=pl.col("date").min())
        recent = begun.filter(pl.col("begun") > cutoff - timedelta(days=n))
        ended = recent.filter(pl.col("begun") > cutoff - timedelta(days=QUARTER)).is_empty()
        season = None if calendar is None else _season(begun["begun"].sort(), cutoff, calendar)
        first_spend, later_spend = _spend(days.join(begun, on="customer"), cutoff, n)
        return cls(
            came=recent.height,
            days=n,
            per_day=0.0 if ended else recent.height / n / _index(season, cutoff - timedelta(days=n), n),
            dispersion=_dispersion(recent["begun"], cutoff, n),
            first_spend=first_spend,
            later_spend=later_spend,
            season=season,
        )

    def coming(self, after: date, days: float) -> float:
        """How many are expected within so many days after a day."""
        return self.per_day * days * _index(self.season, after, days)

    def variance(self, coming: float) -> float:
        """Relative variance of the number of those who come: chance, and the rate, which is not known well."""
        return self.dispersion * (1 / coming + 1 / self.came) if coming > 0 else 0.0


def _index(season: Calendar | None, after: date, days: float) -> float:
    """How many times as many as on average come on each of so many days after a day."""
    if season is None or days <= 0:
        return 1.0
    first = np.datetime64(after) + 1
    return float(season.rates(np.arange(first, first + max(round(days), 1))).mean())


def _season(begun: pl.Series, cutoff: date, calendar: Calendar) -> Calendar | None:
    """The season of newcomers, whose first days are in order, where a year ago it would have predicted better."""
    origin = cutoff - timedelta(days=YEAR)
    learned = calendar.of_arrivals(begun, origin)
    if not learned.is_known:
        return None
    even, seasonal = (_missed(begun, origin, each) for each in (None, learned))
    return calendar.of_arrivals(begun, cutoff) if seasonal < (1 - BETTER) * even else None


def _missed(begun: pl.Series, origin: date, season: Calendar | None) -> float:
    """By how many newcomers the twelve months after a day would have been missed, all together."""
    before = origin - timedelta(days=RECENT)
    per_day = _came(begun, before, origin) / RECENT / _index(season, before, RECENT)
    ends = [origin + timedelta(days=round(place * DAYS_PER["month"])) for place in range(13)]
    months = ((after, until, (until - after).days) for after, until in pairwise(ends))
    return sum(
        abs(_came(begun, after, until) - per_day * days * _index(season, after, days))
        for after, until, days in months
    )


def _came(begun: pl.Series, after: date, until: date) -> int:
    return int(begun.is_between(after, until, closed="right").sum())


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
