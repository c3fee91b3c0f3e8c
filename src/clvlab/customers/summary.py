"""One row per customer as of a day, and what those customers did next."""

import warnings
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from clvlab.clock import Clock
from clvlab.columns import CUSTOMERS, names
from clvlab.customer_days import CustomerDays
from clvlab.customers.attributes import attributes_as_of, check_names, read_attributes
from clvlab.customers.derived import derivable
from clvlab.customers.purchase_days import customer_days, describe_span
from clvlab.errors import ClvlabWarning, DataError, ParamsError
from clvlab.frames import CustomerSummary, Holdout, TransactionLog, check_kind, in_units
from clvlab.money import exact_sum, from_millionths
from clvlab.units import TimeUnit, check_time_unit, parse_day


def summarise_customers(
    log: TransactionLog,
    cutoff: str | date,
    time_unit: str = "day",
    attributes: Any = None,
    *,
    calendar: Clock | None = None,
) -> CustomerSummary:
    """One row per customer, as of the end of the day `cutoff`.

    Rows after the cutoff are outside the window. A customer whose rows up to the cutoff are returns alone has 0
    purchases, and their money.

    Parameters
    ----------
    log
        from `read_transactions`; without amounts the columns `monetary_value` and `total_spend` are left out
    cutoff
        last day that counts, a date or "1997-09-30"
    time_unit
        unit of `recency` and `T`: day, week (7 days) or month (30.4375 days)
    attributes
        a path, a frame, or a list of them, see `read_attributes`; customers only in the attributes are prospects: 0
        purchases, 0 spend, null elsewhere
    calendar
        as by `clvlab.Calendar.fit`: `recency` and `T` are then in operational time, and horizons of predictions from
        this table are turned into it; days and the discount of values stay as they are

    Returns
    -------
    The columns of `clvlab.columns.CUSTOMERS` and the attributes, sorted by customer_id.

    Raises
    ------
    DataError : there is no purchase up to the cutoff, or an attribute has the name of a column that clvlab computes
    ParamsError : the cutoff is not a date, or the time unit is unknown

    Examples
    --------
    >>> import clvlab as cl
    >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
    >>> len(customers), int(customers.data["frequency"].sum())
    (2357, 2457)
    """
    check_kind("log", log, TransactionLog, "clvlab.read_transactions")
    cutoff, unit = parse_day("cutoff", cutoff), check_time_unit(time_unit)
    counted = counted_until(log.days, cutoff)
    if not (counted["n_purchases"] > 0).any():
        raise DataError(
            f"There is no purchase up to the cutoff {cutoff}. {describe_span(log)} Choose a later cutoff.",
            code="no_purchase",
            cutoff=cutoff,
        )
    table, returned = measured(counted, cutoff, unit), _returned(counted) if log.has_amounts else 0.0
    if calendar is not None:
        table = _in_operational_time(table, cutoff, unit, calendar)
    if attributes is not None:
        known = read_attributes(attributes)
        check_names(known, derivable(log))
        table = _with_attributes(table, attributes_as_of(known, cutoff))
    return CustomerSummary(table, cutoff, unit, calendar, returned)


def split_holdout(
    log: TransactionLog,
    cutoff: str | date,
    end: str | date,
    time_unit: str = "day",
    attributes: Any = None,
    *,
    calendar: Clock | None = None,
) -> tuple[CustomerSummary, Holdout]:
    """The customers as of `cutoff`, and what these customers did in (cutoff, end].

    Customers who first appear after the cutoff are in neither: nothing could have been predicted for them. The same
    holds of a `calendar`: fit it up to the cutoff.

    Returns
    -------
    The calibration, as by `summarise_customers`, and the `Holdout`.

    Raises
    ------
    DataError : no purchase up to the cutoff, or the log ends before the holdout begins
    ParamsError : the end is not after the cutoff

    Examples
    --------
    >>> import clvlab as cl
    >>> calibration, holdout = cl.split_holdout(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", "week")
    >>> holdout.days / 7, int(holdout.data["holdout_purchases"].sum())
    (39.0, 1882)
    """
    check_kind("log", log, TransactionLog, "clvlab.read_transactions")
    cutoff, end, unit = parse_day("cutoff", cutoff), parse_day("end", end), check_time_unit(time_unit)
    if end <= cutoff:
        raise ParamsError(f"The holdout ends on {end}, which is not after its cutoff {cutoff}.")
    calibration = summarise_customers(log, cutoff, unit, attributes, calendar=calendar)
    known = calibration.data.select("customer_id")
    days = customer_days(log, end)
    if not (days["date"] > cutoff).any():
        raise DataError(
            f"There is no row in the holdout, {cutoff} to {end}. {describe_span(log)} Choose an earlier cutoff."
        )
    days = days.join(known, on="customer_id", how="semi")
    bought = calibration.data.filter(pl.col("n_purchases") > 0)
    later, before = (cutoff, end), (cutoff - (end - cutoff), cutoff)
    return calibration, Holdout(
        data=_done_in(later, days, known, "holdout"),
        cutoff=cutoff,
        end=end,
        time_unit=unit,
        daily=_daily_repeats(days.join(bought, on="customer_id", how="semi"), end),
        previous=_done_in(before, days, known, "previous"),
    )


