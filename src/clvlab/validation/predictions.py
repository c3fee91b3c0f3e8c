"""What a model and the baselines predicted for each customer in the holdout, and what happened."""

from dataclasses import replace

import polars as pl

from clvlab.arrays import Vector
from clvlab.frames import CustomerSummary, Holdout
from clvlab.models import PurchasePredictor, SpendPredictor
from clvlab.units import DAYS_PER

BASELINE_METHODS = ("naive", "last_period", "average")
"""Each customer's own rate of repeats carried forward; what they did in as long a period before the cutoff; and what
the average customer does in that time. None of them knows that customers leave."""
METHODS = ("model", *BASELINE_METHODS)


def predictions(
    model: PurchasePredictor, spend: SpendPredictor | None, calibration: CustomerSummary, holdout: Holdout
) -> pl.DataFrame:
    """What every method predicted for every buyer, next to what they did.

    Returns
    -------
    what (purchases; spend, where there is a spend model), customer_id, frequency, first_purchase, actual, and one
    column per method of METHODS; `last_period` is null where the holdout does not know the period before it
    """
    buyers = calibration.data.filter(pl.col("n_purchases") > 0)
    table = buyers.join(holdout.data, on="customer_id", how="left", maintain_order="left")
    if holdout.previous is not None:
        table = table.join(holdout.previous, on="customer_id", how="left", maintain_order="left")
    length = duration(holdout)
    expected = model.expected_purchases(
        replace(calibration, data=buyers), horizon=length, time_unit=calibration.time_unit
    )
    age = calibration.age
    repeats = pl.col("frequency")
    found = [_outcome(table, "purchases", expected, repeats, length, age)]
    if spend is not None:
        money = expected * spend.expected_spend(buyers)
        spent = repeats * pl.col("monetary_value").fill_null(0.0)
        found.append(_outcome(table, "spend", money, spent, length, age))
    return pl.concat(found)


def duration(holdout: Holdout) -> float:
    """Length of the holdout in its time unit."""
    return holdout.days / DAYS_PER[holdout.time_unit]


def _outcome(
    table: pl.DataFrame, what: str, predicted: Vector, repeats: pl.Expr, length: float, age: pl.Expr
) -> pl.DataFrame:
    previous = f"previous_{what}"
    # A customer of age 0 has had no time to repeat: no rate of their own to carry forward.
    own = pl.when(age > 0).then(repeats / age).otherwise(0.0)
    everybody = repeats.sum() / age.sum()
    return table.select(
        pl.lit(what).alias("what"),
        "customer_id",
        "frequency",
        "first_purchase",
        actual=pl.col(f"holdout_{what}").cast(pl.Float64),
        model=pl.Series(predicted),
        naive=own * length,
        last_period=(pl.col(previous) if previous in table.columns else pl.lit(None)).cast(pl.Float64),
        average=everybody * length,
    )
