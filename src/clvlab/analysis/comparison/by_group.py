"""The groups of the recommended strategy: what was expected of them, and what they did."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.section import Finding, Section
from clvlab.wording import Name

MEASURES = ("spend", "purchases", "repurchase", "satisfaction", "profit")


def compute(context: ComparisonContext) -> Section:
    """Tables `spend` (expected and actual, by group), `money`, `counts`, `rates` and `answers` (the measures, with
    intervals).

    Groups are in the order of what was expected of them. Figures of fewer than 15 customers are null, and groups by
    attribute of fewer than ten are not there. `every_strategy` has the same of all strategies; it is exported.
    """
    board, strategy, judged = context.board, context.shown, context.board.judged_by
    told = context.seen(board.outcomes)
    mine = told.filter(pl.col("strategy") == strategy)
    expected = board.allocation.filter(pl.col("strategy") == strategy).select("group", "expected_spend")
    spend = mine.filter(pl.col("measure") == judged).join(expected, on="group", maintain_order="left")
    shown = spend.drop_nulls("value")
    outcomes = pl.concat(
        mine.filter(pl.col("measure") == measure).select("group", "measure", "n", "value", "low", "high")
        for measure in MEASURES
    )
    findings = {"lead": Finding.of("by_group.lead", strategy=Name("strategies", strategy))}
    if shown.height:
        best = shown.row(0, named=True)
        findings["spend"] = Finding.of(
            "by_group.spend" if judged == "spend" else "by_group.purchases",
            group=Name("groups", best["group"]),
            mean=best["value"],
            average=_average(context),
        )
    hidden = board.outcomes.filter(strategy=strategy, measure=judged).height - shown.height
    if hidden:
        findings["hidden"] = Finding.of("by_group.hidden", groups=hidden)
    tables = {
        "every_strategy": told,
        "spend": shown.select("group", "measure", "place", "n", "expected_spend", "value", "low", "high"),
    }
    money = outcomes.filter(pl.col("measure").is_in(["spend", "profit"]))
    rates = outcomes.filter(pl.col("measure") == "repurchase")
    answers = outcomes.filter(pl.col("measure") == "satisfaction")
    counts = outcomes.filter(pl.col("measure") == "purchases")
    found = {"money": money, "counts": counts, "rates": rates, "answers": answers}
    tables |= {name: table for name, table in found.items() if table.height}
    return Section(tables, findings)


def _average(context: ComparisonContext) -> float:
    """Mean over all customers, those of groups that are not shown included."""
    everyone = context.board.outcomes.filter(strategy="one_group", measure=context.board.judged_by)
    return float(everyone["value"].item())
