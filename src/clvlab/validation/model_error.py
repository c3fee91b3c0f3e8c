"""How far predictions miss beyond chance, as earlier ones show it, and intervals that allow for it.

An interval of a model is as wide as its parameters and its customers leave open, the model being right. What all
customers of a period share (a season, a campaign, a law of buying that is not the model's) is not in it. Let

    e    ln((actual + h) / (predicted + h)), h being what half a purchase is worth: a group that buys nothing counts
    s    standard deviation of e that the model allows for, from its own interval
    tau  standard deviation of the error that the model does not know of

Then e ~ N(0, s^2 + tau^2). Before anything was predicted tau is half-t distributed about a typical size [1]; every
prediction whose horizon has ended adds what it shows. Predictions whose horizons overlap show the same in part, and
count for as many as could follow one upon the other.

A cohort or a group has the error of the total, which all customers of the period share, and one of its own: what was
left of its errors once those of the totals were taken from them. Its typical size is that of all parts of its kind.
No interval of a part reaches less far, relative to what is predicted, than that of the total: the ends of the total's
lie between the sums of those of its parts.

Of a longer horizon than was seen the error is as much larger as the square root of time. A bias that every origin
shows widens the interval, and does not move it.

[1] Gelman (2006), "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1(3).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from clvlab.arrays import Counts, Matrix, Vector
from clvlab.models.numerics.mixture import central_reach

TYPICAL, TYPICAL_OF_PART = 0.2, 0.22
"""Size of the error of a total, and of a part's own (0.3 with the total's), before there is a prediction to go by."""
FREEDOM = 2
"""Degrees of freedom of the half-t: errors of several times the typical size are possible."""
SIZES = np.geomspace(0.002, 4.0, 120)
FOUND = {"honest_low": pl.Float64, "honest_high": pl.Float64, "seen": pl.Int64, "independent": pl.Float64}
SMALLEST_PART = 30
"""Customers of a part from whose errors something is learnt: of fewer, chance is all there is to see."""


@dataclass(frozen=True, eq=False)
class ModelError:
    """What is known of the size of an error.

    Attributes
    ----------
    weights : probability of each of SIZES
    seen : predictions that had come to their end
    independent : how many they are worth, since horizons overlap
    """

    weights: Vector
    seen: int = 0
    independent: float = 0.0

    @classmethod
    def typical(cls, size: float) -> "ModelError":
        """Before anything was predicted: half-t, of a scale of `size`."""
        # SIZES are evenly spaced in their logarithm, hence the factor.
        density = SIZES * (1 + (SIZES / size) ** 2 / FREEDOM) ** (-(FREEDOM + 1) / 2)
        return cls(density / density.sum())

    @property
    def size(self) -> float:
        """The expected size, as a standard deviation of the logarithm."""
        return float(self.weights @ SIZES)

    def and_own(self, own: "ModelError") -> "ModelError":
        """What is known of the sum of this error and of a part's own, which knows nothing of it."""
        # In steps of the evenly spaced logarithms: the weight of a size between two is shared by them.
        place = np.log(np.hypot.outer(SIZES, SIZES) / SIZES[0]) / np.log(SIZES[1] / SIZES[0])
        lower = np.minimum(place.astype(np.intp), SIZES.size - 2)
        upwards, both = np.minimum(place - lower, 1.0), np.outer(self.weights, own.weights)
        weights = np.zeros(SIZES.size)
        np.add.at(weights, lower, both * (1 - upwards))
        np.add.at(weights, lower + 1, both * upwards)
        return ModelError(weights)

    def after(self, errors: Vector, noise: Vector, seen: int, independent: float) -> "ModelError":
        """What is known once errors were seen, of which `noise` is what the model allowed for, at `seen` origins."""
        variance = SIZES[:, None] ** 2 + noise**2
        log_density = -0.5 * (np.log(variance) + errors**2 / variance).sum(axis=1)
        log_posterior = np.log(self.weights) + log_density * independent / max(seen, 1)
        weights = np.exp(log_posterior - log_posterior.max())
        return ModelError(weights / weights.sum(), seen, independent)


def honest_intervals(sums: pl.DataFrame, level: float) -> pl.DataFrame:
    """The models' rows of `Backtest.sums`, with the intervals that earlier origins would have given at each origin.

    An origin knows the predictions whose horizon had ended by then, and no others.

    Parameters
    ----------
    sums
        of a backtest with intervals of `level`
    level
        probability that the interval holds what happens, 0.9 for 90 %

    Returns
    -------
    The rows with an interval, and honest_low, honest_high, seen (predictions of this kind that had ended),
    independent (how many they are worth)
    """
    rows = _in_logarithms(sums.drop_nulls("low"), level)
    kinds = rows.group_by("method", "what", maintain_order=True)
    nothing = rows.clear().with_columns(**{name: pl.lit(None, kind) for name, kind in FOUND.items()})
    found = [at_origin for _, kind in kinds for at_origin in _replayed(kind, level)]
    return pl.concat([nothing, *found]).drop("error_log", "down", "up")


def widened(intervals: pl.DataFrame, sums: pl.DataFrame, days: int | Counts, level: float) -> pl.DataFrame:
    """Intervals of today's predictions that allow for the errors of earlier ones.

    Parameters
    ----------
    intervals
        part (total, cohort, group), name, customers, predicted, low, high (of the model alone), half_purchase
    sums
        of a backtest of the same method and outcome, with intervals of `level`
    days
        the horizon of `intervals`, one for all or one each: all of them as long as earlier ones, or longer
    level
        probability of both

    Returns
    -------
    `intervals` with honest_low, honest_high, seen and independent
    """
    earlier = _in_logarithms(sums.drop_nulls("low"), level)
    today = _in_logarithms(intervals.with_columns(actual=pl.lit(0.0)), level)
    found = _widened(today, earlier, np.broadcast_to(days, today.height), level)
    return found.drop("actual", "error_log", "down", "up")


