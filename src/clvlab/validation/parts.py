"""For whom a model is right: what it predicted for parts of the customers, next to what they did on average."""

from collections.abc import Sequence

import polars as pl

from clvlab.metrics import capture_curve
from clvlab.validation.predictions import METHODS

MOST_REPEATS = 7
NORMAL_95 = 1.96
PART_TOLERANCE = 0.15
SMALLEST_PART = 30
GAIN_SHARES = tuple(step / 20 for step in range(21))


def by_part(predictions: pl.DataFrame, parts: Sequence[str]) -> pl.DataFrame:
    """Means per customer of each part: *parts, customers, actual, low, high, model, naive, fails; sorted by part.

    `low` and `high` are the 95 % interval of the actual mean (null for a single customer). The model fails where it
    lies outside that interval and more than PART_TOLERANCE off: an interval of many customers excludes errors that
    nobody would mind. Parts of fewer than SMALLEST_PART customers, or in which nothing happened, are too small to
    judge.
    """
    half = NORMAL_95 * pl.col("actual").std() / pl.len().sqrt()
    model, actual = pl.col("model"), pl.col("actual")
    outside = ~model.is_between(pl.col("low"), pl.col("high"))
    notable = (model - actual).abs() > PART_TOLERANCE * actual
    judged = (pl.col("customers") >= SMALLEST_PART) & (actual > 0)
    return (
        predictions.group_by(parts)
        .agg(
            customers=pl.len().cast(pl.Int64),
            actual=actual.mean(),
            low=pl.when(half.is_not_null()).then(
                pl.max_horizontal(actual.mean() - half, pl.min_horizontal(actual.min(), 0.0))
            ),
            high=actual.mean() + half,
            model=model.mean(),
            naive=pl.col("naive").mean(),
        )
        .with_columns(fails=(judged & outside & notable).fill_null(value=False))
        .sort(parts)
    )


def by_frequency(predictions: pl.DataFrame) -> pl.DataFrame:
    """Mean purchases in the holdout by earlier repeats: repeats ("0".."7+"), then as `by_part`."""
    purchases = predictions.filter(what="purchases").with_columns(
        repeats=pl.col("frequency").clip(upper_bound=MOST_REPEATS)
    )
    label = pl.col("repeats").cast(pl.String)
    most = pl.when(pl.col("repeats") == MOST_REPEATS).then(pl.lit(f"{MOST_REPEATS}+")).otherwise(label)
    return by_part(purchases, ["repeats"]).with_columns(repeats=most)


def by_decile(predictions: pl.DataFrame) -> pl.DataFrame:
    """Tenths of the customers by the model's prediction: what, decile (1 = most), then as `by_part`.

    Customers with the same prediction stay in one tenth, so that tenths may differ in size.
    """
    place = pl.col("model").rank("average", descending=True) - 0.5
    decile = (10 * place / pl.len()).floor().cast(pl.Int64) + 1
    return by_part(predictions.with_columns(decile=decile.over("what")), ["what", "decile"])


def by_cohort(predictions: pl.DataFrame) -> pl.DataFrame:
    """Customers by when they first bought: what, cohort (first day of its month), then as `by_part`.

    Of a history longer than a year the cohorts are quarters.
    """
    cohort = cohort_of(predictions["first_purchase"])
    return by_part(predictions.with_columns(cohort=cohort), ["what", "cohort"])


def cohort_of(first_purchase: pl.Series) -> pl.Series:
    """The first day of the month of each first purchase; of its quarter, where they lie in more than 12 months."""
    months = first_purchase.dt.truncate("1mo")
    return months if months.n_unique() <= 12 else first_purchase.dt.truncate("1q")


def by_group(predictions: pl.DataFrame, groups: pl.DataFrame | None) -> pl.DataFrame:
    """Customers by group: what, group, then as `by_part`; no row without groups."""
    if groups is None:
        return by_part(predictions.head(0).with_columns(group=pl.lit(None, pl.String)), ["what", "group"])
    grouped = predictions.join(groups.select("customer_id", "group"), on="customer_id", how="left")
    return by_part(grouped, ["what", "group"])


def gain(predictions: pl.DataFrame) -> pl.DataFrame:
    """Share of what happened that the best customers of each method brought.

    what, method ("best" is the ranking by what happened itself), share_customers (0 to 1), share_actual
    """
    curves = []
    for (what,), part in predictions.group_by("what", maintain_order=True):
        actual = part["actual"].to_numpy()
        for method in (*METHODS, "best"):
            predicted = part["actual" if method == "best" else method]
            if predicted.null_count():
                continue
            curve = capture_curve(predicted.to_numpy(), actual, GAIN_SHARES)
            curves.append(
                pl.DataFrame({"share_customers": GAIN_SHARES, "share_actual": curve}).select(
                    pl.lit(what).alias("what"), pl.lit(method).alias("method"), pl.all()
                )
            )
    return pl.concat(curves).fill_nan(None)
