"""Movement: who changed group within a period, and why.

Before is what a report of a period ago said: the strategy fitted to the customers of that day. A customer who comes
out of another group today has bought, or only aged, or is where they were while the thresholds moved on: the earlier
rule, applied to today's customers, tells these apart.
"""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.small_groups import SMALLEST, as_one
from clvlab.frames import CustomerSummary
from clvlab.wording import Name

MOVES = ("up", "stayed", "down", "aged", "reranked", "sideways", "arrived")
"""`down` and `up` with a purchase since; `aged` is down without one; `reranked` by the thresholds alone; `sideways`
between groups without an order; `arrived` had not bought before."""


def compute(context: Context) -> Section:
    """Tables `balance`, `moves` and `direction`; without an earlier period only that it is missing.

    balance : group, opening, moved_out, arrived, moved_in, closing = opening - moved_out + arrived + moved_in
    moves : before, after, customers, share of the group before; of groups by attribute no pair of few customers
    direction : move, customers, clv
    """
    lapse = Name("lapses", context.params.period)
    if context.previous is None:
        return Section({}, {"lead": Finding.of("movement.none", lapse=lapse)})
    pairs = _pairs(context, context.previous)
    direction = _direction(pairs)
    counts = dict(direction.select("move", "customers").iter_rows())
    known = pairs.filter(pl.col("before").is_not_null())
    moves = _moves(known).filter(pl.lit(not context.is_by_attribute) | (pl.col("customers") >= SMALLEST))
    same = known.filter(pl.col("before") == pl.col("after")).height
    return Section(
        {"balance": _balance(pairs, context.groups), "moves": moves, "direction": direction},
        {
            "lead": Finding.of(
                "movement.lead",
                since=context.previous.cutoff,
                lapse=lapse,
                **{move: counts.get(move, 0) for move in MOVES},
            ),
            "moves": Finding.of(
                "movement.moves", share=same / max(known.height, 1), lapse=lapse, since=context.previous.cutoff
            ),
        },
    )


def _pairs(context: Context, previous: CustomerSummary) -> pl.DataFrame:
    """One row per buyer: before and after (groups), their ranks, `fixed` (today by the earlier rule), move, clv."""
    rule = context.previous_rule
    bought = pl.col("n_purchases") > 0
    before = (
        rule.assign(previous)
        .join(previous.data.filter(bought).select("customer_id", bought_before="n_purchases"), on="customer_id")
        .rename({"group": "before", "rank": "rank_before"})
    )
    fixed = rule.assign(context.customers).select("customer_id", fixed="group")
    # Of the wide table no more than what is used: an attribute may be called as one of the columns made here.
    today = context.table.filter(bought).select("customer_id", "n_purchases", "clv", after="group", rank_after="rank")
    joined = today.join(before, on="customer_id", how="left", maintain_order="left")
    pairs = joined.join(fixed, on="customer_id", how="left", maintain_order="left").select(
        "before", "after", "rank_before", "rank_after", "clv", move=_move()
    )
    # A group that is large on one of the days would else have gained or lost all its customers.
    small = context.small_groups(rule, previous) | context.small
    ranks = {
        f"rank_{day}": pl.when(~pl.col(day).is_in(list(small))).then(f"rank_{day}") for day in ("before", "after")
    }
    return pairs.with_columns(**ranks).with_columns(as_one(small, "before"), as_one(small, "after"))


def _move() -> pl.Expr:
    before, after = pl.col("before"), pl.col("after")
    better, worse = pl.col("rank_after") < pl.col("rank_before"), pl.col("rank_after") > pl.col("rank_before")
    return (
        pl.when(before.is_null())
        .then(pl.lit("arrived"))
        .when(before == after)
        .then(pl.lit("stayed"))
        .when(before == pl.col("fixed"))
        .then(pl.lit("reranked"))
        .when(worse & (pl.col("n_purchases") == pl.col("bought_before")))
        .then(pl.lit("aged"))
        .when(worse)
        .then(pl.lit("down"))
        .when(better)
        .then(pl.lit("up"))
        .otherwise(pl.lit("sideways"))
    )


def _moves(known: pl.DataFrame) -> pl.DataFrame:
    """before, after, customers, share: where the customers of each group went."""
    return (
        known.group_by("before", "rank_before", "after", "rank_after")
        .agg(customers=pl.len())
        .with_columns(share=pl.col("customers") / pl.col("customers").sum().over("before"))
        .sort("rank_before", "rank_after", "before", "after")
        .select("before", "after", "customers", "share")
    )


def _balance(pairs: pl.DataFrame, groups: tuple[str, ...]) -> pl.DataFrame:
    """group, opening, moved_out, arrived, moved_in, closing: every group's account of the period."""
    left = pairs.filter(pl.col("before").is_not_null()).group_by(group="before")
    moved = pl.col("before") != pl.col("after")
    out = left.agg(opening=pl.len(), moved_out=moved.sum())
    arrived = pl.col("before").is_null()
    come = pairs.group_by(group="after").agg(
        arrived=arrived.sum(), moved_in=moved.fill_null(False).sum(), closing=pl.len()
    )
    named = dict.fromkeys([*groups, *out["group"], *come["group"]])
    order = pl.DataFrame({"group": list(named)}, schema={"group": pl.String})
    counts = ["opening", "moved_out", "arrived", "moved_in", "closing"]
    account = order.join(out, on="group", how="left", maintain_order="left").join(
        come, on="group", how="left", maintain_order="left"
    )
    return account.select("group", pl.col(counts).fill_null(0).cast(pl.Int64)).filter(
        pl.any_horizontal(pl.col(counts) > 0)
    )


def _direction(pairs: pl.DataFrame) -> pl.DataFrame:
    """move, customers, clv (null where unknown): what moved, and what it is expected to bring."""
    known = pl.col("clv").is_not_null().any()
    counted = pairs.group_by("move").agg(
        customers=pl.len().cast(pl.Int64), clv=pl.when(known).then(pl.col("clv").sum())
    )
    order = pl.DataFrame({"move": MOVES})
    return order.join(counted, on="move", how="inner", maintain_order="left")
