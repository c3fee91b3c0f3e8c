"""The rules used: the exact thresholds behind every group of this report."""

from clvlab.analysis.context import Context
from clvlab.analysis.section import Finding, Section
from clvlab.wording import Name


def compute(context: Context) -> Section:
    """Tables `strategy`, `scores` and `clusters`: the rule cards, as applied."""
    tables = {"strategy": context.rule.card}
    if context.cluster_rule is not None:
        tables["clusters"] = context.cluster_rule.card
    name = Name("strategies", context.params.strategy)
    return Section(tables, {"lead": Finding.of("rules.lead", strategy=name, as_of=context.as_of)})
