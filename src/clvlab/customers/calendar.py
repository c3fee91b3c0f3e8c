"""The calendar of a log: the months, holidays and campaigns in which everybody buys more, or less.

It acts on the rate of purchases by a change of the clock: `summarise_customers(..., calendar=)` gives ages in
operational time, of which more passes on a day when everybody buys more, and predictions turn horizons into it.
Models stay as they are. In BG/NBD and its relatives customers leave at purchases, so that the clock changes the rate
of purchases alone; in Pareto/NBD they leave by the same clock, a little more readily in high season.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Vector
from clvlab.clock import Clock, Days
from clvlab.customers.events import SCHEMA, read_events
from clvlab.customers.purchase_days import describe_span, numbered_days
from clvlab.customers.season import CaseSeries, shrunk_effects
from clvlab.displays import Displayed, listed
from clvlab.errors import DataError, ParamsError
from clvlab.frames import TransactionLog, check_kind
from clvlab.units import DAYS_PER, parse_day

MONTHS_NEEDED = 14
"""Months of history that a season takes: with fewer, no two of one name could show that they are alike."""
YEAR = 365
MOST_YEARS = 20
"""What customers did longer ago tells nothing of the season that they buy in."""
CalendarFit = Callable[[TransactionLog, date], Clock | None]
"""The calendar as a log shows it up to a day, such as by `Calendar.fit`; None for none."""


@dataclass(frozen=True, eq=False)
class Calendar(Clock, Displayed):
    """How much more or less everybody buys in each month of the year, and in events.

    Attributes
    ----------
    season : of each month of the year, the rate of purchases on a day without an event; 1 is an average day
    factors : of each event, by which it multiplies the rate; 1 for one that the history has not seen
    events : event, first_day, last_day
    history : days that `fit` learned from: from the log's first purchase to the cutoff, 20 years at most
    purchases : how many purchases the estimate rests on; 0 where the history was too short for one
    """

    season: tuple[float, ...] = (1.0,) * 12
    factors: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    events: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    history: int = 0
    purchases: int = 0

    def __post_init__(self) -> None:
        if len(self.season) != 12:
            raise ParamsError(f"A season has 12 months; this one has {len(self.season)}.")
        wrong = [rate for rate in (*self.season, *self.factors.values()) if not 0 < rate < np.inf]
        if wrong:
            raise ParamsError(f"The rate {wrong[0]} cannot be: rates and factors are finite and above 0.")
        lonely = set(self.factors) ^ set(self.events["event"])
        if lonely:
            raise ParamsError(f"An event has days and a factor; {', '.join(sorted(lonely))} lacks one of them.")

    @classmethod
    def fit(cls, log: TransactionLog, cutoff: str | date, events: Any = None) -> "Calendar":
        """The calendar as the log shows it up to the end of the day `cutoff`.

        It rests on purchases between the first and the last of each customer within the last 20 years, which growth
        and dropout do not change (see `clvlab.customers.season`), and is shrunk towards 1: a log without a season has
        one near 1. Less than 14 months of history have none: `season` and `factors` are 1, and `purchases` is 0.

        Parameters
        ----------
        log
            from `read_transactions`
        cutoff
            last day that counts, a date or "1997-09-30"
        events
            a path, a frame or a list of rows with event, first_day and last_day (see `read_events`), those after the
            cutoff included: they are known in advance

        Raises
        ------
        DataError : no purchase up to the cutoff, or an event that ends before it begins

        Examples
        --------
        >>> import clvlab as cl
        >>> calendar = cl.Calendar.fit(cl.datasets.lighting(n_customers=500, seed=1), "2024-06-30")
        >>> len(calendar.season)
        12
        """
        check_kind("log", log, TransactionLog, "clvlab.read_transactions")
        cutoff, known = parse_day("cutoff", cutoff), read_events(events)
        bought = numbered_days(log, cutoff).filter("is_purchase").select("customer", "date")
        first_day = bought["date"].min()
        if not isinstance(first_day, date):
            raise DataError(f"There is no purchase up to the cutoff {cutoff}. {describe_span(log)}")
        history = min((cutoff - first_day).days + 1, MOST_YEARS * YEAR)
        bought = bought.filter(pl.col("date") > cutoff - timedelta(days=history))
        even = cls(factors=dict.fromkeys(known["event"], 1.0), events=known, history=history)
        return even if even.months < MONTHS_NEEDED else even._learned(bought, cutoff)

    def of_arrivals(self, days: pl.Series, cutoff: date) -> "Calendar":
        """How many more or fewer of what came on these days come in each month and in this calendar's events.

        Estimated as `fit` does, the days being those of one customer who was there from the first to the last.
        """
        known = days.filter(days <= cutoff).to_frame("date").with_columns(customer=pl.lit(0))
        first_day = known["date"].min()
        history = (cutoff - first_day).days + 1 if isinstance(first_day, date) else 0
        even = Calendar(factors=dict.fromkeys(self.factors, 1.0), events=self.events, history=history)
        return even if even.months < MONTHS_NEEDED else even._learned(known, cutoff)

    @property
    def is_known(self) -> bool:
        """Whether there was a history to learn from."""
        return self.purchases > 0

    @property
    def months(self) -> int:
        """The history in months."""
        return months_of(self.history)

    @property
    def index(self) -> pl.DataFrame:
        """month (1 to 12), index: the rate of purchases on a day without an event, relative to the year's mean."""
        lengths = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        season = np.array(self.season)
        return pl.DataFrame({"month": range(1, 13), "index": season / (season @ lengths / lengths.sum())})

    def rates(self, days: Days) -> Vector:
        """Operational days that pass in each of the days: its month's rate, times the factors of its events."""
        factors = np.array([self.factors[name] for name in self._names])
        rates: Vector = np.array(self.season)[_months(days)]
        rates *= np.prod(np.where(self._in_events(days), factors, 1.0), axis=1)
        return rates

    @property
    def _names(self) -> list[str]:
        return sorted(self.factors)

    def _in_events(self, days: Days) -> Matrix:
        """Whether each day (rows) is in each event (columns)."""
        inside = np.zeros((days.size, len(self._names)))
        for name, first, last in self.events.iter_rows():
            low, high = np.searchsorted(days, [np.datetime64(first), np.datetime64(last) + 1])
            inside[low:high, self._names.index(name)] = 1.0
        return inside

    def _learned(self, bought: pl.DataFrame, cutoff: date) -> "Calendar":
        """The same events with their effects, and the season, from the days on which customers bought."""
        days = np.arange(np.datetime64(cutoff) - self.history + 1, np.datetime64(cutoff) + 1)
        inside, year_month = self._in_events(days), days.astype("datetime64[M]").astype(np.int64)
        kinds, stretch = np.unique(np.column_stack([year_month, inside]), axis=0, return_inverse=True)
        series = _case_series(bought, days[0], stretch.ravel())
        middle = np.bincount(series.stretch, np.arange(days.size)) / np.bincount(series.stretch)
        effects = shrunk_effects(series, kinds[:, 0].astype(np.intp) % 12, kinds[:, 1:], middle / YEAR)
        season, factors = np.exp(effects.months), np.exp(effects.events).tolist()
        found = Calendar(tuple(season.tolist()), dict(zip(self._names, factors, strict=True)), self.events)
        # An average day is one of whole years: each month counts once.
        average = found.rates(days[-(self.history // YEAR * YEAR) :]).mean()
        return Calendar(
            tuple((season / average).tolist()), found.factors, self.events, self.history, int(series.bought.sum())
        )

    @property
    def _facts(self) -> str:
        if not self.is_known:
            seen = f", after {self.months} months of history" if self.history else ""
            return f"without a season{seen}"
        index = self.index["index"].to_numpy()
        names = f"; events {listed(self._names)}" if self.factors else ""
        span = f"months from {index.min():.2f} to {index.max():.2f} of the year's mean"
        return f"{span}, by {self.purchases:,} purchases{names}"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.index


def months_of(days: int) -> int:
    """A history of so many days in months, to the nearest."""
    return round(days / DAYS_PER["month"])


def _months(days: Days) -> Any:
    """The month of each day, from 0."""
    return days.astype("datetime64[M]").astype(np.int64) % 12


def _case_series(bought: pl.DataFrame, start: np.datetime64, stretch: Any) -> CaseSeries:
    """Customers' purchase days between their first and last, as places from the day `start` on."""
    day = (pl.col("date") - pl.lit(start)).dt.total_days()
    bounds = {"first": day.min().over("customer"), "last": day.max().over("customer")}
    between = bought.select(day.alias("day"), **bounds).filter(pl.col("day").is_between("first", "last", "none"))
    alike = between.group_by("first", "last").agg(purchases=pl.len()).sort("first", "last")
    return CaseSeries(
        stretch=stretch,
        bought=np.bincount(stretch[between["day"].to_numpy()], minlength=stretch.max() + 1),
        first=alike["first"].to_numpy(),
        last=alike["last"].to_numpy(),
        purchases=alike["purchases"].to_numpy().astype(np.float64),
    )
