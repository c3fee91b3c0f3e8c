"""Foresight: how well each grouping predicts what customers it did not learn from spend next."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.foresight import FORESIGHT
from clvlab.wording import Name

METRIC_NAMES = tuple(metric.name for metric in FORESIGHT)
"""The columns of the table `metrics`, next to `strategy`."""
YARDSTICK = "last_year_spend"


def compute(context: ComparisonContext) -> Section:
    """Tables `gini` (strategy, value, low, high, role) and `metrics` (strategy and the metrics of foresight).

    `board` has every metric with its interval, `differences` every paired difference of the Gini; they are exported.
    """
    board = context.board
    gini = context.with_roles(board.metric("gini"))
    best, alone = (gini.filter(strategy=name) for name in (board.best, YARDSTICK))
    versus = board.differences.filter(pl.col("strategy") == context.recommended)
    chance = versus.filter(pl.col("versus") == "random_groups").row(0, named=True)
    judged = gini.filter(~pl.col("strategy").is_in(["one_group", "random_groups"]))
    blind = judged.filter((pl.col("low") <= 0).fill_null(True))
    findings = {
        "lead": Finding.of("foresight.lead"),
        "gini": Finding.of("foresight.gini", strategy=Name("strategies", board.best), gini=best["value"].item()),
        "chance": Finding.of(
            "foresight.chance" if (chance["low"] or 0) > 0 else "foresight.no_better_than_chance",
            strategy=Name("strategies", context.recommended),
            difference=chance["value"],
            low=chance["low"],
            high=chance["high"],
        ),
    }
    if alone.height and board.best != YARDSTICK:
        figures = {**findings["gini"].figures, "alone": alone["value"][0]}
        findings["gini"] = Finding.of("foresight.gini_beside", **figures)
    if blind.height:
        names = [Name("strategies", code) for code in blind["strategy"]]
        findings["blind"] = Finding.of("foresight.blind", strategies=names)
    tables = {
        "gini": gini,
        "metrics": context.wide(METRIC_NAMES),
        "board": board.data,
        "differences": board.differences,
    }
    return Section(tables, findings)
