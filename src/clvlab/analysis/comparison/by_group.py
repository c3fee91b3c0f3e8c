"""The groups of the recommended strategy: what was expected of them, and what they did."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.section import Finding, Section
from clvlab.wording import Name

MEASURES = ("spend", "repurchase", "satisfaction", "profit")


def compute(context: ComparisonContext) -> Section:
    """Tables `spend` (expected and actual, by group), `money`, `rates` and `answers` (the measures, with intervals).

    Groups are in the order of what was expected of them. Figures of fewer than 10 customers are null.
    `every_strategy` has the same of all strategies; it is exported.
    """
    board, strategy = context.board, context.recommended
    mine = board.outcomes.filter(pl.col("strategy") == strategy)
    expected = board.allocation.filter(pl.col("strategy") == strategy).select("group", "expected_spend")
    spend = mine.filter(pl.col("measure") == "spend").join(expected, on="group", maintain_order="left")
    shown = spend.drop_nulls("value")
    outcomes = pl.concat(
        mine.filter(pl.col("measure") == measure).select("group", "measure", "n", "value", "low", "high")
        for measure in MEASURES
    )
    findings = {"lead": Finding.of("by_group.lead", strategy=Name("strategies", strategy))}
    if shown.height:
        best = shown.row(0, named=True)
        findings["spend"] = Finding.of(
            "by_group.spend", group=Name("groups", best["group"]), spend=best["value"], average=_average(context)
        )
    hidden = spend.height - shown.height
    if hidden:
        findings["hidden"] = Finding.of("by_group.hidden", groups=hidden)
    tables = {
        "every_strategy": board.outcomes,
        "spend": shown.select("group", "place", "n", "expected_spend", "value", "low", "high"),
    }
    money = outcomes.filter(pl.col("measure").is_in(["spend", "profit"]))
    rates = outcomes.filter(pl.col("measure") == "repurchase")
    answers = outcomes.filter(pl.col("measure") == "satisfaction")
    tables |= {"money": money, "rates": rates} | ({"answers": answers} if answers.height else {})
    return Section(tables, findings)


def _average(context: ComparisonContext) -> float:
    """Mean spend over all customers, those of groups that are not shown included."""
    everyone = context.board.outcomes.filter(strategy="one_group", measure="spend")
    return float(everyone["value"].item())
