"""Watch list: customers who used to bring much and are late by their own habit."""

import hashlib

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.customers import derive

LONGEST = 15


def compute(context: Context) -> Section:
    """Table `customers`: the customers with the most spend at risk; without amounts or a model only the reason why.

    Spend at risk is the last year's spend times the probability that the customer has left. A customer is overdue
    beyond the time within which 80 % of their own gaps between purchases fall.
    """
    if not context.has_amounts or context.models.purchases is None:
        return Section({}, {"lead": Finding.of("watch.none")})
    customers = derive(context.log, context.customers, {"gap_p80", "spend_last_year"}).data
    risky = customers.filter(pl.col("n_purchases") > 1).with_columns(
        at_risk=pl.col("spend_last_year") * (1 - pl.col("p_alive")),
        overdue=pl.col("days_since_last") > pl.col("gap_p80"),
    )
    listed = (
        risky.filter("overdue")
        .sort("at_risk", "customer_id", descending=[True, False])
        .head(LONGEST)
        .with_columns(pseudonym=pseudonyms(pl.col("customer_id")))
        .select("pseudonym", "n_purchases", "days_since_last", "gap_p80", "spend_last_year", "p_alive", "at_risk")
    )
    return Section(
        {"customers": listed},
        {
            "lead": Finding.of(
                "watch.lead", overdue=risky["overdue"].sum(), repeaters=risky.height, at_risk=risky["at_risk"].sum()
            )
        },
    )


def pseudonyms(customer_id: pl.Expr) -> pl.Expr:
    """Eight hexadecimal digits that stand for a customer on a page that may be passed on."""
    return customer_id.map_elements(lambda text: hashlib.sha256(text.encode()).hexdigest()[:8], pl.String)
