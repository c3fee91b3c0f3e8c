"""Profiles: what customers with one value of an attribute bring, compared with all of whom the attribute is known."""

from statistics import NormalDist

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.bands import MOST_VALUES, banded
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.small_groups import SMALLEST, as_one, too_small, without_rank
from clvlab.columns import CUSTOMERS, names
from clvlab.wording import Name

LEVEL = 0.95
"""The probability with which all intervals of the index hold what they should, at once."""


def compute(context: Context) -> Section:
    """Tables `attributes` and `segments`; with neither attributes nor amounts only that they are missing.

    attributes : attribute, value (null: all others), customers, coverage, repeat_share, spend_per_customer, index
        with its interval (low, high). The index is spend per customer over that of the customers of whom the
        attribute is known; intervals are so wide that all of them hold at once with LEVEL (Bonferroni's correction).
        Values of fewer than SMALLEST customers are among all others, and said to be
    segments : attribute, value, group, rank, customers, share (of the value): who of each value is in which group;
        groups of fewer than SMALLEST customers of the value are shown as one
    """
    columns = attributes_of(context)
    if not columns or not context.has_amounts:
        return Section({}, {"lead": Finding.of("profiles.none")})
    taken = {name: banded(context.buyers[name], context.as_of) for name in columns}
    reasons = {name: found for name, found in taken.items() if isinstance(found, str)}
    findings = {"left_out": Finding.of("profiles.left_out", reasons=_reasons(reasons))} if reasons else {}
    bands = {name: found for name, found in taken.items() if not isinstance(found, str)}
    if not bands:
        return Section({}, {"lead": Finding.of("profiles.none")} | findings)
    large = {name: large_values(*band) for name, band in bands.items()}
    findings["lead"] = Finding.of("profiles.lead", attributes=len(bands))
    if hidden := sum(_n_small(values) for values, _ in bands.values()):
        findings["hidden"] = Finding.of("profiles.hidden", hidden=hidden, smallest=SMALLEST)
    if gathered := [Name("attributes", name) for name, (_, order) in bands.items() if None in order]:
        findings["gathered"] = Finding.of("profiles.gathered", attributes=gathered, most=MOST_VALUES - 1)
    shown = {name: band for name, band in large.items() if len(band[1]) > 1}
    if not shown:
        return Section({}, findings)
    buyers = context.shown.filter(pl.col("n_purchases") > 0)
    reach = reach_of(sum(len(order) for _, order in shown.values()))
    table = pl.concat(_profile(buyers, name, *band, reach) for name, band in shown.items())
    meeting = pl.concat(_meeting(buyers, name, *band) for name, band in shown.items())
    titles = {"attributes": _headline(table), "segments": Finding.of("profiles.segments", smallest=SMALLEST)}
    return Section({"attributes": table, "segments": meeting}, titles | findings)


def attributes_of(context: Context) -> list[str]:
    """What is known of buyers besides their purchases."""
    return [name for name in context.buyers.columns if name not in names(CUSTOMERS)]


def large_values(values: pl.Series, order: list[str | None]) -> tuple[pl.Series, list[str | None]]:
    """The same with small values among all others ("" in the column, null in the list, at its end)."""
    small = too_small((value, size, size) for value, size in values.drop_nulls().value_counts().iter_rows())
    if not small:
        return values, order
    frame = values.to_frame("value").select(
        pl.when(pl.col("value").is_in(list(small))).then(pl.lit("")).otherwise("value")
    )
    return frame.to_series(), [*(value for value in order if value is not None and value not in small), None]


def _n_small(values: pl.Series) -> int:
    """How many values have few customers, all others apart."""
    counts = values.drop_nulls().value_counts(name="customers")
    return counts.filter(pl.col("customers") < SMALLEST, pl.col(values.name) != "").height


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


def reach_of(comparisons: int) -> float:
    """How many standard errors from the mean intervals end, so many of which hold at once with LEVEL.

    >>> round(reach_of(1), 2), round(reach_of(20), 2)
    (1.96, 3.02)
    """
    return NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * comparisons))


def _profile(
    buyers: pl.DataFrame, attribute: str, values: pl.Series, order: list[str | None], reach: float
) -> pl.DataFrame:
    spend = pl.col("total_spend")
    covered = buyers.with_columns(value=values).drop_nulls("value")
    average = covered.select(spend.mean()).item()
    half = reach * spend.std() / pl.len().sqrt()
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
    known = buyers.with_columns(value=values).drop_nulls("value")
    counts = pl.concat(_joined(of_value) for _, of_value in known.group_by("value", maintain_order=True))
    counts = counts.sort("rank", "group", nulls_last=True)
    found = _in_order(counts, order)
    return found.select(pl.lit(attribute).alias("attribute"), "value", "group", "rank", "customers", "share")


def _joined(of_value: pl.DataFrame) -> pl.DataFrame:
    """value, group, rank, customers, share of one value's customers, the small groups among them as one."""
    sizes = of_value["group"].value_counts(name="customers")
    small = too_small((group, size, size) for group, size in sizes.iter_rows())
    named = of_value.with_columns(as_one(small), without_rank(small))
    counts = named.group_by("value", "group", "rank").agg(customers=pl.len().cast(pl.Int64))
    return counts.with_columns(share=pl.col("customers") / of_value.height)


def _in_order(found: pl.DataFrame, order: list[str | None]) -> pl.DataFrame:
    """The rows in the order of the attribute's values; "" becomes null, all others."""
    places = pl.DataFrame({"value": [value or "" for value in order]}, schema={"value": pl.String})
    joined = places.join(found, on="value", how="inner", maintain_order="left_right")
    return joined.with_columns(pl.col("value").replace("", None))


def _over(spend: pl.Expr, average: float) -> pl.Expr:
    """Spend relative to the average; null where the average is nothing or less."""
    return spend / average if average > 0 else pl.lit(None, pl.Float64)
