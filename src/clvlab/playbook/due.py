"""The due list: who is to be contacted this period, by whom and why, those first of whom most is at risk."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, get_args

import polars as pl

from clvlab.playbook.at_risk import is_late
from clvlab.playbook.playbook import MONTHS, Entry

Reason = Literal["late", "again", "unknown"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a customer is due: they are late by their own habit; their group's cadence is over since the last contact; or
no contact with them is known."""


def due_list(
    customers: pl.DataFrame, entries: Mapping[str, Entry], as_of: date, contacts: int | None = None
) -> pl.DataFrame:
    """The customers who are due for a contact after `as_of`, in the order of `value`.

    Due is whose group has a cadence, unless their last contact is more recent than that. From the top of the list,
    each owner takes as many as they can, and all of them together `contacts`. The control is on the list as far down
    as those who are contacted, takes nobody's place, and so can be compared with them.

    Parameters
    ----------
    customers
        customer_id, group, n_purchases, days_since_last, gap_p80, spend_last_year, at_risk (null where the model
        knows no leaving), contacted_on (day of the last contact, or null), is_control
    entries
        group -> what is done with it, of every group in `customers`; what owners can do is the least that a group of
        theirs states
    as_of
        the last day that counts: a later contact has not happened yet
    contacts
        how many customers can be contacted in all; None is no limit

    Returns
    -------
    The same columns, `cadence`, `why` (one of REASONS), `value` (at_risk, else spend_last_year), `is_listed`
    """
    ranked = (
        customers.join(_plan(entries), on="group", how="left")
        .with_columns(contacted_on=pl.when(pl.col("contacted_on") <= as_of).then("contacted_on"))
        .filter(_is_due(as_of))
        .with_columns(why=_why(), value=pl.coalesce("at_risk", "spend_last_year", pl.lit(0.0)).clip(lower_bound=0))
        .sort("value", "spend_last_year", "customer_id", descending=[True, True, False], nulls_last=True)
    )
    contacted = ~pl.col("is_control")
    fits = _above(contacted).over("owner") < pl.col("capacity")
    fitting = ranked.with_columns(is_listed=fits.fill_null(True))
    if contacts is not None:
        fitting = fitting.with_columns(pl.col("is_listed") & (_above(contacted & pl.col("is_listed")) < contacts))
    return fitting.drop("months", "owner", "capacity")


def _plan(entries: Mapping[str, Entry]) -> pl.DataFrame:
    """group, cadence, months (null for none), owner (a number), capacity (of the owner, null is no limit)."""
    owners = {tuple(sorted(entry.owner.items())) for entry in entries.values()}
    numbers = {owner: number for number, owner in enumerate(sorted(owners))}
    rows = [
        (code, entry.cadence, MONTHS.get(entry.cadence), numbers[tuple(sorted(entry.owner.items()))], entry.capacity)
        for code, entry in entries.items()
    ]
    schema = {"group": pl.String, "cadence": pl.String, "months": pl.Int64, "owner": pl.Int64, "capacity": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("capacity").min().over("owner"))


def _is_due(as_of: date) -> pl.Expr:
    again = pl.col("contacted_on").dt.offset_by(pl.format("{}mo", "months"))
    return pl.col("months").is_not_null() & (again.is_null() | (again <= as_of))


def _why() -> pl.Expr:
    known = pl.when(pl.col("contacted_on").is_null()).then(pl.lit("unknown")).otherwise(pl.lit("again"))
    return pl.when(is_late()).then(pl.lit("late")).otherwise(known)


def _above(counted: pl.Expr) -> pl.Expr:
    """How many of those counted are above a customer on the list.

    A customer's own place is not counted, so that it does not depend on whether they are in the control.
    """
    number = counted.cast(pl.Int64)
    return number.cum_sum() - number
