"""Foresight: how well each grouping predicts what customers it did not learn from spend next."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext, strategy_names
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.foresight import FORESIGHT
from clvlab.comparison.scoring import COVERED
from clvlab.wording import Name

METRIC_NAMES = tuple(metric.name for metric in FORESIGHT)
"""The columns of the table `metrics`, next to `strategy`."""


def compute(context: ComparisonContext) -> Section:
    """Tables `gini` (strategy, value, low, high, role), `bar`, `metrics`, and where there are such `covered`,
    `windows` and `ageing`, of the best strategies and the yardsticks.

    `bar` has what each grouping reaches more than the better ranking: strategy, from_bar, low, high, and as
    shares and money first_10, money_10, first_20, money_20. `board` has every metric of every strategy with its
    interval, `differences` every paired difference of the Gini, `every_bar` both rankings; they are exported.
    """
    board, relevant = context.board, pl.col("strategy").is_in(context.relevant)
    gini = context.with_roles(board.metric("gini").filter(relevant))
    best = gini.filter(strategy=board.best)["value"].item()
    bar = gini.filter(strategy=context.bar)["value"].item()
    mine = board.ranking.filter(strategy=context.shown).row(0, named=True)
    findings = {
        "lead": Finding.of("foresight.lead", judged=context.judged),
        "gini": Finding.of(
            "foresight.gini",
            strategy=Name("strategies", board.best),
            gini=best,
            ranking=Name("strategies", context.bar),
            bar=bar,
            judged=context.judged,
        ),
        "chance": Finding.of(
            "foresight.chance" if mine["knows"] else "foresight.no_better_than_chance",
            strategy=Name("strategies", context.shown),
            gini=mine["gini"],
            low=mine["gini_low"],
            high=mine["gini_high"],
        ),
        "bar": Finding.of("foresight.bar", judged=context.judged, ranking=Name("strategies", context.bar)),
    }
    blind = board.ranking.filter(~pl.col("knows"))["strategy"].to_list()
    if blind:
        findings["blind"] = Finding.of("foresight.blind", strategies=strategy_names(blind))
    tables = {
        "gini": gini,
        "bar": _bar(board.bar.filter(versus=context.bar)).filter(relevant),
        "metrics": context.wide(METRIC_NAMES).filter(relevant),
        "board": board.data,
        "differences": board.differences,
        "every_bar": board.bar,
    }
    covered = _covered(context)
    if covered.height:
        tables["covered"] = covered
        findings["covered"] = Finding.of("foresight.covered")
    if board.windows["cutoff"].n_unique() > 1:
        tables |= _windows(context)
    return Section(tables, findings)


def _bar(bar: pl.DataFrame) -> pl.DataFrame:
    """One row per strategy: its differences from the ranking that it is held against; most Gini first."""

    def of(metric: str, **columns: str) -> pl.DataFrame:
        return bar.filter(metric=metric).select("strategy", **columns)

    table = of("gini", from_bar="value", low="low", high="high")
    for share in ("10", "20"):
        captured = of(f"capture_{share}", **{f"first_{share}": "value", f"money_{share}": "money"})
        table = table.join(captured, on="strategy", maintain_order="left")
    return table.sort("from_bar", descending=True, nulls_last=True)


def _covered(context: ComparisonContext) -> pl.DataFrame:
    """strategy, coverage, gini_covered, low, high, gini: groupings that know of some customers only, best first."""
    among = context.board.metric(COVERED).rename({"value": COVERED})
    table = among.join(context.wide(["coverage", "gini"]), on="strategy", maintain_order="left")
    return table.select("strategy", "coverage", COVERED, "low", "high", "gini")


def _windows(context: ComparisonContext) -> dict[str, pl.DataFrame]:
    """Each cutoff by itself, and how the rule of the cutoff before did there."""
    board = context.board
    shown = list(dict.fromkeys([context.shown, board.best, context.bar]))
    windows = pl.concat(board.windows.filter(strategy=name) for name in shown)
    ageing = board.ageing.filter(strategy=context.shown).drop("strategy")
    return {"windows": windows, "ageing": ageing, "every_window": board.windows, "every_ageing": board.ageing}
