from datetime import timedelta

import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Condition, Loyalty
from tests.grouping.customers import CUTOFF, groups, table

CUSTOMERS = table(
    n_purchases=[6, 4, 2, 1, 1, 0],
    days_since_last=[20, 20, 20, 20, 800, None],
    first_purchase=[*(CUTOFF - timedelta(days=d) for d in (800, 800, 100, 20, 800)), None],
    last_purchase=[*(CUTOFF - timedelta(days=d) for d in (20, 20, 20, 20, 800)), None],
    gap_cv=[0.4, 1.4, None, None, None, None],
    referrals=[None, 2, 0, 1, None, 3],
)


def test_each_sign_of_loyalty_is_a_point():
    # Six regular purchases over two years: all five signs; irregular ones lack one; twice of late: two; once of late:
    # one; once long ago: none.
    assigned = cl.strategies["loyalty"].assign(CUSTOMERS)
    assert groups(assigned) == ["key_keep", "loyal", "ordinary", "freq_low", "freq_low", "prospect"]


def test_a_referral_is_a_sign_on_request():
    assigned = cl.strategies["loyalty_referrals"].assign(CUSTOMERS)
    assert groups(assigned) == ["key_keep", "key_keep", "ordinary", "ordinary", "freq_low", "prospect"]


def test_signs_and_points_are_parameters():
    strategy = Loyalty(signs=(Condition("n_purchases", ">=", 4),) * 3, points=(3, 2, 1))
    assert groups(strategy.assign(CUSTOMERS)) == [
        "key_keep",
        "key_keep",
        "freq_low",
        "freq_low",
        "freq_low",
        "prospect",
    ]


def test_card_counts_the_points():
    rule = Loyalty(signs=(Condition("n_purchases", ">=", 2),), points=(3, 2, 1)).fit(CUSTOMERS)
    assert rule.card["condition"][2] == "1+ / 1: n_purchases >= 2"


def test_points_that_do_not_fall_are_refused():
    with pytest.raises(ParamsError, match="three falling numbers"):
        Loyalty(points=(2, 2, 1))
