"""Models by the clock of a calendar: their parameters, their predictions, and what a discount makes of these."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.models.simulation import Buyers, Simulation, read_buyers
from tests.models.laws import SPEND, every_model
from tests.seasonal import LAW, SEASON, known_calendar, simulated_log

CUTOFF = date(2022, 10, 31)
STRONG = cl.Calendar(SEASON)


@pytest.fixture(scope="module")
def log():
    return simulated_log(known_calendar())


@pytest.fixture(scope="module")
def plain(log):
    return cl.summarise_customers(log, CUTOFF, "week")


@pytest.fixture(scope="module")
def seasonal(log):
    return cl.summarise_customers(log, CUTOFF, "week", calendar=STRONG)


@every_model
def test_a_calendar_that_is_even_changes_no_digit(model, log, plain):
    even = cl.summarise_customers(log, CUTOFF, "week", calendar=cl.Calendar())
    assert_frame_equal(even.data, plain.data, check_exact=True)
    few, same = (replace(each, data=each.data[::40]) for each in (even, plain))
    ahead, as_known = (model.purchases_ahead(each, "12 months", 0.1) for each in (few, same))
    assert all((ahead[name] == as_known[name]).all() for name in ahead)
    found, known = (model.discounted_purchases(each, "99 years", 0.5) for each in (few, same))
    assert found.tolist() == known.tolist()


@every_model
def test_closed_forms_are_those_of_the_operational_time(model, seasonal):
    november = np.arange("2022-11-01", "2022-12-01", dtype="datetime64[D]")
    weeks = STRONG.rates(november).sum() / 7
    assert weeks > 6  # of 30 days
    by_clock = replace(seasonal, calendar=None)
    assert model.expected_purchases(seasonal, "30 days") == pytest.approx(model.expected_purchases(by_clock, weeks))
    assert model.expected_purchases(seasonal, 30 / 7) == pytest.approx(model.expected_purchases(by_clock, weeks))
    assert model.probability_of_none(seasonal, "30 days") == pytest.approx(model.probability_of_none(by_clock, weeks))
    assert (model.p_alive(seasonal) == model.p_alive(by_clock)).all()


@every_model
def test_a_discount_is_of_calendar_time(model, seasonal):
    few = replace(seasonal, data=seasonal.data[::400])
    days = np.arange(0, 366, 5)
    expected = np.diff([model.expected_purchases(few, day / 7) for day in days], axis=0)
    summed = (expected * 1.5 ** -((days[1:] - 2.5) / 365.25)[:, None]).sum(axis=0)
    found = model.discounted_purchases(few, "365 days", 0.5)
    assert found == pytest.approx(summed, rel=1e-3)
    weeks = model.horizon_length(few, "365 days", None)
    of_the_clock = model.discounted_purchases(replace(few, calendar=None), weeks, 0.5)
    assert abs(found / summed - 1).max() < abs(of_the_clock / summed - 1).min()


def test_simulated_values_are_discounted_likewise(seasonal):
    model = cl.BgNbd(**LAW, time_unit="week")
    table = seasonal.data.with_columns(monetary_value=30.0, total_spend=30.0 * (1 + seasonal.data["frequency"]))
    customers = replace(seasonal, data=table)
    value = cl.lifetime_value(model, SPEND, customers, "6 months", 0.5)["clv"].sum()
    length, ahead = model.horizon_length(customers, "6 months", None), customers.ahead("week")
    decay = np.log(1.5) * 7 / 365.25
    futures = Simulation([model] * 200, [SPEND] * 200, length, decay, 1.0, 1, ahead)
    sums = sum(each.sum(axis=1) for _, each in futures.values(Buyers.of(read_buyers(model, customers, None, SPEND))))
    assert sums.mean() == pytest.approx(value, rel=4 * sums.std() / np.sqrt(sums.size) / value)


def test_parameters_are_recovered_by_the_true_clock(seasonal):
    model = cl.BgNbd.fit(seasonal)
    low, high = model.confidence_intervals().select("low", "high").to_numpy().T
    truth = np.array([LAW[name] for name in model.names])
    assert (low < truth).all()
    assert (truth < high).all()
