"""The rules used: the exact thresholds behind every group of this report."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.judged import last_judgement
from clvlab.params import ReportParams, strategy_name
from clvlab.wording import Name

NOTABLE = 0.03
"""A share of customers by which a rule drawn today would have to change a group to be told."""


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
        **_drawn(context),
        "judged": _judged(context.params),
    }
    return Section(tables, findings)


def _drawn(context: Context) -> dict[str, Finding]:
    """Of a rule that holds for a year when it was drawn, and how groups would differ under one drawn today."""
    if context.rule_day == context.as_of:
        return {}
    drawn = {"drawn": Finding.of("rules.drawn", day=context.rule_day, year=str(context.as_of.year))}
    ours, fresh = (_shares(rule.assign(context.customers)) for rule in (context.rule, context.own_rule))
    gap = ours.join(fresh, on="group", how="full", coalesce=True, suffix="_fresh").fill_null(0.0)
    moved = gap.with_columns(points=(pl.col("share_fresh") - pl.col("share")).abs()).sort("points", "group").row(-1)
    group, share, share_fresh, points = moved
    if points >= NOTABLE:
        figures = {"group": Name("groups", group), "share": share, "fresh": share_fresh}
        drawn["refit"] = Finding.of("rules.refit", **figures)
    return drawn


def _shares(groups: pl.DataFrame) -> pl.DataFrame:
    """group, share of customers."""
    return groups.group_by("group").agg(share=pl.len() / groups.height)


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
