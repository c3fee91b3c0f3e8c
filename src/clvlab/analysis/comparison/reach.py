"""Money: whom a campaign of n contacts would have reached, and where a budget belongs."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.groups import FEWEST
from clvlab.comparison.recommend import CAMPAIGN
from clvlab.wording import Name


def compute(context: ComparisonContext) -> Section:
    """Tables `curve` (by share of customers contacted: strategy, reached, ...), `contacts` and `budget`.

    `curve` has the recommended strategy, the best one, the better ranking, random contacts and an
    oracle; the tables of every strategy are exported. Where the log knows no money, `contacts_counted` and
    `budget_counted` have purchases instead.
    """
    board, strategy = context.board, context.shown
    lines = list(dict.fromkeys([strategy, board.best, context.bar, "random", "oracle"]))
    roles = {context.bar: "baseline", strategy: "recommended"}
    curve = pl.concat(board.reach.filter(strategy=line) for line in lines).with_columns(
        role=pl.col("strategy").replace_strict(roles, default="contender")
    )
    mine = board.reach.filter(pl.col("strategy") == strategy).rename({"spend": "reached_spend"})
    at = mine.filter(pl.col("share") == CAMPAIGN).row(0, named=True)
    oracle = board.reach.filter((pl.col("strategy") == "oracle") & (pl.col("share") == CAMPAIGN))["reached"][0]
    told = context.seen(board.allocation)
    enough = pl.col("customers") >= FEWEST
    budget = told.filter(strategy=strategy).select(
        pl.exclude("strategy", "expected_spend"), expected_spend=pl.when(enough).then("expected_spend")
    )
    findings = {
        "lead": Finding.of("reach.lead", judged=context.judged),
        "curve": Finding.of(
            "reach.curve",
            strategy=Name("strategies", strategy),
            contacts=at["contacts"],
            reached=at["reached"],
            oracle=oracle,
            random=CAMPAIGN,
            judged=context.judged,
        ),
    }
    if budget.height:
        first = budget.sort("share_budget", descending=True).row(0, named=True)
        findings["budget"] = Finding.of(
            "reach.budget",
            group=Name("groups", first["group"]),
            customers=first["share_customers"],
            budget=first["share_budget"],
        )
    mine = mine.drop("strategy")
    if board.judged_by == "spend":
        tables = {"curve": curve, "contacts": mine, "budget": budget}
    else:
        tables = {
            "curve": curve,
            "contacts_counted": mine.rename({"reached_spend": "purchases"}),
            "budget_counted": budget.rename({"expected_spend": "expected_purchases"}),
        }
    return Section(tables | {"every_strategy": board.reach, "budget_every_strategy": told}, findings)