def counted_until(days: Iterable[CustomerDays], cutoff: date) -> pl.DataFrame:
    """What is counted of each customer, and their money in whole millionths: `total`, `bought` (on days that are
    purchases), `first` (on the first of these).
    """
    return pl.concat([_one_row_each(part.until(cutoff)) for part in days])


def _one_row_each(part: CustomerDays) -> pl.DataFrame:
    days = part.days.collect()
    day, spend, has_amounts = pl.col("date"), pl.col("spend"), "spend" in days.columns
    all_days = {"n_orders": pl.col("orders").sum().cast(pl.Int64)}
    purchases = {"n_purchases": pl.len().cast(pl.Int64), "first_purchase": day.first(), "last_purchase": day.last()}
    if has_amounts:
        all_days |= {"total": spend.sum()}
        purchases |= {"bought": spend.sum(), "first": spend.first()}
    # In order, the days of a customer are a slice.
    counted, bought = (
        rows.group_by("customer", maintain_order=True).agg(**sums)
        for rows, sums in ((days, all_days), (days.filter("is_purchase"), purchases))
    )
    each = counted.join(bought, on="customer", how="left", maintain_order="left")
    nothing = [name for name in ("n_purchases", "bought") if name in each.columns]
    return part.with_ids(each.with_columns(pl.col(nothing).fill_null(0)))


def measured(counted: pl.DataFrame, cutoff: date, unit: TimeUnit) -> pl.DataFrame:
    """The customer table from what was counted, sorted by customer_id."""
    age = (cutoff - pl.col("first_purchase")).dt.total_days()
    since = (cutoff - pl.col("last_purchase")).dt.total_days()
    frequency = pl.when(pl.col("n_purchases") > 0).then(pl.col("n_purchases") - 1)
    money = {}
    if "total" in counted.columns:
        repeats = from_millionths(pl.col("bought") - pl.col("first"))
        mean_spend = pl.when(pl.col("n_purchases") > 1).then(repeats / (pl.col("n_purchases") - 1))
        money = {"total_spend": from_millionths(pl.col("total")), "monetary_value": mean_spend}
    table = counted.with_columns(
        pl.col("n_orders").fill_null(0),
        frequency=frequency,
        recency=in_units(age - since, unit),
        T=in_units(age, unit),
        days_since_last=since,
        **money,
    )
    return table.select(name for name in names(CUSTOMERS) if name in table.columns).sort("customer_id")


def _returned(counted: pl.DataFrame) -> float:
    """Of the money of purchases, the share that those who bought took back on days that are none."""
    money = counted.filter(pl.col("n_purchases") > 0).select(pl.col("bought", "total").sum())
    bought, total = money.row(0)
    back: int = bought - total
    return back / max(bought, back) if back > 0 else 0.0


def _in_operational_time(table: pl.DataFrame, cutoff: date, unit: TimeUnit, calendar: Clock) -> pl.DataFrame:
    """Ages by the clock of the calendar."""
    bought = table.filter(pl.col("first_purchase").is_not_null())
    first, last = (bought[name].to_numpy().astype("datetime64[D]") for name in ("first_purchase", "last_purchase"))
    end = np.full_like(first, np.datetime64(cutoff))
    at_last, at_end = np.split(calendar.elapsed(np.tile(first, 2), np.append(last, end)), 2)
    ages = bought.select("customer_id", recency=pl.Series(at_last), T=pl.Series(at_end))
    return table.update(ages.with_columns(in_units(pl.col("recency", "T"), unit)), on="customer_id")


def _with_attributes(table: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    if len(attributes) and table.join(attributes, on="customer_id", how="semi").is_empty():
        warnings.warn(
            f"No customer of the attributes is in the log up to the cutoff: {attributes['customer_id'][0]!r}, ... "
            f"there, {table['customer_id'][0]!r}, ... here. Check that both write their ids alike.",
            ClvlabWarning,
            stacklevel=3,
        )
    counts = [name for name in ("n_purchases", "n_orders", "total_spend") if name in table.columns]
    joined = table.join(attributes, on="customer_id", how="full", coalesce=True).sort("customer_id")
    return joined.with_columns(pl.col(counts).fill_null(0))


def _done_in(period: tuple[date, date], days: pl.DataFrame, known: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """What each known customer did after the first day of the period, up to the last."""
    after, until = period
    aggregates = [pl.col("is_purchase").sum().cast(pl.Int64).alias(f"{prefix}_purchases")]
    if "spend" in days.columns:
        aggregates.append(exact_sum(pl.col("spend")).alias(f"{prefix}_spend"))
    within = (pl.col("date") > after) & (pl.col("date") <= until)
    done = days.filter(within).group_by("customer_id").agg(aggregates)
    joined = known.join(done, on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(pl.exclude("customer_id").fill_null(0))


def _daily_repeats(days: pl.DataFrame, end: date) -> pl.DataFrame:
    bought = days.filter("is_purchase")
    repeats = bought.filter(pl.col("date") > pl.col("date").min().over("customer_id"))
    calendar = days.select(pl.date_range(pl.col("date").min(), end))
    counts = repeats.group_by("date").agg(pl.len().cast(pl.Int64).alias("repeat_purchases"))
    return calendar.join(counts, on="date", how="left", maintain_order="left").with_columns(
        pl.col("repeat_purchases").fill_null(0)
    )
