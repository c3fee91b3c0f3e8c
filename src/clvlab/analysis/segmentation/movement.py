"""Movement: who changed group within a period, and why.

Before is what a report of a period ago said: the strategy fitted to the customers of that day. A customer who comes
out of another group today has bought, or only aged, or is where they were while the thresholds moved on: the earlier
rule, applied to today's customers, tells these apart.
"""

from datetime import date

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.alerts import FELL, alerts, sentences
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.small_groups import SMALLEST, as_one
from clvlab.frames import CustomerSummary
from clvlab.money import exact_sum
from clvlab.wording import Name

MOVES = ("up", "stayed", "down", "aged", "reranked", "sideways", "arrived")
"""`down` and `up` with a purchase since; `aged` is down without one; `reranked` by the thresholds alone; `sideways`
between groups without an order; `arrived` had not bought before."""
REDRAWN = 0.05
"""From such a share of the customers on that thresholds alone have moved, it is said before all else."""


def compute(context: Context) -> Section:
    """Tables `balance`, `money`, `moves`, `alerts`, `direction`; without an earlier period only that it is missing.

    balance : group, opening, moved_out, arrived, moved_in, closing = opening - moved_out + arrived + moved_in
    money : group, opening, moved_out, arrived, moved_in, revalued, closing = opening - moved_out + arrived + moved_in
        + revalued: the same in what customers spent in the 365 days up to either day, to the cent. Who moves takes
        along what they had spent then; `revalued` is by how much that has changed since, of the customers of before
        who are in the group now. Only where there are amounts
    moves : before, after, customers, share of the group before; of groups by attribute no pair of few customers
    alerts : as in `alerts`; only where there are such moves
    direction : move, customers, clv
    """
    lapse = Name("lapses", context.params.period)
    if context.previous is None:
        return Section({}, {"lead": Finding.of("movement.none", lapse=lapse)})
    pairs = pairs_of(context, context.previous)
    direction = _direction(pairs)
    counts = dict(direction.select("move", "customers").iter_rows())
    known = pairs.filter(pl.col("before").is_not_null())
    moves = _moves(known).filter(pl.lit(not context.is_by_attribute) | (pl.col("customers") >= SMALLEST))
    same = known.filter(pl.col("before") == pl.col("after")).height
    tables = {"balance": _balance(pairs, context.groups), "moves": moves, "direction": direction}
    findings = {
        "lead": Finding.of(
            "movement.lead",
            since=context.previous.cutoff,
            lapse=lapse,
            **{move: counts.get(move, 0) for move in MOVES},
        ),
        "moves": Finding.of(
            "movement.moves", share=same / max(known.height, 1), lapse=lapse, since=context.previous.cutoff
        ),
    }
    if counts.get("reranked", 0) >= REDRAWN * known.height > 0:
        share = counts["reranked"] / known.height
        findings["redrawn"] = Finding.of("movement.redrawn", reranked=counts["reranked"], share=share)
    if context.has_amounts:
        tables["money"] = _money(pairs, context.groups)
        findings["money"] = _moved_money(known, context.previous.cutoff)
    told = alerts(context, known)
    if not told.is_empty():
        tables["alerts"] = told
        findings["alerts"] = Finding.of("movement.alerts", alerts=sentences(context, told))
    return Section(tables, findings)


