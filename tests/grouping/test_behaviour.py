from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import PurchaseBehaviour
from tests.grouping.customers import CUTOFF, groups, table

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


def test_who_is_frequent_is_so_however_new():
    # The fifth customer bought nine times within 60 days.
    assert groups(PurchaseBehaviour(frequent=5, large=500, new_days=365).assign(CUSTOMERS))[4] == "freq_high"


@pytest.mark.parametrize(
    ("purchases", "spend", "expected"),
    [(5, 499.99, "freq_high"), (4, 500, "freq_low_big"), (4, 499.99, "freq_low"), (0, 0, "prospect")],
)
def test_bounds_are_reached_by_whoever_equals_them(purchases, spend, expected):
    customer = table(n_purchases=[purchases], total_spend=[float(spend)], first_purchase=[OLD])
    assert groups(PurchaseBehaviour(frequent=5, large=500).assign(customer)) == [expected]


def test_the_quarter_that_buys_most_is_frequent_and_spends_most_is_large():
    customers = table(
        n_purchases=[1, 1, 2, 2, 3, 3, 9, 8],
        total_spend=[10.0, 80.0, 30.0, 40.0, 50.0, 60.0, 5.0, 90.0],
        first_purchase=[OLD] * 8,
    )
    assert groups(PurchaseBehaviour().assign(customers)) == [
        "freq_low",
        "freq_low_big",
        *["freq_low"] * 4,
        "freq_high",
        "freq_high",
    ]


def test_other_columns_may_say_how_often_and_how_much():
    year = table(
        n_purchases=[9, 9, 9],
        total_spend=[900.0] * 3,
        first_purchase=[OLD] * 3,
        purchases_last_year=[6, 1, 1],
        spend_last_year=[10.0, 600.0, 20.0],
    )
    strategy = PurchaseBehaviour(
        frequent=5, large=500, frequency="purchases_last_year", amount="spend_last_year", name="year"
    )
    assert strategy.needs == {"n_purchases", "first_purchase", "purchases_last_year", "spend_last_year"}
    assert groups(strategy.assign(year)) == ["freq_high", "freq_low_big", "freq_low"]


def test_both_readings_agree_on_everyone_but_rare_buyers_of_large_amounts():
    apart, plain = (groups(PurchaseBehaviour(r, frequent=5, large=500).assign(CUSTOMERS)) for r in READINGS)
    assert [a if a != "freq_low_big" else "freq_low" for a in apart] == plain


@pytest.mark.parametrize("reading", ["large_apart", "plain"])
def test_ranks_put_frequent_buyers_first_and_rare_ones_last(reading):
    card = PurchaseBehaviour(reading, frequent=5, large=500).fit(CUSTOMERS).card.drop_nulls("rank")
    assert card["group"][0] == "freq_high"
    assert card["group"][-1] == "freq_low"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 900), st.integers(0, 200)), min_size=1, max_size=15),
    st.sampled_from(["large_apart", "plain"]),
)
def test_groups_are_what_they_are_in_plain_words(rows, reading):
    def said(purchases, spend, days):
        if not purchases:
            return "prospect"
        if purchases >= 5:
            return "freq_high"
        if days <= 90:
            return "new"
        return "freq_low_big" if reading == "large_apart" and spend >= 500 else "freq_low"

    purchases, spend, days = (list(column) for column in zip(*rows, strict=True))
    customers = table(
        customer_id=list(map(str, range(len(rows)))),
        n_purchases=purchases,
        total_spend=list(map(float, spend)),
        first_purchase=[CUTOFF - timedelta(days=d) for d in days],
    )
    assert groups(PurchaseBehaviour(reading, frequent=5, large=500).assign(customers)) == [said(*row) for row in rows]


READINGS = ("large_apart", "plain")
