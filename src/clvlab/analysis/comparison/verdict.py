"""The verdict, first: which grouping to use, and what it would have brought."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext, strategy_names
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.recommend import INCLUDES_ZERO
from clvlab.wording import Name

BEST_SHARE = 0.20


def compute(context: ComparisonContext) -> Section:
    """Table `contenders`: strategy, n_groups, gini, low, high, reached (by the best 20 %), stability_resamples."""
    board = context.board
    reach = board.reach.filter(pl.col("share") == BEST_SHARE)
    reached = reach.filter(pl.col("strategy") == context.recommended).row(0, named=True)
    contenders = (
        board.ranking.filter(pl.col("dominated_by").is_null())
        .select("strategy", "n_groups", "stability_resamples")
        .join(board.metric("gini").rename({"value": "gini"}), on="strategy", maintain_order="left")
        .join(reach.select("strategy", "reached"), on="strategy", maintain_order="left")
        .select("strategy", "n_groups", "gini", "low", "high", "reached", "stability_resamples")
    )
    findings = {
        "lead": Finding.of(
            "verdict.lead",
            strategy=Name("strategies", context.recommended),
            groups=int(contenders.filter(pl.col("strategy") == context.recommended)["n_groups"][0]),
            share=BEST_SHARE,
            reached=reached["reached"],
            low=reached["low"],
            high=reached["high"],
            cutoff=board.cutoff,
            end=board.end,
        ),
        "choice": choice(context),
        "data": Finding.of(
            "verdict.data",
            customers=board.n_customers,
            strategies=board.ranking.height,
            cutoff=board.cutoff,
            end=board.end,
        ),
    }
    return Section({"contenders": contenders}, findings)


def choice(context: ComparisonContext) -> Finding:
    """Why the recommended strategy, and which others the data cannot distinguish from it."""
    best = context.board.best
    others = [name for name in context.tied if name not in (context.recommended, best)]
    recommended = Name("strategies", context.recommended)
    if best == context.recommended:
        if not others:
            return _alone(context)
        return Finding.of("verdict.best_and_simplest", strategy=recommended, others=strategy_names(others))
    row = context.board.ranking.filter(pl.col("strategy") == context.recommended).row(0, named=True)
    return Finding.of(
        "verdict.simplest" if others else "verdict.simpler_of_two",
        strategy=recommended,
        best=Name("strategies", best),
        difference=-row["difference"],
        low=-row["high"],
        high=-row["low"],
        others=strategy_names(others),
    )


def _alone(context: ComparisonContext) -> Finding:
    """Why the best is recommended where no contender ties with it; those left out may predict no worse."""
    ranking, recommended = context.board.ranking, Name("strategies", context.recommended)
    if ranking.height == 1:
        return Finding.of("verdict.only", strategy=recommended)
    rest = ranking.filter(pl.col("strategy") != context.recommended)
    alike = rest.filter(INCLUDES_ZERO)["strategy"].to_list()
    if alike:
        return Finding.of("verdict.unbeaten", strategy=recommended, others=strategy_names(alike))
    return Finding.of("verdict.alone", strategy=recommended)