def _in_logarithms(rows: pl.DataFrame, level: float) -> pl.DataFrame:
    """error_log, and the standard deviations that the model's interval allows for downwards and upwards."""
    reach = float(central_reach(np.ones((1, 1)), np.ones((1, 1)), level)[0])
    half = pl.col("half_purchase")
    centre, actual, low, high = (
        (pl.max_horizontal(name, pl.lit(0.0)) + half).log() for name in ("predicted", "actual", "low", "high")
    )
    return rows.with_columns(
        error_log=actual - centre,
        # An interval from simulated futures may lie to one side of the expected value.
        down=pl.max_horizontal(centre - low, pl.lit(0.0)) / reach,
        up=pl.max_horizontal(high - centre, pl.lit(0.0)) / reach,
    )


def _replayed(kind: pl.DataFrame, level: float) -> Iterator[pl.DataFrame]:
    """The rows of one method and outcome at each origin, with what earlier ones say."""
    for (origin, end), rows in kind.group_by("origin", "end", maintain_order=True):
        days = np.full(rows.height, (end - origin).days)
        yield _widened(rows, kind.filter(pl.col("end") <= origin), days, level)


def _widened(rows: pl.DataFrame, earlier: pl.DataFrame, days: Counts, level: float) -> pl.DataFrame:
    """The total of one day and its parts, with what earlier ones of their method and outcome say."""
    earlier = _like(earlier, int(days.min()))
    rows = rows.with_columns(growth=np.sqrt(days / _days(earlier)) if len(earlier) else 1.0)
    common = _after(ModelError.typical(TYPICAL), earlier.filter(part="total"))
    beyond, total = _beyond_total(earlier), rows.filter(part="total")
    found = []
    for (part,), alike in rows.group_by("part", maintain_order=True):
        kind, errors = common, [common] * alike.height
        if part != "total":
            kind, own = _own_errors(alike["name"], beyond.filter(part=part))
            errors = [common.and_own(each) for each in own]
            alike = alike.with_columns(pl.max_horizontal(side, pl.lit(total[side].max())) for side in ("down", "up"))
        reaching = _reaching(alike, np.stack([each.weights for each in errors]), level)
        found.append(reaching.with_columns(seen=pl.lit(kind.seen, pl.Int64), independent=pl.lit(kind.independent)))
    return pl.concat(found).drop("growth")


def _beyond_total(earlier: pl.DataFrame) -> pl.DataFrame:
    """The rows of parts, their errors less those of the totals of their days."""
    total = earlier.filter(part="total").select("origin", common="error_log")
    parts = earlier.filter(pl.col("part") != "total").join(total, on="origin", maintain_order="left")
    return parts.with_columns(pl.col("error_log") - pl.col("common")).drop("common")


def _own_errors(names: pl.Series, earlier: pl.DataFrame) -> tuple[ModelError, list[ModelError]]:
    """What is known of the own errors of a kind of parts, and of the error of each part by its name."""
    kind = _after(ModelError.typical(TYPICAL_OF_PART), earlier)
    return kind, [
        _after(ModelError.typical(kind.size), earlier.filter(pl.col("name").eq_missing(name))) for name in names
    ]


def _reaching(rows: pl.DataFrame, weights: Matrix, level: float) -> pl.DataFrame:
    """The rows with honest_low and honest_high; `weights` are those of the sizes of each row's error."""
    half, centre = rows["half_purchase"].to_numpy(), rows["predicted"].to_numpy()
    sizes = rows["growth"].to_numpy()[:, None] * SIZES
    down, up = (_reach(rows[side].to_numpy(), sizes, weights, level) for side in ("down", "up"))
    return rows.with_columns(
        honest_low=pl.Series(np.maximum((centre + half) * np.exp(-down) - half, 0.0)),
        honest_high=pl.Series((centre + half) * np.exp(up) - half),
    )


def _reach(deviation: Vector, sizes: Matrix, weights: Matrix, level: float) -> Vector:
    return central_reach(np.sqrt(deviation[:, None] ** 2 + sizes**2), weights, level)


def _like(earlier: pl.DataFrame, days: int) -> pl.DataFrame:
    """Earlier rows of the longest horizon up to `days`; those of too small parts left out."""
    length = (pl.col("end") - pl.col("origin")).dt.total_days()
    rows = earlier.filter((length <= days) & ((pl.col("part") == "total") | (pl.col("customers") >= SMALLEST_PART)))
    return rows.filter(length == length.max())


def _days(rows: pl.DataFrame) -> int:
    return int((rows["end"][0] - rows["origin"][0]).days)


def _after(error: ModelError, earlier: pl.DataFrame) -> ModelError:
    if earlier.is_empty():
        return error
    noise = earlier.select(pl.when(pl.col("error_log") < 0).then("down").otherwise("up")).to_series()
    seen = earlier["origin"].n_unique()
    return error.after(earlier["error_log"].to_numpy(), noise.to_numpy(), seen, independent(earlier))


def independent(rows: pl.DataFrame) -> float:
    """How many predictions without overlap those of one horizon are worth: as many as could follow one another."""
    origins = rows["origin"].unique().sort()
    return min(float(len(origins)), 1 + float((origins[-1] - origins[0]).days) / _days(rows))
