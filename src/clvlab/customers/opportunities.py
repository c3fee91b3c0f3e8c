"""One row per customer of a log in which customers act once a period: subscriptions, yearly donations."""

from datetime import date, timedelta
from types import MappingProxyType

import polars as pl

from clvlab.customers.purchase_days import customer_days, describe_span
from clvlab.errors import DataError, ParamsError, did_you_mean
from clvlab.frames import TransactionLog
from clvlab.units import parse_day

_MONDAY = date(1970, 1, 5)
_DAY = pl.col("date")
_NUMBER = MappingProxyType(
    {
        "week": (_DAY - _MONDAY).dt.total_days().floordiv(7),
        "month": _DAY.dt.year().cast(pl.Int64) * 12 + _DAY.dt.month(),
        "quarter": _DAY.dt.year().cast(pl.Int64) * 4 + _DAY.dt.quarter(),
        "year": _DAY.dt.year().cast(pl.Int64),
    }
)


def summarise_opportunities(log: TransactionLog, cutoff: str | date, period: str = "month") -> pl.DataFrame:
    """One row per customer, counted in calendar periods that are over at the end of the day `cutoff`.

    A customer's first period is that of the first purchase; each later one is an opportunity, taken or not however
    often the customer buys in it. Customers whose first period is not over are left out.

    Parameters
    ----------
    log
        from `read_transactions`
    cutoff
        last day that counts, a date or "2006-12-31"; the period that it falls into counts if it is that period's last
    period
        week (from Monday), month, quarter or year

    Returns
    -------
    customer_id, frequency (opportunities taken), recency (which was the last one taken; 0 if none), opportunities
    (how many there were): what `BgBb` reads; and renewals (opportunities taken in a row from the first on), cancelled
    (whether one was left out thereafter): what `ShiftedBetaGeometric` reads. Sorted by customer_id

    Raises
    ------
    DataError : no customer's first period is over by the cutoff
    ParamsError : the cutoff is not a date, or the period is unknown

    Examples
    --------
    >>> import clvlab as cl
    >>> months = cl.summarise_opportunities(cl.datasets.cdnow(sample=True), "1997-09-30", "month")
    >>> months.head(2).drop("customer_id").rows()
    [(1, 7, 8, 0, True), (0, 0, 8, 0, True)]
    """
    end = parse_day("cutoff", cutoff)
    if period not in _NUMBER:
        raise ParamsError(f"period is {period!r}.{did_you_mean(period, _NUMBER)} Choose one of {', '.join(_NUMBER)}.")
    number = _NUMBER[period]
    last_over = pl.DataFrame({"date": [end + timedelta(days=1)]}).select(number).item() - 1
    bought = customer_days(log, end).filter("is_purchase").select("customer_id", number.alias("number"))
    bought = bought.unique().filter(pl.col("number") <= last_over).sort("customer_id", "number")
    if bought.is_empty():
        raise DataError(
            f"There is no purchase in a {period} that is over on {end}. {describe_span(log)} Choose a later cutoff."
        )
    since = pl.col("number") - pl.col("number").min()
    return (
        bought.group_by("customer_id", maintain_order=True)
        .agg(
            frequency=pl.len().cast(pl.Int64) - 1,
            recency=since.max(),
            opportunities=last_over - pl.col("number").min(),
            # In a row as long as no number before is missing.
            renewals=(since == pl.int_range(pl.len())).sum().cast(pl.Int64) - 1,
        )
        .with_columns(cancelled=pl.col("renewals") < pl.col("opportunities"))
    )
