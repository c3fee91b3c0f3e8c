"""Hidden gems: customers who are expected to bring far more than their past spend lets one think."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.pseudonyms import resolved
from clvlab.money import share_of
from clvlab.wording import Name

LONGEST = 20
BEST = 1 / 3
"""High potential is this share of the buyers, by expected value."""
UPPER = 1 / 2
"""High value is this share of them, by spend to date."""
LISTED = (
    "pseudonym",
    "group",
    "n_purchases",
    "days_since_last",
    "total_spend",
    "clv",
    "p_alive",
    "p_buys_again",
)
GEMS = "gems"
QUADRANTS = {(True, True): "stars", (False, True): GEMS, (True, False): "fading", (False, False): "small"}
"""(high value, high potential) -> the quadrant."""


def compute(context: Context) -> Section:
    """Tables `quadrants` and, where there are hidden gems, `gems`; where nobody is valued only that.

    quadrants : quadrant, high_value, high_potential, customers, share_customers, clv, share_clv: buyers by spend to
        date, the upper half of them of high value, and by expected value, the best third of high potential. Equal
        customers stay together, on the lower side where they are too many for the upper. A quadrant without
        customers has a row
    gems : the first LONGEST of low value and high potential, those first who are expected to bring most: pseudonym,
        group, n_purchases, days_since_last, total_spend, clv, p_alive, p_buys_again
    """
    values = context.group_values
    if values is None:
        return Section({}, {"lead": Finding.of("gems.unvalued")})
    buyers = _in_quadrants(context)
    quadrants = _quadrants(buyers)
    hidden = buyers.filter(quadrant=GEMS)
    findings = {"quadrants": _headline(quadrants), "rule": Finding.of("gems.rule")}
    if hidden.is_empty():
        return Section({"quadrants": quadrants}, {"lead": Finding.of("gems.none"), **findings})
    findings |= {
        "lead": _lead(context, hidden, quadrants),
        "pseudonyms": resolved(by_exports=context.params.export_ids),
    }
    return Section({"quadrants": quadrants, "gems": _first(context, hidden)}, findings)


def _in_quadrants(context: Context) -> pl.DataFrame:
    """The buyers who are valued: customer_id, the columns of a list, and their quadrant."""
    valued = context.shown.filter(pl.col("n_purchases") > 0, pl.col("clv").is_not_null())
    # Of the wide table no more than what is used: an attribute may be called as one of the columns made here.
    buyers = valued.select("customer_id", *LISTED)
    flags = {"high_value": _is_above("total_spend", UPPER), "high_potential": _is_above("clv", BEST)}
    names = pl.DataFrame(
        [(*flags_of, quadrant) for flags_of, quadrant in QUADRANTS.items()],
        schema={**dict.fromkeys(flags, pl.Boolean), "quadrant": pl.String},
        orient="row",
    )
    return buyers.with_columns(**flags).join(names, on=list(flags), how="left", maintain_order="left")


def _is_above(column: str, share: float) -> pl.Expr:
    """Whether a customer is among the share of those with most, and has anything at all."""
    return (pl.col(column).rank("max", descending=True) <= share * pl.len()) & (pl.col(column) > 0)


def _quadrants(buyers: pl.DataFrame) -> pl.DataFrame:
    order = pl.DataFrame(
        [(quadrant, *flags) for flags, quadrant in QUADRANTS.items()],
        schema={"quadrant": pl.String, "high_value": pl.Boolean, "high_potential": pl.Boolean},
        orient="row",
    )
    sums = buyers.group_by("quadrant").agg(customers=pl.len().cast(pl.Int64), clv=pl.col("clv").sum())
    table = order.join(sums, on="quadrant", how="left", maintain_order="left").with_columns(
        pl.col("customers").fill_null(0), pl.col("clv").fill_null(0.0)
    )
    return table.with_columns(share_customers=share_of(pl.col("customers")), share_clv=share_of(pl.col("clv")))


def _headline(quadrants: pl.DataFrame) -> Finding:
    stars = quadrants.row(0, named=True)
    shares = {"customers": stars["share_customers"], "value": stars["share_clv"] or 0.0}
    return Finding.of("gems.quadrants", quadrant=Name("quadrants", stars["quadrant"]), **shares)


def _lead(context: Context, hidden: pl.DataFrame, quadrants: pl.DataFrame) -> Finding:
    """How many there are, and what they are expected to bring."""
    values = context.values_of(hidden.select("customer_id", pl.lit(GEMS).alias("group")))
    assert values is not None
    ends = {name: values[name][0] for name in ("clv", "clv_low", "clv_high")}
    share = quadrants.filter(quadrant=GEMS)["share_clv"][0] or 0.0
    return Finding.of("gems.lead", gems=hidden.height, horizon=context.horizon, share=share, **ends)


def _first(context: Context, hidden: pl.DataFrame) -> pl.DataFrame:
    first = hidden.sort("clv", "customer_id", descending=[True, False]).head(LONGEST)
    return context.with_activity(first).select(LISTED)
