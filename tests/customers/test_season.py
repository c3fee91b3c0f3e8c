"""The likelihood of a case series, by hand and by its definition; and what the evidence leaves of an effect."""

import numpy as np
import pytest

from clvlab.customers import season
from clvlab.customers.season import CaseSeries, shrunk_effects


def series(stretch, customers):
    """Customers are lists of the places of their purchase days."""
    between = [day for days in customers for day in days[1:-1]]
    return CaseSeries(
        stretch=np.array(stretch),
        bought=np.bincount(np.array(stretch)[between], minlength=max(stretch) + 1),
        first=np.array([days[0] for days in customers]),
        last=np.array([days[-1] for days in customers]),
        purchases=np.array([len(days) - 2.0 for days in customers]),
    )


# Two stretches, of six and of four days.
STRETCH = [0] * 6 + [1] * 4
CUSTOMERS = [[0, 2, 7, 8, 9], [3, 4, 9], [1, 6, 8], [5, 7, 8]]


def log_likelihood(u):
    """Each day between a customer's first and last is as likely as its rate."""
    rate = np.exp(u)[STRETCH]
    return sum(np.log(rate[day] / rate[days[0] + 1 : days[-1]].sum()) for days in CUSTOMERS for day in days[1:-1])


def test_the_evidence_is_the_log_likelihood_next_to_its_mode():
    information, b = series(STRETCH, CUSTOMERS).evidence()
    mode = np.linalg.solve(information + np.eye(2), b)

    def about(u):
        return b @ u - u @ information @ u / 2

    for step in ([1e-3, 0.0], [0.0, 1e-3], [1e-3, -1e-3]):
        there, back = mode + step, mode - np.array(step)
        assert about(there) - about(back) == pytest.approx(log_likelihood(there) - log_likelihood(back), rel=1e-4)
        bend = log_likelihood(there) + log_likelihood(back) - 2 * log_likelihood(mode)
        assert bend == pytest.approx(-np.array(step) @ information @ step, rel=1e-4)


def test_a_rate_common_to_all_days_leaves_no_trace():
    information, b = series(STRETCH, CUSTOMERS).evidence()
    assert information @ np.ones(2) == pytest.approx(0, abs=1e-12)
    assert b.sum() == pytest.approx(0, abs=1e-9)


def test_a_customer_counts_as_often_as_there_are_such():
    twice, once = series(STRETCH, CUSTOMERS * 2), series(STRETCH, CUSTOMERS)
    weighted = CaseSeries(once.stretch, once.bought * 2, once.first, once.last, once.purchases * 2)
    for one, other in zip(twice.evidence(), weighted.evidence(), strict=True):
        assert one == pytest.approx(other)


@pytest.mark.parametrize("size", [1, 5])
def test_very_many_customers_are_added_up_by_pairs_of_days_to_the_same(monkeypatch, size):
    each = series(STRETCH, CUSTOMERS * size)
    one_by_one = each.evidence()
    monkeypatch.setattr(season, "FEW", 0)
    for by_pairs, by_rows in zip(each.evidence(), one_by_one, strict=True):
        assert by_pairs == pytest.approx(by_rows, rel=1e-11, abs=1e-11)


def of_months(bought):
    """The effects of so many purchases in each month (of 30 days, the first a January) by one who buys all along."""
    months = np.arange(bought.size)
    stretch = np.repeat(months, 30)
    ends = np.array([0]), np.array([stretch.size - 1])
    everybody = CaseSeries(stretch, bought, *ends, np.array([float(bought.sum())]))
    return shrunk_effects(everybody, months % 12, np.zeros((months.size, 0)), months / 12)


NOVEMBERS = np.where(np.arange(36) % 12 == 10, 2, 1)


def test_an_effect_that_returns_is_found_and_the_others_are_left_alone():
    months = of_months(500 * NOVEMBERS).months
    others = np.delete(months, 10)
    assert months[10] - others.mean() == pytest.approx(np.log(2), abs=0.05)
    assert np.abs(others - others.mean()).max() < 0.02


def test_the_less_is_known_the_nearer_to_nothing():
    sizes = [np.ptp(of_months(each * NOVEMBERS).months) for each in (1, 5, 20, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < np.log(2) / 5


def test_what_did_not_return_is_taken_for_chance():
    once = np.where(np.arange(36) == 22, 1_000, 500)
    assert np.ptp(of_months(once).months) < np.log(2) / 5


def test_a_trend_is_not_a_season():
    growth = np.round(500 * 1.2 ** (np.arange(36) / 12)).astype(int)
    assert np.ptp(of_months(growth).months) < 0.02


def test_chance_leaves_next_to_nothing():
    assert np.abs(of_months(np.random.default_rng(7).poisson(200, 36)).months).max() < 0.03
    assert of_months(np.zeros(36, dtype=int)).months.tolist() == [0.0] * 12
