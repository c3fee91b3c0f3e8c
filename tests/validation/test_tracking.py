"""Repeat purchases week by week, by hand."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.validation.tracking import tracking

MODEL = cl.Nbd(1.0, 10.0, time_unit="day")  # at first one purchase in ten days, whoever it is
START = date(2024, 1, 1)


def log_of(**days):
    """A log of customers and the days, counted from 0, on which each buys."""
    rows = [(who, START + timedelta(day), 1.0) for who, each in days.items() for day in each]
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


@pytest.fixture(scope="module")
def tracked():
    """Two weeks of calibration, two of holdout; a buys from the first day on, b from the tenth, c in the holdout."""
    log = log_of(a=[0, 3, 10, 20], b=[9, 15], c=[18, 19])
    return tracking(MODEL, *cl.split_holdout(log, START + timedelta(13), START + timedelta(27)))


def test_weeks_are_counted_from_the_first_day_of_the_log(tracked):
    assert tracked["week"].to_list() == [1, 2, 3, 4]
    assert tracked["date"].to_list() == [START + timedelta(day) for day in (6, 13, 20, 27)]
    assert tracked["period"].to_list() == ["calibration", "calibration", "holdout", "holdout"]


def test_repeats_of_the_calibrations_customers_are_counted(tracked):
    assert tracked["actual_cumulative"].to_list() == [1, 2, 4, 4]
    assert tracked["actual"].to_list() == [1, 1, 2, 0]


def test_each_customer_is_expected_to_buy_from_their_own_first_day(tracked):
    """An age of t days: t / 10 purchases; a is 6, 13, 20, 27 days old, b 0, 4, 11, 18."""
    assert tracked["expected_cumulative"].to_list() == pytest.approx([0.6, 1.7, 3.1, 4.5])
    assert tracked["expected"].to_list() == pytest.approx([0.6, 1.1, 1.4, 1.4])


def test_the_models_unit_is_the_models_own(tracked):
    log = log_of(a=[0, 3, 10, 20], b=[9, 15], c=[18, 19])
    halves = cl.split_holdout(log, START + timedelta(13), START + timedelta(27), "week")
    weekly = tracking(cl.Nbd(1.0, 10 / 7, time_unit="week"), *halves)
    assert weekly["expected_cumulative"].to_list() == pytest.approx(tracked["expected_cumulative"].to_list())


def test_the_last_week_is_as_long_as_the_holdout_lets_it_be():
    log = log_of(a=[0, 3, 10, 15], b=[1, 11])
    found = tracking(MODEL, *cl.split_holdout(log, START + timedelta(8), START + timedelta(15)))
    assert found["date"].to_list() == [START + timedelta(day) for day in (6, 13, 15)]
    assert found["actual"].to_list() == [1, 2, 1]
    assert found["expected"].to_list() == pytest.approx([1.1, 1.4, 0.4])


def test_customers_who_start_together_are_taken_together():
    """A thousand customers of one day are expected to buy a thousand times as often as one."""
    one = tracking(MODEL, *cl.split_holdout(log_of(a=[0, 20]), START + timedelta(13), START + timedelta(20)))
    many = {f"c{i}": [0] for i in range(999)} | {"a": [0, 20]}
    all_ = tracking(MODEL, *cl.split_holdout(log_of(**many), START + timedelta(13), START + timedelta(20)))
    assert all_["expected"].to_list() == pytest.approx((1_000 * one["expected"]).to_list())


def test_tracking_ends_at_the_totals(validation, cdnow):
    last = validation.tracking.row(-1, named=True)
    assert last["actual_cumulative"] == cdnow[0].data["frequency"].sum() + 1882
    assert validation.tracking["actual"].sum() == last["actual_cumulative"]
    assert validation.tracking["expected"].sum() == pytest.approx(last["expected_cumulative"])
    assert validation.tracking.filter(period="calibration")["date"].max() <= cdnow[0].cutoff


def test_the_expectation_is_near_what_happens_in_the_calibration(validation):
    """Fader, Hardie & Lee (2005), figure 4: in the calibration the curves are hard to tell apart."""
    week = validation.tracking.filter(period="calibration").row(-1, named=True)
    assert week["expected_cumulative"] == pytest.approx(week["actual_cumulative"], rel=0.05)
    assert np.all(np.diff(validation.tracking["expected_cumulative"].to_numpy()) > 0)