def pairs_of(context: Context, previous: CustomerSummary) -> pl.DataFrame:
    """One row per buyer: customer_id, before and after (groups), their ranks, move, and what they were worth.

    bought : whether they have bought since
    clv_before, clv : expected value then and now
    spent_before, spent : in the year up to then and now; null without amounts
    """
    rule = context.previous_rule
    bought = pl.col("n_purchases") > 0
    before = (
        rule.assign(previous)
        .join(
            previous.data.filter(bought).select("customer_id", bought_before="n_purchases", clv_before="clv"),
            on="customer_id",
        )
        .rename({"group": "before", "rank": "rank_before"})
    )
    fixed = rule.assign(context.customers).select("customer_id", fixed="group")
    # Of the wide table no more than what is used: an attribute may be called as one of the columns made here.
    today = context.table.filter(bought).select("customer_id", "n_purchases", "clv", after="group", rank_after="rank")
    spent = context.spent_last_year(previous).rename({"spend_last_year": "spent_before"})
    spent = spent.join(
        context.spent_last_year(context.customers).rename({"spend_last_year": "spent"}),
        on="customer_id",
        how="full",
        coalesce=True,
    )
    joined = today.join(before, on="customer_id", how="left", maintain_order="left")
    pairs = (
        joined.join(fixed, on="customer_id", how="left", maintain_order="left")
        .join(spent, on="customer_id", how="left", maintain_order="left")
        .select(
            *("customer_id", "before", "after", "rank_before", "rank_after"),
            *("clv_before", "clv", "spent_before", "spent"),
            bought=pl.col("n_purchases") > pl.col("bought_before").fill_null(0),
            move=_move(),
        )
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
    is_silent = pl.col("n_purchases") <= pl.col("bought_before")
    return (
        pl.when(before.is_null())
        .then(pl.lit("arrived"))
        .when(before == after)
        .then(pl.lit("stayed"))
        .when((before == pl.col("fixed")) | (better & is_silent))
        .then(pl.lit("reranked"))
        .when(worse & is_silent)
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
    moved, arrived = pl.col("before") != pl.col("after"), pl.col("before").is_null()
    out = {"opening": pl.len(), "moved_out": moved.sum()}
    come = {"arrived": arrived.sum(), "moved_in": moved.fill_null(False).sum(), "closing": pl.len()}
    account = _account(pairs, groups, out, come)
    counts = pl.exclude("group")
    return account.with_columns(counts.cast(pl.Int64)).filter(pl.any_horizontal(counts > 0))


def _money(pairs: pl.DataFrame, groups: tuple[str, ...]) -> pl.DataFrame:
    """group, opening, moved_out, arrived, moved_in, revalued, closing: the same account in the spend of a year."""
    moved, arrived = pl.col("before") != pl.col("after"), pl.col("before").is_null()
    then, now = pl.col("spent_before"), pl.col("spent")
    out = {"opening": exact_sum(then), "moved_out": exact_sum(then.filter(moved))}
    come = {
        "arrived": exact_sum(now.filter(arrived)),
        "moved_in": exact_sum(then.filter(moved.fill_null(False))),
        "revalued": exact_sum(now.filter(~arrived).append(-then.filter(~arrived))),
        "closing": exact_sum(now),
    }
    filled = {*pairs["before"].drop_nulls().unique(), *pairs["after"].unique()}
    return _account(pairs, groups, out, come).filter(pl.col("group").is_in(list(filled)))


def _account(
    pairs: pl.DataFrame, groups: tuple[str, ...], out: dict[str, pl.Expr], come: dict[str, pl.Expr]
) -> pl.DataFrame:
    """group and these figures: `out` of the customers of the group before, `come` of those of it now."""
    left = pairs.filter(pl.col("before").is_not_null()).group_by(group="before").agg(**out)
    here = pairs.group_by(group="after").agg(**come)
    named = dict.fromkeys([*groups, *left["group"], *here["group"]])
    account = pl.DataFrame({"group": list(named)}, schema={"group": pl.String})
    for figures in (left, here):
        account = account.join(figures, on="group", how="left", maintain_order="left")
    return account.with_columns(pl.exclude("group").fill_null(0))


def _moved_money(known: pl.DataFrame, since: date) -> Finding:
    """What the customers who moved up and down had spent in the year before they did."""
    spent = dict(known.group_by("move").agg(exact_sum(pl.col("spent_before"))).iter_rows())
    total = known.select(exact_sum(pl.col("spent_before"))).item()
    down = sum(spent.get(move, 0.0) for move in FELL)
    return Finding.of("movement.money", since=since, total=total, up=spent.get("up", 0.0), down=down)


def _direction(pairs: pl.DataFrame) -> pl.DataFrame:
    """move, customers, clv (null where unknown): what moved, and what it is expected to bring."""
    known = pl.col("clv").is_not_null().any()
    counted = pairs.group_by("move").agg(
        customers=pl.len().cast(pl.Int64), clv=pl.when(known).then(pl.col("clv").sum())
    )
    order = pl.DataFrame({"move": MOVES})
    return order.join(counted, on="move", how="inner", maintain_order="left")
