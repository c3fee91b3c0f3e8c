"""Outlook: purchases and revenue of the whole business ahead, of today's customers and of those to come."""

import warnings

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import VALUE_LEVEL, Context
from clvlab.analysis.segmentation.past_forecasts import PastForecasts
from clvlab.analysis.segmentation.validation import bias
from clvlab.errors import ClvlabWarning
from clvlab.planning import Forecast, forecast
from clvlab.planning.acquisition import QUARTER
from clvlab.planning.outcomes import OUTCOMES

MOST_PAST = 24
"""Past periods in the chart, at most; as many as are ahead, where these are more."""


def compute(context: Context) -> Section:
    """Tables `course`, `periods` and `cohorts`; without a purchase model only that there is none."""
    plan = _forecast(context)
    if plan is None:
        return Section({}, {"lead": Finding.of("outlook.none")})
    main = "spend" if plan.total["revenue"].null_count() == 0 else "purchases"
    tables = {"course": course(plan, main), "periods": periods(plan), "cohorts": cohorts(plan)}
    found = {
        "lead": _lead(context, plan, main),
        "assumption": _assumption(context, plan),
        "basis": _basis(plan, main, context.past),
        **bias(context.past, "outlook.bias_more", "outlook.bias_less"),
        **_value(context, main),
        "course": _course(tables["course"], plan, main),
    }
    return Section(tables, found)


def _forecast(context: Context) -> Forecast | None:
    if context.models.purchases is None:
        return None
    with warnings.catch_warnings():
        # What models warn of, the value section tells.
        warnings.simplefilter("ignore", ClvlabWarning)
        return forecast(
            context.log,
            context.as_of,
            context.horizon,
            model=context.models.purchases,
            spend=context.models.spend,
            customers=context.base,
            time_unit=context.params.time_unit,
            calendar=lambda _, day: context.calendar(day),
            level=VALUE_LEVEL,
            past=context.past.found if context.past else None,
        )


def periods(plan: Forecast) -> pl.DataFrame:
    """what, first_day, last_day, existing, new, total, honest_low, honest_high: one row for each period ahead."""
    tables = []
    for name, what in _known(plan).items():
        parts = plan.data.pivot("part", index=["period", "start", "end"], values=what)
        total = plan.data.filter(part="total").select("period", honest_low=f"{what}_low", honest_high=f"{what}_high")
        tables.append(parts.join(total, on="period", maintain_order="left").with_columns(what=pl.lit(name)))
    return pl.concat(tables).select(
        "what", pl.col("start").alias("first_day"), pl.col("end").alias("last_day"), "existing", "new", "total",
        "honest_low", "honest_high",
    )  # fmt: skip


def cohorts(plan: Forecast) -> pl.DataFrame:
    """part, cohort, expected_purchases, expected_revenue: of all periods together, by when customers first buy."""
    is_known = "spend" in _known(plan)
    table = plan.cohorts.group_by("part", "cohort", maintain_order=True).agg(
        expected_purchases=pl.col("purchases").sum(),
        expected_revenue=pl.when(is_known).then(pl.col("revenue").sum()),
    )
    return table.sort(pl.col("part") == "new", "cohort")


def course(plan: Forecast, main: str) -> pl.DataFrame:
    """what, last_day, part (actual, existing, new), value, low, high (of the total, where it is expected)."""
    what = OUTCOMES[main]
    past = plan.actual.tail(max(MOST_PAST, plan.data["period"].n_unique()))
    total = plan.data.filter(part="total").select("period", low=f"{what}_low", high=f"{what}_high")
    ahead = plan.data.filter(pl.col("part") != "total").join(total, on="period", maintain_order="left")
    nothing = pl.lit(None, pl.Float64)
    return pl.concat(
        [
            past.select(last_day="end", part=pl.lit("actual"), value=what, low=nothing, high=nothing),
            ahead.select(last_day="end", part="part", value=what, low="low", high="high"),
        ]
    ).select(pl.lit(main).alias("what"), pl.all())


def _known(plan: Forecast) -> dict[str, str]:
    """The outcomes that were predicted."""
    return {name: what for name, what in OUTCOMES.items() if plan.total[what].null_count() == 0}


def _lead(context: Context, plan: Forecast, main: str) -> Finding:
    """What is expected in all, and of whom."""
    of = {row["part"]: row for row in plan.total.iter_rows(named=True)}
    what = OUTCOMES[main]
    figures = {
        "horizon": context.horizon,
        "purchases": of["total"]["purchases"],
        "total": of["total"][what],
        "low": of["total"][f"{what}_low"],
        "high": of["total"][f"{what}_high"],
        "existing": of["existing"][what],
        "new": of["new"][what],
    }
    if main == "spend":
        return Finding.of("outlook.lead" if plan.newcomers else "outlook.lead_existing", **figures)
    return Finding.of("outlook.lead_purchases" if plan.newcomers else "outlook.lead_purchases_existing", **figures)


def _assumption(context: Context, plan: Forecast) -> Finding:
    """What those to come rest on."""
    found = plan.acquisition
    if not plan.newcomers:
        return Finding.of("outlook.nobody_new", days=QUARTER)
    figures = {"came": found.came, "days": found.days, "newcomers": plan.newcomers}
    if found.season is not None:
        return Finding.of("outlook.assumption_season", **figures)
    is_even = context.calendar(context.as_of) is not None
    return Finding.of("outlook.assumption_even" if is_even else "outlook.assumption", **figures)


def _basis(plan: Forecast, main: str, past: PastForecasts | None) -> Finding:
    """How the same forecast turned out at past days; of today's customers alone it is what the validation says."""
    if not plan.newcomers and past is not None and past.judges(main):
        rows = past.totals.filter(what=main)
    else:
        part = "total" if plan.newcomers else "existing"
        rows = plan.judged.filter(pl.col("period").is_null(), part=part, what=OUTCOMES[main])
    happened = rows.filter(pl.col("actual") > 0)
    if happened.is_empty():
        return Finding.of("outlook.basis_none")
    error = happened.select((pl.col("predicted") / pl.col("actual") - 1).abs().mean()).item()
    figures = {"seen": rows.height, "judged": plan.looked, "error": error, "held": int(rows["held"].sum())}
    return Finding.of("outlook.basis" if plan.newcomers else "outlook.basis_existing", **figures)


def _value(context: Context, main: str) -> dict[str, Finding]:
    """How the revenue of today's customers goes with their value, where the two are not the same."""
    terms, values = context.terms, context.group_values
    if main != "spend" or values is None or (terms.margin, terms.annual_discount_rate) == (1.0, 0.0):
        return {}
    return {
        "value": Finding.of(
            "outlook.value", clv=values["clv"][-1], margin=terms.margin, rate=terms.annual_discount_rate
        )
    }


def _course(table: pl.DataFrame, plan: Forecast, main: str) -> Finding:
    """What came in the last periods, and what is expected of as many ahead."""
    ends = table.filter(pl.col("part") != "actual")["last_day"].unique().sort()
    past = table.filter(part="actual").tail(ends.len())
    ahead = table.filter(pl.col("last_day").is_in(ends.head(past.height).implode()), pl.col("part") != "actual")
    figures = {"n": past.height, "actual": past["value"].sum(), "expected": ahead["value"].sum()}
    if main == "spend":
        return Finding.of("outlook.course_month" if plan.period == "month" else "outlook.course_week", **figures)
    return Finding.of(
        "outlook.course_month_purchases" if plan.period == "month" else "outlook.course_week_purchases", **figures
    )
