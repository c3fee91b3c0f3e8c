"""Cards: one for each group, who is in it, what they bring, what is done, and how those before fared."""

from collections.abc import Iterator

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.alerts import FELL, ROSE
from clvlab.analysis.segmentation.bands import banded
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.due import by_group
from clvlab.analysis.segmentation.movement import pairs_of
from clvlab.analysis.segmentation.profiles import attributes_of, large_values, reach_of
from clvlab.analysis.segmentation.segments import group_profile
from clvlab.analysis.small_groups import SMALLEST

VALUES = ("clv", "clv_low", "clv_high")
FATES = ("stayed", "rose", "fell", "elsewhere", "again")
_PROFILE = {
    "group": pl.String,
    "attribute": pl.String,
    "value": pl.String,
    "share_value": pl.Float64,
    "share_base": pl.Float64,
}


def compute(context: Context) -> Section:
    """Table `cards`: a row for each group that has customers, best first.

    group, place, customers, share_customers, share_spend, median_purchases, median_days_since_last, p_alive,
        p_buys_again : as in the table of the segments
    spend_last_year : per customer, null without amounts; `index`, relative to that of all buyers
    clv, clv_low, clv_high : of all its customers over the horizon; null where nobody is valued
    attribute, value, share_value, share_base : the value of an attribute that the group has most often next to all
        buyers of whom it is known, beyond chance; null where there is none
    due, held_back, cadence, review_on : as in the section of who is due; the first two null without such a list
    were : buyers who were in the group a period ago, of whom `stayed`, `rose` and `fell` are where they are now,
        `elsewhere` are in another group by its thresholds alone or in one without an order, and `again` have bought
        since; null without an earlier period, and where these would tell of few customers
    """
    profile = group_profile(context.with_activity(context.shown), context.groups).filter(pl.col("customers") > 0)
    table = profile.select(
        "group", "customers", "share_customers", "share_spend", "median_purchases", "median_days_since_last",
        "p_alive", "p_buys_again",
    )  # fmt: skip
    for found in (
        context.places,
        _spend(context),
        _values(context),
        _traits(context),
        by_group(context),
        _fates(context),
    ):
        table = table.join(found, on="group", how="left", maintain_order="left", suffix="_there")
    return Section({"cards": table.drop(pl.selectors.ends_with("_there"))}, _lead(context, table))


def _lead(context: Context, table: pl.DataFrame) -> dict[str, Finding]:
    return {"lead": Finding.of("cards.lead", groups=table.height, horizon=context.horizon)}


def _spend(context: Context) -> pl.DataFrame:
    """group, spend_last_year, index."""
    spent = context.shown.filter(pl.col("n_purchases") > 0).select("customer_id", "group")
    spent = spent.join(context.spent_last_year(context.customers), on="customer_id", maintain_order="left")
    average = spent["spend_last_year"].mean()
    of_group = spent.group_by("group").agg(pl.col("spend_last_year").mean())
    positive = isinstance(average, float) and average > 0
    return of_group.with_columns(index=pl.col("spend_last_year") / average if positive else pl.lit(None, pl.Float64))


def _values(context: Context) -> pl.DataFrame:
    if context.group_values is None:
        return pl.DataFrame(schema={"group": pl.String, **dict.fromkeys(VALUES, pl.Float64)})
    return context.group_values.head(-1).select("group", *VALUES)


def _traits(context: Context) -> pl.DataFrame:
    """The columns of _PROFILE, at most one row for each group."""
    buyers = context.shown.filter(pl.col("n_purchases") > 0)
    names = [name for name in attributes_of(context) if name not in context.strategy.needs]
    shares = pl.concat([pl.DataFrame(schema=_COUNTED), *_counted(context, buyers, names)])
    if shares.is_empty():
        return pl.DataFrame(schema=_PROFILE)
    low = _lowest(shares, reach_of(shares.height))
    apart = shares.with_columns(low=low).filter(pl.col("low") > pl.col("share_base"), pl.col("of_value") >= SMALLEST)
    if context.is_by_attribute:
        # A city is in its region, which says nothing of who its customers are.
        apart = apart.filter(pl.col("of_value") < pl.col("everywhere"))
    more = pl.col("share_value") / pl.col("share_base")
    return (
        apart.sort(more, "attribute", "value", descending=[True, False, False])
        .unique("group", keep="first", maintain_order=True)
        .select(list(_PROFILE))
    )


_COUNTED = {**_PROFILE, **dict.fromkeys(("of_value", "everywhere", "known"), pl.Int64)}


def _counted(context: Context, buyers: pl.DataFrame, names: list[str]) -> Iterator[pl.DataFrame]:
    """How many of each group, and of all, have each large value of each attribute; of how many that is known."""
    for name in names:
        band = banded(buyers[name], context.as_of)
        if isinstance(band, str):
            continue
        values, order = large_values(*band)
        named = [value for value in order if value is not None]
        known = buyers.select("group", value=values).drop_nulls()
        shares = known.filter(pl.col("value").is_in(named)).group_by("value").agg(everywhere=pl.len().cast(pl.Int64))
        sizes = known.group_by("group").agg(known=pl.len().cast(pl.Int64))
        met = known.group_by("group", "value").agg(of_value=pl.len().cast(pl.Int64))
        table = met.join(shares, on="value").join(sizes, on="group")
        yield table.with_columns(
            attribute=pl.lit(name),
            share_value=pl.col("of_value") / pl.col("known"),
            share_base=pl.col("everywhere") / known.height,
        ).select(list(_COUNTED))


def _lowest(shares: pl.DataFrame, reach: float) -> pl.Series:
    """The lower ends of Wilson's intervals of `share_value`, `reach` standard errors away."""
    share, weight = shares["share_value"], reach**2 / shares["known"]
    spread = (share * (1 - share) / shares["known"] + weight / shares["known"] / 4).sqrt()
    return (share + weight / 2 - reach * spread) / (1 + weight)


def _fates(context: Context) -> pl.DataFrame:
    """group, were, and FATES: what became of the customers of each group of a period ago."""
    schema = {"group": pl.String, **dict.fromkeys(("were", *FATES), pl.Int64)}
    if context.previous is None:
        return pl.DataFrame(schema=schema)
    pairs = pairs_of(context, context.previous).filter(pl.col("before").is_not_null())
    counts = {
        "were": pl.len(),
        "stayed": (pl.col("before") == pl.col("after")).sum(),
        "rose": pl.col("move").is_in(ROSE).sum(),
        "fell": pl.col("move").is_in(FELL).sum(),
        "elsewhere": ((pl.col("before") != pl.col("after")) & ~pl.col("move").is_in([*ROSE, *FELL])).sum(),
        "again": pl.col("bought").sum(),
    }
    found = pairs.group_by(group="before").agg(**counts).cast(dict.fromkeys(counts, pl.Int64))
    if context.is_by_attribute:
        return found.filter(pl.all_horizontal(_tells_of_many(name) for name in FATES))
    everywhere = pl.DataFrame({"group": context.groups}, schema={"group": pl.String})
    return everywhere.join(found, on="group", how="left", maintain_order="left").with_columns(
        pl.exclude("group").fill_null(0)
    )


def _tells_of_many(count: str) -> pl.Expr:
    """Whether neither so many customers nor all others of the group are a few."""
    rest = pl.col("were") - pl.col(count)
    return pl.all_horizontal((each == 0) | (each >= SMALLEST) for each in (pl.col(count), rest))
