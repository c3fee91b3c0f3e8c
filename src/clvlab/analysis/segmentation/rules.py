"""The rules used: the exact thresholds behind every group of this report."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.judged import last_judgement
from clvlab.params import ReportParams, strategy_name
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
    findings = {
        "lead": Finding.of("rules.lead", strategy=name, as_of=context.as_of),
        "judged": _judged(context.params),
    }
    return Section(tables, findings)


def _judged(params: ReportParams) -> Finding:
    """When the grouping was last judged and how it did, or that it was not."""
    found = last_judgement(params)
    if found is None:
        # Where the folder lies is the machine's affair.
        return Finding.of("rules.not_judged", output=params.output_folder.name or params.output)
    if found.recommended is None:
        recommended = Finding.of("rules.recommended_none")
    elif found.recommended == strategy_name(params.strategy):
        recommended = Finding.of("rules.recommended_itself")
    else:
        recommended = Finding.of("rules.recommended_other", strategy=Name("strategies", found.recommended))
    return Finding.of(
        "rules.judged",
        series=found.series,
        start=found.start,
        as_of=found.as_of,
        gini=found.gini,
        low=found.low,
        high=found.high,
        place=found.place,
        strategies=found.n_strategies,
        recommended=[recommended],
    )
