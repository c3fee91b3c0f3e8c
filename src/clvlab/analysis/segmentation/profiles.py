"""Profiles: what customers with one attribute bring, compared with all customers; where the log has attributes."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.columns import CUSTOMERS, names

SMALLEST = 10
MOST_VALUES = 12
Z = 1.96  # 95 %


def compute(context: Context) -> Section:
    """Table `attributes`: attribute, value, customers, spend_per_customer with interval, index, repeat_share.

    Attributes are texts of 2 to 12 values. Values of fewer than 10 customers are suppressed, and said to be.
    """
    buyers = context.buyers
    columns = [name for name in buyers.columns if name not in names(CUSTOMERS) and _is_attribute(buyers[name])]
    if not columns or not context.has_amounts:
        return Section({}, {"lead": Finding.of("profiles.none")})
    table = pl.concat([_profile(buyers, name) for name in columns])
    shown = table.filter(pl.col("customers") >= SMALLEST)
    widest = shown.sort("index", descending=True).row(0, named=True)
    return Section(
        {"attributes": shown},
        {
            "lead": Finding.of(
                "profiles.lead", attributes=len(columns), hidden=table.height - shown.height, smallest=SMALLEST
            ),
            "attributes": Finding.of("profiles.attributes", value=widest["value"], index=widest["index"]),
        },
    )


def _is_attribute(column: pl.Series) -> bool:
    return column.dtype == pl.String and 2 <= column.drop_nulls().n_unique() <= MOST_VALUES


def _profile(buyers: pl.DataFrame, attribute: str) -> pl.DataFrame:
    """One row per value of the attribute; the index is spend per customer over that of all customers."""
    spend = pl.col("total_spend")
    everyone = buyers.select(spend.mean()).item()
    half = Z * spend.std() / pl.len().sqrt()
    return (
        buyers.drop_nulls(attribute)
        .group_by(pl.col(attribute).alias("value"))
        .agg(
            customers=pl.len(),
            repeat_share=(pl.col("n_purchases") > 1).mean(),
            spend_per_customer=spend.mean(),
            low=(spend.mean() - half) / everyone,
            high=(spend.mean() + half) / everyone,
        )
        .sort("value")
        .select(
            pl.lit(attribute).alias("attribute"),
            "value",
            "customers",
            "repeat_share",
            "spend_per_customer",
            (pl.col("spend_per_customer") / everyone).alias("index"),
            "low",
            "high",
        )
    )
