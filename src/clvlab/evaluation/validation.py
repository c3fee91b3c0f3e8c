"""How a value model did on what happened next, beside baselines that know nothing of dropout.

A model is fitted up to a cutoff and judged on the holdout after it. Every figure stands beside the same figure of
a naive baseline: each customer's own rate of repeat purchases (and of repeat spend), carried forward.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.frames import CustomerSummary, Holdout
from clvlab.units import DAYS_PER

Vector = NDArray[np.float64]  # shape (n_customers,)

MOST_REPEATS = 7


@dataclass(frozen=True)
class Validation:
    """Tidy tables of a holdout validation.

    Attributes
    ----------
    totals : what, actual, model, naive, model_error, naive_error (relative to actual)
    errors : what, method, mae, rmse, rank_correlation (Spearman), over customers
    by_frequency : repeats ("0".."7+"), customers, actual, low, high, model, naive (mean holdout purchases)
    tracking : week (0 = the log's first), date, actual, expected, actual_cumulative, expected_cumulative, period
    """

    totals: pl.DataFrame
    errors: pl.DataFrame
    by_frequency: pl.DataFrame
    tracking: pl.DataFrame


def validate(model: Any, spend: Any | None, calibration: CustomerSummary, holdout: Holdout) -> Validation:
    """Judge a purchase model, and a spend model where there is one, on the holdout.

    Parameters
    ----------
    model : purchase model fitted on `calibration`
    spend : spend model fitted on `calibration`, or None
    calibration, holdout : the two halves of `clvlab.split_holdout`
    """
    outcomes = _outcomes(model, spend, calibration, holdout)
    return Validation(
        totals=_totals(outcomes),
        errors=_errors(outcomes),
        by_frequency=_by_frequency(outcomes.filter(pl.col("what") == "purchases")),
        tracking=_tracking(model, calibration, holdout),
    )


def _outcomes(model: Any, spend: Any | None, calibration: CustomerSummary, holdout: Holdout) -> pl.DataFrame:
    """what, frequency, actual, model, naive: one row per customer and outcome."""
    buyers = calibration.data.filter(pl.col("n_purchases") > 0)
    table = buyers.join(holdout.data, on="customer_id", how="left", maintain_order="left")
    length = _duration(holdout)
    expected = np.asarray(model.expected_purchases(buyers, horizon=length, time_unit=calibration.time_unit))
    # A customer of age 0 has had no time to repeat: no rate of their own to carry forward.
    rate = pl.when(pl.col("T") > 0).then(pl.col("frequency") / pl.col("T")).otherwise(0.0) * length
    purchases = table.select(
        pl.lit("purchases").alias("what"),
        "frequency",
        actual=pl.col("holdout_purchases").cast(pl.Float64),
        model=pl.Series(expected),
        naive=rate,
    )
    if spend is None:
        return purchases
    money = np.asarray(spend.expected_spend(buyers))
    return pl.concat(
        [
            purchases,
            table.select(
                pl.lit("spend").alias("what"),
                "frequency",
                actual=pl.col("holdout_spend").cast(pl.Float64),
                model=pl.Series(expected * money),
                naive=rate * pl.col("monetary_value").fill_null(0.0),
            ),
        ]
    )


def _duration(holdout: Holdout) -> float:
    """Length of the holdout in its time unit."""
    return holdout.days / DAYS_PER[holdout.time_unit]


def _totals(outcomes: pl.DataFrame) -> pl.DataFrame:
    return (
        outcomes.group_by("what", maintain_order=True)
        .agg(pl.col("actual", "model", "naive").sum())
        .with_columns(
            model_error=pl.col("model") / pl.col("actual") - 1, naive_error=pl.col("naive") / pl.col("actual") - 1
        )
    )


def _errors(outcomes: pl.DataFrame) -> pl.DataFrame:
    long = outcomes.unpivot(
        ["model", "naive"], index=["what", "actual"], variable_name="method", value_name="predicted"
    )
    error = pl.col("predicted") - pl.col("actual")
    return long.group_by("what", "method", maintain_order=True).agg(
        mae=error.abs().mean(),
        rmse=(error**2).mean().sqrt(),
        rank_correlation=pl.corr("predicted", "actual", method="spearman"),
    )


def _by_frequency(purchases: pl.DataFrame) -> pl.DataFrame:
    """Mean holdout purchases by calibration repeats, with the 95 % interval of the actual mean."""
    repeats = pl.col("frequency").clip(upper_bound=MOST_REPEATS)
    half = 1.96 * pl.col("actual").std() / pl.len().sqrt()
    label = (
        pl.when(pl.col("bin") == MOST_REPEATS).then(pl.lit(f"{MOST_REPEATS}+")).otherwise(pl.col("bin").cast(pl.String))
    )
    return (
        purchases.group_by(repeats.alias("bin"))
        .agg(
            customers=pl.len(),
            half=half,
            actual=pl.col("actual").mean(),
            model=pl.col("model").mean(),
            naive=pl.col("naive").mean(),
        )
        .sort("bin")
        .select(
            label.alias("repeats"),
            "customers",
            "actual",
            (pl.col("actual") - pl.col("half")).clip(lower_bound=0.0).alias("low"),
            (pl.col("actual") + pl.col("half")).alias("high"),
            "model",
            "naive",
        )
    )


def _tracking(model: Any, calibration: CustomerSummary, holdout: Holdout) -> pl.DataFrame:
    """Repeat purchases of all customers by week, actual beside expected from each one's first day."""
    first_days = (
        calibration.data.filter(pl.col("n_purchases") > 0)
        .group_by("first_purchase")
        .agg(customers=pl.len())
        .sort("first_purchase")
    )
    daily = holdout.daily.sort("date").with_columns(actual_cumulative=pl.col("repeat_purchases").cum_sum())
    weekly = daily.gather_every(7, offset=6)
    births = first_days["first_purchase"].to_numpy().astype("datetime64[D]")
    days = weekly["date"].to_numpy().astype("datetime64[D]")
    ages = np.maximum((days[:, None] - births[None, :]).astype(np.float64), 0.0)
    expected = _expected_at_ages(model, ages, calibration.time_unit) @ first_days["customers"].to_numpy()
    return weekly.select("date", "actual_cumulative").with_columns(
        pl.int_range(1, pl.len() + 1).alias("week"),
        pl.Series("expected_cumulative", expected),
        pl.when(pl.col("date") <= holdout.cutoff).then(pl.lit("calibration")).otherwise(pl.lit("holdout")).alias("period"),
    ).with_columns(
        actual=pl.col("actual_cumulative").diff().fill_null(pl.col("actual_cumulative")),
        expected=pl.col("expected_cumulative").diff().fill_null(pl.col("expected_cumulative")),
    )


def _expected_at_ages(model: Any, ages: NDArray[np.float64], time_unit: str) -> NDArray[np.float64]:
    """E[repeat purchases by an age of so many days], evaluated once per distinct age."""
    distinct, where = np.unique(ages, return_inverse=True)
    values = np.asarray(model.expected_purchases_new(distinct / DAYS_PER[time_unit]))
    return values[where].reshape(ages.shape)
