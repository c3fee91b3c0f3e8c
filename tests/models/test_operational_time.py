"""Models by the clock of a calendar: their parameters, their predictions, and what a discount makes of these."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import mpmath as mp
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


def from_kink_to_kink(model, end, decay, x, T, ahead):
    """The discounted rate, month by month: between its kinks a discount by the clock is smooth."""
    rates = np.diff(ahead.readings)
    kinks = ahead.readings[1:-1][np.abs(np.diff(rates)) > 1e-9]
    edges = np.concatenate([[0.0], end * 2.0 ** -np.arange(1, 12), kinks[kinks < end], [end]])
    edges.sort()
    nodes, weights = np.polynomial.legendre.leggauss(8)
    rate, total = model.rate_if_alive(x, T), np.zeros(x.size)
    for low, high in pairwise(edges):
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            u = np.full(x.size, low + node * (high - low))
            total += (high - low) * weight * np.exp(-decay * ahead.calendar(u)) * rate(u)
    return total


def histories_of_many_ages():
    """Random rows, a few x at many ages, with no age, no purchase and heavy buyers among them, in order."""
    random = np.random.default_rng(3)
    x = np.concatenate([random.choice([0.0, 1.0, 4.0, 30.0], 600), [0.0, 0.0, 1.0, 30.0, 5_000.0, 5_000.0]])
    T = np.concatenate([random.uniform(0, 200, 600), [0.0, 3_000.0, 3_000.0, 1.0, 30.0, 3_000.0]])
    in_order = np.lexsort((T, x))
    return x[in_order], T[in_order]


@every_model
@pytest.mark.parametrize(("end", "error"), [(0.01, 1e-7), (1.0, 1e-7), (52.0, 1e-3), (400.0, 5e-3)])
def test_discounted_purchases_by_a_clock_are_integrals_from_kink_to_kink(model, end, error):
    x, T = histories_of_many_ages()
    ahead, decay = STRONG.ahead(CUTOFF, 7.0), np.log(1.1) * 7 / 365.25
    some = [0, *range(1, x.size, 197), x.size - 2, x.size - 1]
    found = model._discounted_if_alive(end, decay, x, T, ahead)[some]
    assert found == pytest.approx(from_kink_to_kink(model, end, decay, x[some], T[some], ahead), rel=error)


def test_discounted_purchases_without_end_by_a_clock_are_integrals_from_kink_to_kink():
    model, (x, T) = cl.MbgNbd(**LAW, time_unit="week"), histories_of_many_ages()
    ahead, decay = STRONG.ahead(CUTOFF, 7.0), np.log(1.1) * 7 / 365.25
    some = [0, *range(1, x.size, 197), x.size - 2, x.size - 1]
    found = model._discounted_if_alive(np.inf, decay, x, T, ahead)[some]
    # e^-9 of the value is later.
    assert found == pytest.approx(from_kink_to_kink(model, 5_000.0, decay, x[some], T[some], ahead), rel=5e-3)


@pytest.mark.parametrize("family", [cl.BgNbd, cl.MbgNbd])
def test_discounted_purchases_by_a_clock_are_an_integral_in_30_digits(family):
    """The rate is shape / age 2F1(shape + 1, a; a + b; -u / age), the mean over p of (1 + p u / age)^-(shape + 1)."""
    model = family(**LAW, time_unit="week")
    x, T = histories_of_many_ages()
    ahead, decay, end = STRONG.ahead(CUTOFF, 7.0), np.log(1.5) * 7 / 365.25, 13.0
    found = model._discounted_if_alive(end, decay, x, T, ahead)
    days = np.arange(0, ahead.readings.searchsorted(end) + 1)
    edges = [*(mp.mpf(each) for each in ahead.readings[days[:-1]][::15]), mp.mpf(end)]
    for row in (0, 300, 590, x.size - 1):
        shape, age, b = model.r + x[row], model.alpha + T[row], model.b + model.survived(x[row])

        def worth(u, shape=shape, age=age, b=b):
            discount = mp.e ** (-decay * float(ahead.calendar(np.array(float(u)))))
            return discount * mp.hyp2f1(shape + 1, model.a, model.a + b, -u / age) * shape / age

        with mp.workdps(30):
            expected = float(mp.quad(worth, edges, method="gauss-legendre", maxdegree=2))
        assert found[row] == pytest.approx(expected, rel=1e-3)


@every_model
def test_a_value_by_a_clock_does_not_depend_on_who_else_is_asked_about(model):
    x, T = histories_of_many_ages()
    ahead, decay = STRONG.ahead(CUTOFF, 7.0), np.log(1.1) * 7 / 365.25
    together = model._discounted_if_alive(52.0, decay, x, T, ahead)
    # Those who need most nodes are asked about each time.
    youngest, heaviest = int(T.argmin()), x.size - 2
    for row in (1, 250, 500, x.size - 1):
        few = [youngest, row, heaviest]
        apart = model._discounted_if_alive(52.0, decay, x[few], T[few], ahead)
        assert together[few] == pytest.approx(apart, rel=1e-7)


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
