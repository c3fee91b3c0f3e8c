import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Condition, Loyalty, rule_from_dict
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


def loyal(**columns):
    return groups(cl.strategies["loyalty"].assign(table(**columns)))


def ago(*days):
    return [CUTOFF - timedelta(days=d) for d in days]


@pytest.mark.parametrize(
    ("column", "just", "past"),
    [("n_purchases", 4, 3), ("gap_cv", 1.0, 1.01), ("days_since_last", 365, 366)],
)
def test_each_sign_has_its_edge(column, just, past):
    # All five signs but the one at its edge hold: five points or four.
    signs = {"n_purchases": [6], "gap_cv": [0.1], "days_since_last": [5]}
    dates = {"first_purchase": ago(900), "last_purchase": ago(5)}
    assert loyal(**{**signs, column: [just]}, **dates) == ["key_keep"]
    assert loyal(**{**signs, column: [past]}, **dates) == ["loyal"]


def test_a_year_from_the_first_purchase_to_the_last_is_long_enough():
    rows = {"n_purchases": [6, 6], "gap_cv": [0.1] * 2, "days_since_last": [0, 0], "last_purchase": ago(0, 0)}
    assert loyal(**rows, first_purchase=ago(365, 364)) == ["key_keep", "loyal"]


def test_what_is_not_known_is_worth_nothing():
    rows = {"n_purchases": [6], "gap_cv": [None], "days_since_last": [None], "last_purchase": ago(5)}
    assert loyal(**rows, first_purchase=ago(900)) == ["ordinary"]  # 2 + 4 purchases, over a year: three points


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 3), st.integers(0, 900)), min_size=1, max_size=12))
def test_points_add_up_as_by_hand(rows):
    purchases, variation, since = (list(column) for column in zip(*rows, strict=True))
    signs = tuple(map(Condition, ("n_purchases", "gap_cv", "days_since_last"), (">=", "<=", "<="), (3, 1.0, 365)))
    own = Loyalty(signs=signs, points=(3, 2, 1))
    customers = table(
        customer_id=list(map(str, range(len(rows)))),
        n_purchases=purchases,
        gap_cv=[round(v, 6) for v in variation],
        days_since_last=since,
    )
    points = [(n >= 3) + (round(v, 6) <= 1) + (s <= 365) for n, v, s in rows]
    names = {3: "key_keep", 2: "loyal", 1: "ordinary", 0: "freq_low"}
    assert groups(own.assign(customers)) == [names[p] for p in points]


def test_a_kept_rule_comes_back_with_its_signs_and_points():
    rule = cl.strategies["loyalty_referrals"].fit(CUSTOMERS)
    kept = rule_from_dict(json.loads(json.dumps(rule.to_dict())))
    assert kept == rule
    assert kept.signs[-1] == Condition("referrals", ">=", 1)
    assert kept.tiers == (("key_keep", 5), ("loyal", 4), ("ordinary", 2), ("freq_low", 0))


def test_needs_are_the_columns_of_the_signs():
    assert Loyalty().needs == {"n_purchases", "gap_cv", "first_purchase", "last_purchase", "days_since_last"}
    assert Loyalty(referrals=True).needs == Loyalty().needs | {"referrals"}
    assert Loyalty(signs=()).needs == {"n_purchases"}


@pytest.mark.parametrize("points", [(1, 2, 3), (5, 5, 5), (3, 1, 2)])
def test_rising_or_equal_points_are_refused(points):
    with pytest.raises(ParamsError, match="give three falling numbers of points"):
        Loyalty(points=points)
