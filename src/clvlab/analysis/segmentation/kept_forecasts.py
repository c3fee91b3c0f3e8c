"""Forecasts kept: what was expected of the periods that have passed, next to what then came.

The forecast of the last period is that of the report of the day before it. Those of earlier periods are made as they
were possible then, from the rows up to their days, by the same kind of model.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile

import polars as pl

from clvlab.analysis.segmentation.context import VALUE_LEVEL, Context
from clvlab.analysis.segmentation.past_forecasts import FEWEST, MOST, WORK
from clvlab.customers import numbered_days, places_of
from clvlab.errors import ClvlabWarning
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.models import ValueModels
from clvlab.money import from_millionths
from clvlab.units import DAYS_PER
from clvlab.validation.futures import simulated_intervals
from clvlab.validation.model_error import widened

PERIODS = 4
"""So many periods are looked back at, at most; each further one costs a fit."""
_NONE = 1e-12
"""Fewer expected purchases are none, to divide by."""
COLUMNS = {
    "what": pl.String,
    "origin": pl.Date,
    "end": pl.Date,
    "customers": pl.Int64,
    "predicted": pl.Float64,
    "honest_low": pl.Float64,
    "honest_high": pl.Float64,
    "actual": pl.Float64,
    "held": pl.Boolean,
}


def kept_forecasts(context: Context) -> pl.DataFrame:
    """One row for each outcome (purchases; spend, where it was forecast) and period, the last period last.

    Customers are those who had bought by `origin`, and nobody who came later; `end` is the last day of the period.
    `honest_low` and `honest_high` are the interval of VALUE_LEVEL that allows for the errors of the periods before;
    months count as equally long there. Only the forecast of the last period has one, and a verdict: those of earlier
    periods had others' errors to go by, and the reports of their days have told of them. Without a row where the log
    does not hold the period before, or no model could be fitted on its last day.
    """
    sums = pl.concat([pl.DataFrame(schema=_SUMS), *_sums(context)])
    nothing = pl.DataFrame(schema=COLUMNS)
    found = [_judged(rows) for _, rows in sums.group_by("what", maintain_order=True)]
    return pl.concat([nothing, *found])


_SUMS = {
    "what": pl.String,
    "origin": pl.Date,
    "end": pl.Date,
    "part": pl.String,
    "name": pl.String,
    "customers": pl.Int64,
    "predicted": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "half_purchase": pl.Float64,
    "actual": pl.Float64,
}


def _sums(context: Context) -> Iterator[pl.DataFrame]:
    """What was expected of all customers in each period, the first of them first."""
    days = [context.day_before(context.as_of, periods) for periods in range(PERIODS + 1)]
    known = list(takewhile(context.holds, days[1:]))
    before = context.at(known[0]) if known else None
    if before is None or before.models.purchases is None:
        return
    for origin, end in reversed(list(zip(known, days, strict=False))):
        customers = context.summarise(origin)
        buyers = replace(customers, data=customers.data.filter(pl.col("n_purchases") > 0))
        models = before.models if origin == before.as_of else _fitted(before, buyers)
        if models.purchases is not None:
            yield _next_to_actual(buyers, _expected(models, buyers, (end - origin).days), context.log, end)


def _fitted(before: Context, buyers: CustomerSummary) -> ValueModels:
    """The models of the report `before`, fitted to the customers of an earlier day."""
    with warnings.catch_warnings():
        # What models warn of on an earlier day is no news of today's.
        warnings.simplefilter("ignore", ClvlabWarning)
        return before.fit(buyers, before.used_kind)


def _expected(models: ValueModels, buyers: CustomerSummary, days: int) -> pl.DataFrame:
    """what, predicted, half_purchase, low, high: of all these buyers within so many days."""
    assert models.purchases is not None
    length = days / DAYS_PER[buyers.time_unit]
    purchases = models.purchases.expected_purchases(buyers, length)
    expected = {"purchases": float(purchases.sum())}
    if models.spend is not None:
        expected["spend"] = float((purchases * models.spend.expected_spend(buyers)).sum())
    futures = min(max(WORK // max(buyers.data.height, 1), FEWEST), MOST)
    intervals = simulated_intervals(models.purchases, models.spend, buyers, length, [], VALUE_LEVEL, futures, seed=0)
    worth = [total / max(expected["purchases"], _NONE) / 2 for total in expected.values()]
    schema = {"what": pl.String, "predicted": pl.Float64, "half_purchase": pl.Float64}
    table = pl.DataFrame(list(zip(expected, expected.values(), worth, strict=True)), schema=schema, orient="row")
    # A spend model without a mean expects nothing that could be judged.
    return table.join(intervals, on="what", maintain_order="left").filter(
        pl.all_horizontal(pl.col("predicted", "high").is_finite())
    )


def _next_to_actual(buyers: CustomerSummary, expected: pl.DataFrame, log: TransactionLog, end: date) -> pl.DataFrame:
    """The row of each outcome, with what the buyers then did up to the end of a period."""
    days = numbered_days(log, end).filter(pl.col("date") > buyers.cutoff)
    theirs = days.join(places_of(log, buyers.data["customer_id"]).to_frame(), on="customer", how="semi")
    came = {"purchases": float(theirs["is_purchase"].sum())}
    if "spend" in theirs.columns:
        came["spend"] = theirs.select(from_millionths(pl.col("spend").sum())).item()
    return expected.select(
        "what",
        pl.lit(buyers.cutoff).alias("origin"),
        pl.lit(end).alias("end"),
        *("part", "name"),
        pl.lit(buyers.data.height, pl.Int64).alias("customers"),
        *("predicted", "low", "high", "half_purchase"),
        actual=pl.col("what").replace_strict(came, return_dtype=pl.Float64),
    )


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """The periods of one outcome, the last with its interval, which knows the periods before it alone."""
    table = pl.concat([rows[:-1], _with_interval(rows[-1:], rows[:-1])], how="diagonal")
    return table.with_columns(held=pl.col("actual").is_between("honest_low", "honest_high")).select(list(COLUMNS))


def _with_interval(row: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    length: timedelta = row["end"][0] - row["origin"][0]
    alike = earlier.with_columns(end=pl.col("origin") + length)
    intervals = row.select("part", "name", "customers", "predicted", "low", "high", "half_purchase")
    wide = widened(intervals, alike, length.days, VALUE_LEVEL)
    return row.with_columns(wide["honest_low"], wide["honest_high"])
