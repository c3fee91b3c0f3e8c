"""Intervals of a forecast: what chance alone leaves open, and which past forecasts they may know of."""

import math
from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.planning.intervals import EARLIER, by_chance, judged

ORIGINS = [date(2024, 1, 31) + timedelta(days=31 * place) for place in range(4)]


def rows(variance: float, predicted: float = 100.0) -> pl.DataFrame:
    return pl.DataFrame({"predicted": [predicted], "half_purchase": [0.5], "variance": [variance]})


def ends(table: pl.DataFrame) -> tuple[float, float]:
    return table.select("low", "high").row(0)


def earlier(*actual: float) -> pl.DataFrame:
    """At the end of each of four days, what would come of 30 days: 100 each time, and what came."""
    table = pl.DataFrame({"made": ORIGINS[: len(actual)], "actual": [float(each) for each in actual]})
    return table.with_columns(
        origin="made",
        end=pl.col("made") + pl.duration(days=30),
        period=pl.lit(None, pl.Int64),
        lead=pl.lit(30.0),
        part=pl.lit("existing"),
        what=pl.lit("purchases"),
        predicted=pl.lit(100.0),
        half_purchase=pl.lit(0.5),
        variance=pl.lit(0.01),
    ).select(list(EARLIER))


def test_what_is_certain_has_no_interval():
    assert ends(by_chance(rows(0.0), 0.9)) == pytest.approx((100, 100))


def test_chance_is_as_likely_above_as_below_in_the_logarithm():
    low, high = ends(by_chance(rows(0.04), 0.9))
    assert (low + 0.5) * (high + 0.5) == pytest.approx(100.5**2)
    # 1.645 standard deviations of a lognormal whose relative variance is 0.04.
    assert math.log((high + 0.5) / 100.5) == pytest.approx(1.6449 * math.sqrt(math.log(1.04)), rel=1e-3)


def test_more_chance_and_more_probability_are_wider():
    widths = [
        high - low for low, high in (ends(by_chance(rows(v), p)) for v, p in ((0.01, 0.9), (0.04, 0.9), (0.04, 0.95)))
    ]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_a_past_forecast_knows_of_those_that_had_come_true_by_then_alone():
    known, other = (judged(earlier(90, 110, 80, last), 30.0, 0.9) for last in (100.0, 900.0))
    assert known.drop("actual", "held").equals(other.drop("actual", "held"))
    surprised = judged(earlier(20, 110, 80, 100), 30.0, 0.9)
    width = [(table["high"] - table["low"]).to_list() for table in (known, surprised)]
    assert width[0][0] == width[1][0]  # the first had none to go by
    assert all(wide > narrow for narrow, wide in zip(width[0][1:], width[1][1:], strict=True))
