"""Cohorts: customers by the period of their first purchase, and what became of them.

Cohorts and ages are months, quarters or years, whichever keeps the history within `MOST_COHORTS`, and weeks where
there are not three months yet. In a log that begins in the middle of things everybody looks new at first: a first
cohort far larger than the others is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.customers import numbered_days, places_of
from clvlab.money import from_millionths
from clvlab.wording import Name

MOST_COHORTS = 24
FEW_MONTHS = 2
"""A history within so many calendar months is told by the week."""
CROWDED = 2.0
"""A first cohort of more than so many times the median of the later ones did not begin with the log."""
FEWEST = 30
"""Customers in each half of the cohorts, at least, for the halves to be compared."""
Z = 1.96  # 95 %


@dataclass(frozen=True)
class Period:
    """A calendar period: its name, polars' word for it, and how a day is counted in it.

    Counts begin with the first period of the common era: the difference of two is an age.
    """

    name: str
    every: str
    count: Callable[[pl.Expr], pl.Expr]

    def start(self, column: str) -> pl.Expr:
        """The first day of the period in which a day lies; weeks begin on Monday."""
        return pl.col(column).dt.truncate(self.every)

    def number(self, column: str) -> pl.Expr:
        """The number of the period in which a day lies."""
        return self.count(pl.col(column))

    def number_of(self, day: date) -> int:
        """The same of one day."""
        return int(pl.select(self.count(pl.lit(day))).item())

    def last_over(self, day: date) -> int:
        """The number of the last period that is over at the end of `day`."""
        return self.number_of(day + timedelta(days=1)) - 1


def _weeks(day: pl.Expr) -> pl.Expr:
    return (day - date(1, 1, 1)).dt.total_days() // 7  # which was a Monday


def _months(day: pl.Expr) -> pl.Expr:
    return day.dt.year() * 12 + day.dt.month().cast(pl.Int32) - 1


PERIODS = WEEK, MONTH, QUARTER, YEAR = (
    Period("week", "1w", _weeks),
    Period("month", "1mo", _months),
    Period("quarter", "1q", lambda day: _months(day) // 3),
    Period("year", "1y", lambda day: _months(day) // 12),
)


def period_between(first: date, last: date) -> Period:
    """Weeks where two days lie within FEW_MONTHS; else the shortest period of which no more than MOST_COHORTS do.

    >>> first = date(2022, 1, 1)
    >>> [period_between(first, last).name for last in (date(2022, 2, 28), date(2023, 12, 31), date(2024, 1, 1))]
    ['week', 'month', 'quarter']
    """
    if _spanned(MONTH, first, last) <= FEW_MONTHS:
        return WEEK
    return next((each for each in (MONTH, QUARTER) if _spanned(each, first, last) <= MOST_COHORTS), YEAR)


def _spanned(period: Period, first: date, last: date) -> int:
    """How many periods two days and those between them touch."""
    return period.number_of(last) - period.number_of(first) + 1


def compute(context: Context) -> Section:
    """Tables `retention` (period, cohort, age, customers, active, share) and, with amounts, `spend` (per customer).

    `age` counts calendar periods since that of the first purchase; periods not yet over are left out. A customer is
    active in a period with a purchase: one with returns alone is not. A sentence says whether newer cohorts are
    better or worse than older ones, or differ by no more than noise.
    """
    period = period_between(context.first_day, context.as_of)
    unit = Name("periods", period.name)
    days = _with_ages(context, period)
    sizes = days.group_by("cohort").agg(customers=pl.col("customer").n_unique()).sort("cohort")
    crowded = sizes.head(1) if begins_in_the_middle(sizes["customers"]) else sizes.clear()
    sizes = sizes.join(crowded, on="cohort", how="anti")
    findings = {"lead": Finding.of("cohorts.lead", cohorts=sizes.height, period=unit)}
    for cohort, customers in crowded.rows():
        findings["crowded"] = Finding.of("cohorts.crowded", cohort=cohort, customers=customers, period=unit)
    grid = _grid(period, sizes, context.as_of)
    retention = _retention(days, grid)
    later = retention.filter(pl.col("age") == 1)
    if later.is_empty():
        return Section({}, findings)
    tables = {"retention": retention}
    again = later.select(pl.col("active").sum() / pl.col("customers").sum()).item()
    findings["retention"] = Finding.of("cohorts.retention", share=again, period=unit)
    if context.has_amounts:
        tables["spend"] = _spend(days, grid)
        oldest = tables["spend"].filter(pl.col("cohort") == pl.col("cohort").min()).row(-1, named=True)
        findings["spend"] = Finding.of(
            f"cohorts.spend_{period.name}", cohort=oldest["cohort"], age=oldest["age"], spend=oldest["spend"]
        )
        findings |= _newer(days, grid, unit)
    named = {name: table.select(pl.lit(period.name).alias("period"), pl.all()) for name, table in tables.items()}
    return Section(named, findings)


def _newer(days: pl.DataFrame, grid: pl.DataFrame, unit: Name) -> dict[str, Finding]:
    """Whether the newer half of the cohorts is better than the older one; nothing where a half has few customers.

    Better is a higher spend of a customer within the first periods, as many as a third of what the oldest cohort has
    lived through, of the cohorts that have lived through them. The interval of the difference is that of two means of
    independent customers with variances of their own (Welch), by the normal distribution.
    """
    age = grid.select(pl.col("age").max() // 3).item()
    lived = grid.filter(age=age)["cohort"].sort()
    spent = (
        days.filter(pl.col("age").is_between(0, age), pl.col("cohort").is_in(lived.implode()))
        .group_by("customer", "cohort")
        .agg(spend=from_millionths(pl.col("spend").sum()))
    )
    newest_half = lived.tail(lived.len() - lived.len() // 2)
    is_newer = pl.col("cohort").is_in(newest_half.implode())
    newer, older = (spent.filter(half)["spend"].sort().to_numpy() for half in (is_newer, ~is_newer))
    if min(newer.size, older.size) < FEWEST:
        return {}
    difference = newer.mean() - older.mean()
    reach = Z * np.sqrt(newer.var(ddof=1) / newer.size + older.var(ddof=1) / older.size)
    low, high = difference - reach, difference + reach
    key = "cohorts.newer_better" if low > 0 else "cohorts.newer_worse" if high < 0 else "cohorts.newer_alike"
    if high < 0:
        low, high = -high, -low
    figures = {"newer": newer.mean(), "older": older.mean(), "low": low, "high": high}
    told = {name: float(figure) for name, figure in figures.items()}
    return {"newer": Finding.of(key, since=newest_half[0], lived=age + 1, period=unit, **told)}


def begins_in_the_middle(sizes: pl.Series) -> bool:
    """Whether the first of these cohorts is too large to be one.

    >>> begins_in_the_middle(pl.Series([948, 421, 380, 440])), begins_in_the_middle(pl.Series([780, 840, 720]))
    (True, False)
    """
    first, later = sizes[0], sizes[1:].to_numpy()
    return later.size > 1 and bool(first > CROWDED * np.median(later))


def _with_ages(context: Context, period: Period) -> pl.DataFrame:
    """The customers' days, with the customer's cohort and the day's age in periods."""
    buyers = context.buyers
    first = buyers.select(places_of(context.log, buyers["customer_id"]), cohort=period.start("first_purchase"))
    days = numbered_days(context.log, context.as_of).join(first, on="customer", maintain_order="left")
    return days.with_columns(age=period.number("date") - period.number("cohort"))


def _grid(period: Period, sizes: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """cohort, customers, age: every period that a cohort has lived through to its end."""
    lived = pl.max_horizontal(period.last_over(as_of) - period.number("cohort") + 1, 0)
    ages = sizes.with_columns(age=pl.int_ranges(0, lived))
    return ages.explode("age").drop_nulls("age").with_columns(pl.col("age").cast(pl.Int32)).sort("cohort", "age")


def _retention(days: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    bought = days.filter("is_purchase").group_by("cohort", "age")
    active = bought.agg(active=pl.col("customer").n_unique())
    joined = grid.join(active, on=["cohort", "age"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("active").fill_null(0)).with_columns(
        share=pl.col("active") / pl.col("customers")
    )


def _spend(days: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """cohort, customers, age, spend: net money up to the end of that period, a customer of the cohort."""
    money = days.group_by("cohort", "age").agg(amount=from_millionths(pl.col("spend").sum()))
    joined = grid.join(money, on=["cohort", "age"], how="left", maintain_order="left")
    total = pl.col("amount").fill_null(0.0).cum_sum().over("cohort")
    return joined.select("cohort", "customers", "age", spend=total / pl.col("customers"))
