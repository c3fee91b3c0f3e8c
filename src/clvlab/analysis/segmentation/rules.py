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
    """Tables `strategy` and `clusters`, the rule cards as applied, `scores`, where each score begins, and `readings`.

    readings : group, customers, share_customers, customers_today, share_today: how many are in each group, and how
        many would be by a rule drawn today; where these differ by NOTABLE
    """
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
    readings = _readings(context)
    if readings is not None:
        tables["readings"] = readings
    name = Name("strategies", context.strategy.name)
    findings = {
        "lead": Finding.of("rules.lead", strategy=name, as_of=context.as_of),
        **_drawn(context, readings),
        "judged": _judged(context.params),
    }
    return Section(tables, findings)


def _drawn(context: Context, readings: pl.DataFrame | None) -> dict[str, Finding]:
    """Of a rule that holds for a year when it was drawn, and how groups would differ under one drawn today."""
    if context.rule_day == context.as_of:
        return {}
    drawn = {"drawn": Finding.of("rules.drawn", day=context.rule_day, year=str(context.as_of.year))}
    if readings is None:
        return drawn
    group, *_, share, _, fresh = readings.sort(_gap(), "group").row(-1)
    figures = {"group": Name("groups", group), "share": share, "fresh": fresh}
    return {**drawn, "refit": Finding.of("rules.refit", **figures)}


def _readings(context: Context) -> pl.DataFrame | None:
    """The table `readings`; None where both readings are nearly one."""
    if context.rule_day == context.as_of:
        return None
    ours, today = (_counts(rule.assign(context.customers)) for rule in (context.rule, context.own_rule))
    both = ours.join(today, on="group", how="full", coalesce=True, suffix="_today")
    order = pl.DataFrame({"group": list(dict.fromkeys([*context.groups, *both["group"]]))})
    counts = order.join(both, on="group", how="left", maintain_order="left").with_columns(
        pl.col("customers", "customers_today").fill_null(0)
    )
    table = counts.select(
        "group",
        "customers",
        (pl.col("customers") / pl.col("customers").sum()).alias("share_customers"),
        "customers_today",
        (pl.col("customers_today") / pl.col("customers_today").sum()).alias("share_today"),
    )
    return table if table.select(_gap().max()).item() >= NOTABLE else None


def _gap() -> pl.Expr:
    return (pl.col("share_today") - pl.col("share_customers")).abs()


def _counts(groups: pl.DataFrame) -> pl.DataFrame:
    """group, customers."""
    return groups.group_by("group").agg(customers=pl.len().cast(pl.Int64))


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
