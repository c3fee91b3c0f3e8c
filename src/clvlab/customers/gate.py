"""Whether a log is enough to predict from."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from clvlab.columns import CUSTOMERS, MODELLED
from clvlab.customers.derived import DERIVED
from clvlab.customers.purchase_days import numbered_days
from clvlab.errors import DataError
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.units import parse_day

MIN_CUSTOMERS = 500
MIN_HISTORY_DAYS = 180
MAX_DAYS_SINCE_LAST = 30
MIN_ORDERS_OF_SOME = 3
MOSTLY_ONE_TIME = 0.8
"""From this share of customers with one purchase on, a base tells little of single customers."""
OF_MONEY = frozenset(each.name for each in (*CUSTOMERS, *DERIVED, *MODELLED) if each.unit == "currency")
"""Columns that a log without amounts cannot give."""
_NO_MONEY = "The log has no amounts: map the column `amount`. Choose a strategy that needs no money otherwise."


def advice_on(missing: Iterable[str], log: TransactionLog, otherwise: str) -> str:
    """What to do where a strategy lacks columns: map amounts, where it is for want of these; else `otherwise`."""
    return _NO_MONEY if not log.has_amounts and OF_MONEY.intersection(missing) else otherwise


def refuse_stale(log: TransactionLog, as_of: date) -> None:
    """Raise DataError where the last purchase up to a day is too long ago for a report of that day.

    Of the customers' doings since then the log knows nothing: everybody would seem to leave.
    """
    bought = pl.concat(part.until(as_of).days.filter("is_purchase").select("date") for part in log.days)
    last = bought.select(pl.col("date").max()).collect().item()
    if not isinstance(last, date) or (days := (as_of - last).days) <= MAX_DAYS_SINCE_LAST:
        return
    raise DataError(
        f"The last purchase up to {as_of} is of {last}, {days:,} days before: as of a day that the log does not "
        f"reach, customers seem to leave who may not. Move the day (`as_of: {last}`), complete the log, or say that "
        "nobody has bought since (`allow_stale: true`).",
        code="stale",
        as_of=as_of,
        last=last,
        days=days,
        moved=last.isoformat(),
    )


def one_time_share(customers: CustomerSummary) -> float:
    """The share of the customers who have bought on one day only; nan where nobody has bought.

    A base may pass `minimum_data` and yet have hardly anybody whose second purchase says how often, and how long,
    customers buy: from MOSTLY_ONE_TIME on, that is worth a warning.
    """
    bought = customers.data["n_purchases"].drop_nulls()
    return float((bought == 1).sum()) / n if (n := int((bought > 0).sum())) else float("nan")


def minimum_data(log: TransactionLog, as_of: str | date) -> pl.DataFrame:
    """The checks that a log must pass before a prediction from it is presented as sound.

    At least 500 customers with a purchase, 180 days from the first purchase to `as_of`, a purchase within the last
    30 days, and some customer with 3 purchases or more.

    Returns
    -------
    One row for each check: `check` (customers, history_days, days_since_last_order, customers_with_3_orders), the
    bound `required` (at most, for days_since_last_order; else at least), the log's own figure `found` (null without
    any purchase), and whether it `passed`.

    Examples
    --------
    >>> import clvlab as cl
    >>> minimum_data(cl.datasets.cdnow(), "1998-06-30")["check", "found"].rows()
    [('customers', 23570), ('history_days', 545), ('days_since_last_order', 0), ('customers_with_3_orders', 7476)]
    """
    as_of = parse_day("as_of", as_of)
    days = numbered_days(log, as_of).filter("is_purchase")
    purchases = days.group_by("customer").len()
    age = days.select(
        first=(as_of - pl.col("date").min()).dt.total_days(), last=(as_of - pl.col("date").max()).dt.total_days()
    )
    found = {
        "customers": (MIN_CUSTOMERS, purchases.height),
        "history_days": (MIN_HISTORY_DAYS, age["first"][0]),
        "days_since_last_order": (MAX_DAYS_SINCE_LAST, age["last"][0]),
        "customers_with_3_orders": (1, purchases.filter(pl.col("len") >= MIN_ORDERS_OF_SOME).height),
    }
    table = pl.DataFrame(
        [(check, required, number) for check, (required, number) in found.items()],
        schema={"check": pl.String, "required": pl.Int64, "found": pl.Int64},
        orient="row",
    )
    enough = pl.when(pl.col("check") == "days_since_last_order").then(pl.col("found") <= pl.col("required"))
    return table.with_columns(passed=enough.otherwise(pl.col("found") >= pl.col("required")).fill_null(False))
