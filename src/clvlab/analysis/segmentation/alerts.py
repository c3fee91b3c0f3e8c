"""Alerts: the moves between groups that somebody should hear of, with the value that is at stake."""

import polars as pl

from clvlab.analysis.section import Finding
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.small_groups import SMALLEST
from clvlab.wording import Name

FELL, ROSE = ("down", "aged"), ("up",)
MOST_LISTED, MOST_TOLD = 10, 4
"""Alerts in the table, and of these in words."""


def alerts(context: Context, pairs: pl.DataFrame) -> pl.DataFrame:
    """before, after, fell, customers, share, clv_before, clv, clv_low, clv_high: moves up or down that many made.

    At most MOST_LISTED of them.

    `pairs` has one row per buyer: customer_id, before, after, move, clv_before, clv. How many are many says
    `params.alerts`, in customers and as a share of the group before; of groups by attribute no fewer than readers see
    of any. Moves that thresholds alone have made do not count. `clv` is what these customers are expected to bring,
    `clv_before` what was expected of them then. First come the moves by which that changed most; where nobody is
    valued, those of most customers.
    """
    limits = context.params.alerts
    fewest = max(limits["customers"], SMALLEST if context.is_by_attribute else 0)
    moved = pl.col("move").is_in([*FELL, *ROSE])
    sizes = pairs.group_by("before").agg(of=pl.len())
    found = (
        pairs.filter(moved)
        .group_by("before", "after")
        .agg(
            fell=pl.col("move").is_in(FELL).any(),
            customers=pl.len().cast(pl.Int64),
            clv_before=_sum_of_known("clv_before"),
        )
        .join(sizes, on="before")
        .with_columns(share=pl.col("customers") / pl.col("of"))
        .filter(pl.col("customers") >= fewest, pl.col("share") >= limits["share"])
        .with_columns(move=pl.format("{} > {}", "before", "after"))
    )
    valued = found.join(_values(context, pairs.filter(moved), found), on="move", how="left")
    lost = (pl.col("clv") - pl.col("clv_before")).abs()
    first = valued.sort(
        lost, "customers", "before", "after", descending=[True, True, False, False], nulls_last=True
    ).head(MOST_LISTED)
    return first.select("before", "after", "fell", "customers", "share", "clv_before", "clv", "clv_low", "clv_high")


def _sum_of_known(column: str) -> pl.Expr:
    """The sum; null where none is known."""
    return pl.when(pl.col(column).is_not_null().any()).then(pl.col(column).sum())


def _values(context: Context, moved: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """move, clv, clv_low, clv_high of those who made each of the moves; without a row where nobody is valued."""
    told = moved.with_columns(group=pl.format("{} > {}", "before", "after"))
    told = told.join(found, left_on="group", right_on="move", how="semi")
    values = context.values_of(told.select("customer_id", "group"))
    if values is None:
        return pl.DataFrame(schema={"move": pl.String, **dict.fromkeys(("clv", "clv_low", "clv_high"), pl.Float64)})
    return values.select("clv", "clv_low", "clv_high", move="group")


def sentences(context: Context, table: pl.DataFrame) -> list[Finding]:
    """The first MOST_TOLD alerts in words."""
    return [_sentence(context, row) for row in table.head(MOST_TOLD).iter_rows(named=True)]


def _sentence(context: Context, row: dict[str, object]) -> Finding:
    figures = {
        "before": Name("groups", str(row["before"])),
        "after": Name("groups", str(row["after"])),
        "customers": row["customers"],
    }
    if row["clv"] is None:
        return Finding.of("movement.fell_unvalued" if row["fell"] else "movement.rose_unvalued", **figures)
    figures |= {name: row[name] for name in ("clv", "clv_low", "clv_high")}
    return Finding.of("movement.fell" if row["fell"] else "movement.rose", **figures, horizon=context.horizon)
