"""What is known of each buyer at the end of a day, as a learned model sees it: times in days, money in currency.

    n_purchases, age, days_since_last        purchase days, days since the first of them, and since the last
    gap, last_gap, overdue                   mean and last gap between purchases; days since the last by mean gap
    purchases_lately, purchases_before       in as long a time as is predicted, up to the day; in as long before that
    purchases_last_year, purchases_year_ago  in 365 days up to the day; in the days to be predicted, a year earlier
    spend, spend_first, spend_last           mean money of a purchase, of the first, of the last
    spend_lately                             money in as long a time as is predicted, up to the day
    season_sin, season_cos                   where in the year the middle of the predicted time lies

Null is what a customer or a log does not have: a gap before the second purchase, a period before the log begins.
"""

import math
from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

YEAR = 365
SEASON = ("season_sin", "season_cos")


def features_at(days: pl.DataFrame, day: date, length: int, first: date) -> pl.DataFrame:
    """customer_id and the features of everybody who has bought by `day`, sorted by customer_id.

    `days` are customers' days, sorted, of which none after `day` is looked at; `length` is how many days are to be
    predicted; the log begins on `first`.
    """
    on, gap = pl.col("date"), pl.col("gap")
    # Columns that are null where nothing counts: what is computed group by group is many times slower.
    is_again = pl.col("customer_id") == pl.col("customer_id").shift()
    middle = 2 * math.pi * (day + timedelta(days=length // 2)).timetuple().tm_yday / (YEAR + 0.25)
    return (
        days.filter("is_purchase", on <= day)
        .with_columns(gap=pl.when(is_again).then(on.diff().dt.total_days()))
        .group_by("customer_id", maintain_order=True)
        .agg(
            n_purchases=pl.len().cast(pl.Float64),
            age=(pl.lit(day) - on.first()).dt.total_days().cast(pl.Float64),
            days_since_last=(pl.lit(day) - on.last()).dt.total_days().cast(pl.Float64),
            gap=gap.mean(),
            last_gap=gap.last().cast(pl.Float64),
            **_counts(day, length, first),
            **(_money(day, length) if "spend" in days.columns else {}),
        )
        .with_columns(
            overdue=pl.col("days_since_last") / pl.col("gap"),
            **dict(zip(SEASON, (pl.lit(math.sin(middle)), pl.lit(math.cos(middle))), strict=True)),
        )
    )


def _counts(day: date, length: int, first: date) -> dict[str, pl.Expr]:
    """Purchases in past periods, null where the log does not reach back so far."""
    ahead, year_ago = timedelta(days=length), day - timedelta(days=YEAR)
    periods = {
        "purchases_lately": (day - ahead, day),
        "purchases_before": (day - 2 * ahead, day - ahead),
        "purchases_last_year": (year_ago, day),
        "purchases_year_ago": (year_ago, min(year_ago + ahead, day)),
    }
    on, before = pl.col("date"), first - timedelta(days=1)
    return {
        name: pl.when(after >= before).then(((on > after) & (on <= until)).sum().cast(pl.Float64))
        for name, (after, until) in periods.items()
    }


def _money(day: date, length: int) -> dict[str, pl.Expr]:
    spend, lately = pl.col("spend"), pl.col("date") > day - timedelta(days=length)
    return {
        "spend": spend.mean(),
        "spend_first": spend.first(),
        "spend_last": spend.last(),
        "spend_lately": pl.when(lately).then(spend).sum(),
    }


def with_outcomes(known: pl.DataFrame, days: pl.DataFrame, day: date, length: int) -> pl.DataFrame:
    """The customers with next_purchases (and next_spend): what they did in the `length` days after `day`."""
    after = days.filter((pl.col("date") > day) & (pl.col("date") <= day + timedelta(days=length)))
    spend = {"next_spend": pl.col("spend").sum()} if "spend" in days.columns else {}
    done = after.group_by("customer_id", maintain_order=True).agg(
        next_purchases=pl.col("is_purchase").sum().cast(pl.Float64), **spend
    )
    joined = known.join(done, on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("next_purchases", *spend).fill_null(0.0))


def buyers_by(days: pl.DataFrame, day: date) -> pl.Series:
    """The ids of everybody who has bought by `day`, in their order."""
    return days.filter("is_purchase", pl.col("date") <= day)["customer_id"].unique().sort()


def windows_before(first: date, day: date, length: int, most: int) -> tuple[date, ...]:
    """Up to `most` past days whose `length` days ahead had ended by `day`, evenly spread, the last as late as can be.

    A third as long a time lies before the first of them. There is none where the log, which begins on `first`, is too
    short.

    >>> [str(each) for each in windows_before(date(2024, 1, 1), date(2024, 12, 31), 90, most=3)]
    ['2024-01-31', '2024-06-02', '2024-10-02']
    """
    latest = day - timedelta(days=length)
    room = (latest - first).days - length // 3
    if room < 0:
        return ()
    n = min(most, 1 + room // max(length // 4, 1))
    return tuple(latest - timedelta(days=round(room * place / max(n - 1, 1))) for place in reversed(range(n)))


def has_seen_a_year(windows: Iterable[date]) -> bool:
    """Whether the windows begin in every season, so that one can tell them apart from the years."""
    days = tuple(windows)
    return (days[-1] - days[0]).days >= YEAR
