"""Summary: the five numbers with their change; `first_screen` adds what other sections have found."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.chance import beyond_chance
from clvlab.analysis.segmentation.context import ACTIVE_DAYS, Context
from clvlab.analysis.segmentation.past_forecasts import FEW, PastForecasts
from clvlab.analysis.segmentation.trends import trend
from clvlab.analysis.segmentation.validation import cautions
from clvlab.customers import MOSTLY_ONE_TIME, one_time_share
from clvlab.frames import CustomerSummary
from clvlab.money import exact_sum
from clvlab.period_ends import Every
from clvlab.wording import Name

REVENUE: Mapping[Every, str] = MappingProxyType(
    {"week": "revenue_week", "month": "revenue_month", "quarter": "revenue"}
)
"""The measure of the revenue of a report's last period."""


def compute(context: Context) -> Section:
    """Tables `numbers` and, of a report of a series, `trend` (measure, day, value)."""
    numbers = _numbers(context)
    now = dict(zip(numbers["measure"], numbers["value"], strict=True))
    findings = {
        "lead": Finding.of(
            "summary.lead",
            customers=int(now["customers"]),
            first=context.first_day,
            as_of=context.as_of,
        ),
    }
    one_time = one_time_share(context.base)
    if one_time >= MOSTLY_ONE_TIME:
        repeaters = context.buyers.filter(pl.col("n_purchases") > 1).height
        findings["one_time"] = Finding.of("summary.one_time", share=one_time, repeaters=repeaters)
    latest = context.buyers.select(pl.col("first_purchase").max()).item()
    if latest <= context.day_before(context.as_of):
        findings["no_new"] = Finding.of("summary.no_new", latest=latest, days=(context.as_of - latest).days)
    tables = {"numbers": numbers}
    if context.params.every:
        tables["trend"] = trend(context, REVENUE[context.params.every])
    if context.group_values is not None:
        findings["value"] = _value(context, context.group_values.row(-1, named=True))
    if context.past is not None:
        findings |= {"trust": _trust(context.past), **cautions(context, context.past)}
    return Section(tables, findings)


def _value(context: Context, total: Mapping[str, Any]) -> Finding:
    """What all customers will bring, and what past forecasts its interval allows for."""
    known = {"total": total["clv"], "low": total["clv_low"], "high": total["clv_high"], "horizon": context.horizon}
    if context.past is None or not context.past.judges("spend"):
        return Finding.of("summary.value_alone", **known)
    seen = context.past.seen("spend")
    return Finding.of("summary.value_few" if seen < FEW else "summary.value", **known, seen=seen)


def _trust(past: PastForecasts) -> Finding:
    """How the last forecast that could be judged turned out."""
    what = past.main
    last = past.totals.filter(what=what).row(-1, named=True)
    figures = {name: last[name] for name in ("origin", "predicted", "actual")}
    inside = last["held"]
    return Finding.of(
        "summary.trust_spend" if what == "spend" else "summary.trust_purchases",
        **figures,
        horizon=past.horizon,
        miss=abs(last["error"] or 0.0),
        direction=Name("summary", "high" if last["predicted"] > last["actual"] else "low"),
        place=Name("summary", "inside" if inside else "outside"),
    )


def _numbers(context: Context) -> pl.DataFrame:
    """measure, kind, value, previous, change, beyond_chance, year_before, change_in_year: the five numbers.

    A change is null where the log does not hold the earlier period in full, or nothing was there to grow from.
    `beyond_chance` is whether the change in a period is more than chance; null where that cannot be judged.
    """
    now = _measures(context, context.customers)
    earlier = {"previous": context.previous, "year_before": context.year_before}
    then = {name: {} if table is None else _measures(context, table) for name, table in earlier.items()}
    rows = [
        {"measure": measure, "kind": kind, "value": value}
        | {name: figures.get(measure, (kind, None))[1] for name, figures in then.items()}
        for measure, (kind, value) in now.items()
    ]
    texts, figures = ("measure", "kind"), ("value", *earlier)
    table = pl.DataFrame(rows, schema=dict.fromkeys(texts, pl.String) | dict.fromkeys(figures, pl.Float64))
    table = table.with_columns(
        pl.Series("beyond_chance", _verdicts(context, now), dtype=pl.Boolean),
        change=_change("previous"),
        change_in_year=_change("year_before"),
    )
    return table.select(*texts, "value", "previous", "change", "beyond_chance", "year_before", "change_in_year")


def _verdicts(context: Context, measures: Iterable[str]) -> list[bool | None]:
    """Whether each measure has changed by more than chance."""
    judged = {} if context.previous is None else beyond_chance(context, context.previous)
    return [judged.get("revenue" if measure in REVENUE.values() else measure) for measure in measures]


def _change(since: str) -> pl.Expr:
    """The change of a share in points; any other relative to what was there, null from nothing or less."""
    relative = pl.when(pl.col(since) > 0).then(pl.col("value") / pl.col(since) - 1)
    return pl.when(pl.col("kind") == "pct").then(pl.col("value") - pl.col(since)).otherwise(relative)


def _measures(context: Context, customers: CustomerSummary) -> dict[str, tuple[str, float]]:
    """measure -> (kind, value) as of the customer table's cutoff."""
    day = customers.cutoff
    buyers = customers.data.filter(pl.col("n_purchases") > 0)
    measures: dict[str, tuple[str, float]] = {
        "customers": ("int", float(buyers.height)),
        "active": ("int", float((buyers["days_since_last"] < ACTIVE_DAYS).sum())),
        "repeat_share": ("pct", buyers.select((pl.col("n_purchases") > 1).mean()).item() or 0.0),
    }
    if context.has_amounts:
        recent = context.rows.filter((pl.col("date") > context.day_before(day)) & (pl.col("date") <= day))
        measures[REVENUE[context.params.period]] = (
            "money",
            recent.select(exact_sum(pl.col("amount"))).collect(engine="streaming").item(),
        )
    if buyers["clv"].null_count() < buyers.height:
        measures["clv"] = ("money", float(buyers["clv"].sum()))
    return measures
