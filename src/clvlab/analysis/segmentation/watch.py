"""Watch list: customers who used to bring much and are late by their own habit."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.pseudonyms import resolved
from clvlab.customers.next_order import LEVEL
from clvlab.playbook.at_risk import FEWEST, is_late, value_at_risk

LONGEST = 15
LIKELY = 0.5
"""P(alive) from which a customer is rather there than not."""


def compute(context: Context) -> Section:
    """Table `customers`: overdue customers who are likely to be there, those first of whom most is at risk.

    Where there are none, only the reason why.

    Of those who have spent within the last year, a customer of FEWEST purchases or more is overdue beyond the time
    within which 80 % of their own gaps between purchases fall; a smaller number of gaps is no habit. At risk is what
    they spent within that year, times the probability that they have left. Whoever has rather left than not is no
    longer to be kept, and is counted but not listed. A model without dropout knows nothing of it: the list is then in
    the order of last year's spend. Where the model assumes P(alive) of some customers, the list shows the probability
    of buying again. `next_from` and `next_to` are the window of the next order, as by `clvlab.customers.next_order`.
    """
    if not context.has_amounts or context.models.purchases is None:
        return Section({}, {"lead": Finding.of("watch.none")})
    customers = context.with_habits.data
    steady = customers.filter((pl.col("n_purchases") >= FEWEST) & (pl.col("spend_last_year") > 0))
    overdue = steady.filter(is_late())
    if overdue.is_empty():
        return Section({}, {"lead": Finding.of("watch.nobody", purchases=FEWEST)})
    leaves = context.models.purchases.leaving is not None
    overdue = overdue.with_columns(value_at_risk(leaves=leaves))
    there = overdue.filter(pl.col("p_alive") >= LIKELY) if leaves else overdue
    first = there.sort("at_risk" if leaves else "spend_last_year", "customer_id", descending=[True, False])
    listed = (
        context.with_activity(first.head(LONGEST))
        .join(_of_table(context), on="customer_id", how="left", maintain_order="left")
        .select(
            "pseudonym", "n_purchases", "days_since_last", "gap_p80", "next_from", "next_to", "spend_last_year",
            "p_alive", "p_buys_again", "at_risk",
        )
    )  # fmt: skip
    figures = {
        "overdue": overdue.height,
        "steady": steady.height,
        "purchases": FEWEST,
        "spend": overdue["spend_last_year"].sum(),
        "at_risk": overdue["at_risk"].sum(),
    }
    lead = Finding.of("watch.lead" if leaves else "watch.lead_no_dropout", **figures)
    if there.is_empty():
        return Section({}, {"lead": lead, "gone": Finding.of("watch.gone", likely=LIKELY)})
    findings = {
        "lead": lead,
        "pseudonyms": resolved(by_exports=context.params.export_ids),
    }
    if leaves:
        findings["listed"] = Finding.of(
            "watch.listed", likely=LIKELY, there=there.height, at_risk=there["at_risk"].sum()
        )
    if listed["next_to"].null_count() < listed.height:
        findings["next"] = Finding.of("watch.next", level=LEVEL)
    return Section({"customers": listed}, findings)


def _of_table(context: Context) -> pl.DataFrame:
    """customer_id, pseudonym, next_from, next_to of all customers."""
    return context.table.select("customer_id", "pseudonym", "next_from", "next_to")
