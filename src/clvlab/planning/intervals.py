"""Intervals of a forecast that allow for how far it missed at past days, by `clvlab.validation.model_error`.

Each part, and their sum, has errors of its own: those of single periods, and those of all periods together. A period
that lies further ahead than any past forecast looked has an error as much larger as the square root of time.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from clvlab.models.numerics.mixture import central_reach
from clvlab.planning.outcomes import KEYS
from clvlab.planning.periods import Periods
from clvlab.validation.model_error import widened

EARLIER: Mapping[str, pl.DataType] = {
    "made": pl.Date(),
    "origin": pl.Date(),
    "end": pl.Date(),
    "period": pl.Int64(),
    "lead": pl.Float64(),
    "part": pl.String(),
    "what": pl.String(),
    "predicted": pl.Float64(),
    "half_purchase": pl.Float64(),
    "variance": pl.Float64(),
    "actual": pl.Float64(),
}
"""Past forecasts: made at the end of a day, of the days after `origin` up to `end`; `period` is null for all."""


def next_to_actual(expected: pl.DataFrame, actual: pl.DataFrame, periods: Periods) -> pl.DataFrame:
    """What was expected at a past day, and what happened, with the columns of EARLIER: of all, and whole periods."""
    begins = {place: periods.day(begin) for place, (begin, _) in enumerate(periods.spans, 1)}
    origin = pl.col("period").replace_strict(begins, default=periods.cutoff, return_dtype=pl.Date)
    # The days of a month, in days of one length, so that one can be told from many.
    length = pl.when(pl.col("period").is_null()).then(round(periods.days)).otherwise(round(periods.length))
    joined = expected.join(actual, on=KEYS, how="left", nulls_equal=True, maintain_order="left")
    of_one_length = pl.col("period").is_null() | (pl.col("period") <= periods.whole)
    return (
        joined.filter(of_one_length)
        .with_columns(made=pl.lit(periods.cutoff), origin=origin, end=origin + pl.duration(days=length))
        .select(list(EARLIER))
    )


def honest(rows: pl.DataFrame, earlier: pl.DataFrame, length: float, level: float) -> pl.DataFrame:
    """The rows with low and high.

    Parameters
    ----------
    rows
        of `expected_sums`
    earlier
        past forecasts, with the columns of EARLIER
    length
        days of a period
    level
        probability of the intervals
    """
    furthest = earlier.select(pl.col("lead").max()).item() or rows.select(pl.col("lead").max()).item()
    beyond = pl.max_horizontal(pl.col("lead") / furthest, pl.lit(1.0)).alias("beyond")
    numbered = by_chance(rows, level).with_row_index("row").with_columns(beyond, is_all=pl.col("period").is_null())
    seen = by_chance(earlier, level).with_columns(is_all=pl.col("period").is_null())
    found = []
    for (part, what, is_all), alike in numbered.group_by("part", "what", "is_all", maintain_order=True):
        like = seen.filter(pl.col("part") == part, pl.col("what") == what, pl.col("is_all") == is_all)
        days = ((furthest if is_all else length) * alike["beyond"].to_numpy()).round().astype(np.int64)
        found.append(widened(as_total(alike), as_total(like), days, level))
    wide = pl.concat(found).sort("row")
    return rows.with_columns(low=wide["honest_low"], high=wide["honest_high"])


def by_chance(rows: pl.DataFrame, level: float) -> pl.DataFrame:
    """The rows with low and high as chance alone would have them, in the logarithm, as `model_error` reads them."""
    reach = float(central_reach(np.ones((1, 1)), np.ones((1, 1)), level)[0])
    half, factor = pl.col("half_purchase"), (reach * (1 + pl.col("variance")).log().sqrt()).exp()
    moved = pl.col("predicted") + half
    return rows.with_columns(low=moved / factor - half, high=moved * factor - half)


def as_total(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as totals of one customer each, as `model_error` takes forecasts that are not parts of one."""
    return rows.drop("part").with_columns(part=pl.lit("total"), name=pl.lit(None, pl.String), customers=pl.lit(1))


def judged(earlier: pl.DataFrame, length: float, level: float) -> pl.DataFrame:
    """origin, start, end, period, part, what, predicted, actual, low, high, held: past forecasts as they were then.

    The intervals allow for forecasts of which all had happened by the day, and for no others.
    """
    found = [earlier.clear().with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))]
    for (made,), rows in earlier.group_by("made", maintain_order=True):
        assert isinstance(made, date)
        found.append(honest(rows, earlier.filter(pl.col("end") <= made), length, level))
    return pl.concat(found).select(
        pl.col("made").alias("origin"),
        (pl.col("origin") + pl.duration(days=1)).alias("start"),
        *["end", *KEYS, "predicted", "actual", "low", "high"],
        held=pl.col("actual").is_between("low", "high"),
    )
