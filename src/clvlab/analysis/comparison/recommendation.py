"""The recommendation, and the rule from which it follows."""

import polars as pl

from clvlab.analysis.comparison.context import MOST_SHOWN, ComparisonContext
from clvlab.analysis.comparison.verdict import choice
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.groups import FEWEST
from clvlab.comparison.recommend import CAMPAIGN, TOLERANCE
from clvlab.grouping.strategy import APART
from clvlab.wording import Name


def compute(context: ComparisonContext) -> Section:
    """Tables `ranking` (the best strategies that no other dominates), `card` (the rule applied) and `tree`.

    The tree puts the rule simply; where the rule is no longer than its tree, it is told by itself.
    """
    board, strategy = context.board, context.shown
    kept = board.ranking.filter(pl.col("dominated_by").is_null())
    best = kept["strategy"].head(MOST_SHOWN).to_list()
    ranking = kept.filter(pl.col("strategy").is_in([*best, strategy])).drop("dominated_by")
    mine = pl.col("strategy") == strategy
    card, tree = _applied(context), board.trees.filter(mine).drop("strategy")
    recommended = context.recommended is not None
    findings = {
        "rule_1": Finding.of("recommendation.rule_1"),
        "rule_2": _rule_2(context),
        "rule_3": Finding.of("recommendation.rule_3", fewest=FEWEST),
        "dominated": Finding.of(
            "recommendation.dominated",
            strategies=board.ranking.height,
            dominated=board.ranking.height - kept.height,
            shown=ranking.height,
        ),
        "choice": choice(context),
        "lead": Finding.of(
            "recommendation.lead" if recommended else "recommendation.none", strategy=Name("strategies", strategy)
        ),
    }
    tables = {"ranking": ranking, "card": card}
    if not (_is_told(card) and card.height <= tree.height):
        tables["tree"] = tree
        findings["told"] = Finding.of(
            "recommendation.told",
            fidelity=board.ranking.filter(mine)["fidelity"][0],
            strategy=Name("strategies", strategy),
        )
    tables |= {"every_strategy": board.ranking, "every_card": board.cards, "every_tree": board.trees}
    return Section(tables, findings)


def _rule_2(context: ComparisonContext) -> Finding:
    loss = context.board.acceptable_loss
    if loss is None:
        return Finding.of("recommendation.rule_2", tolerance=TOLERANCE)
    return Finding.of("recommendation.rule_2_money", share=CAMPAIGN, loss=loss)


def _applied(context: ComparisonContext) -> pl.DataFrame:
    """The rule shown: its own groups, and of those apart the ones in which somebody is."""
    board, strategy = context.board, context.shown
    card = board.cards.filter(pl.col("strategy") == strategy).drop("strategy")
    nobody_in = APART - set(board.assignments[strategy])
    return card.filter(~pl.col("group").is_in(nobody_in)).rename({"rank": "rule_order"})


def _is_told(card: pl.DataFrame) -> bool:
    """Whether a rule consists of thresholds or values, which a reader can apply; clusters have centres instead."""
    own = card.filter(~pl.col("group").is_in(APART))
    return bool(own["condition"].str.contains("[<>=]").all())
