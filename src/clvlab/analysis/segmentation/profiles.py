"""Profiles: what customers with one value of an attribute bring, compared with all of whom the attribute is known."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.bands import banded
from clvlab.analysis.segmentation.context import Context
from clvlab.columns import CUSTOMERS, names
from clvlab.wording import Name

SMALLEST = 10
Z = 1.96  # 95 %


def compute(context: Context) -> Section:
    """Tables `attributes` and `segments`; with neither attributes nor amounts only that they are missing.

    attributes : attribute, value (null: all others), customers, coverage, repeat_share, spend_per_customer, index
        with its 95 % interval (low, high). The index is spend per customer over that of the customers of whom the
        attribute is known. Values of fewer than SMALLEST customers are suppressed, and said to be
    segments : attribute, value, group, rank, customers, share (of the value): who of each value is in which group;
        pairs of fewer than SMALLEST customers are left out
    """
    columns = [name for name in context.buyers.columns if name not in names(CUSTOMERS)]
    if not columns or not context.has_amounts:
        return Section({}, {"lead": Finding.of("profiles.none")})
    taken = {name: banded(context.buyers[name], context.as_of) for name in columns}
    reasons = {name: found for name, found in taken.items() if isinstance(found, str)}
    findings = {"left_out": Finding.of("profiles.left_out", reasons=_reasons(reasons))} if reasons else {}
    bands = {name: found for name, found in taken.items() if not isinstance(found, str)}
    if not bands:
        return Section({}, {"lead": Finding.of("profiles.none")} | findings)
    buyers = context.table.filter(pl.col("n_purchases") > 0)
    table = pl.concat(_profile(buyers, name, *band) for name, band in bands.items())
    shown = table.filter(pl.col("customers") >= SMALLEST)
    hidden = table.height - shown.height
    lead = Finding.of("profiles.lead", attributes=len(bands), hidden=hidden, smallest=SMALLEST)
    if shown.is_empty():
        return Section({}, {"lead": lead} | findings)
    meeting = pl.concat(_meeting(buyers, name, *band) for name, band in bands.items())
    enough = meeting.filter(pl.col("customers") >= SMALLEST)
    tables, titles = {"attributes": shown}, {"attributes": _headline(shown)}
    if enough.height:
        tables["segments"] = enough
        titles["segments"] = Finding.of("profiles.segments", smallest=SMALLEST)
    return Section(tables, {"lead": lead} | titles | findings)


def _headline(shown: pl.DataFrame) -> Finding:
    """The value that differs most among those whose interval says that they differ; else that none does."""
    apart = shown.filter(pl.col("value").is_not_null(), (pl.col("low") > 1) | (pl.col("high") < 1))
    if apart.is_empty():
        return Finding.of("profiles.alike")
    most = apart.sort((pl.col("index") - 1).abs(), descending=True, maintain_order=True).row(0, named=True)
    attribute = Name("attributes", most["attribute"])
    return Finding.of(
        "profiles.attributes", attribute=attribute, value=Name("attribute_values", most["value"]), index=most["index"]
    )


def _reasons(reasons: dict[str, str]) -> list[Finding]:
    return [
        Finding.of(f"profiles.out_{reason}", attribute=Name("attributes", name)) for name, reason in reasons.items()
    ]


def _profile(buyers: pl.DataFrame, attribute: str, values: pl.Series, order: list[str | None]) -> pl.DataFrame:
    spend = pl.col("total_spend")
    covered = buyers.with_columns(value=values).drop_nulls("value")
    average = covered.select(spend.mean()).item()
    half = Z * spend.std() / pl.len().sqrt()
    found = covered.group_by("value").agg(
        customers=pl.len().cast(pl.Int64),
        repeat_share=(pl.col("n_purchases") > 1).mean(),
        spend_per_customer=spend.mean(),
        low=_over(spend.mean() - half, average),
        high=_over(spend.mean() + half, average),
    )
    return _in_order(found, order).select(
        pl.lit(attribute).alias("attribute"),
        "value",
        "customers",
        pl.lit(covered.height / buyers.height).alias("coverage"),
        "repeat_share",
        "spend_per_customer",
        _over(pl.col("spend_per_customer"), average).alias("index"),
        "low",
        "high",
    )


def _meeting(buyers: pl.DataFrame, attribute: str, values: pl.Series, order: list[str | None]) -> pl.DataFrame:
    counts = (
        buyers.with_columns(value=values)
        .drop_nulls("value")
        .group_by("value", "group", "rank")
        .agg(customers=pl.len().cast(pl.Int64))
        .with_columns(share=pl.col("customers") / pl.col("customers").sum().over("value"))
        .sort("rank", "group")
    )
    found = _in_order(counts, order)
    return found.select(pl.lit(attribute).alias("attribute"), "value", "group", "rank", "customers", "share")


def _in_order(found: pl.DataFrame, order: list[str | None]) -> pl.DataFrame:
    """The rows in the order of the attribute's values; "" becomes null, all others."""
    places = pl.DataFrame({"value": [value or "" for value in order]}, schema={"value": pl.String})
    joined = places.join(found, on="value", how="inner", maintain_order="left_right")
    return joined.with_columns(pl.col("value").replace("", None))


def _over(spend: pl.Expr, average: float) -> pl.Expr:
    """Spend relative to the average; null where the average is nothing or less."""
    return spend / average if average > 0 else pl.lit(None, pl.Float64)
