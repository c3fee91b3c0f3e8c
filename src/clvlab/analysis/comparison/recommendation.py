"""The recommendation, and the rule from which it follows."""

import polars as pl

from clvlab.analysis.comparison.context import ComparisonContext
from clvlab.analysis.comparison.verdict import choice
from clvlab.analysis.section import Finding, Section
from clvlab.grouping.strategy import APART
from clvlab.wording import Name


def compute(context: ComparisonContext) -> Section:
    """Tables `ranking` (strategies that no other dominates), `card` (the rule applied) and `tree` (simply put)."""
    board, strategy = context.board, context.recommended
    ranking = board.ranking.filter(pl.col("dominated_by").is_null()).drop("dominated_by")
    mine = pl.col("strategy") == strategy
    dominated = board.ranking.height - ranking.height
    findings = {
        "rule_1": Finding.of("recommendation.rule_1"),
        "rule_2": Finding.of("recommendation.rule_2"),
        "rule_3": Finding.of("recommendation.rule_3"),
        "dominated": Finding.of("recommendation.dominated", strategies=board.ranking.height, dominated=dominated),
        "choice": choice(context),
        "lead": Finding.of("recommendation.lead", strategy=Name("strategies", strategy)),
        "told": Finding.of(
            "recommendation.told",
            fidelity=board.ranking.filter(mine)["fidelity"][0],
            strategy=Name("strategies", strategy),
        ),
    }
    return Section(
        {
            "ranking": ranking,
            "card": _applied(context),
            "tree": board.trees.filter(mine).drop("strategy"),
            "every_strategy": board.ranking,
            "every_card": board.cards,
            "every_tree": board.trees,
        },
        findings,
    )


def _applied(context: ComparisonContext) -> pl.DataFrame:
    """The recommended rule: its own groups, and of those apart the ones in which somebody is."""
    board, strategy = context.board, context.recommended
    card = board.cards.filter(pl.col("strategy") == strategy).drop("strategy")
    nobody_in = APART - set(board.assignments[strategy])
    return card.filter(~pl.col("group").is_in(nobody_in))
