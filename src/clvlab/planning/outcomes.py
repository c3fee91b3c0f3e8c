"""Sums over periods and parts: of what is expected, with how open it is by chance alone, and of what happened."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from clvlab.planning.acquisition import Acquisition
from clvlab.planning.periods import Periods

PARTS = ("existing", "new", "total")
WHATS = ("purchases", "revenue")
OUTCOMES = {"purchases": "purchases", "spend": "revenue"}
"""What is predicted, as backtests call it -> as a plan does."""
CHANCE = {"purchases": 1.0, "revenue": 2.0}
"""Relative variance of a sum of n purchases, times n: of their number, and of money whose spread is its mean."""
KEYS = ["period", "part", "what"]


def expected_sums(
    cohorts: pl.DataFrame, acquisition: Acquisition, periods: Periods, alone: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """period (null: all), lead, part, what, predicted, half_purchase, variance: of each part and of both together.

    `lead` is how many days ahead a period ends, half_purchase what half a purchase is worth. The variance is relative
    to the square of what is predicted. Of today's customers it is that of chance, and beyond it what the model leaves
    open, which all periods have in common; `alone` has both, over the whole horizon, for each outcome. Of those to
    come it is that of their number and of chance.
    """
    sums = _filled(cohorts, len(periods.ends))
    spans = dict(enumerate(periods.spans, 1))
    is_known = cohorts["revenue"].null_count() == 0
    tables = []
    for what in WHATS if is_known else WHATS[:1]:
        each = sums.select("period", "part", "purchases", predicted=what)
        whole = each.filter(pl.col("period").is_null(), part="total").row(0, named=True)
        half = whole["predicted"] / whole["purchases"] / 2 if whole["purchases"] > 0 else 0.5
        chance = pl.when(pl.col("purchases") > 0).then(CHANCE[what] / pl.col("purchases")).otherwise(0.0)
        of_all = each.filter(pl.col("period").is_null(), part="existing").select(chance).item()
        common = max((alone or {}).get(what, of_all) - of_all, 0.0)
        coming = {place: acquisition.coming(periods.day(begin), end - begin) for place, (begin, end) in spans.items()}
        came = pl.col("period").replace_strict(
            {place: acquisition.variance(each) for place, each in coming.items()},
            default=acquisition.variance(sum(coming.values())),
            return_dtype=pl.Float64,
        )
        variance = chance + pl.when(part="existing").then(common).otherwise(came)
        tables.append(
            each.with_columns(
                what=pl.lit(what),
                lead=pl.col("period").replace_strict(
                    {place: end for place, (_, end) in spans.items()}, default=periods.days, return_dtype=pl.Float64
                ),
                half_purchase=pl.lit(half),
                variance=pl.when(pl.col("part") != "total").then(variance),
            )
        )
    squared = pl.col("predicted") ** 2
    of_total = (pl.col("variance") * squared).sum().over("period", "what") / squared
    return pl.concat(tables).select(
        "period",
        "lead",
        "part",
        "what",
        "predicted",
        "half_purchase",
        variance=pl.coalesce("variance", of_total.fill_nan(0.0)),
    )


def _filled(cohorts: pl.DataFrame, n: int) -> pl.DataFrame:
    """period (null: all), part, purchases, revenue: of every period and part, with 0 where there is nobody."""
    every = pl.DataFrame({"period": range(1, n + 1)}, schema={"period": pl.Int64})
    sums = cohorts.group_by("period", "part").agg(pl.col(WHATS).sum())
    each = every.join(pl.DataFrame({"part": PARTS[:2]}), how="cross").join(
        sums, on=["period", "part"], how="left", maintain_order="left"
    )
    each = each.with_columns(pl.col(WHATS).fill_null(0.0))
    each = pl.concat([each, each.with_columns(part=pl.lit("total"))])
    each = pl.concat([each, each.with_columns(period=pl.lit(None, pl.Int64))])
    return each.group_by("period", "part", maintain_order=True).agg(pl.col(WHATS).sum())


def actual_sums(days: pl.DataFrame, periods: Periods) -> pl.DataFrame:
    """period (null: all), part, what, actual: what happened after the cutoff, of old and new customers."""
    until = periods.day(periods.days)
    bought = pl.when("is_purchase").then("date")
    known = days.with_columns(first=bought.min().over("customer")).drop_nulls("first")
    after = known.filter(pl.col("date") > periods.cutoff, pl.col("date") <= until)
    ends = [periods.day(end) for end in periods.ends]
    done = after.select(
        period=pl.sum_horizontal((pl.col("date") > end).cast(pl.Int64) for end in ends) + 1,
        part=pl.when(pl.col("first") <= periods.cutoff).then(pl.lit("existing")).otherwise(pl.lit("new")),
        purchases=pl.col("is_purchase").cast(pl.Float64),
        revenue=pl.col("spend") if "spend" in days.columns else pl.lit(None, pl.Float64),
    )
    long = _filled(done, len(ends)).unpivot(
        WHATS, index=["period", "part"], variable_name="what", value_name="actual"
    )
    return long.select(*KEYS, "actual")


def history(days: pl.DataFrame, periods: Periods) -> pl.DataFrame:
    """period (0 is the last), start, end, newcomers, purchases, revenue: of each whole period up to the cutoff."""
    first: date = days["date"].min()  # type: ignore[assignment]
    spans = periods.before(first)
    firsts = days.filter("is_purchase").group_by("customer").agg(pl.col("date").min())["date"]
    rows = []
    for place, (before, end) in enumerate(spans, 1 - len(spans)):
        within = days.filter(pl.col("date") > before, pl.col("date") <= end)
        revenue = within["spend"].sum() if "spend" in days.columns else None
        came = int(((firsts > before) & (firsts <= end)).sum())
        rows.append((place, before + timedelta(days=1), end, came, float(within["is_purchase"].sum()), revenue))
    kinds = [pl.Int64, pl.Date, pl.Date, pl.Int64, pl.Float64, pl.Float64]
    names = ["period", "start", "end", "newcomers", "purchases", "revenue"]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
