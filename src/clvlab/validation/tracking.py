"""Repeat purchases of all customers week by week: what a model expected of them from each one's first day."""

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Vector
from clvlab.clock import Clock, Days
from clvlab.frames import CustomerSummary, Holdout
from clvlab.models import AnyPurchaseModel, PurchaseModel
from clvlab.models.covariates import by_kind
from clvlab.units import DAYS_PER


def tracking(model: AnyPurchaseModel, calibration: CustomerSummary, holdout: Holdout) -> pl.DataFrame:
    """Actual and expected by week, the last one as long as the holdout lets it be.

    week (1 = the log's first), date (its last day), actual, expected, actual_cumulative, expected_cumulative, period
    (calibration, holdout)
    """
    daily = holdout.daily.sort("date").with_columns(actual_cumulative=pl.col("repeat_purchases").cum_sum())
    week_ends = (pl.int_range(pl.len()) % 7 == 6) | (pl.col("date") == holdout.end)
    weekly = daily.filter(week_ends)
    buyers, clock = calibration.data.filter(pl.col("n_purchases") > 0), calibration.calendar
    of_kinds = [
        _expected_by(weekly["date"], own, buyers["first_purchase"][places], clock)
        for own, places in by_kind(model, buyers)
    ]
    in_calibration = pl.col("date") <= holdout.cutoff
    return (
        weekly.select("date", "actual_cumulative")
        .with_columns(
            pl.int_range(1, pl.len() + 1).alias("week"),
            pl.Series("expected_cumulative", np.sum(of_kinds, axis=0)),
            pl.when(in_calibration).then(pl.lit("calibration")).otherwise(pl.lit("holdout")).alias("period"),
        )
        .with_columns(
            actual=pl.col("actual_cumulative").diff().fill_null(pl.col("actual_cumulative")),
            expected=pl.col("expected_cumulative").diff().fill_null(pl.col("expected_cumulative")),
        )
    )


def _expected_by(
    dates: pl.Series, model: PurchaseModel, first_purchases: pl.Series, calendar: Clock | None
) -> Vector:
    """E[repeat purchases by each date] of customers of one model, together."""
    first_days = first_purchases.value_counts().sort(first_purchases.name)
    births = first_days[first_purchases.name].to_numpy().astype("datetime64[D]")
    ages = _ages(births, dates.to_numpy().astype("datetime64[D]"), calendar)
    expected: Vector = _expected_at_ages(model, ages) @ first_days["count"].to_numpy()
    return expected


def _ages(births: Days, days: Days, calendar: Clock | None) -> Matrix:
    """How old each of those born is (columns) on each day (rows), in days by the calendar's clock; 0 before birth."""
    if calendar is None:
        return np.maximum((days[:, None] - births[None, :]).astype(np.float64), 0.0)
    since, until = np.broadcast_arrays(births[None, :], np.maximum(days[:, None], births[None, :]))
    return calendar.elapsed(since, until)


def _expected_at_ages(model: PurchaseModel, ages: Matrix) -> Matrix:
    """E[repeat purchases by an age of so many days]: evaluated at whole days, straight in between."""
    whole = np.arange(np.ceil(ages.max(initial=0.0)) + 1)
    expected = np.asarray(model.expected_purchases_new(whole / DAYS_PER[model.time_unit]))
    found: Matrix = np.interp(ages, whole, expected)
    return found
