"""Customers as a due list needs them: habit, spend, what is at risk, and what attributes say of contacts."""

import polars as pl

from clvlab.analysis.segmentation.bands import BIRTHDAYS
from clvlab.columns import LAST_CONTACT
from clvlab.customers import derivable, derive
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.playbook.at_risk import value_at_risk

_COLUMNS = (
    "customer_id",
    "n_purchases",
    "days_since_last",
    "total_spend",
    "p_alive",
    "gap_p80",
    "spend_last_year",
)


def contactable(
    log: TransactionLog, customers: CustomerSummary, groups: pl.DataFrame, *, leaves: bool
) -> pl.DataFrame:
    """The customers with their groups and no more of the wide table than what a due list is made of.

    Parameters
    ----------
    log
        a log with amounts, from which the customers were summarised
    customers
        the summary, with values, gap_p80 and spend_last_year
    groups
        customer_id, group, pseudonym, next_from, next_to
    leaves
        whether the purchase model knows that customers leave

    Returns
    -------
    the columns of `groups`, n_purchases, days_since_last, total_spend, p_alive, gap_p80, spend_last_year, at_risk
    (null unless it leaves), contacted_on (null where it is not known); `favourite_category` where the log has
    categories and `birthday_month` (1 to 12) where customers have a birthday
    """
    categories = {"favourite_category"} & derivable(log)
    known = derive(log, customers, categories).data
    birthdays = [name for name in _days(known) if name.lower() in BIRTHDAYS]
    has_contacts = LAST_CONTACT in _days(known)
    contacted_on = pl.col(LAST_CONTACT).cast(pl.Date) if has_contacts else pl.lit(None, pl.Date)
    return known.select(
        *_COLUMNS,
        *categories,
        value_at_risk(leaves=leaves),
        contacted_on.alias("contacted_on"),
        *(pl.col(name).dt.month().alias("birthday_month") for name in birthdays[:1]),
    ).join(groups, on="customer_id", how="left", maintain_order="left")


def knows_contacts(customers: pl.DataFrame) -> bool:
    """Whether an attribute says when customers were last contacted."""
    return LAST_CONTACT in _days(customers)


def _days(customers: pl.DataFrame) -> list[str]:
    return customers.select(pl.selectors.temporal()).columns
