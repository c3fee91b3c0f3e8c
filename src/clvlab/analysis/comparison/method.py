"""How it was done: the method in words, what was left out, and what it takes to make this report again."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext, strategy_names
from clvlab.analysis.reproduction import reproduction
from clvlab.analysis.section import Finding, Section
from clvlab.columns import MODELLED, names
from clvlab.customers import OF_MONEY
from clvlab.grouping import strategies


def compute(context: ComparisonContext) -> Section:
    """Tables `left_out` (where there are such), `parameters`, `data` and `versions`."""
    board = context.board
    tables = {"left_out": _left_out(context)} if board.left_out.height else {}
    tables |= reproduction(context.params, context.log, board.end)
    findings = {
        "lead": Finding.of("method.lead", customers=board.n_customers, cutoff=board.cutoff),
        "parts": Finding.of("method.parts", deals=board.n_deals),
        "intervals": Finding.of("method.intervals", rounds=board.n_rounds),
        "estimand": Finding.of("method.estimand"),
    }
    sensitive = [name for name in board.ranking["strategy"] if name in strategies and strategies[name].sensitive]
    if sensitive:
        findings["sensitive"] = Finding.of("method.sensitive", strategies=strategy_names(sensitive))
    return Section(tables, findings)


def _left_out(context: ComparisonContext) -> pl.DataFrame:
    """strategy, missing (columns), why: no model that the customers identify, no use of values, money, or column."""
    why = (
        pl.when(pl.col("reason") != "", pl.col("missing").str.contains("|".join(names(MODELLED))))
        .then(pl.lit("model"))
        .when(pl.col("reason") != "")
        .then(pl.lit("values"))
        .when(pl.lit(not context.log.has_amounts) & pl.col("missing").str.contains("|".join(OF_MONEY)))
        .then(pl.lit("money"))
        .otherwise(pl.lit("column"))
    )
    return context.board.left_out.with_columns(why=why)
