"""Agreement: which groupings say the same, and what crossing the best with another adds."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.section import Finding, Section
from clvlab.wording import Name

MOST_SHOWN = 12
MOST_CROSSINGS = 8


def compute(context: ComparisonContext) -> Section:
    """Tables `pairs` (strategy, other, agreement) of the best strategies, and `crossings`, most gain first.

    `every_pair` and `every_crossing` are exported.
    """
    board = context.board
    shown = board.ranking["strategy"].head(MOST_SHOWN).to_list()
    pairs = pl.concat(
        board.agreement.filter(pl.col("strategy") == name, pl.col("other").is_in(shown)) for name in shown
    )
    findings = {"lead": Finding.of("agreement.lead")}
    tables = {"every_pair": board.agreement, "every_crossing": board.crossings}
    alike = pairs.filter(pl.col("strategy") < pl.col("other")).sort("agreement", "strategy", "other", descending=True)
    if alike.height:
        tables["pairs"] = pairs
        first = alike.row(0, named=True)
        findings["pairs"] = Finding.of(
            "agreement.pairs",
            strategy=Name("strategies", first["strategy"]),
            other=Name("strategies", first["other"]),
            agreement=first["agreement"],
        )
    if board.crossings.height:
        tables["crossings"] = board.crossings.head(MOST_CROSSINGS).drop("strategy")
        best = board.crossings.row(0, named=True)
        findings["gain"] = Finding.of(
            "agreement.gain" if (best["low"] or 0) > 0 else "agreement.no_gain",
            strategy=Name("strategies", best["strategy"]),
            other=Name("strategies", best["versus"]),
            gain=best["gain"],
            low=best["low"],
            high=best["high"],
            groups=best["n_groups"],
        )
    return Section(tables, findings)
