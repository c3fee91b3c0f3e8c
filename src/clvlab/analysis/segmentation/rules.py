"""The rules used: the exact thresholds behind every group of this report."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.wording import Name


def compute(context: Context) -> Section:
    """Tables `strategy` and `clusters`, the rule cards as applied, and `scores`, where each RFM score begins."""
    tables = {
        "strategy": context.rule.card.filter(
            pl.col("group").is_in([*context.groups, *context.table["group"].unique()])
        )
    }
    if context.thresholds is not None:
        tables["scores"] = context.thresholds.table
    if context.cluster_rule is not None:
        filled = context.table["cluster"].unique()
        tables["clusters"] = context.cluster_rule.card.filter(pl.col("group").is_in(filled.to_list()))
    name = Name("strategies", context.strategy.name)
    return Section(tables, {"lead": Finding.of("rules.lead", strategy=name, as_of=context.as_of)})
