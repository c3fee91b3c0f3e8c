"""Intervals of differences: published figures, exactness where nothing differs, and what every interval must do."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.playbook.difference import LEVEL, mean_difference, share_difference, smallest_found


def money(rng, n, lift=1.0):
    """One in six spends anything, and few of them much."""
    return (rng.random(n) < 1 / 6) * np.exp(rng.normal(4, 1.3, n)) * lift


MEAN = np.exp(4 + 1.3**2 / 2) / 6
"""What such customers spend on average."""


# Money


def test_where_nothing_differs_no_difference_is_found_but_by_chance_to_either_side():
    rng, n = np.random.default_rng(11), 600
    bounds = [mean_difference(money(rng, 270), money(rng, 30), n_draws=199) for _ in range(n)]
    slack = 3.3 * np.sqrt(0.025 * 0.975 / n)
    assert np.mean([low > 0 for low, _ in bounds]) <= (1 - LEVEL) / 2 + slack
    assert np.mean([high < 0 for _, high in bounds]) <= (1 - LEVEL) / 2 + slack


def test_welchs_interval_would_find_one_far_too_often():
    """Why it is not used."""
    rng, z, n, found = np.random.default_rng(11), NormalDist().inv_cdf(0.975), 600, 0
    for _ in range(n):
        one, other = money(rng, 270), money(rng, 30)
        error = np.sqrt(one.var(ddof=1) / 270 + other.var(ddof=1) / 30)
        found += abs(one.mean() - other.mean()) > z * error
    assert found / n > 0.12


def test_a_lift_that_is_there_lies_within_the_interval_as_often_as_it_says():
    rng, lift, n = np.random.default_rng(12), 1.6, 200
    bounds = [mean_difference(money(rng, 2_000, lift), money(rng, 400), n_draws=199) for _ in range(n)]
    held = np.mean([low <= (lift - 1) * MEAN <= high for low, high in bounds])
    assert held >= LEVEL - 3.3 * np.sqrt(LEVEL * (1 - LEVEL) / n)


def test_a_large_lift_is_found():
    rng = np.random.default_rng(13)
    low, high = mean_difference(money(rng, 3_000, 2.5), money(rng, 1_000))
    assert 0 < low < 1.5 * MEAN < high


def test_the_bounds_change_places_when_the_two_do():
    rng = np.random.default_rng(14)
    one, other = money(rng, 200, 1.5), money(rng, 40)
    low, high = mean_difference(one, other)
    assert mean_difference(other, one) == pytest.approx((-high, -low))


def test_neither_the_order_nor_the_unit_of_the_values_matters():
    rng = np.random.default_rng(15)
    one, other = money(rng, 60), money(rng, 60)
    bounds = mean_difference(one, other, 199)
    assert mean_difference(one[::-1], rng.permutation(other), 199) == pytest.approx(bounds)
    assert np.subtract(*mean_difference(8 * one, 8 * other)) == pytest.approx(
        8 * np.subtract(*mean_difference(one, other)), rel=0.1
    )


def test_where_nobody_spent_there_is_no_interval():
    assert mean_difference(np.zeros(50), np.zeros(40)) is None


def test_where_one_side_spent_nothing_there_is_one():
    rng = np.random.default_rng(16)
    low, high = mean_difference(money(rng, 300), np.zeros(40))
    assert -np.inf < low < high < np.inf


def test_many_customers_are_drawn_a_few_draws_at_once(monkeypatch):
    rng = np.random.default_rng(17)
    one, other = money(rng, 90), money(rng, 30)
    bounds = mean_difference(one, other)
    monkeypatch.setattr("clvlab.playbook.difference._AT_ONCE", 1_000)
    assert mean_difference(one, other) == pytest.approx(bounds)


# Shares: Newcombe (1998), table II, method 10


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_shares_match_newcombe_1998_table_2(one, other, low, high):
    assert share_difference(one, other) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_a_difference_of_shares_lies_within_its_bounds_and_these_within_one(n_one, n_other, data):
    did, did_other = data.draw(st.integers(0, n_one)), data.draw(st.integers(0, n_other))
    low, high = share_difference((did, n_one), (did_other, n_other))
    assert -1 - 1e-9 <= low <= did / n_one - did_other / n_other <= high <= 1 + 1e-9


def test_where_nothing_differs_shares_do_not_but_by_chance():
    rng, n = np.random.default_rng(18), 4_000
    draws = zip(rng.binomial(900, 0.15, n), rng.binomial(100, 0.15, n), strict=True)
    bounds = [share_difference((int(one), 900), (int(other), 100)) for one, other in draws]
    missed = np.mean([low > 0 or high < 0 for low, high in bounds])
    assert missed <= 1 - LEVEL + 3.3 * np.sqrt(0.05 * 0.95 / n)


# Power


def test_the_smallest_difference_found_is_found_four_times_in_five():
    rng, n = np.random.default_rng(19), 2_000
    shift = smallest_found(1.0, 180, 60)
    found = [
        abs(one.mean() - other.mean()) > 1.96 * np.sqrt(one.var(ddof=1) / 180 + other.var(ddof=1) / 60)
        for one, other in zip(rng.normal(shift, 1, (n, 180)), rng.normal(0, 1, (n, 60)), strict=True)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


def test_four_times_the_customers_show_half_the_difference():
    assert smallest_found(50.0, 400, 80) == pytest.approx(smallest_found(50.0, 100, 20) / 2)
