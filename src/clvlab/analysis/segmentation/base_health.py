"""Base health: how many customers, how often they buy, and how concentrated their spend is."""

import numpy as np
import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import ACTIVE_DAYS, Context
from clvlab.frames import CustomerSummary
from clvlab.grouping import returned_all
from clvlab.money import exact_sum

MOST_PURCHASES = 10


def compute(context: Context) -> Section:
    """Tables `headline`, `orders`, `months` and `lorenz`; `lorenz` and `months` where the log has
    amounts, the first only where they add up to something."""
    buyers = context.buyers
    orders = purchases_per_customer(buyers)
    one_time = buyers.select((pl.col("n_purchases") == 1).mean()).item()
    active = int((buyers["days_since_last"] < ACTIVE_DAYS).sum())
    tables = {"headline": _headline(context), "orders": orders}
    findings = {
        "lead": Finding.of(
            "base_health.lead", customers=buyers.height, active=active, share=active / buyers.height, days=ACTIVE_DAYS
        ),
        "orders": Finding.of("base_health.orders", share=one_time),
    }
    if context.has_amounts:
        tables["months"] = new_and_repeat(
            context.rows.select("customer_id", "date", "amount").collect(), context.base
        )
        findings["months"] = repeat_revenue(tables["months"])
    if context.has_amounts and buyers["total_spend"].sum() > 0:
        tables["lorenz"] = concentration(buyers["total_spend"])
        top = tables["lorenz"].filter(pl.col("customers") == 0.2)["spend"].item()
        findings["lorenz"] = Finding.of("base_health.lorenz", share=top)
    return Section(tables, findings)


def repeat_revenue(months: pl.DataFrame) -> Finding:
    """What of the revenue repeat purchases bring, where returns leave something of both; see `new_and_repeat`."""
    new, repeat = (float(months[name].sum()) for name in ("new", "repeat"))
    revenue = new + repeat
    if revenue <= 0:
        return Finding.of("base_health.months_no_revenue", revenue=revenue)
    if repeat < 0:
        return Finding.of("base_health.months_returned", repeat=repeat)
    return Finding.of("base_health.months", share=repeat / revenue)


def _headline(context: Context) -> pl.DataFrame:
    """measure, value: the numbers that a reader asks for first."""
    buyers, returned = context.buyers, int(returned_all(context.base).sum())
    measures = {
        "customers": pl.len(),
        "prospects": pl.lit(len(context.base) - buyers.height - returned),
        "returned_all": pl.lit(returned),
        "purchases": pl.col("n_purchases").sum(),
        "purchases_per_customer": pl.col("n_purchases").mean(),
        "repeat_share": (pl.col("n_purchases") > 1).mean(),
        "median_days_since_last": pl.col("days_since_last").median(),
    }
    if context.has_amounts:
        # The money of those who returned all is part of it, as it is of the groups' sum.
        revenue = pl.lit(context.base.data["total_spend"].sum())
        measures |= {
            "revenue": revenue,
            "spend_per_customer": revenue / pl.len(),
            "spend_per_purchase": revenue / pl.col("n_purchases").sum(),
        }
    row = buyers.select(measure.cast(pl.Float64).alias(name) for name, measure in measures.items())
    return row.unpivot(variable_name="measure")


def purchases_per_customer(buyers: pl.DataFrame) -> pl.DataFrame:
    """purchases ("1".."9", "10+"), customers, share: how many customers bought how often."""
    counts = (
        buyers.group_by(pl.col("n_purchases").clip(upper_bound=MOST_PURCHASES).alias("n"))
        .agg(customers=pl.len())
        .sort("n")
        .with_columns(share=pl.col("customers") / buyers.height)
    )
    label = pl.when(pl.col("n") == MOST_PURCHASES).then(pl.lit(f"{MOST_PURCHASES}+")).otherwise(pl.col("n").cast(str))
    return counts.select(purchases=label, customers="customers", share="share")


def concentration(spend: pl.Series) -> pl.DataFrame:
    """customers, spend: the best `customers` share of the base brings `spend` of its money (not 0), in steps of 1 %.

    Refunds can make a customer's spend negative: the curve then passes 1 before it ends there.
    """
    ordered = spend.sort(descending=True).to_numpy()
    total = ordered.sum()
    cumulative = np.concatenate([[0.0], ordered.cumsum() / total])
    shares = np.arange(101) / 100
    curve = np.interp(shares * ordered.size, np.arange(ordered.size + 1), cumulative)
    return pl.DataFrame({"customers": shares, "spend": curve})


def new_and_repeat(rows: pl.DataFrame, customers: CustomerSummary) -> pl.DataFrame:
    """month, new, repeat: money of first purchase days and of all later ones, by calendar month."""
    first = customers.data.select("customer_id", "first_purchase")
    money = rows.join(first, on="customer_id", how="left")
    is_new = pl.col("date") <= pl.col("first_purchase")
    return (
        money.group_by(month=pl.col("date").dt.truncate("1mo"))
        .agg(
            new=exact_sum(pl.col("amount").filter(is_new)),
            repeat=exact_sum(pl.col("amount").filter(~is_new.fill_null(False))),
        )
        .sort("month")
    )
