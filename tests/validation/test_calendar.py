"""Predictions, past forecasts and tracking by the clock of a calendar."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from tests.seasonal import EVENTS, SEASON, known_calendar, simulated_log

CUTOFF, END = date(2022, 10, 31), date(2023, 1, 29)


@pytest.fixture(scope="module")
def log():
    return simulated_log(known_calendar(), n=1_500, seed=3)


@pytest.fixture(scope="module")
def halves(log):
    return cl.split_holdout(log, CUTOFF, END, "week", calendar=cl.Calendar.fit(log, CUTOFF))


@pytest.fixture(scope="module")
def validation(halves):
    return cl.validate(cl.BgNbd.fit(halves[0]), None, *halves)


def errors(found):
    """Of the model's total at each origin, relative to what happened."""
    return found.sums.filter(method="BgNbd", part="total").sort("origin")["error"].to_numpy()


@pytest.mark.parametrize("seed", [1, 2])
def test_with_a_strong_season_the_error_of_the_total_falls_by_half(seed):
    log = simulated_log(known_calendar(), n=1_500, seed=seed)
    origins = [date(2022, 10, 31), date(2023, 1, 31), date(2023, 5, 31), date(2023, 9, 30)]
    without, with_season = (
        np.abs(errors(cl.backtest(log, ["bg_nbd"], origins, "13 weeks", calendar=calendar))).mean()
        for calendar in (None, cl.Calendar.fit)
    )
    assert without > 0.15
    assert with_season < without / 2


def test_a_backtest_knows_no_later_season(log):
    seen = []

    def fit(given, origin):
        seen.append(origin)
        return cl.Calendar.fit(given, origin)

    cut = cl.read_transactions(log.data.filter(pl.col("date") <= END))
    origin = CUTOFF + timedelta(days=1)
    one, other = (cl.backtest(each, ["bg_nbd"], [origin], "8 weeks", calendar=fit) for each in (log, cut))
    assert errors(one).tolist() == errors(other).tolist()
    assert seen == [origin, origin]


def test_naive_predictions_know_no_calendar(log):
    with_events = partial(cl.Calendar.fit, events=EVENTS)
    one, other = (
        cl.backtest(log, ["bg_nbd"], [CUTOFF], "8 weeks", calendar=calendar).sums.filter(pl.col("method") != "BgNbd")
        for calendar in (None, with_events)
    )
    assert one.equals(other)


def test_intervals_are_about_what_is_predicted(log):
    found = cl.backtest(log, ["bg_nbd"], [CUTOFF], "8 weeks", calendar=cl.Calendar.fit, level=0.9, futures=60)
    total = found.sums.filter(method="BgNbd", part="total").row(0, named=True)
    assert total["low"] < total["predicted"] < total["high"]
    assert total["low"] > total["predicted"] * 0.8


def test_a_holdout_in_high_season_is_predicted(log, validation):
    plain = cl.split_holdout(log, CUTOFF, END, "week")
    without = cl.validate(cl.BgNbd.fit(plain[0]), None, *plain)
    assert abs(validation.totals["model_error"][0]) < abs(without.totals["model_error"][0]) / 2
    assert validation.totals["naive"].to_list() == without.totals["naive"].to_list()
    low, high = validation.totals.select("low", "high").row(0)
    assert low < validation.totals["model"][0] < high


def test_tracking_follows_the_season(validation, halves):
    weekly = validation.tracking.filter(period="holdout")
    by_month = weekly.group_by(pl.col("date").dt.month()).agg(pl.col("expected").mean()).sort("date")
    january, november, december = by_month["expected"].to_list()
    assert november > december > january
    assert november / january == pytest.approx(SEASON[10] / SEASON[0], rel=0.15)
    model, first = cl.BgNbd.fit(halves[0]), halves[0].data["first_purchase"]
    clock = halves[0].calendar
    ages = clock.elapsed(first.to_numpy().astype("datetime64[D]"), np.full(first.len(), np.datetime64(END)))
    assert validation.tracking["expected_cumulative"][-1] == pytest.approx(
        model.expected_purchases_new(ages / 7).sum()
    )


def test_predictions_are_those_of_the_calibration_by_its_clock(halves):
    calibration, _ = halves
    model = cl.BgNbd.fit(calibration)
    weeks = model.horizon_length(calibration, "13 weeks", None)
    assert weeks > 14
    plain = replace(calibration, calendar=None)
    assert (model.expected_purchases(calibration, "13 weeks") == model.expected_purchases(plain, weeks)).all()
