"""Movement: who changed group within a quarter, under one and the same rule."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context

MOVES = ("up", "stayed", "down", "sideways")
"""How a customer's group changed; sideways where one of the two groups has no rank."""


def compute(context: Context) -> Section:
    """Tables `moves` (before, after, customers, share of the group before) and `direction` (move, customers, clv).

    Today's rule is applied to the customers as they were a quarter ago, so that a move is a change of the
    customer, not of the thresholds.
    """
    if context.previous is None:
        return Section({}, {"lead": Finding.of("movement.none")})
    before = context.rule.assign(context.previous).select("customer_id", before="group", rank_before="rank")
    pairs = context.table.join(before, on="customer_id").filter(pl.col("n_purchases") > 0)
    moves = (
        pairs.group_by("before", "rank_before", after="group", rank_after="rank")
        .agg(customers=pl.len())
        .with_columns(share=pl.col("customers") / pl.col("customers").sum().over("before"))
        .sort("rank_before", "rank_after", "before", "after")
    )
    direction = _direction(pairs)
    counts = dict(zip(direction["move"], direction["customers"], strict=True))
    return Section(
        {"moves": moves.select("before", "after", "customers", "share"), "direction": direction},
        {
            "lead": Finding.of(
                "movement.lead",
                since=context.previous.cutoff,
                up=counts["up"],
                down=counts["down"],
                stayed=counts["stayed"],
            ),
            "moves": Finding.of("movement.moves", share=counts["stayed"] / max(pairs.height, 1)),
        },
    )


def _direction(pairs: pl.DataFrame) -> pl.DataFrame:
    """move (up, stayed, down, sideways), customers, spend, clv: what moved, and what it is worth."""
    better, worse = pl.col("rank") < pl.col("rank_before"), pl.col("rank") > pl.col("rank_before")
    same = pl.col("group") == pl.col("before")
    move = pl.when(same).then(pl.lit("stayed")).when(better).then(pl.lit("up")).when(worse).then(pl.lit("down"))
    counted = pairs.group_by(move=move.otherwise(pl.lit("sideways"))).agg(customers=pl.len(), clv=pl.col("clv").sum())
    order = pl.DataFrame({"move": MOVES})
    joined = order.join(counted, on="move", how="left", maintain_order="left").with_columns(
        pl.col("customers", "clv").fill_null(0)
    )
    return joined.filter((pl.col("customers") > 0) | (pl.col("move") != "sideways"))
