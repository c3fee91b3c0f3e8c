from datetime import date

import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import PurchaseBehaviour
from tests.grouping.customers import groups, table

OLD, FRESH = date(2024, 1, 1), date(2025, 11, 1)  # 730 and 60 days before the cutoff

CUSTOMERS = table(
    n_purchases=[9, 2, 2, 1, 9, 0],
    total_spend=[100.0, 900.0, 20.0, 900.0, 10.0, 0.0],
    first_purchase=[OLD, OLD, OLD, FRESH, FRESH, None],
)


def test_rare_buyers_of_large_amounts_stand_apart_in_one_reading_of_low_frequency():
    strategy = PurchaseBehaviour(frequent=5, large=500)
    assert groups(strategy.assign(CUSTOMERS)) == [
        "freq_high",
        "freq_low_big",
        "freq_low",
        "new",
        "freq_high",
        "prospect",
    ]


def test_rare_buyers_are_one_group_in_the_other_reading():
    strategy = PurchaseBehaviour("plain", frequent=5)
    assert groups(strategy.assign(CUSTOMERS)) == ["freq_high", "freq_low", "freq_low", "new", "freq_high", "prospect"]


def test_shares_give_the_bounds_where_none_are_fixed():
    rule = PurchaseBehaviour(frequent_share=0.5, large_share=0.4).fit(CUSTOMERS)
    conditions = dict(rule.card.select("group", "condition").iter_rows())
    assert conditions["freq_high"] == "n_purchases >= 9"
    assert conditions["freq_low_big"] == "n_purchases < 9, days_since_first > 90, total_spend >= 900"


def test_the_new_window_counts_days_since_the_first_purchase():
    assert groups(PurchaseBehaviour(frequent=5, large=500, new_days=60).assign(CUSTOMERS))[3] == "new"
    assert groups(PurchaseBehaviour(frequent=5, large=500, new_days=59).assign(CUSTOMERS))[3] == "freq_low_big"


def test_nobody_is_frequent_where_all_buy_alike():
    alike = table(n_purchases=[1, 1], total_spend=[5.0, 5.0], first_purchase=[OLD, OLD])
    assert set(groups(cl.strategies["purchase_behaviour"].assign(alike))) == {"freq_low"}


def test_another_reading_is_refused():
    with pytest.raises(ParamsError, match="large_apart or plain"):
        PurchaseBehaviour("both")
